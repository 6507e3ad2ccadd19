"""Writes imports/: custom resource definitions, out of the Go modules of tools/crds, and cdk8s' classes for them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.setup import BIN, ROOT, VENV, SetupError, environment, run

IMPORTS = ROOT / "imports"

# File of imports/crds: module, its folder of definitions, their files. cdk8s wants all kinds of a group that it makes
# classes for in one file. Stores and GatewayClasses belong to a cluster, and the program makes none: their definitions
# are here to check overlays by; classes of stores, 2.6 MB, would cost every synth half a second.
DEFINITIONS = {
    "argoproj.io": (
        "github.com/argoproj/argo-rollouts",
        "manifests/crds",
        ("analysis-template-crd.yaml", "rollout-crd.yaml"),
    ),
    "argoproj.io-gitops": (
        "github.com/argoproj/argo-cd/v3",
        "manifests/crds",
        ("application-crd.yaml", "appproject-crd.yaml"),
    ),
    "cert-manager.io": (
        "github.com/cert-manager/cert-manager",
        "deploy/crds",
        ("cert-manager.io_certificates.yaml", "cert-manager.io_clusterissuers.yaml"),
    ),
    "external-secrets.io": (
        "github.com/external-secrets/external-secrets",
        "config/crds/bases",
        ("external-secrets.io_externalsecrets.yaml",),
    ),
    "external-secrets.io-stores": (
        "github.com/external-secrets/external-secrets",
        "config/crds/bases",
        ("external-secrets.io_clustersecretstores.yaml", "external-secrets.io_secretstores.yaml"),
    ),
    "gateway.networking.k8s.io": (
        "sigs.k8s.io/gateway-api",
        "config/crd/standard",
        ("gateway.networking.k8s.io_gateways.yaml", "gateway.networking.k8s.io_httproutes.yaml"),
    ),
    "gateway.networking.k8s.io-gatewayclasses": (
        "sigs.k8s.io/gateway-api",
        "config/crd/standard",
        ("gateway.networking.k8s.io_gatewayclasses.yaml",),
    ),
    "keda.sh": (
        "github.com/kedacore/keda/v2",
        "config/crd/bases",
        ("keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml"),
    ),
}

# Groups whose whole definitions make classes too large to import at every synth, and the files that define their kinds.
OUTLINES = {"argoproj.io": ("argoproj.io", "argoproj.io-gitops")}


def modules() -> dict[str, tuple[str, Path]]:
    """Version and folder of each module, downloaded and held against go.sum."""
    names = {module for module, _, _ in DEFINITIONS.values()}
    answer = subprocess.run(
        [VENV / "bin/go", "mod", "download", "-json", *sorted(names)],
        cwd=ROOT / "tools/crds", env=environment(os.environ), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    decoder, rest, found = json.JSONDecoder(), answer.stdout, {}
    while rest.strip():
        entry, end = decoder.raw_decode(rest.lstrip())
        rest = rest.lstrip()[end:]
        found[entry["Path"]] = (entry["Version"], Path(entry["Dir"]))
    return found


def definition(path: Path, *, stored: bool) -> dict[str, object]:
    """The definition with the version that is stored, or with the others that are served; {} where there are none.

    Versions that no API server serves any more are half of some files.
    """
    found: dict[str, object] = yaml.load(path.read_text(), yaml.CSafeLoader)
    spec = found["spec"]
    if not isinstance(spec, dict):
        raise SetupError(f"{path}: not a custom resource definition, its spec is no map: correct tools/imports.py")
    spec["versions"] = [each for each in spec["versions"] if each["served"] and each["storage"] is stored]
    return found if spec["versions"] else {}


def copy_definitions(folder: Path) -> None:
    downloaded = modules()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, (module, inside, files) in DEFINITIONS.items():
        version, source = downloaded[module]
        # The program writes stored versions only; the others are here to check overlays by, without classes.
        for ending, stored in (("", True), ("-older", False)):
            documents = [found for file in files if (found := definition(source / inside / file, stored=stored))]
            text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, explicit_start=True, sort_keys=False, width=120)
            header = f"# {module} {version}, the versions that are served. Written by `make imports`.\n"
            if documents:
                (folder / f"{name}{ending}.yaml").write_text(header + text)


def outline(schema: Any) -> Any:
    """A schema with every pod in it left open: a Rollout's and an analysis Job's are 9 of 10 lines of their schemas."""
    if isinstance(schema, list):
        return [outline(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    properties = schema.get("properties")
    if isinstance(properties, dict) and "containers" in properties:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {name: outline(value) for name, value in schema.items()}


def write_outlines(crds: Path, folder: Path) -> None:
    """One file per group of OUTLINES, of which classes are made: without status and pods, which `crds` does hold."""
    folder.mkdir(parents=True, exist_ok=True)
    for group, names in OUTLINES.items():
        texts = [(crds / f"{name}.yaml").read_text() for name in names]
        documents = [each for text in texts for each in yaml.load_all(text, yaml.CSafeLoader) if each]
        for document in documents:
            for version in document["spec"]["versions"]:
                whole = version["schema"]["openAPIV3Schema"]
                kept = {name: value for name, value in whole["properties"].items() if name != "status"}
                version["schema"]["openAPIV3Schema"] = outline(whole | {"properties": kept})
        text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, explicit_start=True, sort_keys=False, width=120)
        (folder / f"{group}.yaml").write_text(
            "# For cdk8s' classes; pods left open. Written by `make imports`.\n" + text
        )


def generate_classes() -> None:
    for old in IMPORTS.iterdir():
        if old.is_dir() and old.name not in ("crds", "outlines"):
            shutil.rmtree(old)
    os.umask(0o022)  # the archives record the modes of their files
    run(BIN / "cdk8s", "import", "--no-save")


def main() -> int:
    try:
        copy_definitions(IMPORTS / "crds")
        write_outlines(IMPORTS / "crds", IMPORTS / "outlines")
        generate_classes()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
