"""Argo CD's view of the environments: a project that allows what they hold, and an application for each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs import Construct

from charts import folder
from charts.constructs.kube import emit
from charts.folder import Folder
from charts.model import Delivery, Gitops, ModelError, Platform
from charts.waves import ARGO
from imports.io import argoproj

Manifest = Mapping[str, Any]
Environments = Mapping[str, Sequence[Manifest]]
"""{environment: its objects, as rendered}"""

OPTIONS = (
    "CreateNamespace=false",  # the Namespace is in git, with its Pod Security labels
    "PruneLast=true",  # the old pods read their ConfigMaps, named by content, until the new ones are ready
    "RespectIgnoreDifferences=true",  # what controllers own is left alone in a sync too
    "ServerSideApply=true",
)
# argo-cd.readthedocs.io, user-guide/diff-strategies: defaults and webhooks are no differences then
COMPARE = {f"{ARGO}compare-options": "ServerSideDiff=true"}
RETRIES, FIRST, FACTOR, LONGEST = 5, "10s", 2, "3m"  # judged: 5 minutes, in which a node or a database comes back
REPLICAS = "/spec/replicas"
COLOURED = ("/spec/selector", "/metadata/annotations/argo-rollouts.argoproj.io~1managed-by-rollouts")
SERVICES = ("activeService", "previewService", "stableService", "canaryService")  # of a Rollout's strategies
SCALED_DOWN = ("onsuccess", "progressively")  # where a Rollout takes the pods away from its workloadRef itself


@dataclass(frozen=True, kw_only=True, order=True)
class Ignored:
    """Fields of an object that a controller in the cluster owns, as JSON pointers."""

    group: str
    kind: str
    namespace: str
    name: str
    pointers: tuple[str, ...]


def write(platform: Platform, environments: Environments, out: Path) -> None:
    """Writes `out`/gitops, if the platform is delivered so. Raises ModelError."""
    if platform.gitops is None:
        return
    app = folder.app(out)
    Delivered(app, platform, platform.gitops, environments)
    folder.write(app)


class Delivered(Folder):
    """The project and its applications."""

    def __init__(self, scope: Construct, platform: Platform, gitops: Gitops, environments: Environments) -> None:
        super().__init__(scope, "gitops", platform, namespace=gitops.namespace)
        if refusals := list(refused(gitops, environments)):
            raise ModelError(refusals)
        held = {name: environments[name] for name in sorted(gitops.deliveries)}
        emit(self, argoproj.AppProject, self.name, name=platform.name, spec=project(platform, gitops, held))
        for name, objects in held.items():
            spec = application(platform, gitops, name, objects)
            named = f"{platform.name}-{name}"
            emit(self, argoproj.Application, self.name, name=named, annotations=COMPARE, spec=spec)


def refused(gitops: Gitops, environments: Environments) -> Iterator[str]:
    """What stands in the way of delivering the environments."""
    taken: dict[tuple[str, str], str] = {}
    for name, delivery in sorted(gitops.deliveries.items()):
        if name not in environments:
            known = ", ".join(sorted(environments)) or "none"
            yield f'gitops.deliveries: no committed environment "{name}", there are {known}'
        for space in namespaces(environments.get(name, ())):
            other = taken.setdefault((delivery.cluster, space), name)
            if other != name:
                yield f"gitops.deliveries.{name}.cluster: {other} has the namespace {space} in {delivery.cluster} too"


def project(platform: Platform, gitops: Gitops, held: Environments) -> argoproj.AppProjectSpec:
    """Allows this repository, the clusters and namespaces, and the kinds that the environments hold: nothing else."""
    everything = [one for objects in held.values() for one in objects]
    return argoproj.AppProjectSpec(
        description=f"{platform.name}: what {', '.join(held)} hold, and nothing else",
        source_repos=[gitops.repository],
        destinations=[
            argoproj.AppProjectSpecDestinations(name=cluster, namespace=space)
            for cluster, space in sorted(
                {(gitops.deliveries[name].cluster, space) for name in held for space in namespaces(held[name])}
            )
        ],
        cluster_resource_whitelist=[
            argoproj.AppProjectSpecClusterResourceWhitelist(group=group, kind=kind, name=name)
            for group, kind, name in cluster_wide(everything)
        ],
        namespace_resource_whitelist=[
            argoproj.AppProjectSpecNamespaceResourceWhitelist(group=group, kind=kind)
            for group, kind in namespaced(everything)
        ],
    )


def application(
    platform: Platform, gitops: Gitops, environment: str, objects: Sequence[Manifest]
) -> argoproj.ApplicationSpec:
    """Brings one environment's folder of plain YAML to its cluster."""
    delivery: Delivery = gitops.deliveries[environment]
    return argoproj.ApplicationSpec(
        project=platform.name,
        destination=argoproj.ApplicationSpecDestination(name=delivery.cluster, namespace=platform.name),
        source=argoproj.ApplicationSpecSource(
            repo_url=gitops.repository,
            target_revision=delivery.revision,
            path=f"{gitops.folder}/{environment}",
            directory=argoproj.ApplicationSpecSourceDirectory(recurse=True),
        ),
        sync_policy=argoproj.ApplicationSpecSyncPolicy(
            automated=argoproj.ApplicationSpecSyncPolicyAutomated(prune=True, self_heal=delivery.heal),
            sync_options=list(OPTIONS),
            retry=argoproj.ApplicationSpecSyncPolicyRetry(
                limit=RETRIES,
                refresh=True,  # a commit that mends what fails is taken up at once
                backoff=argoproj.ApplicationSpecSyncPolicyRetryBackoff(
                    duration=FIRST, factor=FACTOR, max_duration=LONGEST
                ),
            ),
        ),
        ignore_differences=[
            argoproj.ApplicationSpecIgnoreDifferences(
                group=one.group,
                kind=one.kind,
                namespace=one.namespace,
                name=one.name,
                json_pointers=list(one.pointers),
            )
            for one in ignored(objects)
        ],
    )


