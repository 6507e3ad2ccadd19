"""Objects as kustomize knows them while it works, and what its selectors select."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ops.check.finding import meant, near
from rules.matching import matches
from rules.reading import Manifest, at, kind, mapping, name, title

CLUSTER_SCOPED = re.findall(
    r"\w+",
    "APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle "
    "CustomResourceDefinition DeviceClass FlowSchema IPAddress IngressClass MutatingAdmissionPolicy "
    "MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass "
    "PriorityLevelConfiguration ResourceSlice RuntimeClass ServiceCIDR StorageClass StorageVersion "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment "
    "VolumeAttributesClass",
)
# Patterns that a backtracking engine could take for ever over are not judged.
COSTLY = re.compile(r"\)[*+{]|([*+{].*){4}", re.DOTALL)
LONGEST = 1000  # characters of a text that a pattern is tried on
REQUIREMENT = re.compile(r"(!)?\s*([\w./-]+)\s*(?:(==|!=|=)\s*([\w.-]*)|(in|notin)\s*\(([^)]*)\))?")
OPERATORS = {"=": "In", "==": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", None: "Exists"}


class Id(NamedTuple):
    """What an object is known by; the namespace is "default" where none is given, "" where the kind has none."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}".lstrip("/")


@dataclass(frozen=True, eq=False)
class Item:
    """An object, the file that it comes from, and the ids that it had before."""

    manifest: Manifest
    file: str
    before: tuple[Id, ...] = ()

    @cached_property
    def id(self) -> Id:
        group, _, version = str(self.manifest.get("apiVersion") or "").rpartition("/")
        of, space = kind(self.manifest), at(self.manifest, "metadata.namespace")
        return Id(group, version, of, effective(of, space), name(self.manifest))

    @property
    def ids(self) -> tuple[Id, ...]:
        return (*self.before, self.id)

    def become(self, manifest: Manifest, renamed: bool = False) -> "Item":
        """The changed object; one that may be `renamed` stays known by the id that it has."""
        return Item(manifest, self.file, self.ids if renamed else self.before)

    def with_metadata(self, fields: Manifest, renamed: bool = False) -> "Item":
        return self.become({**self.manifest, "metadata": {**mapping(self.manifest, "metadata"), **fields}}, renamed)


def effective(of: str, space: Any) -> str:
    return "" if of in CLUSTER_SCOPED else str(space or "default")


def fits(pattern: str, text: str, tail: str = "") -> bool:
    """Whether a pattern of a kustomization, anchored as kustomize does, matches; a pattern not judged does."""
    try:
        return bool(COSTLY.search(pattern)) or bool(re.fullmatch(f"(?:{pattern}){tail}", text[:LONGEST]))
    except re.error:
        return True


def selects(target: Manifest, item: Item) -> bool:
    """As resmap.Select does: by the name and namespace that it began with or has now, the rest as it is now."""
    first, now = item.ids[0], item.id
    values = {
        "group": {now.group},
        "version": {now.version},
        "kind": {now.kind},
        "name": {first.name, now.name},
        "namespace": {first.namespace, now.namespace},
    }
    named = all(any(fits(str(target[key]), value) for value in held) for key, held in values.items() if target.get(key))
    return named and all(
        _holds(str(target.get(f"{marks}Selector") or ""), mapping(item.manifest, f"metadata.{marks}s"))
        for marks in ("label", "annotation")
    )


def _holds(selector: str, labels: Manifest) -> bool:
    """Whether a selector as text holds; one that is not understood does."""
    expressions = []
    for part in re.split(r",(?![^(]*\))", selector) if selector.strip() else ():
        found = REQUIREMENT.fullmatch(part.strip())
        if not found:
            return True
        absent, label, equal, value, among, values = found.groups()
        held = [each.strip() for each in values.split(",")] if among else [value]
        operator = "DoesNotExist" if absent else OPERATORS[equal or among]
        expressions.append({"key": label, "operator": operator, "values": held})
    return matches({"matchExpressions": expressions}, labels)


def is_source(source: Manifest, item: Item) -> bool:
    """Whether a replacement's source names it: literally, by any id that it had."""
    wanted = {key: source[key] for key in Id._fields if source.get(key)}
    return any(wanted.items() <= each._asdict().items() for each in item.ids)


def described(target: Manifest) -> str:
    """A selector in short: `Deployment/*[app=web]`."""
    named = "/".join(str(target.get(part) or "*") for part in ("kind", "name"))
    labels = [str(target[key]) for key in ("labelSelector", "annotationSelector") if target.get(key)]
    return f"{named}[{','.join(labels)}]" if labels else named


def instead(target: Manifest, held: Sequence[Item]) -> str:
    """What a selector that selects nothing probably meant: one condition less, a kind or a name that is near."""
    for key in ("labelSelector", "annotationSelector", "namespace", "group", "version"):
        rest = {part: value for part, value in target.items() if part != key}
        found = next((item for item in held if selects(rest, item)), None) if key in target else None
        if found:
            return f"correct {key}: without it, {title(found.manifest)} is selected"
    kinds = sorted({item.id.kind for item in held})
    wanted, named = str(target.get("kind") or ""), str(target.get("name") or "")
    if wanted and wanted not in kinds and (close := near(wanted, kinds)):
        return f"write kind: {close}, or remove the entry"
    names = [item.id.name for item in held if not wanted or fits(wanted, item.id.kind)]
    return meant(named, names, "remove the entry") if named else "correct the kind, or remove the entry"
