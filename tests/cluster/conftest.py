"""One embedded cluster for all tests, where pods are ready in a hundredth of the time that they may take."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ops.cluster.embedded import Cluster, cluster
from ops.places import tool

START_UP = 0.01
NUMBERS = count(1)


@dataclass(frozen=True)
class Namespace:
    """A namespace of one test, under the Pod Security level `restricted`."""

    cluster: Cluster
    name: str

    def apply(self, *objects: Mapping[str, Any]) -> tuple[int, str]:
        """The exit code of `kubectl apply --server-side`, and all it said."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        done = self.cluster.kubectl("apply", "--server-side", "--filename=-", f"--namespace={self.name}", text=text)
        return done.returncode, done.stdout + done.stderr

    def get(self, *names: str) -> Any:
        """What `kubectl get` answers; without items if there is no such object yet."""
        done = self.cluster.kubectl("get", *names, f"--namespace={self.name}", "--output=json")
        return json.loads(done.stdout) if done.stdout else {"items": []}

    def kubectl(self, *arguments: str) -> tuple[int, str]:
        done = self.cluster.kubectl(*arguments, f"--namespace={self.name}")
        return done.returncode, done.stdout + done.stderr


class Endpoints:
    """How many ready endpoints a Service had at its fewest, and others at its most: a watch tells of every change."""

    def __init__(self, namespace: Namespace, service: str) -> None:
        self.counts: list[int] = []
        self.unready = 0
        selector = f"--selector=kubernetes.io/service-name={service}"
        command = [
            str(tool("kubectl")),
            f"--kubeconfig={namespace.cluster.kubeconfig}",
            f"--namespace={namespace.name}",
        ]
        command += ["get", "endpointslices", selector, "--watch", "--output=json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read)

    def read(self) -> None:
        slices: dict[str, int] = {}
        text = ""
        for line in self.process.stdout or ():
            text += line
            if line != "}\n":
                continue
            found, text = json.loads(text), ""
            conditions = [each.get("conditions", {}) for each in found.get("endpoints") or ()]
            slices[found["metadata"]["name"]] = sum(each.get("ready", False) for each in conditions)
            staying = [each for each in conditions if not each.get("terminating")]
            self.unready = max(self.unready, sum(not each.get("ready", False) for each in staying))
            self.counts.append(sum(slices.values()))

    @property
    def fewest(self) -> int:
        return min(self.counts)

    def __enter__(self) -> "Endpoints":
        self.thread.start()
        assert until(lambda: self.counts)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.thread.join()


def until(condition: Callable[[], object], seconds: float = 30) -> bool:
    """Whether the condition holds within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clusters")


@pytest.fixture(scope="session")
def embedded(folder: Path) -> Iterator[Cluster]:
    with cluster(folder / "embedded", start_up=START_UP) as running:
        yield running


@pytest.fixture
def namespace(embedded: Cluster) -> Iterator[Namespace]:
    name = f"test-{next(NUMBERS)}"
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    text = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": restricted}})
    assert embedded.kubectl("create", "--filename=-", text=text).returncode == 0
    yield Namespace(embedded, name)
    embedded.kubectl("delete", "namespace", name, "--wait=false")
    embedded.answer()
