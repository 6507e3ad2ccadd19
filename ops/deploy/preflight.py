"""What a cluster must have before it is touched: whatever the rendered objects take for granted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ops.capacity.report import report
from ops.deploy.release import Release
from ops.kubectl import Cluster, Served, resource
from ops.places import Refusal
from rules.providing import outside, secret_keys
from rules.reading import Manifest, at, kind, mapping, mappings, name

OLDEST = (1, 30)  # the specification's Kubernetes; the preStop sleep is on since then
FIELDS = {  # cluster-scoped kinds that namespaces declare as provided outside
    "clusterissuer": "ClusterIssuer.cert-manager.io",
    "clustersecretstore": "ClusterSecretStore.external-secrets.io",
    "gatewayclass": "GatewayClass.gateway.networking.k8s.io",
    "ingressclass": "IngressClass.networking.k8s.io",
    "priorityclass": "PriorityClass.scheduling.k8s.io",
    "runtimeclass": "RuntimeClass.node.k8s.io",
    "storageclass": "StorageClass.storage.k8s.io",
}
INSTALL = {  # who serves a group of custom resources
    "argoproj.io": "install Argo Rollouts, argo-rollouts.readthedocs.io/en/stable/installation",
    "cert-manager.io": "install cert-manager, cert-manager.io/docs/installation",
    "external-secrets.io": "install External Secrets, external-secrets.io/latest/introduction/getting-started",
    "gateway.networking.k8s.io": "install a Gateway API implementation, gateway-api.sigs.k8s.io/implementations",
    "keda.sh": "install KEDA, keda.sh/docs/latest/deploy",
}
VERBS = ("get", "list", "create", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Need:
    """`what` must be there, `why`, and how to get it."""

    what: str
    why: str
    remedy: str

    @property
    def line(self) -> str:
        return f"{self.what}: {self.why}; {self.remedy}"


def missing(cluster: Cluster, release: Release) -> list[Need]:
    """What the cluster lacks. Raises Refusal where there is no answer."""
    served = cluster.served()
    return [
        *version(cluster),
        *kinds(release, served),
        *declared(cluster, release, served),
        *metrics(cluster, release),
        *permissions(cluster, release, served),
        *room(cluster, release),
    ]


def version(cluster: Cluster) -> Iterator[Need]:
    said = mapping(cluster.json("version"), "serverVersion")
    found = tuple(int("".join(c for c in str(said.get(part, 0)) if c.isdigit())) for part in ("major", "minor"))
    if found < OLDEST:
        least = ".".join(map(str, OLDEST))
        yield Need(what="Kubernetes", why=f"the server is {said.get('gitVersion')}", remedy=f"upgrade it to {least}")


def kinds(release: Release, served: Mapping[str, Served]) -> Iterator[Need]:
    defined = {
        f"{at(each, 'spec.names.kind')}.{at(each, 'spec.group')}"
        for each in release.of_kind("CustomResourceDefinition")
    }
    for wanted in sorted({resource(each) for each in release.objects} - served.keys() - defined):
        users = [name(each) for each in release.objects if resource(each) == wanted]
        group = wanted.partition(".")[2]
        remedy = INSTALL.get(group, f"install what serves {group or 'it'}")
        yield Need(what=wanted, why=f"not served, {', '.join(users)} is of this kind", remedy=remedy)


def declared(cluster: Cluster, release: Release, served: Mapping[str, Served]) -> Iterator[Need]:
    """What the namespaces say is provided outside; a Secret that the release has made is not asked for."""
    made = secret_keys([each for each in release.objects if kind(each) != "Namespace"])
    for thing, text in sorted(outside(release.objects).items()):
        of, _, called = thing.partition(".")
        if of == "secret" and not any(called == known for _, known in made):
            yield from secret(cluster, release.namespace, called, set(text.replace(",", " ").split()))
        elif of in FIELDS:
            found = served.get(FIELDS[of]) and cluster.json("get", FIELDS[of].lower(), called, "--ignore-not-found")
            own = any(kind(each).lower() == of and name(each) == called for each in release.objects)
            if not found and not own:
                what = f"{FIELDS[of].partition('.')[0]}/{called}"
                yield Need(what=what, why="not in the cluster", remedy=f"create it; provided by {text}")


def secret(cluster: Cluster, namespace: str, called: str, wanted: set[str]) -> Iterator[Need]:
    found = cluster.json("get", "secret", called, "-n", namespace, "--ignore-not-found")
    lacking = sorted(wanted - {*mapping(found, "data")})
    if lacking:
        why = f"not in namespace {namespace}" if not found else f"has no {', '.join(lacking)}"
        keys = ", ".join(lacking)
        yield Need(what=f"Secret/{called}", why=why, remedy=f"create it with the keys {keys}: docs/secrets.md")


def metrics(cluster: Cluster, release: Release) -> Iterator[Need]:
    scaled = [
        name(each)
        for each in release.of_kind("HorizontalPodAutoscaler")
        if any(metric.get("type") == "Resource" for metric in mappings(each, "spec.metrics"))
    ]
    if not scaled:
        return
    try:
        cluster.run("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", patience=5)
    except Refusal:
        why = f"does not answer, {', '.join(scaled)} would not scale"
        yield Need(
            what="metrics.k8s.io", why=why, remedy="install metrics-server, kubernetes-sigs.github.io/metrics-server"
        )


def permissions(cluster: Cluster, release: Release, served: Mapping[str, Served]) -> Iterator[Need]:
    """Asks for all verbs at once, and one by one only where that is denied."""
    wanted = {resource(each): each for each in release.objects if resource(each) in served}
    spaces = {key: str(at(each, "metadata.namespace") or "") for key, each in wanted.items()}
    reviews = {(key, "*"): review(served[key], spaces[key], "*") for key in wanted}
    denied = [key for (key, _), allowed in answers(cluster, reviews).items() if not allowed]
    single = {(key, verb): review(served[key], spaces[key], verb) for key in denied for verb in VERBS}
    for (key, verb), allowed in answers(cluster, single).items():
        if not allowed:
            where = f" in namespace {spaces[key]}" if spaces[key] else ""
            yield Need(what=f"{verb} {served[key].plural}{where}", why="you may not", remedy="have it granted by RBAC")


def review(asked: Served, namespace: str, verb: str) -> Manifest:
    attributes = {"group": asked.group, "resource": asked.plural, "verb": verb}
    attributes |= {"namespace": namespace} if asked.namespaced else {}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }


def answers(cluster: Cluster, reviews: Mapping[tuple[str, str], Manifest]) -> dict[tuple[str, str], bool]:
    said = cluster.create(list(reviews.values()))
    return {key: bool(at(each, "status.allowed")) for key, each in zip(reviews, said, strict=True)}


def room(cluster: Cluster, release: Release) -> Iterator[Need]:
    """Whether the quotas hold the release at its maximum beside what strangers run in its namespaces."""
    owned = {mapping(each, "metadata.labels").get("app.kubernetes.io/name") for each in release.objects}
    quotas = {(at(each, "metadata.namespace"), name(each)) for each in release.of_kind("ResourceQuota")}
    strangers: list[Manifest] = []
    for space in release.namespaces:
        for each in cluster.find(["Pod", "ResourceQuota"], space):
            if kind(each) == "ResourceQuota" and (space, name(each)) not in quotas:
                strangers.append(each)
            live = at(each, "status.phase") in ("Pending", "Running")
            if (
                kind(each) == "Pod"
                and live
                and mapping(each, "metadata.labels").get("app.kubernetes.io/name") not in owned
            ):
                strangers.append(each)
    if strangers:
        for finding in report(release.environment, [*release.objects, *strangers]).findings:
            yield Need(what="quota", why=finding.line, remedy="make room beside what others run there")
