"""Patches, images, replicas, replacements and the rest, on what a kustomization accumulated."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ops.check import images
from ops.check.accumulated import GENERATORS, Built, Place, entries, is_inline, listed
from ops.check.finding import meant
from ops.check.objects import CLUSTER_SCOPED, Item, described, instead, is_source, selects
from ops.check.patching import Misfit, merged, patched
from ops.check.source import Layer, Source
from rules.reading import Manifest, at, items, kind, mapping, mappings, title

UNPREFIXED = ("CustomResourceDefinition", "APIService", "Namespace")


class Transformers:
    """Each method does to `built` what an entry says, and notes where the entry hits nothing. All raise Stop."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def apply(self, layer: Layer, built: Built) -> None:
        """Those that have fields of their own, in the order of kusttarget_configplugin.go."""
        fields = layer.fields
        for place, text in listed(layer, "patchesStrategicMerge"):
            self._patch(built, place, {"patch": text} if is_inline(text) else {"path": text})
        for place, entry in entries(layer, "patches"):
            self._patch(built, place, entry)
        _set_namespace(built, fields.get("namespace"))
        _affix(built, str(fields.get("namePrefix") or ""), str(fields.get("nameSuffix") or ""))
        for pairs in (fields.get("commonLabels"), *(entry.get("pairs") for entry in mappings(fields, "labels"))):
            _mark(built, "labels", pairs)
        _mark(built, "annotations", fields.get("commonAnnotations"))
        for place, entry in entries(layer, "patchesJson6902"):
            self._patch(built, place, entry)
        for place, entry in entries(layer, "replicas"):
            self._replicas(built, place, entry)
        self._images(built, list(entries(layer, "images", "imageTags")))
        for place, entry in entries(layer, "replacements"):
            self._replace(built, place, entry)

    def apply_plugin(self, built: Built, place: Place, configuration: Manifest) -> None:
        """One of `transformers`: sigs.k8s.io/kustomize/api/internal/plugins/builtinhelpers."""
        match kind(configuration) if configuration.get("apiVersion") == "builtin" else "":
            case "PatchTransformer":
                self._patch(built, place, configuration)
            case "PatchJson6902Transformer":
                text = configuration.get("jsonOp")
                self._patch(built, place, {**configuration, "patch": text} if text else configuration)
            case "ImageTagTransformer":
                self._images(built, [(place.at("imageTag"), mapping(configuration, "imageTag"))])
            case "ReplicaCountTransformer":
                self._replicas(built, place.at("replica"), mapping(configuration, "replica"))
            case "ReplacementTransformer":
                for index, entry in enumerate(mappings(configuration, "replacements")):
                    self._replace(built, place.at(f"replacements[{index}]"), entry)
            case "NamespaceTransformer":
                _set_namespace(built, at(configuration, "metadata.namespace") or configuration.get("namespace"))
            case "LabelTransformer" | "AnnotationsTransformer":
                for marks in ("labels", "annotations"):
                    _mark(built, marks, configuration.get(marks))
            case "HashTransformer" | "SortOrderTransformer" | "LegacyOrderTransformer":
                pass
            case _:
                built.opaque = True

    def _patch(self, built: Built, place: Place, entry: Manifest) -> None:
        if path := entry.get("path"):
            located = self._source.locate(place.layer, place.at(".path").field, str(path))
            read = self._source.documents(place.layer, place.field, located)
        else:
            read = self._source.inline(place.layer, place.field, str(entry.get("patch") or ""))
        target = entry.get("target")  # an empty one selects everything
        selected = self._targets(built, place.at(".target"), target) if isinstance(target, Mapping) else []
        for patch in read:
            if isinstance(patch, list):
                self._patch_json(built, place, patch, selected)
            elif isinstance(patch, Mapping):
                hits = self._named_by(built, place, patch) if target is None else selected
                _merge(built, patch, hits, mapping(entry, "options"))

    def _targets(self, built: Built, place: Place, target: Manifest) -> list[Item]:
        hits = [item for item in built.items if selects(target, item)]
        if not hits:
            problem = f"selects none of the {len(built.items)} objects here"
            built.miss(place, described(target), problem, instead(target, built.items), fatal=False)
        return hits

    def _named_by(self, built: Built, place: Place, patch: Manifest) -> list[Item]:
        wanted = Item(patch, place.file).id
        hits = [item for item in built.items if wanted in item.ids]
        if not hits:
            alike = [item.id for item in built.items if item.id.kind == wanted.kind]
            remedy = meant(wanted.name, [other.name for other in alike], "remove the patch")
            for other in alike:
                if other.name == wanted.name:
                    remedy = f"write apiVersion: {other.api_version} and namespace: {other.namespace}, as it has"
            built.miss(place, title(patch), "patches an object that is not here", remedy, fatal=True)
        return hits

    def _patch_json(self, built: Built, place: Place, operations: list[Any], hits: list[Item]) -> None:
        for index, item in enumerate(built.items):
            if item not in hits:
                continue
            try:
                made = patched(item.manifest, operations)
            except Misfit as path:
                problem, remedy = f"changes {path}, which is not in it", "correct the path, or add what is around it"
                built.miss(place.at(".patch"), title(item.manifest), problem, remedy, fatal=True)
            else:
                built.items[index] = item.become(made if isinstance(made, Mapping) else {}, renamed=True)

    def _replicas(self, built: Built, place: Place, entry: Manifest) -> None:
        named = str(entry.get("name"))
        able = [item for item in built.items if item.id.kind in built.replicated]
        if not any(each.name == named for item in able for each in item.ids):
            remedy = meant(named, [item.id.name for item in able], "remove the entry")
            built.miss(place.at(".name"), f"workload/{named}", "there is none with replicas", remedy, fatal=True)

    def _images(self, built: Built, tags: Sequence[tuple[Place, Manifest]]) -> None:
        """All entries in one pass over the objects."""
        hits: set[int] = set()
        seen: set[str] = set()

        def change(image: str) -> str:
            seen.add(images.bare(image))
            for index, (_, entry) in enumerate(tags):
                if images.is_meant(entry, image):
                    hits.add(index)
                    image = images.retagged(image, entry)
            return image

        for index, item in enumerate(built.items) if tags else ():
            if item.id.kind != "CustomResourceDefinition":
                made = images.mapped(item.manifest, change, built.image_fields)
                built.items[index] = item if made is item.manifest else item.become(made)
        for index, (place, entry) in enumerate(tags):
            if index not in hits:
                remedy = meant(str(entry.get("name")), sorted(seen), "remove the entry")
                of = f"image/{entry.get('name')}"
                built.miss(place.at(".name"), of, "no container here runs it", remedy, fatal=False)

    def _replace(self, built: Built, place: Place, entry: Manifest) -> None:
        if path := entry.get("path"):
            located = self._source.locate(place.layer, place.at(".path").field, str(path))
            for document in self._source.documents(place.layer, place.field, located):
                for index, inner in enumerate(document if isinstance(document, list) else [document]):
                    if isinstance(inner, Mapping) and not inner.get("path"):
                        self._replace(built, Place(place.layer, self._source.shown(located), f"[{index}]"), inner)
            return
        if source := mapping(entry, "source"):
            hits = [item for item in built.items if is_source(source, item)]
            if len(hits) != 1:
                problem = f"selects {len(hits) or 'none'} of the {len(built.items)} objects here, and it must be one"
                remedy = instead(source, built.items)
                built.miss(place.at(".source"), described(source), problem, remedy, fatal=True)
            _look_up(built, place.at(".source.fieldPath"), hits, str(source.get("fieldPath") or "metadata.name"))
        for index, target in enumerate(mappings(entry, "targets")):
            self._replace_in(built, place.at(f".targets[{index}]"), target)

    def _replace_in(self, built: Built, place: Place, target: Manifest) -> None:
        select = mapping(target, "select")
        hits = self._targets(built, place.at(".select"), select)
        left = [item for item in hits if not any(selects(each, item) for each in mappings(target, "reject"))]
        if hits and not left:
            problem, remedy = f"rejects all {len(hits)} that are selected", "reject fewer, or remove the target"
            built.miss(place.at(".reject"), described(select), problem, remedy, fatal=False)
        for path in map(str, items(target, "fieldPaths")):
            if not at(target, "options.create"):
                _look_up(built, place.at(".fieldPaths"), left, path)
            built.opaque |= path.startswith("metadata.")  # later selectors would meet a name that is not known here


