"""Runs kustomize where it can fetch nothing and take no more than its share."""

import subprocess
from pathlib import Path

from ops.places import tool
from ops.render import Rendered, objects
from ops.yamls import Unreadable

MEMORY = 384 * 1024  # KiB of data; 1,300 objects take a third
SECONDS = 6.0
# kustomize's time is quadratic in the objects: 1,000 of them take 4 s on an idle machine.
SECONDS_PER_SQUARE_OF_A_THOUSAND = 24.0
LONGEST = 300  # characters of kustomize's reason
ENVIRONMENT = {
    "PATH": "/nonexistent",  # no git, no helm, no plugins
    "HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    "GOMEMLIMIT": f"{MEMORY * 3 // 4}KiB",
}


class Failed(Exception):
    """Why kustomize renders nothing, in one line."""


def build(folder: Path, expected: int) -> list[Rendered]:
    """The objects of a kustomization that so many are expected of. Raises Failed."""
    # The limit is the shell's to set: a function before exec is not safe in a program with threads.
    limited = ["/bin/sh", "-c", 'ulimit -d "$0" 2>/dev/null; exec "$@"', str(MEMORY)]
    command = [*limited, str(tool("kustomize")), "build", str(folder)]
    seconds = SECONDS + SECONDS_PER_SQUARE_OF_A_THOUSAND * (expected / 1000) ** 2
    try:
        done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"kustomize takes more than {seconds:.0f} s") from None
    if done.returncode:
        raise Failed(_reason(done.stderr.decode(errors="replace"), done.returncode))
    try:
        return objects(done.stdout.decode(errors="replace"))
    except Unreadable as reason:
        raise Failed(f"it renders an object that {reason}") from None


def _reason(stderr: str, code: int) -> str:
    if "out of memory" in stderr or "cannot allocate memory" in stderr:
        return f"kustomize takes more than {MEMORY // 1024} MiB"
    reason = " ".join(stderr.rpartition("Error: ")[2].split()) or f"it ended with exit code {code}"
    return f"kustomize cannot build it: {reason[:LONGEST]}"
