"""Starts and ends clusters: for tests as a context manager, for people by `newstalk cluster`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.cluster import state
from ops.cluster.state import State
from ops.places import ROOT, TOOLS, Refusal, tool

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok", "argo-rollouts")
POLL = 0.05  # seconds
GOODBYE = 20.0  # seconds until a supervisor that does not end is killed


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster; its folder is gone when it ends."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def state(self) -> State:
        return state.read(self.folder)

    def kubectl(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs kubectl on it, `text` on standard input; never raises for an exit code."""
        command = (str(tool("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments)
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    def answer(self, queries: Mapping[str, float] | None = None, usage: float = 0.5) -> None:
        """What Prometheus says to queries that contain a text, and the share of their requests that containers use."""
        body = json.dumps({"queries": queries or {}, "usage": usage}).encode()
        request = urllib.request.Request(f"{self.state.prometheus}/answers", body, method="PUT")
        urllib.request.urlopen(request).close()  # nosec B310


@contextmanager
def cluster(folder: Path, *, start_up: float = 1, say: Callable[[str], None] = lambda _: None) -> Iterator[Cluster]:
    """A cluster that ends with the block, and with this process however that ends. Raises Refusal.

    `folder` is made and removed; `start_up` scales the time until pods are ready; `say` hears what is awaited.
    """
    supervisor = launch(folder, start_up=start_up, detached=False)
    try:
        await_ready(folder, supervisor, say)
        yield Cluster(folder=folder)
    finally:
        if supervisor.stdin:
            supervisor.stdin.close()
        end(supervisor)
        shutil.rmtree(folder, ignore_errors=True)


def detached(folder: Path, *, start_up: float, say: Callable[[str], None]) -> Cluster:
    """A cluster that stays until `down`. Raises Refusal."""
    supervisor = launch(folder, start_up=start_up, detached=True)
    try:
        await_ready(folder, supervisor, say)
    except BaseException:
        supervisor.terminate()
        end(supervisor)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Cluster(folder=folder)


def launch(folder: Path, *, start_up: float, detached: bool) -> subprocess.Popen[bytes]:
    missing = [name for name in PROGRAMS if not (TOOLS / name).exists()]
    if missing:
        raise Refusal(f"{', '.join(missing)} not built: run `make cluster`, which takes half an hour the first time")
    if not state.alive(folder):
        shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise Refusal(f"{folder} has a cluster that is up: use it, or end it with `newstalk cluster down`") from None
    command = [sys.executable, "-m", "ops.cluster.supervisor", str(folder), f"--start-up={start_up}"]
    # In a session of its own: Ctrl-C is for the parent, which closes the pipe.
    with (folder / "supervisor.log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--detached"] if detached else command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def await_ready(folder: Path, supervisor: subprocess.Popen[bytes], say: Callable[[str], None]) -> None:
    said = None
    while supervisor.poll() is None:
        found = state.read(folder)
        if found.phase == "ready":
            return
        if found.phase == "starting" and found.doing != said:
            said = found.doing
            say(said)
        time.sleep(POLL)
    found = state.read(folder)
    log = (folder / "supervisor.log").read_text().strip().splitlines() if folder.exists() else []
    raise Refusal(f"the cluster did not start: {found.doing or (log or ['it was ended'])[-1]}")


def down(folder: Path) -> bool:
    """Ends the cluster and removes its folder; False where there is none."""
    if not folder.exists():
        return False
    owner = state.read(folder).supervisor
    if state.alive(folder) and owner:
        os.kill(owner, signal.SIGTERM)
        if not wait_for(lambda: not state.alive(folder)):
            os.kill(owner, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    return True


def end(supervisor: subprocess.Popen[bytes]) -> None:
    try:
        supervisor.wait(GOODBYE)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def wait_for(condition: Callable[[], bool]) -> bool:
    last = time.monotonic() + GOODBYE
    while not condition():
        if time.monotonic() > last:
            return False
        time.sleep(POLL)
    return True
