"""What a cluster says about itself: state.json in its folder, which its supervisor writes and all others read."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(kw_only=True)
class Process:
    pid: int
    restarts: int = 0


@dataclass(kw_only=True)
class State:
    """`doing` is what is waited for or, of a cluster that failed, why; `start_up` scales start-up times."""

    phase: Literal["starting", "ready", "failed", "absent"] = "starting"
    doing: str = ""
    start_up: float = 1
    server: str = ""
    kubeconfig: str = ""
    prometheus: str = ""
    supervisor: int | None = None
    processes: dict[str, Process] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Whole or not at all: others read it at any time."""
        fresh = folder / "state.json.new"
        fresh.write_text(json.dumps(asdict(self), indent=2) + "\n")
        fresh.replace(folder / "state.json")


def read(folder: Path) -> State:
    """`absent` where there is none, or where its supervisor was killed."""
    try:
        found = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return State(phase="absent")
    state = State(**found | {"processes": {name: Process(**each) for name, each in found["processes"].items()}})
    if state.phase != "failed" and not alive(folder):
        state.phase, state.doing = "absent", "its supervisor was killed"
    return state


def hold(folder: Path) -> int:
    """The lock that says a supervisor is alive; the kernel lets go of it however its process ends."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def alive(folder: Path) -> bool:
    """Whether a supervisor holds the folder."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