def _look_up(built: Built, place: Place, hits: Iterable[Item], path: str) -> None:
    """A miss for each object without the field; what generators made is passed over, its data is not kept."""
    for item in hits:
        if item.id.kind not in GENERATORS.values() and not _has(item.manifest, path):
            remedy = "correct the path, or write options: {create: true}"
            built.miss(place, title(item.manifest), f"there is no {path}", remedy, fatal=True)


def _has(value: Any, path: str) -> bool:
    """Whether a path leads somewhere; one with patterns, or into a text that is YAML, is taken to."""
    if re.search(r"[*\[\\/]", path):
        return True
    for step in path.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return isinstance(value, str)
    return True


def _merge(built: Built, patch: Manifest, hits: list[Item], options: Manifest) -> None:
    """A strategic merge into each hit, which keeps its name and kind unless the options let go of them."""
    new_kind, new_name = bool(options.get("allowKindChange")), bool(options.get("allowNameChange"))
    left: list[Item] = []
    for item in built.items:
        made = merged(item.manifest, patch) if item in hits else None
        if made is not None:
            kept = {"namespace": at(item.manifest, "metadata.namespace")}
            kept |= {} if new_name else {"name": item.id.name}
            held = {key: value for key, value in {**mapping(made, "metadata"), **kept}.items() if value is not None}
            same = {} if new_kind else {"kind": item.id.kind, "apiVersion": item.id.api_version}
            left.append(item.become({**made, **same, "metadata": held}, renamed=new_kind or new_name))
        elif item not in hits:
            left.append(item)
    built.items = left


def _set_namespace(built: Built, space: Any) -> None:
    for index, item in enumerate(built.items) if space else ():
        fields = {} if item.id.kind in CLUSTER_SCOPED else {"namespace": space}
        if (item.id.group, item.id.kind) == ("", "Namespace"):
            fields = {"name": space}
        built.items[index] = item.with_metadata(fields, renamed=True)


def _affix(built: Built, prefix: str, suffix: str) -> None:
    for index, item in enumerate(built.items) if prefix or suffix else ():
        if item.ids[0].kind not in UNPREFIXED:
            built.items[index] = item.with_metadata({"name": f"{prefix}{item.id.name}{suffix}"}, renamed=True)


def _mark(built: Built, marks: str, pairs: Any) -> None:
    for index, item in enumerate(built.items) if isinstance(pairs, Mapping) and pairs else ():
        built.items[index] = item.with_metadata({marks: {**mapping(item.manifest, f"metadata.{marks}"), **pairs}})
