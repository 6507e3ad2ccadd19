"""Which entries of the kustomizations behind an environment hit nothing.

Kustomize is silent about some of them. So its order of work is followed here over names, labels and images alone:
resources, generators, components, then the transformers one by one (sigs.k8s.io/kustomize/api/internal/target), each
entry against the objects as they are at that point. Where that cannot be told, behind a plugin for one, nothing is
said. Every file that kustomize would read is looked at first, so a kustomization that got through is safe to build.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ops.check.accumulated import GENERATORS, Built, Place, entries, is_inline, listed
from ops.check.finding import meant
from ops.check.objects import Id, Item, effective
from ops.check.source import Layer, Source
from ops.check.transformers import Transformers
from ops.exclusions import exclusions
from rules.reading import Manifest, at, items, mapping, mappings, title

LAYERS = 2_000  # kustomizations that one may build on, each counted as often as it is
OBJECTS = 20_000
FIELDS = re.findall(
    r"\w+",
    "apiVersion kind metadata openapi namePrefix nameSuffix namespace commonLabels labels commonAnnotations "
    "patchesStrategicMerge patchesJson6902 patches images imageTags replacements replicas vars sortOptions resources "
    "components crds bases configMapGenerator secretGenerator helmGlobals helmCharts helmChartInflationGenerator "
    "generatorOptions configurations generators transformers validators buildMetadata",
)  # sigs.k8s.io/kustomize/api/types/kustomization.go
FOLDED = {name.lower() for name in FIELDS}  # Go's decoder does not mind the case


class Chain:
    """Follows kustomizations; one that several build on is followed once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._transformers = Transformers(source)
        self._built: dict[Path, Built] = {}

    def build(self, folder: Path, above: tuple[Path, ...] = ()) -> Built:
        """What the kustomization in a folder accumulates; `above` are the folders that build on it. Raises Stop."""
        if folder not in self._built:
            built = Built()
            self._apply(self._source.layer(folder), built, above)
            self._built[folder] = built
        return self._built[folder]

    def follow(self, folder: Path) -> Built:
        """What an environment's kustomization accumulates, and its components that exclude each other. Raises Stop."""
        layer, built = self._source.layer(folder), self.build(folder)
        for component, excluded, why in exclusions(built.components):
            problem = f"cannot stand beside {excluded}: {why}"
            place = Place(layer, layer.file, "components")
            built.miss(place, f"Component/{component}", problem, "keep one of the two", fatal=False)
        return built

    def _apply(self, layer: Layer, built: Built, above: tuple[Path, ...]) -> None:
        """Does to `built` what a kustomization or a component says."""
        stack = (*above, layer.folder)
        built.layers += 1
        self._read_along(layer, stack)
        for entry in map(str, layer.fields):
            if entry.lower() not in FOLDED:
                remedy = meant(entry, FIELDS, "remove it")
                built.miss(Place(layer, layer.file, entry), layer.title, "is no field", remedy, fatal=True)
        for place, reference in listed(layer, "resources", "bases"):
            self._resource(built, place, reference, stack)
        self._configurations(layer, built)
        for field, made in GENERATORS.items():
            for place, arguments in entries(layer, field):
                self._generate(built, place, arguments, made)
        built.opaque |= bool(items(layer.fields, "generators"))
        for place, reference in listed(layer, "components"):
            component = self._source.layer(self._folder(place, reference, stack))
            built.components[component.folder.name] = component.fields
            self._apply(component, built, stack)
        if built.layers > LAYERS or len(built.items) > OBJECTS:
            problem = f"builds on more than {LAYERS} kustomizations or {OBJECTS} objects"
            raise self._source.stop(layer, "resources", problem, "split it")
        self._transformers.apply(layer, built)
        for place, reference in listed(layer, "transformers"):
            for where, configuration in self._plugins(place, reference, stack):
                self._transformers.apply_plugin(built, where, configuration)

    def _read_along(self, layer: Layer, stack: tuple[Path, ...]) -> None:
        """Looks at what kustomize reads and nothing here depends on."""
        for field in ("helmCharts", "helmChartInflationGenerator"):
            if layer.fields.get(field):
                remedy = "commit what helm renders as a resource"
                raise self._source.stop(layer, field, "are rendered by helm, which check does not run", remedy)
        for place, reference in listed(layer, "generators", "validators"):
            for _ in self._plugins(place, reference, stack):
                pass
        for place, reference in listed(layer, "crds"):
            self._source.locate(layer, place.field, reference)
        if path := at(layer.fields, "openapi.path"):
            self._source.locate(layer, "openapi.path", str(path))

    def _folder(self, place: Place, reference: str, stack: tuple[Path, ...]) -> Path:
        """The folder that a kustomization builds on."""
        path = self._source.locate(place.layer, place.field, reference)
        if any(visited.is_relative_to(path) for visited in stack):
            names = " -> ".join(folder.name for folder in (*stack, path))
            remedy = "build on a folder that neither holds this one nor builds on it"
            raise self._source.stop(place.layer, place.field, f"goes round in a loop, {names}", remedy)
        return path

    def _resource(self, built: Built, place: Place, reference: str, stack: tuple[Path, ...]) -> None:
        path = self._source.locate(place.layer, place.field, reference)
        if path.is_dir():
            below = self.build(self._folder(place, reference, stack), stack)
            built.add(below)
            found = below.items
        else:
            found = list(self._objects(place, path))
        held = {item.id: item for item in built.items}
        for item in found:
            if (twin := held.setdefault(item.id, item)) is not item:
                problem = f"occurs in {twin.file} and in {item.file}"
                built.miss(place, title(item.manifest), problem, "keep one of them", fatal=True)
        built.items = list(held.values())

    def _objects(self, place: Place, path: Path) -> Iterator[Item]:
        for document in self._source.documents(place.layer, place.field, path):
            is_list = str(at(document, "kind") or "").endswith("List") and items(document, "items")
            for manifest in mappings(document, "items") if is_list else [document]:
                if isinstance(manifest, Mapping):
                    yield Item(manifest, self._source.shown(path))

    def _configurations(self, layer: Layer, built: Built) -> None:
        """Where else images and replicas are."""
        for place, reference in listed(layer, "configurations"):
            path = self._source.locate(layer, place.field, reference)
            for document in self._source.documents(layer, place.field, path):
                built.image_fields |= {
                    str(spec.get("path")).rpartition("/")[2] for spec in mappings(document, "images")
                }
                built.replicated |= {str(spec.get("kind")) for spec in mappings(document, "replicas")}

    def _generate(self, built: Built, place: Place, arguments: Manifest, made: str) -> None:
        for file in filter(None, [*items(arguments, "files"), *items(arguments, "envs"), arguments.get("env")]):
            key, named_file, path = str(file).partition("=")
            self._source.locate(place.layer, place.field, path if named_file else key)
        named, space = str(arguments.get("name")), arguments.get("namespace")
        wanted = Id("", "v1", made, effective(made, space), named)
        hits = [item for item in built.items if wanted in item.ids]
        behavior, where = arguments.get("behavior") or "create", place.at(".behavior")
        if behavior == "create" and hits:
            problem = f"is there already, from {hits[0].file}"
            built.miss(where, f"{made}/{named}", problem, "write behavior: merge, or another name", fatal=True)
        elif behavior == "create":
            marks = {
                marks: {**mapping(layer, marks), **mapping(own, marks)}
                for layer, own in [(mapping(place.layer.fields, "generatorOptions"), mapping(arguments, "options"))]
                for marks in ("labels", "annotations")
            }
            metadata = {"name": named, **({"namespace": space} if space else {}), **marks}
            built.items.append(Item({"apiVersion": "v1", "kind": made, "metadata": metadata}, place.file))
        elif not hits:
            alike = [item.id for item in built.items if item.id.kind == made]
            remedy = meant(named, [other.name for other in alike], "remove the entry")
            for other in alike:
                if other.name == named:
                    remedy = f"write namespace: {other.namespace}"
            built.miss(where, f"{made}/{named}", f"is to {behavior}, and there is none", remedy, fatal=True)

    def _plugins(self, place: Place, reference: str, stack: tuple[Path, ...]) -> Iterator[tuple[Place, Manifest]]:
        """The configurations that an entry of `transformers`, `generators` or `validators` leads to."""
        if is_inline(reference):
            read = self._source.inline(place.layer, place.field, reference)
            found = [(place.at("."), document) for document in read if isinstance(document, Mapping)]
        else:
            path = self._source.locate(place.layer, place.field, reference)
            below = self.build(self._folder(place, reference, stack), stack).items if path.is_dir() else None
            held = self._objects(place, path) if below is None else below
            found = [(Place(place.layer, item.file, ""), item.manifest) for item in held]
        for where, configuration in found:
            for text in strings(configuration):
                self._source.refuse_remote(place.layer, place.field, text)
            yield where, configuration


def strings(value: Any) -> Iterator[str]:
    """Every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from strings(inner)
