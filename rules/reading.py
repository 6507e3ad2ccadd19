"""Readers of plain Kubernetes objects; what is missing or of a wrong type reads as empty."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

Manifest = Mapping[str, Any]
Rule = Callable[[Sequence[Manifest]], Iterator[str]]
Key = tuple[str, str, str]
"""Namespace ("" where the kind has none), kind and name."""

POD_TEMPLATES = {
    "Deployment": "spec.template",
    "StatefulSet": "spec.template",
    "DaemonSet": "spec.template",
    "ReplicaSet": "spec.template",
    "Rollout": "spec.template",
    "Job": "spec.template",
    "CronJob": "spec.jobTemplate.spec.template",
    "ScaledJob": "spec.jobTargetRef.template",
    "AnalysisTemplate": "spec.metrics[].provider.job.spec.template",
    "Pod": "",
}
LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout")
CLUSTER_SCOPED = ("StorageClass", "PriorityClass", "IngressClass")
# A kind alone is ambiguous (Knative has a Service, Volcano a Job), so rules look at these groups and at *.k8s.io only.
BUILT_IN = ("", "apps", "autoscaling", "batch", "policy")
CUSTOM = ("argoproj.io", "cert-manager.io", "external-secrets.io", "keda.sh")
QUANTITY = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([num]|[kMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?")
POWERS = {suffix: Decimal(1000) ** power for power, suffix in enumerate(("n", "u", "m", "", *"kMGTPE"), start=-3)}
POWERS |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def mapping(value: Any, path: str) -> Manifest:
    found = at(value, path)
    return found if isinstance(found, Mapping) else {}


def items(value: Any, path: str) -> list[Any]:
    found = at(value, path)
    return found if isinstance(found, list) else []


def mappings(value: Any, path: str) -> list[Manifest]:
    return [item for item in items(value, path) if isinstance(item, Mapping)]


def number(value: Any, default: int) -> int:
    return value if is_number(value) else default


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each value at a dotted path in which `[]` stands for every item of a list, with its path: `ports[http].name`."""
    head, _, rest = path.partition(".")
    step = head.removesuffix("[]")
    found = value.get(step) if isinstance(value, Mapping) else None
    if step == head:
        steps = [(step, found)]
    else:
        steps = [(f"{step}[{at(item, 'name') or index}]", item) for index, item in enumerate(items(value, step))]
    for here, item in steps:
        if rest:
            for inner, leaf in walk(item, rest):
                yield f"{here}.{inner}", leaf
        elif item is not None:
            yield here, item


def find(manifest: Manifest, path: str) -> Iterator[tuple[str, Any]]:
    """Like `walk`, each path led by the object's title."""
    return ((f"{title(manifest)} {here}", value) for here, value in walk(manifest, path))


def kind(manifest: Manifest) -> str:
    return str(manifest.get("kind") or "")


def name(manifest: Manifest) -> str:
    return str(at(manifest, "metadata.name") or "")


def namespace(manifest: Manifest) -> str:
    return str(at(manifest, "metadata.namespace") or "")


def title(manifest: Manifest) -> str:
    return f"{kind(manifest)}/{name(manifest)}"


def group(api_version: Any) -> str:
    """The API group of an `apiVersion`: "" for `v1`, `apps` for `apps/v1`."""
    return str(api_version or "").rpartition("/")[0]


def to_key(namespace: str, kind: str, name: str) -> Key:
    return ("" if kind in CLUSTER_SCOPED or kind.startswith("Cluster") else namespace, kind, name)


def key(manifest: Manifest) -> Key:
    return to_key(namespace(manifest), kind(manifest), name(manifest))


def of_kind(objects: Sequence[Manifest], *kinds: str) -> Iterator[Manifest]:
    for manifest in objects:
        if manifest.get("kind") in kinds:
            of = group(manifest.get("apiVersion"))
            if of in BUILT_IN or of in CUSTOM or of.endswith(".k8s.io"):
                yield manifest


@dataclass(frozen=True, eq=False)
class Pod:
    """A pod template and the object that it stands in; `prefix` leads the path of each of its fields."""

    owner: Manifest
    prefix: str
    template: Manifest

    @property
    def key(self) -> Key:
        return key(self.owner)

    @property
    def namespace(self) -> str:
        return namespace(self.owner)

    @property
    def spec(self) -> Manifest:
        return mapping(self.template, "spec")

    @property
    def labels(self) -> Manifest:
        return mapping(self.template, "metadata.labels")

    @property
    def annotations(self) -> Manifest:
        return mapping(self.template, "metadata.annotations")

    def find(self, path: str) -> Iterator[tuple[str, Any]]:
        return ((f"{self.prefix}{here}", value) for here, value in walk(self.template, path))


class Container(NamedTuple):
    """A container of a pod; `stays` is false for an init container that ends before the others start."""

    pod: Pod
    where: str
    spec: Manifest
    stays: bool


def pods(objects: Sequence[Manifest]) -> Iterator[Pod]:
    for manifest in of_kind(objects, *POD_TEMPLATES):
        if kind(manifest) == "Pod":
            yield Pod(manifest, f"{title(manifest)} ", manifest)
            continue
        for where, template in find(manifest, POD_TEMPLATES[kind(manifest)]):
            yield Pod(manifest, f"{where}.", template)


def containers_of(pod: Pod) -> Iterator[Container]:
    for field in ("initContainers", "containers"):
        for where, spec in pod.find(f"spec.{field}[]"):
            if isinstance(spec, Mapping):
                yield Container(pod, where, spec, field == "containers" or spec.get("restartPolicy") == "Always")


def containers(objects: Sequence[Manifest]) -> Iterator[Container]:
    return (container for pod in pods(objects) for container in containers_of(pod))


def quantity(value: Any) -> Decimal | None:
    """A Kubernetes quantity (`500m`, `1Gi`, `2`) in its base unit, or None where it is none."""
    found = None if isinstance(value, bool) else QUANTITY.fullmatch(str(value))
    if not found:
        return None
    digits, suffix, exponent = found.groups()
    return Decimal(digits) * (Decimal(10) ** int(exponent) if exponent else POWERS[suffix or ""])


def state(value: Any) -> str:
    """How a complaint tells a field's value."""
    return "is not set" if value is None else f"is {json.dumps(value, default=str)}"
