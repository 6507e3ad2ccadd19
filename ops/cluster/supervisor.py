"""Owns the processes of one cluster: starts them, starts again what ends, and ends all of them when it shall end.

It ends on SIGTERM, or when its parent does: by then its standard input, a pipe that the parent holds, is closed. Linux
ends the parts if the supervisor itself is killed.
"""

import argparse
import base64
import ctypes
import json
import os
import select
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import yaml

from ops.capacity import nodes
from ops.cluster import parts, state
from ops.cluster.parts import Part, Site
from ops.places import ROOT, TOOLS, Refusal, tool

HERE = Path(__file__).resolve().parent
DEFINITIONS = (ROOT / "imports" / "crds", TOOLS.parent / "crds")
PATIENCE = 120.0  # seconds for a start that takes 15: a machine may be busy
POLL = 0.1  # seconds
RESTARTS = 20  # of one part, after which the cluster has failed
BROKEN = r'[.spec.containers[].image | capture("broken-(?<how>pull|crash|hang)").how][0] // "sound"'
LOG = "2026-01-01T00:00:00.000000000Z stdout F {}\n"  # the form in which a container runtime writes one
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Ended(Exception):
    """The supervisor was told to end."""


class Supervisor:
    def __init__(self, folder: Path, *, start_up: float, detached: bool) -> None:
        self.site = parts.site(folder)
        self.detached = detached
        self.running: dict[str, tuple[Part, subprocess.Popen[bytes]]] = {}
        self.state = state.State(
            start_up=start_up,
            server=self.site.server,
            kubeconfig=str(self.site.kubeconfig),
            prometheus=self.site.prometheus,
            supervisor=os.getpid(),
        )

    def run(self) -> None:
        """From nothing to ready, then until told to end. Raises Refusal when a part will not work."""
        (self.site.folder / "logs").mkdir()
        token = parts.write_credentials(self.site)
        self.say("the API server")
        self.start(parts.etcd(self.site))
        self.start(parts.apiserver(self.site))
        defined = definitions(DEFINITIONS)  # takes a second, in which the API server starts
        self.wait()
        write_kubeconfig(self.site, token)
        self.say("the controllers, the definitions and the nodes")
        for part in parts.others(self.site, self.write_stages()):
            self.start(part)
        self.wait()
        self.create(objects(self.site), defined[::2], defined[1::2])
        self.await_served(defined, token)
        for part in parts.controllers(self.site):
            self.start(part)
        self.wait()
        self.await_use(token)
        self.state.phase = "ready"
        self.say("")
        while True:
            self.look()

    def say(self, doing: str) -> None:
        self.state.doing = doing
        self.state.write(self.site.folder)

    def start(self, part: Part) -> None:
        home = {"HOME": str(self.site.folder), "PATH": os.defpath, "TMPDIR": str(self.site.folder)}
        with (self.site.folder / "logs" / f"{part.name}.log").open("ab") as log:
            process = subprocess.Popen(
                part.command,
                cwd=ROOT,
                env=home | dict(part.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - there are no threads here
            )
        before = self.state.processes.get(part.name)
        self.state.processes[part.name] = state.Process(pid=process.pid, restarts=before.restarts + 1 if before else 0)
        self.running[part.name] = (part, process)
        self.state.write(self.site.folder)

    def look(self) -> None:
        """Waits a moment; starts again what ended. Raises Ended, or Refusal about a part that ends again and again."""
        if self.detached:
            time.sleep(POLL)
        elif select.select([0], [], [], POLL)[0]:
            raise Ended
        for part, process in list(self.running.values()):
            if process.poll() is not None:
                if self.state.processes[part.name].restarts == RESTARTS:
                    raise Refusal(f"{part.name} ends with exit code {process.returncode}: {self.last_line(part.name)}")
                self.start(part)
                if part.name == "kube-apiserver" and self.state.phase == "ready":
                    self.refresh(part)

    def refresh(self, server: Part) -> None:
        """Has a new API server ask again for the metrics API, which it else may miss for its first minute."""
        self.until_it_answers(server.name, server.health or "")
        mark = f"restarts={self.state.processes[server.name].restarts}"
        with suppress(Refusal):  # it may end again meanwhile
            self.kubectl(["annotate", "--overwrite", "apiservice", "v1beta1.metrics.k8s.io", mark])

    def last_line(self, name: str) -> str:
        lines = (self.site.folder / "logs" / f"{name}.log").read_text(errors="replace").splitlines()
        return next((line for line in reversed(lines) if line.strip()), "it says nothing")

    def wait(self) -> None:
        """Until every part is healthy."""
        for part, _ in list(self.running.values()):
            if part.health:
                self.until_it_answers(part.name, part.health)

    def await_served(self, defined: Sequence[Mapping[str, Any]], token: str) -> None:
        """Until the API server knows all kinds."""
        kinds = {(each["spec"]["group"], version["name"]) for each in defined for version in each["spec"]["versions"]}
        for group, version in sorted(kinds):
            self.until_it_answers(group, f"{self.site.server}/apis/{group}/{version}", token)

    def await_use(self, token: str) -> None:
        """Until there are metrics, nodes that are ready, and the account that pods run under."""
        self.until_it_answers("stubs", f"{self.site.server}/apis/metrics.k8s.io/v1beta1", token)
        account = f"{self.site.server}/api/v1/namespaces/default/serviceaccounts/default"
        self.until_it_answers("kube-controller-manager", account, token)
        self.kubectl(["wait", "--for=condition=Ready", "node", "--all", f"--timeout={PATIENCE:.0f}s"])

    def until_it_answers(self, name: str, url: str, token: str = "") -> None:
        end = time.monotonic() + PATIENCE
        while not answers(url, token):
            if time.monotonic() > end:
                said = f": {self.last_line(name)}" if name in self.running else ""
                raise Refusal(f"{name} does not answer within {PATIENCE:.0f} s{said}")
            self.look()

    def create(self, *batches: Sequence[Mapping[str, Any]]) -> None:
        files = [self.site.folder / f"objects-{number}.json" for number in range(len(batches))]
        for file, batch in zip(files, batches, strict=True):
            file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": batch}))
        self.kubectl(*(["create", "--validate=false", f"--filename={file}"] for file in files))

    def kubectl(self, *commands: Sequence[str]) -> None:
        """Runs them all at the same time."""
        program = [str(tool("kubectl")), f"--kubeconfig={self.site.kubeconfig}"]
        options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        running = [subprocess.Popen([*program, *command], **options) for command in commands]
        for command, process in zip(commands, running, strict=True):
            _, said = process.communicate(timeout=PATIENCE + 1)
            if process.returncode:
                raise Refusal(f"kubectl {command[0]}: {said.strip()}")

    def write_stages(self) -> Path:
        logs = self.site.folder / "logs"
        (logs / "container.log").write_text(LOG.format("simulated: this container runs in name only"))
        (logs / "previous.log").write_text(LOG.format("simulated: exit code 1, as its tag asks for"))
        text, path = (HERE / "stages.yaml").read_text(), self.site.folder / "stages.yaml"
        for mark, value in {
            "@START_UP@": f"{self.state.start_up:f}",
            "@BROKEN@": BROKEN,
            "@FOLDER@": str(self.site.folder),
        }.items():
            text = text.replace(mark, value)
        path.write_text(text)
        return path

    def end(self) -> None:
        """Nothing of it is worth a graceful end."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for _, process in self.running.values():
            process.kill()
        for _, process in self.running.values():
            process.wait()


def die_with_parent() -> None:
    """In the child, before it becomes the part. Linux alone has it; elsewhere a killed supervisor leaves its parts."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def answers(url: str, token: str = "") -> bool:
    """Whether it says 200; `token` is for the API server, which signs its certificate itself."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        context = ssl._create_unverified_context()  # nosec B323
        with urllib.request.urlopen(request, timeout=2, context=context) as answer:  # nosec B310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def write_kubeconfig(place: Site, token: str) -> None:
    authority = base64.b64encode(place.certificate.read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "embedded", "cluster": {"server": place.server, "certificate-authority-data": authority}}
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "embedded", "context": {"cluster": "embedded", "user": "admin"}}],
        "current-context": "embedded",
    }
    place.kubeconfig.touch(mode=0o600)
    place.kubeconfig.write_text(yaml.safe_dump(config))


def objects(place: Site) -> list[Mapping[str, Any]]:
    """What a cluster has before anything is deployed to it."""
    text = (HERE / "objects.yaml").read_text()
    text = text.replace("@ADDRESS@", place.address).replace("@METRICS@", str(place.ports["metrics"]))
    return [*yaml.safe_load_all(text), *machines(HERE / "nodes.yaml")]


def definitions(folders: Sequence[Path]) -> list[Mapping[str, Any]]:
    """The custom resource definitions in the folders; imports/ has the versions of one in several files."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            known = found.setdefault(document["metadata"]["name"], document)["spec"]["versions"]
            names = {version["name"] for version in known}
            known += [version for version in document["spec"]["versions"] if version["name"] not in names]
    return list(found.values())


def machines(path: Path) -> list[Mapping[str, Any]]:
    """Node objects, of types as `newstalk capacity --nodes` reads them."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"{each.name}-{number}",
                "labels": {
                    "kubernetes.io/hostname": f"{each.name}-{number}",
                    "kubernetes.io/os": "linux",
                    **each.labels,
                },
            },
            "spec": {"taints": list(each.taints)},
            "status": {
                "capacity": amounts({**each.allocatable, "cpu": each.cpu, "memory": each.memory}),
                "allocatable": amounts(each.allocatable),
            },
        }
        for each in nodes.read(path)
        for number in range(each.count or 1)
    ]


def amounts(wanted: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{value:.3f}" if name == "cpu" else str(int(value)) for name, value in wanted.items()}


def told(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Ended


def main() -> int:
    wanted = argparse.ArgumentParser()
    wanted.add_argument("folder", type=Path)
    wanted.add_argument("--start-up", type=float, required=True)
    wanted.add_argument("--detached", action="store_true")
    given = wanted.parse_args()
    signal.signal(signal.SIGTERM, told)
    lock = state.hold(given.folder)
    supervisor = Supervisor(given.folder, start_up=given.start_up, detached=given.detached)
    try:
        supervisor.run()
    except Ended:
        code = 0
    except (Refusal, OSError, subprocess.TimeoutExpired) as error:
        supervisor.state.phase = "failed"
        supervisor.say(str(error))
        code = 1
    finally:
        supervisor.end()
    if not code or (not given.detached and select.select([0], [], [], 0)[0]):
        shutil.rmtree(given.folder, ignore_errors=True)
    os.close(lock)
    return code


if __name__ == "__main__":
    sys.exit(main())
