"""Objects -> workloads: what one pod takes, and how many pods there are in each situation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from ops.capacity.amounts import Amounts, Situation, add, highest
from ops.capacity.bounds import Bounds, beyond, defaulted
from ops.capacity.findings import Finding, Reader
from rules.matching import SCALERS, pods_by_workload, scalers, share
from rules.reading import POD_TEMPLATES, Key, Manifest, Pod, at, key, kind, mapping, namespace, of_kind, title

CANARY_SURGE = DEPLOYMENT_SURGE = "25%"  # where none is stated: apps/v1 and Argo Rollouts
JOBS_AT_ONCE = 100  # of a ScaledJob that states no maxReplicaCount: KEDA
DEFAULT_CLASS = "(default)"
IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, kw_only=True)
class Container:
    """What it takes, defaults of a LimitRange included; `field` is its place in the owner."""

    field: str
    role: Literal["init", "sidecar", "main"]
    requests: Amounts
    limits: Amounts


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Storage that is kept: a class and bytes."""

    owner: str
    field: str
    storage_class: str
    size: Decimal


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """Who says how many pods there are at most, in which field."""

    title: str
    field: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Workload:
    """Pods that are alike. `fewest` and `most` are per node for a DaemonSet; `surge` is a number or a percentage.

    `template` is the object that the pod template stands in, `prefix` leads the template's fields there.
    """

    title: str
    namespace: str
    owner: Manifest
    template: str
    prefix: str
    pod: Pod
    containers: Sequence[Container]
    requests: Amounts
    limits: Amounts
    claims: Sequence[Claim]
    fewest: int
    most: int
    surge: int | str = 0
    surge_field: str = ""
    scaler: Scaler | None = None

    @property
    def per_node(self) -> bool:
        return kind(self.owner) == "DaemonSet"

    def pods(self, situation: Situation, most: int | None = None) -> int:
        """How many there are, were the maximum another."""
        if situation == "minimum":
            return self.fewest
        most = self.most if most is None else most
        return most + (share(self.surge, most) if situation == "rollout" else 0)


def workloads(
    objects: Sequence[Manifest], bounds: Mapping[str, Sequence[Bounds]], findings: list[Finding]
) -> list[Workload]:
    """Every object that brings pods, by title."""
    templates = pods_by_workload(objects)
    scaled = replica_bounds(objects, findings)
    referred = {key_of_reference(rollout): rollout for rollout in of_kind(objects, "Rollout")}
    found = []
    for manifest in of_kind(objects, *POD_TEMPLATES):
        reader, pod = Reader(manifest, findings), templates.get(key(manifest))
        if pod is None or not isinstance(pod.template, Mapping):
            path = (POD_TEMPLATES[kind(manifest)] or "spec").replace("[]", "")
            if kind(manifest) != "AnalysisTemplate":
                findings.append(Finding(reader.title, path, "is no pod template", "give it metadata and spec"))
            continue
        fewest, most, surge, surge_field = counts(reader, referred.get(key(manifest)))
        scaler = None
        if key(manifest) in scaled:
            fewest, most, scaler = scaled[key(manifest)]
        within = bounds.get(namespace(manifest), ())
        containers = list(containers_of(pod, findings, within))
        requests, limits = (effective(pod, containers, field, findings) for field in ("requests", "limits"))
        prefix = pod.prefix.removeprefix(f"{title(pod.owner)} ")
        findings.extend(beyond("Pod", title(pod.owner), f"{prefix}spec.resources.", requests, limits, within))
        found.append(
            Workload(
                title=reader.title,
                namespace=namespace(manifest),
                owner=manifest,
                template=title(pod.owner),
                prefix=prefix,
                pod=pod,
                containers=containers,
                requests=requests,
                limits=limits,
                claims=claims_of(reader, pod, default_class(objects)),
                fewest=fewest,
                most=most,
                surge=surge,
                surge_field=surge_field,
                scaler=scaler,
            )
        )
    return sorted(found, key=lambda workload: (workload.namespace, workload.title))


def key_of_reference(rollout: Manifest) -> Key | None:
    """The Deployment that a Rollout scales down once it runs the pods itself."""
    reference = mapping(rollout, "spec.workloadRef")
    if reference.get("scaleDown") not in ("onsuccess", "progressively"):
        return None
    return namespace(rollout), str(reference.get("kind")), str(reference.get("name"))


def replica_bounds(objects: Sequence[Manifest], findings: list[Finding]) -> dict[Key, tuple[int, int, Scaler]]:
    """The fewest and most replicas of what an autoscaler owns."""
    found = {}
    for scaler in scalers(objects):
        reader = Reader(scaler.manifest, findings)
        (fewest, least), (most, greatest) = SCALERS[kind(scaler.manifest)]
        low, high = reader.whole(f"spec.{fewest}", least), reader.whole(f"spec.{most}", greatest)
        if low > high:
            problem = f"{low} is above {most} {high}"
            findings.append(Finding(reader.title, f"spec.{fewest}", problem, "lower it"))
        found[scaler.target] = (min(low, high), high, Scaler(title=reader.title, field=f"spec.{most}"))
    return found


