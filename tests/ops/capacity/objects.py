"""Small objects: a test names what it is about and leaves the rest to these."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ops.capacity.nodes import NodeType
from ops.capacity.report import Report, report

Object = dict[str, Any]
API = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "AnalysisTemplate": "argoproj.io/v1alpha1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "ScaledObject": "keda.sh/v1alpha1",
    "ScaledJob": "keda.sh/v1alpha1",
    "StorageClass": "storage.k8s.io/v1",
}
AMPLE = NodeType(name="ample", cpu=Decimal(1000), memory=Decimal(2**50), pods=10_000, reserved={})


def made(kind: str, name: str, spec: Any, namespace: str = "shop") -> Object:
    api = API.get(kind, "v1")
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def resources(cpu: str = "1", memory: str = "1Gi", limit: str | None = None, **more: str) -> Object:
    """Requests; limits of the same, or of another cpu."""
    requests = {"cpu": cpu, "memory": memory, **more}
    return {"requests": requests, "limits": {**requests, "cpu": limit or cpu}}


def container(name: str = "main", **fields: Any) -> Object:
    return {"name": name, "image": "shop/web:1", "resources": resources(), **fields}


def template(name: str = "web", cpu: str = "1", memory: str = "1Gi", **spec: Any) -> Object:
    """A pod template of one container; `spec` adds fields of the pod."""
    pod = {"containers": [container(resources=resources(cpu, memory))], **spec}
    return {"metadata": {"labels": {"app": name}}, "spec": pod}


def deployment(name: str = "web", replicas: int | None = 1, surge: Any = 0, **pod: Any) -> Object:
    strategy = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": 0 if surge else 1}}
    spec = {"strategy": strategy, "template": template(name, **pod)}
    return made("Deployment", name, spec if replicas is None else {"replicas": replicas, **spec})


def stateful(name: str = "store", replicas: int = 1, claims: Sequence[Object] = (), **pod: Any) -> Object:
    spec = {"replicas": replicas, "template": template(name, **pod), "volumeClaimTemplates": [*claims]}
    return made("StatefulSet", name, spec)


def daemon(name: str = "agent", namespace: str = "shop", **pod: Any) -> Object:
    return made("DaemonSet", name, {"template": template(name, **pod)}, namespace)


def scaler(target: str = "web", fewest: int = 1, most: int = 3, kind: str = "Deployment") -> Object:
    spec = {"scaleTargetRef": {"kind": kind, "name": target}, "minReplicas": fewest, "maxReplicas": most}
    return made("HorizontalPodAutoscaler", f"{target}-hpa", spec)


def quota(name: str = "purse", **spec: Any) -> Object:
    return made("ResourceQuota", name, spec)


def limit_range(**item: Any) -> Object:
    return made("LimitRange", "bounds", {"limits": [{"type": "Container", **item}]})


def claim(size: str = "10Gi", storage_class: str | None = "fast", name: str = "data") -> Object:
    spec: Object = {"resources": {"requests": {"storage": size}}}
    return {
        "metadata": {"name": name},
        "spec": spec if storage_class is None else {**spec, "storageClassName": storage_class},
    }


def apart(name: str, key: str = "kubernetes.io/hostname") -> Object:
    """A pod's affinity that keeps it from the pods of this label."""
    term = {"labelSelector": {"matchLabels": {"app": name}}, "topologyKey": key}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def spread(name: str, key: str = "kubernetes.io/hostname", unsatisfiable: str = "DoNotSchedule", **more: Any) -> Object:
    selector = {"matchLabels": {"app": name}}
    return {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": unsatisfiable, "labelSelector": selector, **more}


def machine(cpu: str = "4", memory: str = "16", name: str = "box", count: int | None = None, **more: Any) -> NodeType:
    """A node type whose whole capacity, memory in Gi, is for pods."""
    given: dict[str, Any] = {"reserved": {}, **more}
    return NodeType(name=name, cpu=Decimal(cpu), memory=Decimal(memory) * 2**30, count=count, **given)


def reckoned(*objects: Object, nodes: Sequence[NodeType] = (AMPLE,)) -> Report:
    return report("shop", objects, nodes)


def figures(found: Report, resource: str) -> tuple[float, ...]:
    """At the minimum, at the maximum and in a rollout."""
    [line] = [line for line in found.lines if line.resource == resource]
    return float(line.minimum), float(line.maximum), float(line.rollout)


def lines(found: Report) -> list[str]:
    return [finding.line for finding in found.findings]


def the_line(found: Report) -> str:
    """The one finding, as a person reads it."""
    [line] = lines(found)
    assert "\n" not in line
    return line
