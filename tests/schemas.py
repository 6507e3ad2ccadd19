"""Kubernetes' own JSON schemas, strict: a field that a schema does not name is an error."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from ops.places import ROOT

OLDEST = 30  # the minor from which the base promises to work


def minors() -> list[str]:
    """The versions of Kubernetes whose schemas the package ships, from 1.30 on: "v1.30.0" ..."""
    found = {path.name.removesuffix("-local") for path in folder().glob("v1.*-local")}
    return sorted(name for name in found if int(name.split(".")[1]) >= OLDEST)


def folder() -> Path:
    spec = find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        pytest.fail("kubernetes-validate is not installed: run `make tools`")
    return Path(spec.origin).parent / "kubernetes-json-schema"


def complaints(manifest: Mapping[str, Any], version: str) -> Iterator[str]:
    """What the schemas of `version`, or the CRD of the kind, find wrong with an object."""
    validator = custom_validators().get(identity(manifest)) or built_in_validator(version, identity(manifest))
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    if validator is None:
        yield f"{name}: {version} does not know {manifest['apiVersion']}"
    else:
        yield from (
            f"{name} {'.'.join(map(str, e.instance_path))}: {e.message}" for e in validator.iter_errors(manifest)
        )


def identity(manifest: Mapping[str, Any]) -> tuple[str, str]:
    return manifest["apiVersion"], manifest["kind"]


@cache
def definitions(version: str) -> dict[str, Any]:
    loaded = json.loads((folder() / f"{version}-local" / "_definitions.json").read_text())
    for definition in loaded["$defs"].values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return {"$defs": loaded["$defs"]}


@cache
def built_in_validator(version: str, kind: tuple[str, str]) -> jsonschema_rs.Validator | None:
    group, _, short = kind[0].rpartition("/")
    wanted = {"group": group, "version": short, "kind": kind[1]}
    for name, definition in definitions(version)["$defs"].items():
        if wanted in definition.get("x-kubernetes-group-version-kind", []):
            return jsonschema_rs.validator_for({"$ref": f"#/$defs/{name}", **definitions(version)})
    return None


@cache
def custom_validators() -> dict[tuple[str, str], jsonschema_rs.Validator]:
    found = {}
    for path in sorted((ROOT / "imports" / "crds").glob("*.yaml")):
        for crd in filter(None, yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader)):
            for version in crd["spec"]["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                api = f"{crd['spec']['group']}/{version['name']}"
                found[api, crd["spec"]["names"]["kind"]] = jsonschema_rs.validator_for(schema)
    return found


def strict(schema: Any) -> Any:
    """A CRD's schema, by which the API server prunes unknown fields, as one that refuses them."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    return made
