"""Folders of dist/: each chart is one, with one file per object and the kustomization that gathers them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc
from pathlib import Path
from typing import Any, ClassVar

from cdk8s import ApiObject, App, Chart, YamlOutputType
from constructs import Construct

from charts import yamls
from charts.model import Cron, ModelError, Once, PerNode, Platform, Replicas, Stateful, Workload
from charts.model.names import NAME, PART_OF

API = "kustomize.config.k8s.io/v1"
LOCAL = "config.kubernetes.io/local-config"  # kubernetes.io/docs/reference/labels-annotations-taints
EXCLUDES = "excludes/"  # annotations of a component's kustomization: {component that it cannot stand beside: why}


@dataclass(kw_only=True)
class Generated:
    """A ConfigMap that kustomize gathers from files.

    `files`: {path below the folder: text}; `merge`: adds to a map that another folder generates; `hashed`: bears the
    hash of its content, so that its readers roll; `namespace`: of a map that a component adds, where no kustomization
    above names it; `labels`: its own, those of the folder when None.
    """

    name: str
    files: Mapping[str, str]
    merge: bool = False
    hashed: bool = True
    namespace: str | None = None
    labels: Mapping[str, str] | None = None

    def entry(self) -> dict[str, Any]:
        """The configMapGenerator entry: KEY=value files become keys, others files."""
        settings = [path for path in self.files if path.endswith(".env")]
        plain = [path for path in self.files if not path.endswith(".env")]
        found: dict[str, Any] = {"name": self.name}
        found |= {"namespace": self.namespace} if self.namespace else {}
        found |= {"behavior": "merge"} if self.merge else {}
        found |= {"envs": settings} if settings else {}
        found |= {"files": plain} if plain else {}
        options: dict[str, Any] = {} if self.hashed else {"disableNameSuffixHash": True}
        options |= {"labels": dict(self.labels)} if self.labels else {}
        return found | ({"options": options} if options else {})


@dataclass(kw_only=True)
class Patch:
    """A patch, kept as a file of the folder. `kind`, `name`, `api`: of the object it changes; `change`: by strategic
    merge, or `operations`: of RFC 6902, which replace lists that a merge would mix."""

    api: str
    kind: str
    name: str
    change: Mapping[str, Any] = field(default_factory=dict)
    operations: Sequence[Mapping[str, Any]] = ()

    @property
    def path(self) -> str:
        return f"patches/{self.kind}.{self.name}.yaml"

    def entry(self) -> dict[str, Any]:
        """The entry of patches; operations do not tell whom they are for."""
        group, _, version = self.api.rpartition("/")
        target = {"group": group, "version": version, "kind": self.kind, "name": self.name}
        found = {name: value for name, value in target.items() if value}
        return {"path": self.path} | ({"target": found} if self.operations else {})

    def text(self) -> str:
        if self.operations:
            return yamls.text([dict(operation) for operation in self.operations])
        whole = {"apiVersion": self.api, "kind": self.kind, "metadata": {"name": self.name}, **self.change}
        return yamls.text(whole)


def pod_patch(workload: Workload, pod: Mapping[str, Any], **spec: Any) -> Patch:
    """Changes the pods that a workload's controller makes, and other fields of the controller's spec."""
    change = {**spec, "template": {"spec": pod}} if pod else spec
    match workload.run:
        case Replicas():
            api, kind = "apps/v1", "Deployment"
        case Stateful():
            api, kind = "apps/v1", "StatefulSet"
        case PerNode():
            api, kind = "apps/v1", "DaemonSet"
        case Once():
            api, kind = "batch/v1", "Job"
        case Cron():
            api, kind, change = "batch/v1", "CronJob", {"jobTemplate": {"spec": change}}
    return Patch(api=api, kind=kind, name=workload.name, change={"spec": change})


def left_out(api: str, kind: str, name: str) -> Patch:
    """Leaves an object out of what the cluster gets. kustomize drops it last, so that other components, overlays and
    transformers find it in whatever order they come; deleted, it would be missing to those that come later."""
    change = {"metadata": {"name": name, "annotations": {LOCAL: "true"}}}
    return Patch(api=api, kind=kind, name=name, change=change)


class Folder(Chart):
    """A folder of the base."""

    kind = f"{API}beta1", "Kustomization"

    def __init__(self, scope: Construct, name: str, platform: Platform, namespace: str | None = None) -> None:
        labels = {PART_OF: platform.name}
        super().__init__(scope, name, labels=labels, namespace=namespace, disable_resource_name_hashes=True)
        self.name, self.platform = name, platform
        self.maps: list[Generated] = []
        self.patches: list[Patch] = []

    def kustomization(self, resources: list[str]) -> dict[str, Any]:
        """What kustomization.yaml says; only what is there is named."""
        api, kind = self.kind
        labels = {NAME: self.name, PART_OF: self.platform.name}
        own = any(not generated.merge and generated.labels is None for generated in self.maps)
        fields: dict[str, Any] = {
            "resources": resources,
            "generatorOptions": {"labels": labels} if own else None,
            "configMapGenerator": [generated.entry() for generated in self.maps],
            "patches": [patch.entry() for patch in sorted(self.patches, key=lambda patch: patch.path)],
        }
        found = self.metadata() | {name: value for name, value in fields.items() if value}
        # kustomize refuses a kustomization that says nothing, and an overlay may name a folder that has nothing to say.
        return {"apiVersion": api, "kind": kind} | (found or {"metadata": {"name": self.name}})

    def metadata(self) -> dict[str, Any]:
        """What stands under metadata, with that key."""
        return {}

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
        put(folder / "kustomization.yaml", self.heading() + yamls.text(self.kustomization(written)))

    def heading(self) -> str:
        return ""


class Component(Folder):
    """A folder that an overlay switches on; its docstring heads its kustomization. `excludes`: {component that it
    cannot stand beside: why}; one of the two says so."""

    kind = f"{API}alpha1", "Component"
    excludes: ClassVar[Mapping[str, str]] = {}

    def __init__(self, scope: Construct, name: str, platform: Platform) -> None:
        super().__init__(scope, name, platform, namespace=platform.name)  # no kustomization above it names one

    def heading(self) -> str:
        return "".join(f"# {line}".rstrip() + "\n" for line in cleandoc(self.__doc__ or "").splitlines())

    def exclusions(self) -> Mapping[str, str]:
        """{component that it cannot stand beside: why}."""
        return self.excludes

    def metadata(self) -> dict[str, Any]:
        annotations = {f"{EXCLUDES}{name}": why for name, why in sorted(self.exclusions().items())}
        return {"metadata": {"name": self.name, "annotations": annotations}} if annotations else {}


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
    out = Path(app.outdir)
    for chart in app.charts:
        if isinstance(chart, Folder):
            chart.write(out / chart.name)


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
    put(out / "kustomization.yaml", yamls.text(kustomization))
    put(out / "name-references.yaml", yamls.text(name_references()))


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
