"""Where things are in the repository, and which tools it brought along."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OVERLAYS = ROOT / "overlays"
DIST = ROOT / "dist"
TOOLS = ROOT / ".tools" / "bin"


class Refusal(Exception):
    """A mistake that a person can mend: its text is one line or more, each of them complete. Exit code 1."""


class WrongUse(Exception):
    """A command that was called wrongly: its text is one line. Exit code 2."""


def tool(name: str) -> Path:
    """The program `name`, as `make` set it up. Raises Refusal when it is missing."""
    path = TOOLS / name
    if not path.exists():
        target = "tools" if name in ("actionlint", "cdk8s", "compose-go", "kustomize", "promtool") else "cluster"
        raise Refusal(f"{path.relative_to(ROOT)} is missing: run `make {target}`")
    return path
