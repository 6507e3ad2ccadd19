"""Renders an environment, or any kustomization, to plain YAML: what a reviewer reads and the cluster gets."""

import base64
import hashlib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ops import secrets
from ops.places import OVERLAYS, Refusal, WrongUse, tool
from ops.yamls import Unreadable, documents

OWNER = "app.kubernetes.io/name"
NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
HASH = re.compile(r"-[2456789bcdfghkmt]{10}$")  # what kustomize appends: its alphabet, sigs.k8s.io/kustomize/api/hasher


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One object. `text`: its YAML document; `name`: in the cluster, hash included."""

    text: str

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What the text says, {} where it is no mapping. Raises Unreadable."""
        return manifest(self.text)

    @property
    def kind(self) -> str:
        return str(self.manifest.get("kind"))

    @property
    def name(self) -> str:
        return str(self.manifest.get("metadata", {}).get("name"))

    @property
    def path(self) -> str:
        """<workload>/<Kind>.<name without hash>.yaml: a setting that changes is a change of one file, not two."""
        folder = self.manifest.get("metadata", {}).get("labels", {}).get(OWNER, "foundation")
        hashed = self.kind in ("ConfigMap", "Secret", "Job")
        return f"{folder}/{self.kind}.{HASH.sub('', self.name) if hashed else self.name}.yaml"


@cache
def manifest(text: str) -> Mapping[str, Any]:
    """Read once for all environments that share the object."""
    found = documents(text)
    return found[0] if found and isinstance(found[0], dict) else {}


def environments(overlays: Path = OVERLAYS) -> list[str]:
    """The overlays by name."""
    return sorted(
        (path.parent.name for path in overlays.glob("*/kustomization.yaml")), key=lambda name: (rank(name), name)
    )


def rank(environment: str) -> int:
    """The way of a release: local, staging, then what is committed of the rest."""
    return {"local": 0, "staging": 1}.get(environment, 2)


def folder(target: str) -> Path:
    """The kustomization that a command means: an environment by name, its local secrets made, or a folder.

    Raises WrongUse.
    """
    if target in environments():
        secrets.make(OVERLAYS / target)
        return OVERLAYS / target
    path = Path(target)
    if any((path / name).exists() for name in NAMES):
        return path
    known = ", ".join(environments())
    raise WrongUse(f'"{target}" is no environment ({known}) and no folder with a kustomization.yaml')


def render(kustomization: Path) -> list[Rendered]:
    """The objects of a kustomization, Jobs named by their content. Raises Refusal."""
    command = [str(tool("kustomize")), "build", str(kustomization)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = " ".join(done.stderr.removeprefix("Error: ").split())
        raise Refusal(f"{kustomization.name}: kustomize cannot build it: {reason}")
    try:
        return objects(done.stdout)
    except Unreadable as reason:
        raise Refusal(f"{kustomization.name}: it renders an object that {reason}") from None


def objects(text: str) -> list[Rendered]:
    """What kustomize printed. Raises Unreadable."""
    found = [Rendered(text=document.rstrip("\n") + "\n") for document in text.split("\n---\n") if document.strip()]
    return [renewed(one) for one in found]


def renewed(rendered: Rendered) -> Rendered:
    """A Job gets the hash of its content behind its name: its template is immutable, so another is another Job."""
    if rendered.kind != "Job":
        return rendered
    digest = base64.b32encode(hashlib.sha256(rendered.text.encode()).digest()).decode().lower()
    suffix = digest[:10].translate(str.maketrans("aeijlnopqrsuvwxyz3", "bcdfghkmt245678924"))
    named = f"\n  name: {rendered.name}"  # only metadata.name is indented by two
    return Rendered(text=rendered.text.replace(named, f"{named}-{suffix}", 1))


def write(objects: list[Rendered], out: Path) -> None:
    """One file per object below `out`. Raises Refusal when two would share a file, before it writes any."""
    files: dict[str, Rendered] = {}
    for rendered in objects:
        if rendered.path in files:
            raise Refusal(f"{out.name}/{rendered.path}: two objects would share the file, name one otherwise")
        files[rendered.path] = rendered
    for path, rendered in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(rendered.text)
