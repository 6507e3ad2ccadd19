"""Folders of dist/: each chart is one, with one file per object and the kustomization that gathers them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from cdk8s import ApiObject, App, Chart, YamlOutputType
from constructs import Construct

from charts.constructs.kube import NAME, NAMESPACE, PART_OF
from charts.model import ModelError, Platform

API = "kustomize.config.k8s.io/v1"


@dataclass(kw_only=True)
class Generated:
    """A ConfigMap that kustomize gathers from files.

    `files`: {path below the folder: text}; `merge`: adds to a map that another folder generates; `hashed`: bears the
    hash of its content, so that its readers roll; `namespace`: of a map that a component adds, where no kustomization
    above names it.
    """

    name: str
    files: Mapping[str, str]
    merge: bool = False
    hashed: bool = True
    namespace: str | None = None

    def entry(self) -> dict[str, Any]:
        """The configMapGenerator entry: KEY=value files become keys, others files."""
        settings = [path for path in self.files if path.endswith(".env")]
        plain = [path for path in self.files if not path.endswith(".env")]
        found: dict[str, Any] = {"name": self.name}
        found |= {"namespace": self.namespace} if self.namespace else {}
        found |= {"behavior": "merge"} if self.merge else {}
        found |= {"envs": settings} if settings else {}
        found |= {"files": plain} if plain else {}
        return found if self.hashed else found | {"options": {"disableNameSuffixHash": True}}


@dataclass(kw_only=True)
class Patch:
    """A strategic merge patch, kept as a file of the folder. `kind`, `name`, `api`: of the object it changes."""

    api: str
    kind: str
    name: str
    change: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"patches/{self.kind}.{self.name}.yaml"

    def text(self) -> str:
        whole = {"apiVersion": self.api, "kind": self.kind, "metadata": {"name": self.name}, **self.change}
        return yaml.safe_dump(whole, sort_keys=False)


class Folder(Chart):
    """A folder of the base."""

    kind = f"{API}beta1", "Kustomization"

    def __init__(self, scope: Construct, name: str, platform: Platform) -> None:
        super().__init__(scope, name, labels={PART_OF: platform.name}, disable_resource_name_hashes=True)
        self.name, self.platform = name, platform
        self.maps: list[Generated] = []
        self.patches: list[Patch] = []

    def kustomization(self, resources: list[str]) -> dict[str, Any]:
        """What kustomization.yaml says; only what is there is named."""
        api, kind = self.kind
        labels = {NAME: self.name, PART_OF: self.platform.name}
        own = any(not generated.merge for generated in self.maps)
        fields: dict[str, Any] = {
            "resources": resources,
            "generatorOptions": {"labels": labels} if own else None,
            "configMapGenerator": [generated.entry() for generated in self.maps],
            "patches": [{"path": patch.path} for patch in sorted(self.patches, key=lambda patch: patch.path)],
        }
        return {"apiVersion": api, "kind": kind} | {name: value for name, value in fields.items() if value}

    def write(self, folder: Path) -> None:
        """Writes what cdk8s does not: configuration, patches and kustomization.yaml.

        Raises ModelError when two objects share a file, since one of them would be lost, and when the folder holds
        files of others.
        """
        written = sorted(path.name for path in folder.glob("[A-Z]*.yaml"))
        objects = [child for child in self.node.find_all() if isinstance(child, ApiObject)]
        if len(objects) != len(written):
            names = [f"{made.kind}.{made.name}.yaml" for made in objects]
            shared = sorted({name for name in names if names.count(name) > 1})
            lines = [f"{self.name}/{name}: two objects would share the file, name one otherwise" for name in shared]
            raise ModelError(lines or [f"{self.name}: holds files of another synth, write to an empty folder"])
        for generated in self.maps:
            for path, text in generated.files.items():
                put(folder / path, text)
        for patch in self.patches:
            put(folder / patch.path, patch.text())
        put(
            folder / "kustomization.yaml", self.heading() + yaml.safe_dump(self.kustomization(written), sort_keys=False)
        )

    def heading(self) -> str:
        return ""


class Component(Folder):
    """A folder that an overlay switches on; its docstring heads its kustomization."""

    kind = f"{API}alpha1", "Component"

    def __init__(self, scope: Construct, name: str, platform: Platform) -> None:
        super().__init__(scope, name, platform)
        self.node.set_context(NAMESPACE, platform.name)

    def heading(self) -> str:
        return f"# {(self.__doc__ or '').splitlines()[0]}\n"


def app(out: Path) -> App:
    """An app that writes one folder per chart below `out`, one file per object."""
    return App(
        outdir=str(out),
        yaml_output_type=YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE,
        output_file_extension=".yaml",
        record_construct_metadata=False,
    )


def write(app: App) -> None:
    """Synthesizes the app and completes its folders."""
    app.synth()
    for chart in app.charts:
        if isinstance(chart, Folder):
            chart.write(Path(app.outdir) / chart.name)


def gather(app: App, platform: Platform) -> None:
    """Writes the kustomization above the app's folders: the one place that names the namespace, and the fields of
    custom resources that name a generated ConfigMap or Secret and so must follow its hash."""
    kustomization = {
        "apiVersion": f"{API}beta1",
        "kind": "Kustomization",
        "namespace": platform.name,
        "resources": sorted(chart.name for chart in app.charts if isinstance(chart, Folder)),
        "configurations": ["name-references.yaml"],
    }
    out = Path(app.outdir)
    put(out / "kustomization.yaml", yaml.safe_dump(kustomization, sort_keys=False))
    put(out / "name-references.yaml", yaml.safe_dump(name_references(), sort_keys=False))


CUSTOM_PODS = {  # where custom resources hold a pod
    ("argoproj.io", "Rollout"): "spec/template/spec",
    ("argoproj.io", "AnalysisTemplate"): "spec/metrics/provider/job/spec/template/spec",
    ("keda.sh", "ScaledJob"): "spec/jobTargetRef/template/spec",
}
NAMING = {  # where a pod names them
    "ConfigMap": ("volumes/configMap", "containers/env/valueFrom/configMapKeyRef", "containers/envFrom/configMapRef"),
    "Secret": ("volumes/secret", "containers/env/valueFrom/secretKeyRef", "containers/envFrom/secretRef"),
}


def name_references() -> dict[str, Any]:
    """kustomize's nameReference configuration for custom resources."""
    return {
        "nameReference": [
            {
                "kind": named,
                "version": "v1",
                "fieldSpecs": [
                    {"group": group, "kind": kind, "path": f"{pod}/{place}/{key(place)}"}
                    for (group, kind), pod in CUSTOM_PODS.items()
                    for place in places
                ],
            }
            for named, places in NAMING.items()
        ]
    }


def key(place: str) -> str:
    return "secretName" if place == "volumes/secret" else "name"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
