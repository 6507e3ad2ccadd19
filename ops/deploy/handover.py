"""Passing a running Deployment's pods to a Rollout, and back, without a moment in which a Service has none.

Applied in one go, `replicas: 0` takes the Deployment's pods before the Rollout has any; so the Deployment keeps what it
runs, and its autoscaler stays with it, until the Rollout is healthy. On the way back the Rollout's pods stay, without
an owner, until the Deployment's are ready.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ops.deploy.release import Release
from ops.kubectl import Cluster, identity
from rules.reading import Manifest, at, kind, mapping, name, number

SEED = "newstalk-seed"  # the manager of first values that a controller takes over
ROLLOUT = "Rollout.argoproj.io"
HASH = "rollouts-pod-template-hash"  # label of the pods that Argo's controller makes, one value each colour


@dataclass(kw_only=True)
class Handover:
    """What a release takes over from what runs now. `to_rollouts`, `to_deployments`: replicas by Deployment."""

    release: Release
    cluster: Cluster
    to_rollouts: dict[str, int] = field(default_factory=dict)
    to_deployments: dict[str, int] = field(default_factory=dict)
    leaving: list[Manifest] = field(default_factory=list)

    def look(self) -> None:
        """Finds out who runs the pods now."""
        deployments = self.release.of_kind("Deployment")
        live = {name(each): each for each in self.cluster.live(deployments).values()}
        wanted = self.release.rollouts
        self.to_rollouts = {of: replicas(live[of]) for of in wanted if of in live and replicas(live[of])}
        rollouts = []
        if ROLLOUT in self.cluster.served():
            rollouts = self.cluster.find([ROLLOUT], self.release.namespace)
        self.leaving = [
            each
            for each in rollouts
            if str(at(each, "spec.workloadRef.name")) in live and str(at(each, "spec.workloadRef.name")) not in wanted
        ]
        self.to_deployments = {str(at(each, "spec.workloadRef.name")): replicas(each) for each in self.leaving}

    def fit(self, objects: Sequence[Manifest]) -> list[Manifest]:
        """`objects` as they can be applied now: without what is held back, and without fields that others write."""
        return [self.fitted(each) for each in objects if not self.held(each)]

    def held(self, manifest: Manifest) -> bool:
        """An autoscaler stays with the Deployment that it has until the Rollout is healthy."""
        target = mapping(manifest, "spec.scaleTargetRef")
        return target.get("kind") == "Rollout" and self.rollout_of(target) in self.to_rollouts

    def rollout_of(self, target: Mapping[str, object]) -> str | None:
        return next((of for of, each in self.release.rollouts.items() if name(each) == target.get("name")), None)

    def fitted(self, manifest: Manifest) -> Manifest:
        of = name(manifest)
        if kind(manifest) == "Deployment" and of in self.to_rollouts:
            return changed(manifest, replicas=self.to_rollouts[of])
        if kind(manifest) == "Service" and of in self.release.colours:
            return changed(manifest, selector=None)
        return manifest

    def seeds(self, objects: Sequence[Manifest], live: Mapping[tuple[str, str, str], Manifest]) -> list[Manifest]:
        """First values of fields that a controller takes over, of what is not there yet."""
        found = []
        for each in objects:
            if kind(each) == "Service" and name(each) in self.release.colours and identity(each) not in live:
                found.append(each)
            if kind(each) == "Rollout" and identity(each) not in live and at(each, "spec.replicas") is None:
                of = str(at(each, "spec.workloadRef.name"))
                found.append(changed(each, replicas=self.to_rollouts.get(of) or self.fewest(each)))
            if kind(each) == "Deployment" and name(each) in self.to_deployments and at(each, "spec.replicas") is None:
                bare = {key: each[key] for key in ("apiVersion", "kind")}
                metadata = {"name": name(each), "namespace": at(each, "metadata.namespace")}
                found.append({**bare, "metadata": metadata, "spec": {"replicas": self.to_deployments[name(each)]}})
        return found

    def fewest(self, rollout: Manifest) -> int:
        scaler = self.release.scalers.get(("Rollout", name(rollout)), {})
        return number(at(scaler, "spec.minReplicas"), 1)

    def finish(self) -> None:
        """Once all is ready: lets the Deployments go, or the Rollouts that are no longer wanted."""
        if self.to_rollouts:
            given = [each for each in self.release.of_kind("Deployment") if name(each) in self.to_rollouts]
            given += [each for each in self.release.objects if self.held(each)]
            self.to_rollouts = {}
            self.cluster.apply(self.fit(given))
        if self.leaving:
            self.cluster.delete(self.leaving, cascade="orphan", wait=True)
            self.cluster.apply(self.release.of_kind("Service"))  # their selectors are ours again, and find both colours
            left = self.cluster.find(["ReplicaSet.apps"], self.release.namespace, selector=HASH)
            owned = {str(at(each, "spec.workloadRef.name")) for each in self.leaving}
            gone = [each for each in left if at(each, "spec.template.metadata.labels") and owner(each) in owned]
            self.cluster.delete(gone)
            self.leaving, self.to_deployments = [], {}


def owner(replica_set: Manifest) -> str:
    return str(mapping(replica_set, "spec.template.metadata.labels").get("app.kubernetes.io/name"))


def replicas(workload: Manifest) -> int:
    return number(at(workload, "spec.replicas"), 1)


def changed(manifest: Manifest, **fields: object) -> Manifest:
    """The manifest with fields of its spec set, or left out where None."""
    spec = {**mapping(manifest, "spec"), **fields}
    return {**manifest, "spec": {name: value for name, value in spec.items() if value is not None}}
