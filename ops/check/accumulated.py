"""What a kustomization accumulates, and the entries of it that hit nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ops.check.finding import Finding
from ops.check.objects import Item
from ops.check.source import Layer
from rules.reading import Manifest, items

REPLICATED = ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")  # what `replicas` entries can name
GENERATORS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}


class Place(NamedTuple):
    """Where an entry stands: the kustomization whose folder its paths are relative to, the file, the field."""

    layer: Layer
    file: str
    field: str

    def at(self, step: str) -> "Place":
        return self._replace(field=f"{self.field}{step}")


@dataclass(frozen=True, kw_only=True)
class Miss:
    """An entry that hits nothing; kustomize fails on it too where it is `fatal`."""

    finding: Finding
    fatal: bool


@dataclass
class Built:
    """Objects so far, made by so many kustomizations (`layers`); `opaque`: also by what is not followed here.

    `image_fields` and `replicated` are the fields of images and the kinds with replicas, besides the usual;
    `components` is what the components say, by folder.
    """

    items: list[Item] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    opaque: bool = False
    layers: int = 0
    image_fields: frozenset[str] = frozenset()
    replicated: frozenset[str] = frozenset(REPLICATED)
    components: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def add(self, other: "Built") -> None:
        """All but the objects, which may collide."""
        self.misses += other.misses
        self.opaque |= other.opaque
        self.layers += other.layers
        self.image_fields |= other.image_fields
        self.replicated |= other.replicated
        self.components |= other.components

    def miss(self, place: Place, of: str, problem: str, remedy: str, *, fatal: bool) -> None:
        if fatal or not self.opaque:
            where = place.field.lstrip(".")
            found = Finding(file=place.file, object=of, field=where, problem=problem, remedy=remedy)
            self.misses.append(Miss(finding=found, fatal=fatal))


def listed(layer: Layer, *fields: str) -> Iterator[tuple[Place, str]]:
    """The strings of lists, each with its place."""
    for entry in fields:
        for index, value in enumerate(items(layer.fields, entry)):
            if isinstance(value, str):
                yield Place(layer, layer.file, f"{entry}[{index}]"), value


def entries(layer: Layer, *fields: str) -> Iterator[tuple[Place, Manifest]]:
    """The mappings of lists, each with its place, by name where it has one."""
    for entry in fields:
        for index, value in enumerate(items(layer.fields, entry)):
            if isinstance(value, Mapping):
                yield Place(layer, layer.file, f"{entry}[{value.get('name') or index}]"), value


def is_inline(text: str) -> bool:
    """Whether an entry is YAML itself, not the path of a file."""
    return "\n" in text.strip() or text.lstrip().startswith("{")
