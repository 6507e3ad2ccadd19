"""How far a workload is, from what its controller writes into its status; no cluster is asked here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ops.deploy.release import probes
from ops.kubectl import title
from rules.reading import Manifest, at, kind, mapping, mappings, number

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Rollout")
# Reasons of a waiting container that time does not mend by itself, kubernetes/pkg/kubelet/images and /container.
STUCK = (
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
)
SLACK = 30  # seconds beyond what its probes allow that a pod may take: to be pulled, and to be found ready
UNPLACED = 300  # seconds for a cluster to add a node


@dataclass(frozen=True, kw_only=True)
class State:
    """`ready` of `wanted` pods; `done` once the controller has brought all to the newest template; `failed`: why it
    gave up, or None."""

    title: str
    ready: int
    wanted: int
    done: bool
    failed: str | None = None

    def __str__(self) -> str:
        return f"{self.title.partition('/')[2]} {self.ready}/{self.wanted}"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What keeps a pod from being ready, and after how many seconds of it there is no more hope."""

    pod: str
    why: str
    patience: float


def state_of(workload: Manifest, template_generation: int | None = None) -> State:
    """`template_generation`: generation of the Deployment whose template a Rollout runs."""
    return READERS[kind(workload)](workload, template_generation)


def deployment(workload: Manifest, _: int | None) -> State:
    status, wanted = mapping(workload, "status"), number(at(workload, "spec.replicas"), 1)
    ready, updated = number(status.get("availableReplicas"), 0), number(status.get("updatedReplicas"), 0)
    total = number(status.get("replicas"), 0)
    done = observed(workload) and updated >= wanted and ready >= wanted and total == updated
    conditions = {str(each.get("type")): each for each in mappings(status, "conditions")}
    refused = conditions.get("ReplicaFailure", {})
    failed = str(refused.get("message")) if refused.get("status") == "True" and not done else None
    return State(title=title(workload), ready=min(ready, updated), wanted=wanted, done=done, failed=failed)


def stateful_set(workload: Manifest, _: int | None) -> State:
    status, wanted = mapping(workload, "status"), number(at(workload, "spec.replicas"), 1)
    ready, updated = number(status.get("readyReplicas"), 0), number(status.get("updatedReplicas"), 0)
    newest = status.get("currentRevision") == status.get("updateRevision") or updated >= wanted
    done = observed(workload) and ready >= wanted and newest
    return State(title=title(workload), ready=ready, wanted=wanted, done=done)


def daemon_set(workload: Manifest, _: int | None) -> State:
    status = mapping(workload, "status")
    wanted, ready = (number(status.get(name), 0) for name in ("desiredNumberScheduled", "numberAvailable"))
    updated = number(status.get("updatedNumberScheduled"), 0)
    done = observed(workload) and ready >= wanted and updated >= wanted
    return State(title=title(workload), ready=ready, wanted=wanted, done=done)


def job(workload: Manifest, _: int | None) -> State:
    conditions = {str(each.get("type")): each for each in mappings(workload, "status.conditions")}
    done = conditions.get("Complete", {}).get("status") == "True"
    failure = conditions.get("Failed", {})
    failed = f"{failure.get('reason')}: {failure.get('message')}" if failure.get("status") == "True" else None
    return State(title=title(workload), ready=int(done), wanted=1, done=done, failed=failed)


def rollout(workload: Manifest, template_generation: int | None) -> State:
    """Argo's controller; its observed generations are texts."""
    status, wanted = mapping(workload, "status"), number(at(workload, "spec.replicas"), 1)
    seen = str(status.get("observedGeneration")) == str(at(workload, "metadata.generation"))
    if template_generation is not None:
        seen = seen and str(status.get("workloadObservedGeneration")) == str(template_generation)
    ready = number(status.get("availableReplicas"), 0)
    failed = None
    if seen and status.get("phase") == "Degraded":
        failed = str(status.get("message") or "the Rollout is degraded")
    done = seen and status.get("phase") == "Healthy" and ready >= wanted
    return State(title=title(workload), ready=ready, wanted=wanted, done=done, failed=failed)


READERS: Mapping[str, Callable[[Manifest, int | None], State]] = {
    "Deployment": deployment,
    "StatefulSet": stateful_set,
    "DaemonSet": daemon_set,
    "Job": job,
    "Rollout": rollout,
}


def observed(workload: Manifest) -> bool:
    """Whether the status is about the object as it is now."""
    return number(at(workload, "status.observedGeneration"), 0) >= number(at(workload, "metadata.generation"), 0)


def start_up(pod: Manifest) -> int:
    """Seconds that a pod's probes allow until it must be ready; 60 where it has none."""
    allowed = [
        number(probe.get("initialDelaySeconds"), 0)
        + number(probe.get("periodSeconds"), 10) * number(probe.get("failureThreshold"), 3)
        for probe in probes(pod)
    ]
    return max(allowed, default=60)


def troubles(pods: Sequence[Manifest]) -> Iterator[Trouble]:
    """Of pods that are not ready, at most one each; those that are on their way out do not count."""
    for pod in pods:
        if at(pod, "metadata.deletionTimestamp") or at(pod, "status.phase") == "Succeeded":
            continue
        conditions = {str(each.get("type")): each for each in mappings(pod, "status.conditions")}
        if conditions.get("Ready", {}).get("status") == "True":
            continue
        name, waiting = str(at(pod, "metadata.name")), [*stuck(pod)]
        placed = conditions.get("PodScheduled", {})
        if waiting:
            yield Trouble(pod=name, why=waiting[0], patience=10)
        elif placed.get("status") == "False":
            yield Trouble(pod=name, why=f"no node has room for it: {placed.get('message')}", patience=UNPLACED)
        else:
            allowed = start_up(pod)
            why = f"not ready within the {allowed} s that its probes allow, and {SLACK} s more"
            yield Trouble(pod=name, why=why, patience=allowed + SLACK)


def stuck(pod: Manifest) -> Iterator[str]:
    for field in ("initContainerStatuses", "containerStatuses"):
        for container in mappings(pod, f"status.{field}"):
            waiting = mapping(container, "state.waiting")
            if waiting.get("reason") in STUCK:
                said = f": {waiting['message']}" if waiting.get("message") else ""
                yield f"{waiting['reason']} of {container.get('image') or container.get('name')}{said}"
