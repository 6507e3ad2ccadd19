"""What the objects hold, what controllers make of them, and what is declared as provided outside.

An annotation `provided-outside/<kind>.<name>` on any Namespace declares an object that is not among the rendered ones.
For a Secret or ConfigMap its value lists the keys, separated by commas or spaces; for another kind it says who provides
it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from rules.reading import Manifest, at, find, key, kind, mapping, mappings, name, namespace, of_kind, to_key, walk

OUTSIDE = "provided-outside/"
# Made by every cluster. A namespace's default ServiceAccount is judged by the rule on tokens instead.
BUILT_IN = re.compile(
    r"ServiceAccount/default|ClusterRole/(cluster-admin|admin|edit|view|system:.+)|PriorityClass/system-.+"
)
ISSUERS = {"cert-manager.io/cluster-issuer": "ClusterIssuer", "cert-manager.io/issuer": "Issuer"}
ANY = "*"
TLS = {"tls.crt", "tls.key", "ca.crt"}

Keys = Mapping[tuple[str, str], set[str]]
"""Keys by namespace ("" for any) and name; `ANY` where only a cluster knows them."""


class Use(NamedTuple):
    """A field that names another object."""

    where: str
    namespace: str
    kind: str
    name: str


class KeyUse(NamedTuple):
    """A field that names a ConfigMap or Secret (`key` is None), or a key of one."""

    where: str
    namespace: str
    name: str
    key: str | None = None


def outside(objects: Sequence[Manifest]) -> dict[str, str]:
    """The declared objects, each `kind.name` in lower case, with the declaration's text."""
    return {
        annotation.removeprefix(OUTSIDE): str(text)
        for declaring in of_kind(objects, "Namespace")
        for annotation, text in mapping(declaring, "metadata.annotations").items()
        if str(annotation).startswith(OUTSIDE)
    }


def named(objects: Sequence[Manifest], of: str, used: str, *paths: str) -> Iterator[Use]:
    """The uses of a kind by plain names at some paths of another kind."""
    for manifest in of_kind(objects, of):
        for where, value in chain.from_iterable(find(manifest, path) for path in paths):
            yield Use(where, namespace(manifest), used, str(value))


def referred(objects: Sequence[Manifest], kinds: Sequence[str], path: str, default: str) -> Iterator[Use]:
    """The uses by references at a path that tell name and perhaps kind and namespace."""
    for manifest in of_kind(objects, *kinds):
        for where, value in find(manifest, path):
            space = str(at(value, "namespace") or namespace(manifest))
            yield Use(f"{where}.name", space, str(at(value, "kind") or default), str(at(value, "name") or ""))


def missing(objects: Sequence[Manifest], uses: Iterable[Use]) -> Iterator[str]:
    held, declared = {key(manifest) for manifest in objects}, outside(objects)
    for where, space, of, used in uses:
        declaration = f"{of.lower()}.{used}"
        known = declaration in declared or BUILT_IN.fullmatch(f"{of}/{used}")
        if not known and to_key(space, of, used) not in held:
            yield f'{where}: there is no {of} "{used}"; add it or declare it on the Namespace as {OUTSIDE}{declaration}'


def key_uses(where: str, space: str, reference: Any) -> Iterator[KeyUse]:
    """What a reference, or the source of a volume, uses: the ConfigMap or Secret and the keys that it names."""
    used = str(at(reference, "name") or at(reference, "secretName"))
    yield KeyUse(where, space, used)
    for here, wanted in chain(walk(reference, "key"), walk(reference, "items[].key")):
        yield KeyUse(f"{where}.{here}", space, used, str(wanted))


def missing_keys(of: str, uses: Iterable[KeyUse], provided: Keys) -> Iterator[str]:
    for where, space, used, wanted in uses:
        keys = keys_of(provided, space, used)
        advice = f"add it or declare it on the Namespace in {OUTSIDE}{of.lower()}.{used}"
        if keys is None and wanted is None:
            yield f'{where}: there is no {of} "{used}"; {advice}'
        elif keys is not None and wanted is not None and not {wanted, ANY} & keys:
            yield f'{where}: {of} "{used}" has no key "{wanted}"; {advice}'


def keys_of(provided: Keys, space: str, used: str) -> set[str] | None:
    """The keys of a ConfigMap or Secret; None where there is no such object."""
    found = [provided[place, used] for place in (space, "") if (place, used) in provided]
    return set().union(*found) if found else None


def _declared_keys(objects: Sequence[Manifest], prefix: str) -> dict[tuple[str, str], set[str]]:
    declared = outside(objects).items()
    return {
        ("", thing.removeprefix(prefix)): set(re.split(r"[,\s]+", text.strip()))
        for thing, text in declared
        if thing.startswith(prefix)
    }


def configmap_keys(objects: Sequence[Manifest]) -> Keys:
    keys = _declared_keys(objects, "configmap.")
    keys["", "kube-root-ca.crt"] = {"ca.crt"}
    for manifest in of_kind(objects, "ConfigMap"):
        held = {*mapping(manifest, "data"), *mapping(manifest, "binaryData")}
        keys.setdefault((namespace(manifest), name(manifest)), set()).update(held)
    return keys


def secret_keys(objects: Sequence[Manifest]) -> Keys:
    """Those of Secrets, and of the Secrets that External Secrets and cert-manager make."""
    keys = _declared_keys(objects, "secret.")
    for manifest in of_kind(objects, "Secret", "ExternalSecret", "Certificate", "Ingress"):
        for made, held in _made_secrets(manifest):
            keys.setdefault((namespace(manifest), made), set()).update(held)
    return keys


def _made_secrets(manifest: Manifest) -> Iterator[tuple[str, set[str]]]:
    match kind(manifest):
        case "Secret":
            yield name(manifest), {*mapping(manifest, "data"), *mapping(manifest, "stringData")}
        case "ExternalSecret":
            yield str(at(manifest, "spec.target.name") or name(manifest)), _synced_keys(manifest)
        case "Certificate":
            yield str(at(manifest, "spec.secretName")), TLS
        case "Ingress" if ISSUERS.keys() & mapping(manifest, "metadata.annotations").keys():
            for entry in mappings(manifest, "spec.tls"):
                yield str(entry.get("secretName")), TLS


def _synced_keys(external: Manifest) -> set[str]:
    """A template replaces the fetched keys unless it says that it merges."""
    fetched = {str(entry.get("secretKey")) for entry in mappings(external, "spec.data")}
    fetched |= {ANY} if mappings(external, "spec.dataFrom") else set()
    template = mapping(external, "spec.target.template")
    made = {*mapping(template, "data")} | ({ANY} if template.get("templateFrom") else set())
    return made if made and template.get("mergePolicy") != "Merge" else made | fetched
