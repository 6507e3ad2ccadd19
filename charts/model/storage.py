"""What a container finds below a path: volumes, and configuration as files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charts.model import names
from charts.model.quantity import Quantity

if TYPE_CHECKING:
    from charts.model.platform import Platform

ACCESS_MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod")


@dataclass(frozen=True, kw_only=True)
class Persistent:
    """A volume that outlives its pod.

    `size`: bytes as a quantity; `claim`: the name of one PersistentVolumeClaim for the workload; None gives each pod
    of a `Stateful` one of its own.
    """

    name: str
    mount: str
    size: str
    storage_class: str
    claim: str | None = None
    access: str = "ReadWriteOnce"

    @property
    def single_writer(self) -> bool:
        return self.access.startswith("ReadWriteOnce")

    def refusals(self, at: str) -> Iterator[str]:
        yield from sized(f"{at}.size", self.size)
        if self.access not in ACCESS_MODES:
            yield f'{at}.access: one of {", ".join(ACCESS_MODES)}, got "{self.access}"'
        if self.claim is not None:
            yield from names.label(f"{at}.claim", self.claim)


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """Writable space that goes with the pod; `size` bounds it. `memory`: kept in memory, counted against its limit."""

    name: str
    mount: str
    size: str
    memory: bool = False

    def refusals(self, at: str) -> Iterator[str]:
        yield from sized(f"{at}.size", self.size)


def shared_memory(size: str) -> Scratch:
    """/dev/shm of `size` instead of the container runtime's 64Mi."""
    return Scratch(name="shared-memory", mount="/dev/shm", size=size, memory=True)


@dataclass(frozen=True, kw_only=True)
class SecretFiles:
    """Keys of the platform's secret as files below `mount`, one per key."""

    name: str
    mount: str
    keys: tuple[str, ...]

    def refusals(self, at: str) -> Iterator[str]:
        if not self.keys:
            yield f"{at}.keys: name those that it reads, none would be all of them"


@dataclass(frozen=True, kw_only=True)
class HostPath:
    """A folder of the node, read-only: for what watches the node itself."""

    name: str
    mount: str
    path: str

    def refusals(self, at: str) -> Iterator[str]:
        yield from ()


Volume = Persistent | Scratch | SecretFiles | HostPath
Files = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ConfigFiles:
    """Files {name: text} in a ConfigMap "<workload>-<name>", mounted at `mount`.

    `files`: the mapping, or a function of the platform where they follow from other workloads; `executable`: mounted
    with mode 0555 instead of 0444.
    """

    name: str
    mount: str
    files: Files | Callable[["Platform"], Files]
    executable: bool = False

    def of(self, platform: "Platform") -> Files:
        return self.files(platform) if callable(self.files) else self.files


def sized(at: str, size: str) -> Iterator[str]:
    try:
        if not Quantity(size).amount:
            yield f"{at}: must be above 0, got {size}"
    except ValueError as wrong:
        yield f"{at}: {wrong}"
