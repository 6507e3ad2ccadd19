"""Kubernetes' own JSON schemas and those of custom resources, strict: a field that a schema does not name is an error.

A kind's schema is cut out of its version's definitions with all that it refers to. Versions in which the cut is equal
share one compiled validator, and so one validation of each object.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

from ops.check.finding import meant, near, span
from ops.places import Refusal
from ops.yamls import Unreadable, documents
from rules.reading import Manifest, at, group, items, kind, mapping, mappings, state

SHOWN = 100  # characters of a value
OLDEST = 30  # the minor from which the base promises to work
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
ENTRIES = ("annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "stringData")
REFERENCE = re.compile(r'"\$ref": "#/\$defs/([^"]+)"')
VERSION = re.compile(r"v(?P<major>\d+)((?P<stage>alpha|beta)(?P<minor>\d+))?")  # alpha < beta < stable, as letters go
TYPES = {"object": "a mapping", "array": "a list", "integer": "a whole number", "string": "a string"}

Identity = tuple[str, str]
"""apiVersion and kind."""


class Complaint(NamedTuple):
    """What is wrong with a field, and in which minors."""

    field: str
    problem: str
    remedy: str
    minors: tuple[str, ...]


class Error(NamedTuple):
    """A complaint of one version; `fields` are those that there are instead of an unknown one."""

    field: str
    problem: str
    remedy: str
    unknown: str = ""
    fields: tuple[str, ...] = ()


@cache
def minors() -> tuple[str, ...]:
    """The versions of Kubernetes whose schemas the package ships, from 1.30 on, oldest first: "1.30" ..."""
    found = (path.name.removesuffix(".0-local")[1:] for path in _folder().glob("v1.*.0-local"))
    return tuple(sorted((name for name in found if _number(name) >= OLDEST), key=_number))


def _number(minor: str) -> int:
    return int(minor.split(".")[1])


def _folder() -> Path:
    spec = find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise Refusal("kubernetes-validate is not installed: run `make tools`")
    return Path(spec.origin).parent / "kubernetes-json-schema"


def identity(manifest: Manifest) -> Identity:
    return str(manifest.get("apiVersion") or ""), kind(manifest)


@cache
def _definitions(minor: str) -> dict[str, Any]:
    path = _folder() / f"v{minor}.0-local" / "_definitions.json"
    return dict(json.loads(path.read_bytes())["$defs"])


@cache
def _built_in(minor: str) -> dict[Identity, str]:
    """The definition of each kind."""
    return {
        (f"{served['group']}/{served['version']}".lstrip("/"), served["kind"]): name
        for name, definition in _definitions(minor).items()
        for served in definition.get("x-kubernetes-group-version-kind", [])
    }


@cache
def _definition(minor: str, name: str) -> str:
    """One definition as text, strict and without its descriptions."""
    return json.dumps(_bare(_definitions(minor)[name]), sort_keys=True)


def _bare(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _bare(value) for key, value in schema.items() if key != "description" or not isinstance(value, str)}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


@cache
def _cut(minor: str, name: str) -> str:
    """A definition and all that it refers to, as the text of a schema."""
    texts: dict[str, str] = {}
    wanted = [name]
    while wanted:
        if (one := wanted.pop()) not in texts:
            texts[one] = _definition(minor, one)
            wanted += REFERENCE.findall(texts[one])
    parts = ", ".join(f'"{one}": {texts[one]}' for one in sorted(texts))
    return f'{{"$ref": "#/$defs/{name}", "$defs": {{{parts}}}}}'


@cache
def _compiled(schema: str) -> tuple[Any, jsonschema_rs.Validator]:
    read = json.loads(schema)
    # A linear engine, as Go's is: no pattern of a custom resource can take for ever.
    return read, jsonschema_rs.validator_for(read, pattern_options=jsonschema_rs.RegexOptions())


class Schemas:
    """The schemas of some minors and of custom resources; `custom` are CustomResourceDefinitions."""

    def __init__(self, checked: Sequence[str], custom: Iterable[Manifest] = ()) -> None:
        self._checked = tuple(checked)
        self._custom: dict[Identity, str] = {}
        for definition in custom:
            for version in (each for each in mappings(definition, "spec.versions") if each.get("served") is not False):
                served = f"{at(definition, 'spec.group')}/{version.get('name')}", str(at(definition, "spec.names.kind"))
                self._custom[served] = _custom_schema(mapping(version, "schema.openAPIV3Schema"), self._checked[-1])

    def complaints(self, manifest: Manifest) -> list[Complaint]:
        """What is wrong with an object, each with the minors in which it is."""
        of = identity(manifest)
        schemas = {minor: self._schema(minor, of) for minor in self._checked}
        lacking = tuple(minor for minor, schema in schemas.items() if schema is None)
        complaints = [self._unknown(of, lacking)] if lacking else []
        wrong: dict[tuple[str, str], list[tuple[str, Error]]] = defaultdict(list)
        for minor, schema in schemas.items():
            for error in _errors(schema, manifest) if schema else ():
                wrong[error.field, error.problem].append((minor, error))
        for (field, problem), found in wrong.items():
            told = tuple(minor for minor, _ in found)
            complaints.append(Complaint(field, problem, self._remedy(found[-1][1], told, lacking), told))
        return complaints

    def _schema(self, minor: str, of: Identity) -> str | None:
        if of in self._custom:
            return self._custom[of]
        name = _built_in(minor).get(of)
        return _cut(minor, name) if name else None

    def _remedy(self, error: Error, told: tuple[str, ...], lacking: tuple[str, ...]) -> str:
        """For a field that some version knows, which; for one that none does, the name that is near."""
        if not error.unknown:
            return error.remedy
        knowing = [minor for minor in self._checked if minor not in told and minor not in lacking]
        if knowing:
            return f"leave it out: it is known to {span(knowing, self._checked)} only"
        return meant(error.unknown, error.fields, "leave it out")

    def _unknown(self, of: Identity, lacking: tuple[str, ...]) -> Complaint:
        """A version or a kind that some minors lack, with what they have instead."""
        version, wanted = of
        problem = f"{version} has no {wanted}" if version else "is not set"
        known = {served for minor in self._checked for served in _built_in(minor)} | self._custom.keys()
        alike = sorted((api for api, served in known if served == wanted), key=_maturity)
        same = [api for api in alike if group(api) == group(version)]
        if everywhere := [api for api in same if all(self._schema(minor, (api, wanted)) for minor in lacking)]:
            return Complaint("apiVersion", problem, f"write {everywhere[-1]}", lacking)
        if having := [minor for minor in self._checked if minor not in lacking]:
            remedy = f"leave it out: it is known to {span(having, self._checked)} only"
            return Complaint("apiVersion", problem, remedy, lacking)
        if close := near(wanted, [served for api, served in known if api == version]):
            return Complaint("kind", problem, f"write {close}", lacking)
        if alike and "." not in group(version):
            return Complaint("apiVersion", problem, f"write {alike[-1]}", lacking)
        remedy = "give its CustomResourceDefinition with --crds DIR, or render it too"
        return Complaint("kind", problem, remedy, lacking)


def _maturity(version: str) -> tuple[str, int, int]:
    """Orders v1alpha2, v1beta1, v1, v2; what is no such version comes first."""
    found = VERSION.fullmatch(version.rpartition("/")[2])
    if not found:
        return "", 0, 0
    return found["stage"] or "stable", int(found["major"]), int(found["minor"] or 0)


def _custom_schema(schema: Manifest, minor: str) -> str:
    """The schema of a custom resource, its metadata as of any object."""
    made = _strict(schema)
    properties = {**made.get("properties", {}), "metadata": {"$ref": f"#/$defs/{METADATA}"}}
    for name in ("apiVersion", "kind"):
        properties.setdefault(name, {"type": "string"})
    return json.dumps({**made, "properties": properties, "$defs": json.loads(_cut(minor, METADATA))["$defs"]})


def _strict(schema: Any) -> dict[str, Any]:
    """A structural schema, by which the API server prunes unknown fields and fills in defaults, as one that refuses.

    What is under allOf, anyOf, oneOf and not is left as it is: it does not name fields, it judges them.
    """
    if not isinstance(schema, Mapping):
        return {}
    made = {key: value for key, value in schema.items() if key not in ("description", "$ref", "$id", "$schema")}
    if isinstance(properties := made.get("properties"), Mapping):
        made["properties"] = {name: _strict(value) for name, value in properties.items()}
        if not made.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
        filled = {name for name, value in properties.items() if isinstance(value, Mapping) and "default" in value}
        if "required" in made:
            made["required"] = [name for name in items(made, "required") if name not in filled]
    for inner in ("items", "additionalProperties"):
        if isinstance(made.get(inner), Mapping):
            made[inner] = _strict(made[inner])
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    elif made.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    return made


def _errors(schema: str, manifest: Manifest) -> Iterator[Error]:
    try:
        read, validator = _compiled(schema)
    except ValueError as wrong:
        problem = f"its schema is wrong: {' '.join(str(wrong).split())[:SHOWN]}"
        yield Error("kind", problem, "correct the CustomResourceDefinition")
        return
    if validator.is_valid(manifest):
        return
    for error in validator.iter_errors(manifest):
        field = _path(manifest, error.instance_path)
        details: Any = error.kind
        match details.name:
            case "additionalProperties":
                fields = _fields(read, error.schema_path)
                for name in details.unexpected:
                    yield Error(f"{field}.{name}".lstrip("."), "is no field", "", name, fields)
            case "required":
                yield Error(f"{field}.{details.property}".lstrip("."), "is not set", "set it: it is required")
            case "type":
                yield Error(field, _told(manifest, error.instance), _typed(error.instance, details.types))
            case "oneOf" | "anyOf" if types := _types(details):
                yield Error(field, _told(manifest, error.instance), _typed(error.instance, types))
            case "enum":
                allowed = [json.dumps(option) for option in details.options if option is not None]
                yield Error(field, _told(manifest, error.instance), f"write {' or '.join(allowed)}")
            case _:
                problem = f"{_told(manifest, error.instance)}, against {details.name} of its schema"
                yield Error(field, problem, "correct it as the schema says")


def _told(manifest: Manifest, value: Any) -> str:
    """A value in short; what a Secret holds is not told."""
    if kind(manifest) == "Secret":
        return f"is of type {type(value).__name__}"
    told = state(value)
    return told if len(told) <= SHOWN else f"{told[:SHOWN]}..."


def _types(details: Any) -> list[str]:
    """The types that alternatives ask for, where that is all they do."""
    inner = [each.kind for alternative in details.context for each in alternative]
    return [name for each in inner for name in each.types] if all(each.name == "type" for each in inner) else []


def _typed(value: Any, types: Sequence[str]) -> str:
    wanted = list(dict.fromkeys(TYPES.get(name, f"a {name}") for name in sorted(types) if name != "null"))
    if TYPES["string"] in wanted and not isinstance(value, list | dict):
        return "quote it"
    if isinstance(value, str) and value.lstrip("-").isdecimal() and TYPES["integer"] in wanted:
        return "write it without quotes"
    return f"write {' or '.join(wanted)}"


def _path(manifest: Any, steps: Sequence[str | int]) -> str:
    """As the rules write it, `spec.containers[web].image`, `data[a.b]`: items by name or index, entries by key."""
    text, value, last = "", manifest, ""
    for step in steps:
        value = value[step]
        text += f"[{at(value, 'name') or step}]" if isinstance(step, int) or last in ENTRIES else f".{step}"
        last = str(step)
    return text.lstrip(".")


def _fields(schema: Any, steps: Sequence[str | int]) -> tuple[str, ...]:
    """The fields that stand beside the keyword at a path of a schema."""
    for step in steps[:-1]:
        schema = schema[step]
    return tuple(mapping(schema, "properties"))


def custom_kinds(objects: Iterable[Manifest]) -> list[str]:
    """The kinds of objects that no version of Kubernetes has itself."""
    found = {identity(manifest) for manifest in objects}
    return sorted({of for version, of in found if not any((version, of) in _built_in(minor) for minor in minors())})


def definitions(folder: Path, kinds: Sequence[str]) -> Iterator[Manifest]:
    """The CustomResourceDefinitions of some kinds in the files of a folder. Raises Refusal.

    Only these are parsed: the files hold a megabyte.
    """
    if not kinds:
        return
    wanted = re.compile(rf"\bkind\"?: *\"?({'|'.join(map(re.escape, kinds))})\b")
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml", ".json")):
        try:
            for text in re.split(r"^---.*$", path.read_text(), flags=re.MULTILINE):
                if "CustomResourceDefinition" in text and wanted.search(text):
                    read = documents(text)
                    yield from (each for each in read if at(each, "kind") == "CustomResourceDefinition")
        except (OSError, UnicodeDecodeError, Unreadable) as reason:
            raise Refusal(f"{path}: {reason}; mend it, or leave it out") from None
