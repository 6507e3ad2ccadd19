"""Names, labels and annotations that the API server and the controllers accept, each object once."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rules.reading import (
    POD_TEMPLATES,
    Manifest,
    containers_of,
    find,
    group,
    key,
    kind,
    name,
    namespace,
    pods,
    state,
    title,
    walk,
)


class Form(NamedTuple):
    """A form of names, in words and as a pattern, and the most characters."""

    words: str
    pattern: re.Pattern[str]
    longest: int

    def fits(self, text: object) -> bool:
        return isinstance(text, str) and len(text) <= self.longest and bool(self.pattern.fullmatch(text))

    def __str__(self) -> str:
        return f"{self.words}, at most {self.longest}"


# https://kubernetes.io/docs/concepts/overview/working-with-objects/names and .../labels; port names: RFC 6335.
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
LABEL = Form("lower case letters, digits and inner -", re.compile(_LABEL), 63)
SERVICE = Form("lower case letters, digits and inner -, a letter first", re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?"), 63)
SUBDOMAIN = Form("lower case letters, digits and inner - and .", re.compile(rf"{_LABEL}(\.{_LABEL})*"), 253)
PATH_SEGMENT = Form("any characters but / and %", re.compile(r"(?!\.{1,2}$)[^/%]+"), 253)
PORT = Form("lower case letters, digits and single inner -", re.compile(rf"(?=.*[a-z])(?!.*--){_LABEL}"), 15)
VALUE = Form("letters, digits and inner -, _ and .", re.compile(r"[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?", re.ASCII), 63)
FORMS = dict.fromkeys(POD_TEMPLATES, LABEL) | {
    "Namespace": LABEL,
    "Service": SERVICE,
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), PATH_SEGMENT),
    # A label of the pods adds a hash to a StatefulSet's name, a Job's name the time to a CronJob's: 11 characters each.
    **dict.fromkeys(("StatefulSet", "CronJob"), LABEL._replace(longest=63 - 11)),
}
NAMESPACED = frozenset({
    *POD_TEMPLATES, "ConfigMap", "ExternalSecret", "HorizontalPodAutoscaler", "Ingress", "LimitRange", "NetworkPolicy",
    "PersistentVolumeClaim", "PodDisruptionBudget", "ResourceQuota", "Role", "RoleBinding", "ScaledObject", "Secret",
    "Service", "ServiceAccount",
})  # fmt: skip
METADATA = ("metadata", *(f"spec.{path}.metadata" for path in ("template", "jobTemplate", "jobTemplate.spec.template")))


def names_are_valid(objects: Sequence[Manifest]) -> Iterator[str]:
    for manifest in objects:
        form = FORMS.get(kind(manifest), SUBDOMAIN)
        if not form.fits(name(manifest)):
            yield f"{title(manifest)} metadata.name: is no name of this kind; use {form}"


def names_inside_pods_are_valid(objects: Sequence[Manifest]) -> Iterator[str]:
    for pod in pods(objects):
        parts = [(container.where, container.spec.get("name"), LABEL) for container in containers_of(pod)]
        parts += [(where, volume, LABEL) for where, volume in pod.find("spec.volumes[].name")]
        for container in containers_of(pod):
            parts += [
                (f"{container.where}.{where}", port, PORT) for where, port in walk(container.spec, "ports[].name")
            ]
        for where, part, form in parts:
            if not form.fits(part):
                yield f"{where}: {state(part)}, which is no valid name; use {form}"


def label_and_annotation_keys_are_valid(objects: Sequence[Manifest]) -> Iterator[str]:
    for where, entry, _ in _entries(objects, "labels", "annotations"):
        prefix, slash, last = entry.rpartition("/")
        if not VALUE.fits(last) or (slash and not SUBDOMAIN.fits(prefix)):
            yield f"{where}: is no valid key; use {VALUE}, after a domain and / or alone"


def label_values_are_valid(objects: Sequence[Manifest]) -> Iterator[str]:
    for where, _, value in _entries(objects, "labels"):
        if value != "" and not VALUE.fits(value):
            yield f"{where}: {state(value)}, which is no label value; use a string of {VALUE}"


def annotation_values_are_strings(objects: Sequence[Manifest]) -> Iterator[str]:
    for where, _, value in _entries(objects, "annotations"):
        if not isinstance(value, str):
            yield f"{where}: {state(value)}, which is no string; quote it"


def _entries(objects: Sequence[Manifest], *fields: str) -> Iterator[tuple[str, str, object]]:
    """Place, key and value of each label or annotation, those of pod templates too."""
    for manifest in objects:
        for path in [f"{metadata}.{field}" for metadata in METADATA for field in fields]:
            for where, entries in find(manifest, path):
                for entry, value in entries.items() if isinstance(entries, Mapping) else ():
                    yield f"{where}[{entry}]", str(entry), value


def namespaces_are_named(objects: Sequence[Manifest]) -> Iterator[str]:
    """By all or by none: one that names none goes wherever whoever applies it happens to be."""
    if not any(namespace(manifest) for manifest in objects):
        return
    for manifest in objects:
        if kind(manifest) in NAMESPACED and not namespace(manifest):
            yield f"{title(manifest)} metadata.namespace: is missing, which others name; name it"


def objects_occur_once(objects: Sequence[Manifest]) -> Iterator[str]:
    seen = Counter((group(manifest.get("apiVersion")), key(manifest)) for manifest in objects)
    for (_, (space, of, named)), times in seen.items():
        if times > 1:
            yield f"{of}/{named} metadata.name: occurs {times} times in {space or 'the cluster'}; keep one"
