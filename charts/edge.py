"""The chart of the edge: which hosts are reached from the internet, and on what terms."""

from itertools import groupby

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit, selector
from charts.constructs.network import namespace, policy_port
from charts.folder import Component, Folder, Patch
from charts.foundation import PROVIDED
from charts.model import Edge, EdgeController, Host, Platform, Port, Workload

NGINX = "nginx.ingress.kubernetes.io/"


class EdgeChart(Folder):
    """The Ingresses, one per rate: their annotations hold for all their hosts."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "edge", platform)
        for name, hosts in entrances(platform).items():
            Entrance(self, platform, name, hosts)


class Entrance(Construct):
    """One Ingress."""

    def __init__(self, folder: Folder, platform: Platform, name: str, hosts: list[Workload]) -> None:
        super().__init__(folder, name)
        edge = platform.edge
        certified = [host_name(workload, platform) for workload in certified_by(name, platform)]
        emit(self, k8s.KubeIngress, folder.name, name=name, annotations=annotations(edge, name, rate_of(hosts[0])),
            spec=k8s.IngressSpec(
                ingress_class_name=edge.ingress_class,
                tls=[k8s.IngressTls(hosts=certified, secret_name=edge.tls_secret)],
                rules=[rule(workload, platform) for workload in hosts],
            ),
        )  # fmt: skip


def entrances(platform: Platform) -> dict[str, list[Workload]]:
    """{Ingress: the workloads it serves}, one per rate, those without one last; the first has the edge's name."""
    ordered = sorted(platform.hosts, key=lambda workload: (rate_of(workload) is None, rate_of(workload) or 0))
    found: dict[str, list[Workload]] = {}
    for rate, hosts in groupby(ordered, rate_of):
        suffix = f"-{rate or 'unlimited'}" if found else ""
        found[f"{platform.edge.name}{suffix}"] = list(hosts)
    return found


def certified_by(name: str, platform: Platform) -> list[Workload]:
    """Whose hosts an Ingress lists for TLS: the first all of them, since it alone asks for their one certificate."""
    return platform.hosts if name == platform.edge.name else entrances(platform)[name]


def rate_of(workload: Workload) -> int | None:
    return workload.host.requests_per_minute if workload.host else None


def annotations(edge: Edge, name: str, rate: int | None) -> dict[str, str]:
    """The edge in ingress-nginx's words, which reads `limit-rpm` and lets bursts be five times as high unless told."""
    limit = {f"{NGINX}limit-rpm": str(rate), f"{NGINX}limit-burst-multiplier": "1"} if rate else {}
    issuer = {"cert-manager.io/cluster-issuer": edge.issuer} if name == edge.name else {}
    return (
        limit
        | issuer
        | {
            f"{NGINX}ssl-redirect": "true",
            f"{NGINX}force-ssl-redirect": "true",
            f"{NGINX}limit-connections": str(edge.connections),
            f"{NGINX}proxy-body-size": edge.body_limit,
            f"{NGINX}proxy-read-timeout": str(edge.read_timeout),
        }
    )


def host_name(workload: Workload, platform: Platform) -> str:
    host: Host | None = workload.host
    return f"{host.name if host else ''}.{platform.setting(platform.domain)}"


def rule(workload: Workload, platform: Platform) -> k8s.IngressRule:
    port = served(workload)
    backend = k8s.IngressBackend(
        service=k8s.IngressServiceBackend(name=workload.name, port=k8s.ServiceBackendPort(name=port.name))
    )
    path = k8s.HttpIngressPath(path="/", path_type="Prefix", backend=backend)
    return k8s.IngressRule(host=host_name(workload, platform), http=k8s.HttpIngressRuleValue(paths=[path]))


def served(workload: Workload) -> Port:
    """The port that the workload's host leads to."""
    return workload.port(workload.host.port if workload.host else None)


class Admitted(Construct):
    """Admits the pods of another way in than the base's, whose own stays admitted, to the port that a host serves."""

    def __init__(self, component: Component, workload: Workload, controller: EdgeController) -> None:
        super().__init__(component, f"admitted-{workload.name}")
        admitted = k8s.NetworkPolicyIngressRule(
            from_=[namespace(controller.namespace)], ports=[policy_port(served(workload))]
        )
        name = f"{workload.name}-from-{component.name}"
        emit(self, k8s.KubeNetworkPolicy, workload, name=name, spec=k8s.NetworkPolicySpec(
            pod_selector=selector(workload), policy_types=["Ingress"], ingress=[admitted]))  # fmt: skip


def provided_by_cluster(platform: Platform, kind: str, name: str, who: str) -> Patch:
    """Declares on the namespace what objects of a component name and the cluster has already."""
    change = {"metadata": {"name": platform.name, "annotations": {f"{PROVIDED}{kind}.{name}": who}}}
    return Patch(api="v1", kind="Namespace", name=platform.name, change=change)
