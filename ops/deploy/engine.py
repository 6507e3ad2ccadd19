"""Brings a cluster to a release, wave by wave, and says why when it does not come."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ops.deploy import progress
from ops.deploy.handover import SEED, Handover
from ops.deploy.progress import State, Trouble
from ops.deploy.release import Release
from ops.kubectl import Cluster, identity, resource, title
from ops.places import Refusal
from rules.reading import Manifest, at, kind, mapping, mappings, name

PAUSE = 1.0  # seconds between two looks
CERTAIN = 10  # seconds that a controller must stand by its refusal
APP = "app.kubernetes.io/name"


class Failed(Exception):
    """A release did not come up: one line for each reason."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = list(reasons)


@dataclass(kw_only=True)
class Since:
    """How long things have been so, by this machine's clock: the cluster's may differ."""

    seen: dict[object, float] = field(default_factory=dict)

    def keep(self, present: Sequence[object]) -> dict[object, float]:
        """Seconds for which each of `present` was there at every look."""
        now = time.monotonic()
        self.seen = {each: self.seen.get(each, now) for each in present}
        return {each: now - first for each, first in self.seen.items()}


@dataclass(kw_only=True)
class Engine:
    """`say`: shows a person one line of what goes on. `within`: seconds for each wave."""

    cluster: Cluster
    say: Callable[[str], None]
    within: float

    def bring(self, release: Release, *, mend: bool = False) -> None:
        """Applies the release, data before applications, and waits until all of it is ready.

        `mend`: this is the way back, on which pods of the release before may be in the way. Raises Failed, Refusal.
        """
        self.forget_failed_jobs(release)
        handover = Handover(release=release, cluster=self.cluster)
        handover.look()
        for wave in release.waves:
            live = self.cluster.live(wave)
            seeds = handover.seeds(wave, live)
            self.cluster.apply(seeds, manager=SEED, whole=False)
            self.cluster.apply(handover.fit(wave))
            self.wait([each for each in wave if kind(each) in progress.WORKLOADS], release, mend)
        handover.finish()
        self.wait(release.of_kind(*progress.WORKLOADS), release, mend)

    def forget_failed_jobs(self, release: Release) -> None:
        """A Job is named by its content, so one that failed would fail every release that holds it."""
        live = self.cluster.live(release.of_kind("Job"))
        self.cluster.delete([each for each in live.values() if progress.state_of(each).failed], wait=True)

    def wait(self, workloads: Sequence[Manifest], release: Release, mend: bool) -> None:
        began, since, said = time.monotonic(), Since(), ""
        while workloads:
            live = self.cluster.live(workloads)
            states = {identity(each): self.state(each, live) for each in live.values()}
            waiting = [each for each in workloads if not (identity(each) in states and states[identity(each)].done)]
            if not waiting:
                return
            shown = ", ".join(str(states.get(identity(each), title(each))) for each in waiting)
            if shown != said:
                self.say(f"waiting for {shown}")
                said = shown
            pods = self.pods_of(waiting)
            if mend:
                self.clear(pods, live)
            reasons = list(self.reasons(waiting, states, pods, since))
            if not reasons and time.monotonic() - began > self.within:
                reasons = [f"{title(each)}: not ready after {self.within:.0f} s" for each in waiting]
            if reasons and not mend:
                raise Failed(reasons)
            if time.monotonic() - began > self.within:
                raise Failed(reasons)
            time.sleep(PAUSE)

    def state(self, workload: Manifest, live: dict[tuple[str, str, str], Manifest]) -> State:
        of = at(workload, "spec.workloadRef.name")
        if kind(workload) != "Rollout" or not of:
            return progress.state_of(workload)
        key = (str(at(workload, "metadata.namespace") or ""), "Deployment.apps", str(of))
        template = live.get(key) or self.cluster.json("get", "deployment.apps", str(of), "-n", key[0])
        return progress.state_of(workload, int(at(template, "metadata.generation") or 0))

    def pods_of(self, workloads: Sequence[Manifest]) -> list[Manifest]:
        wanted = {str(mapping(each, "metadata.labels").get(APP, name(each))) for each in workloads}
        spaces = sorted({str(at(each, "metadata.namespace")) for each in workloads})
        selector = f"{APP} in ({','.join(sorted(wanted))})"
        return [pod for space in spaces for pod in self.cluster.find(["Pod"], space, selector=selector)]

    def reasons(
        self, waiting: Sequence[Manifest], states: dict[tuple[str, str, str], State], pods: list[Manifest], since: Since
    ) -> Iterator[str]:
        """Why there is no more hope, each with what a person needs to mend it."""
        troubles = list(progress.troubles(pods))
        refused = [states[identity(each)] for each in waiting if identity(each) in states]
        refused = [state for state in refused if state.failed]
        lasting = since.keep([*((t.pod, t.patience) for t in troubles), *(state.title for state in refused)])
        spaces = {str(at(pod, "metadata.name")): str(at(pod, "metadata.namespace")) for pod in pods}
        for state in refused:
            if lasting[state.title] >= CERTAIN or state.title.startswith("Job/"):
                yield f"{state.title}: {state.failed}"
        for trouble in troubles:
            if lasting[(trouble.pod, trouble.patience)] >= trouble.patience:
                yield f"Pod/{trouble.pod}: {trouble.why}{self.evidence(trouble, spaces[trouble.pod])}"

    def evidence(self, trouble: Trouble, namespace: str) -> str:
        """The pod's last warning and last words."""
        found = ""
        events = self.cluster.find(
            ["Event"], namespace, field_selector=f"involvedObject.name={trouble.pod},type=Warning"
        )
        events.sort(key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or ""))
        if events:
            found += f"; event: {events[-1].get('reason')}: {events[-1].get('message')}"
        try:
            words = self.cluster.run("logs", trouble.pod, "-n", namespace, "--tail=3", "--all-containers", patience=0)
        except Refusal:
            words = ""  # a container that never started has none
        return found + (f"; log: {' | '.join(words.split(chr(10))).strip(' |')}" if words.strip() else "")

    def clear(self, pods: Sequence[Manifest], live: dict[tuple[str, str, str], Manifest]) -> None:
        """Removes un-ready pods of a StatefulSet's other revision: its controller waits for them for ever, see
        kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback."""
        newest = {str(at(each, "status.updateRevision")) for each in live.values() if kind(each) == "StatefulSet"}
        for trouble in progress.troubles(pods):
            pod = next(each for each in pods if name(each) == trouble.pod)
            revision = mapping(pod, "metadata.labels").get("controller-revision-hash")
            owners = {str(each.get("kind")) for each in mappings(pod, "metadata.ownerReferences")}
            if "StatefulSet" in owners and revision not in newest:
                self.cluster.delete([pod])


def stale(cluster: Cluster, release: Release, kinds: set[str]) -> list[Manifest]:
    """What this tool applied of `kinds` and the release no longer has; never a claim, a namespace or a definition."""
    kept = {"PersistentVolumeClaim", "Namespace", "CustomResourceDefinition.apiextensions.k8s.io"}
    asked = sorted((kinds | {resource(each) for each in release.objects}) - kept)
    served = cluster.served()
    wanted = {identity(each) for each in release.objects}
    found = cluster.find([each for each in asked if each in served], show_managed_fields="true")
    return [each for each in found if identity(each) not in wanted and ours(each, cluster.manager)]


def ours(manifest: Manifest, manager: str) -> bool:
    """Whether `manager` applied it: a stranger's object bears another name, whatever its labels say."""
    fields = mappings(manifest, "metadata.managedFields")
    return any(each.get("manager") == manager and each.get("operation") == "Apply" for each in fields)
