"""One embedded cluster for all tests, where pods are ready in a hundredth of the time that they may take."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ops.cluster.embedded import Cluster, cluster

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
