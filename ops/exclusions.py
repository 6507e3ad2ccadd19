"""Which components of a kustomization cannot stand beside each other: their own kustomizations say so.

An annotation `excludes/<component>` of a component's kustomization holds why it cannot stand beside that one. A
component is named like its folder.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ops.places import Refusal
from ops.yamls import Unreadable, documents

EXCLUDES = "excludes/"


class Exclusion(NamedTuple):
    """Two components that are switched on together, and why they cannot be."""

    component: str
    excluded: str
    why: str

    def __str__(self) -> str:
        return f"{self.component} cannot stand beside {self.excluded}: {self.why}; keep one of the two"


def declared(kustomization: Mapping[str, Any]) -> dict[str, str]:
    """{component that this one excludes: why}, of what a component's kustomization.yaml holds."""
    metadata = kustomization.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    found = annotations.items() if isinstance(annotations, Mapping) else ()
    return {str(key).removeprefix(EXCLUDES): str(why) for key, why in found if str(key).startswith(EXCLUDES)}


def exclusions(kustomizations: Mapping[str, Mapping[str, Any]]) -> list[Exclusion]:
    """Of {component: what its kustomization.yaml holds}, each two that exclude each other, once; by name."""
    found: dict[frozenset[str], Exclusion] = {}
    for name in sorted(kustomizations):
        for excluded, why in sorted(declared(kustomizations[name]).items()):
            if excluded in kustomizations and excluded != name:
                found.setdefault(frozenset((name, excluded)), Exclusion(name, excluded, why))
    return list(found.values())


def of_folders(components: Iterable[Path]) -> list[Exclusion]:
    """The exclusions among the components in these folders, wherever a chain of kustomizations names them."""
    return exclusions({folder.resolve().name: read(folder) for folder in components})


def read(component: Path) -> dict[str, Any]:
    """What the component's kustomization.yaml holds. Raises Refusal."""
    file = component / "kustomization.yaml"
    try:
        held = documents(file.read_text())
    except Unreadable as reason:
        raise Refusal(f"{file} {reason}: write the fields of a kustomization") from None
    return held[0] if held and isinstance(held[0], dict) else {}
