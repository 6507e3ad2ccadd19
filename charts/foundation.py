"""The chart of what stands before any workload: namespace, bounds, roles, shared settings, silence by default."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs import config
from charts.constructs.access import People
from charts.constructs.kube import emit, quantity
from charts.constructs.network import tcp, udp
from charts.folder import Folder, Generated
from charts.model import Persistent, Platform

PROVIDED = "provided-outside/"  # annotations of the namespace: what its objects name and the cluster has already
SECURITY = "pod-security.kubernetes.io/"


class Foundation(Folder):
    """The namespace and what holds for everything in it."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "foundation", platform)
        space(self, platform.name, "restricted", provided(platform))
        Bounds(self, platform)
        Silence(self, self.name)
        for person in platform.people:
            People(self, person, self.name)
        for settings in platform.settings:
            text = config.env_file(settings.values)
            self.maps.append(Generated(name=settings.name, files={f"{settings.name}.env": text}))


def space(folder: Folder, name: str, level: str, annotations: dict[str, str]) -> None:
    """A namespace whose pods are held to a Pod Security `level`: "restricted" or "privileged"."""
    labels = {f"{SECURITY}{mode}": level for mode in ("enforce", "audit", "warn")}
    emit(folder, k8s.KubeNamespace, folder.name, name=name, labels=labels, annotations=annotations)


def provided(platform: Platform) -> dict[str, str]:
    """What the platform's objects refer to and none of them makes."""
    classes = {v.storage_class for w in platform.workloads for v in w.volumes if isinstance(v, Persistent)}
    found = {f"storageclass.{name}": "the cluster's storage" for name in sorted(classes)}
    found[f"secret.{platform.secret.name}"] = ",".join(sorted(platform.secret.keys))
    if platform.hosts:
        edge = platform.edge
        found[f"ingressclass.{edge.ingress_class}"] = "the ingress controller"
        found[f"secret.{edge.tls_secret}"] = "tls.crt,tls.key"
        found[f"clusterissuer.{edge.issuer}"] = "cert-manager, see the component cert-manager"
    if platform.store:
        found[f"clustersecretstore.{platform.store.name}"] = "External Secrets, see the component external-secrets"
    return {f"{PROVIDED}{what}": who for what, who in found.items()}


class Bounds(Construct):
    """What the namespace and each container in it may use."""

    def __init__(self, folder: Folder, platform: Platform) -> None:
        super().__init__(folder, "bounds")
        quota, bounds = platform.quota, platform.container_bounds
        emit(self, k8s.KubeResourceQuota, folder.name, name=f"{platform.name}-quota", spec=k8s.ResourceQuotaSpec(hard={
            "requests.cpu": quantity(quota.requests_cpu),
            "requests.memory": quantity(quota.requests_memory),
            "limits.cpu": quantity(quota.limits_cpu),
            "limits.memory": quantity(quota.limits_memory),
            "requests.storage": quantity(quota.storage),
            "pods": quantity(str(quota.pods)),
        }))  # fmt: skip
        default = {"cpu": quantity(bounds.default_cpu), "memory": quantity(bounds.default_memory)}
        maximum = {"cpu": quantity(bounds.maximum_cpu), "memory": quantity(bounds.maximum_memory)}
        emit(self, k8s.KubeLimitRange, folder.name, name=f"{platform.name}-limits", spec=k8s.LimitRangeSpec(limits=[
            k8s.LimitRangeItem(type="Container", default=default, default_request=default, max=maximum)
        ]))  # fmt: skip


class Silence(Construct):
    """Nothing is admitted either way but name resolution; each workload's policy adds what it needs."""

    def __init__(self, scope: Construct, folder: str, namespace: str | None = None) -> None:
        """`namespace`: one that a component adds, and of which its policies have their names."""
        suffix = f"-{namespace}" if namespace else ""
        super().__init__(scope, f"silence{suffix}")
        both, everything = ["Ingress", "Egress"], k8s.LabelSelector()
        deny = k8s.NetworkPolicySpec(pod_selector=everything, policy_types=both)
        emit(self, k8s.KubeNetworkPolicy, folder, name=f"default-deny{suffix}", namespace=namespace, spec=deny)
        resolver = k8s.NetworkPolicyPeer(
            namespace_selector=k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": "kube-system"}),
            pod_selector=k8s.LabelSelector(match_labels={"k8s-app": "kube-dns"}),
        )
        names = k8s.NetworkPolicySpec(
            pod_selector=everything,
            policy_types=["Egress"],
            egress=[k8s.NetworkPolicyEgressRule(to=[resolver], ports=[udp(53), tcp(53)])],
        )
        emit(self, k8s.KubeNetworkPolicy, folder, name=f"allow-dns{suffix}", namespace=namespace, spec=names)