def group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def cluster_wide(objects: Iterable[Manifest]) -> list[tuple[str, str, str]]:
    """(group, kind, name) of each object that is in no namespace."""
    return sorted(
        {
            (group(one["apiVersion"]), one["kind"], one["metadata"]["name"])
            for one in objects
            if "namespace" not in one["metadata"]
        }
    )


def namespaced(objects: Iterable[Manifest]) -> list[tuple[str, str]]:
    """(group, kind) of the objects in namespaces."""
    return sorted({(group(one["apiVersion"]), one["kind"]) for one in objects if "namespace" in one["metadata"]})


def namespaces(objects: Iterable[Manifest]) -> list[str]:
    return sorted({one["metadata"]["namespace"] for one in objects if "namespace" in one["metadata"]})


def ignored(objects: Iterable[Manifest]) -> list[Ignored]:
    """The replicas of what an autoscaler scales, and what Rollouts write into their Services."""
    found = set()
    for one in objects:
        spec, space = one.get("spec") or {}, one["metadata"].get("namespace", "")
        if target := spec.get("scaleTargetRef"):  # of a HorizontalPodAutoscaler or a ScaledObject
            found.add(pointed(target, space, REPLICAS))
        if one["kind"] == "Rollout":
            reference = spec.get("workloadRef") or {}
            if reference.get("scaleDown") in SCALED_DOWN:
                found.add(pointed(reference, space, REPLICAS))
            named = {strategy.get(field) for strategy in spec.get("strategy", {}).values() for field in SERVICES}
            found |= {
                Ignored(group="", kind="Service", namespace=space, name=name, pointers=COLOURED)
                for name in named
                if name
            }
    return sorted(found)


def pointed(reference: Manifest, namespace: str, pointer: str) -> Ignored:
    """`reference`: apiVersion, kind and name; keda.sh/v1alpha1 lets the first two be left out for a Deployment."""
    api, kind = reference.get("apiVersion", "apps/v1"), reference.get("kind", "Deployment")
    return Ignored(group=group(api), kind=kind, namespace=namespace, name=reference["name"], pointers=(pointer,))