def counts(reader: Reader, replaced_by: Manifest | None) -> tuple[int, int, int | str, str]:
    """The fewest pods, the most, the surge on top of them in a rollout, and the field that says the surge."""
    manifest = reader.manifest
    match kind(manifest):
        case "Job" | "CronJob":
            pods = running(reader, "spec." if kind(manifest) == "Job" else "spec.jobTemplate.spec.")
            return pods, pods, 0, ""
        case "ScaledJob":
            each = running(reader, "spec.jobTargetRef.")
            fewest = reader.whole("spec.minReplicaCount", 0)
            return fewest * each, reader.whole("spec.maxReplicaCount", JOBS_AT_ONCE) * each, 0, ""
        case "AnalysisTemplate":
            return 0, 0, 1, "spec.metrics"
        case "DaemonSet":
            field = "spec.updateStrategy.rollingUpdate.maxSurge"
            return 1, 1, min(share(reader.part(field, 0), 1), 1), field
        case "Pod":
            return 1, 1, 0, ""
    replicas = 0 if replaced_by else reader.whole("spec.replicas", 1)
    if kind(manifest) == "Deployment" and at(manifest, "spec.strategy.type") != "Recreate":
        field = "spec.strategy.rollingUpdate.maxSurge"
        surge = reader.part(field, DEPLOYMENT_SURGE)
        return replicas, replicas, surge if replicas else 0, field  # one that runs none rolls none
    if kind(manifest) == "Rollout":
        # The old copy stays whole beside the new one: argo-rollouts docs/features/bluegreen.md and canary.md.
        for copied in ("blueGreen", "canary.trafficRouting"):
            if at(manifest, f"spec.strategy.{copied}") is not None:
                return replicas, replicas, "100%", f"spec.strategy.{copied}"
        field = "spec.strategy.canary.maxSurge"
        return replicas, replicas, reader.part(field, CANARY_SURGE), field
    return replicas, replicas, 0, ""


def running(reader: Reader, prefix: str) -> int:
    """The pods of a Job that run at once."""
    at_once = reader.whole(f"{prefix}parallelism", 1)
    return min(at_once, reader.whole(f"{prefix}completions", at_once))


def containers_of(pod: Pod, findings: list[Finding], bounds: Sequence[Bounds]) -> Iterator[Container]:
    reader = Reader(pod.owner, findings)
    if not isinstance(at(pod.spec, "containers"), list):
        field = f"{pod.prefix}spec.containers".removeprefix(f"{reader.title} ")
        reader.refuse(field, at(pod.spec, "containers"), "no list of containers", "list at least one")
    for list_of in ("initContainers", "containers"):
        for where, spec in pod.find(f"spec.{list_of}[]"):
            field = where.removeprefix(f"{reader.title} ")
            if not isinstance(spec, Mapping):
                reader.refuse(field, spec, "no mapping", "write a container's name, image and resources")
                continue
            requests, limits = (reader.amounts(spec, f"resources.{of}", f"{field}.") for of in ("requests", "limits"))
            requests, limits = defaulted(requests, limits, bounds)
            findings.extend(beyond("Container", reader.title, f"{field}.resources.", requests, limits, bounds))
            sidecar = spec.get("restartPolicy") == "Always"
            role: Literal["init", "sidecar", "main"] = "main"
            if list_of == "initContainers":
                role = "sidecar" if sidecar else "init"
            yield Container(field=field, role=role, requests=requests, limits=limits)


def effective(pod: Pod, containers: Sequence[Container], field: str, findings: list[Finding]) -> Amounts:
    """What a pod counts for: kubernetes.io/docs/concepts/resource-management/effective-pod-requests-limits.

    Init containers run one after the other, sidecars stay from where they stand; what the pod states as a whole
    replaces that, and the overhead of its RuntimeClass comes on top (of a limit only where there is one).
    """
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in containers:
        own: Amounts = getattr(container, field)
        if container.role == "sidecar":
            sidecars = add(sidecars, own)
        elif container.role == "init":
            peak = highest(peak, add(sidecars, own))
    mains = [getattr(container, field) for container in containers if container.role == "main"]
    reader, prefix = Reader(pod.owner, findings), pod.prefix.removeprefix(f"{title(pod.owner)} ")
    whole = {
        **highest(peak, add(sidecars, *mains)),
        **reader.amounts(pod.spec, f"resources.{field}", f"{prefix}spec."),
    }
    overhead = reader.amounts(pod.spec, "overhead", f"{prefix}spec.") if "overhead" in pod.spec else {}
    return add(whole, {name: more for name, more in overhead.items() if field == "requests" or name in whole})


def claims_of(reader: Reader, pod: Pod, default: str) -> list[Claim]:
    """The claims that are made for each pod."""
    templates = [
        (f"spec.volumeClaimTemplates[{index}].spec", at(template, "spec"))
        for index, template in enumerate(listed(at(reader.manifest, "spec.volumeClaimTemplates")))
    ]
    templates += [
        (where.removeprefix(f"{title(pod.owner)} "), spec)
        for where, spec in pod.find("spec.volumes[].ephemeral.volumeClaimTemplate.spec")
    ]
    return [claim(reader, field, spec, default) for field, spec in templates]


def claims(objects: Sequence[Manifest], findings: list[Finding]) -> Iterator[tuple[str, Claim]]:
    """The claims that stand alone, each with its namespace."""
    default = default_class(objects)
    for manifest in of_kind(objects, "PersistentVolumeClaim"):
        yield namespace(manifest), claim(Reader(manifest, findings), "spec", at(manifest, "spec"), default)


def claim(reader: Reader, field: str, spec: Any, default: str) -> Claim:
    stated = at(spec, "storageClassName")
    size = at(spec, "resources.requests.storage")
    return Claim(
        owner=reader.title,
        field=f"{field}.resources.",
        storage_class=default if stated is None else str(stated) or "(none)",
        size=reader.amount(size, f"{field}.resources.requests.storage"),
    )


def default_class(objects: Sequence[Manifest]) -> str:
    for manifest in of_kind(objects, "StorageClass"):
        if mapping(manifest, "metadata.annotations").get(IS_DEFAULT) == "true":
            return str(at(manifest, "metadata.name"))
    return DEFAULT_CLASS


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
