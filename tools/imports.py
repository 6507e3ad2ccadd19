"""Writes imports/: custom resource definitions, out of the Go modules of tools/crds, and cdk8s' classes for them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tools.setup import BIN, ROOT, VENV, SetupError, environment, run

IMPORTS = ROOT / "imports"
STORES = "clustersecretstores secretstores"

# File of imports/crds: module, its folder of definitions, plural names. cdk8s wants all kinds of a group that it makes
# classes for in one file. Stores belong to a cluster, and the program makes none: their definitions are here to check
# overlays by; their classes, 2.6 MB, would cost every synth half a second.
DEFINITIONS = {
    "cert-manager.io": ("github.com/cert-manager/cert-manager", "deploy/crds", "certificates clusterissuers"),
    "external-secrets.io": ("github.com/external-secrets/external-secrets", "config/crds/bases", "externalsecrets"),
    "external-secrets.io-stores": ("github.com/external-secrets/external-secrets", "config/crds/bases", STORES),
    "gateway.networking.k8s.io": ("sigs.k8s.io/gateway-api", "config/crd/standard", "gateways httproutes"),
    "keda.sh": ("github.com/kedacore/keda/v2", "config/crd/bases", "scaledobjects triggerauthentications"),
}


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
    for name, (module, inside, plurals) in DEFINITIONS.items():
        version, source = downloaded[module]
        group = name.removesuffix("-stores")
        files = [source / inside / f"{group}_{plural}.yaml" for plural in plurals.split()]
        # The program writes stored versions only; the others are here to check overlays by, without classes.
        for ending, stored in (("", True), ("-older", False)):
            documents = [found for path in files if (found := definition(path, stored=stored))]
            text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, explicit_start=True, sort_keys=False, width=120)
            header = f"# {module} {version}, the versions that are served. Written by `make imports`.\n"
            if documents:
                (folder / f"{name}{ending}.yaml").write_text(header + text)


def generate_classes() -> None:
    for old in IMPORTS.iterdir():
        if old.is_dir() and old.name != "crds":
            shutil.rmtree(old)
    os.umask(0o022)  # the archives record the modes of their files
    run(BIN / "cdk8s", "import", "--no-save")


def main() -> int:
    try:
        copy_definitions(IMPORTS / "crds")
        generate_classes()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
