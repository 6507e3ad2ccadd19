"""Who may talk to whom: a Service for what a workload serves, a NetworkPolicy for what it is called by and calls."""

from collections.abc import Iterable
from itertools import groupby

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit, named, number, selector
from charts.model import Platform, Port, Stateful, Workload
from charts.model.names import NAME

PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
)  # RFC 1918: where clusters number nodes, pods and API servers
LINK_LOCAL = "169.254.0.0/16"  # RFC 3927: a cloud's metadata service, which hands out credentials


class ServedPorts(Construct):
    """The workload's Service, headless where each pod has a name."""

    def __init__(self, scope: Construct, workload: Workload) -> None:
        super().__init__(scope, "service")
        stateful = isinstance(workload.run, Stateful)
        emit(self, k8s.KubeService, workload, spec=k8s.ServiceSpec(
            selector={NAME: workload.name},
            cluster_ip="None" if stateful else None,
            publish_not_ready_addresses=workload.unready_addresses or None,
            ports=[service_port(port) for port in workload.ports] or None,
        ))  # fmt: skip


def service_port(port: Port) -> k8s.ServicePort:
    return k8s.ServicePort(name=port.name, port=port.number, target_port=named(port.name), protocol=port.protocol)


class Policy(Construct):
    """Admits the callers of each port, and what the workload itself calls."""

    def __init__(self, scope: Construct, workload: Workload, platform: Platform) -> None:
        super().__init__(scope, "policy")
        emit(self, k8s.KubeNetworkPolicy, workload, spec=k8s.NetworkPolicySpec(
            pod_selector=selector(workload),
            policy_types=["Ingress", "Egress"],
            ingress=ingress(workload, platform) or None,
            egress=egress(workload, platform) or None,
        ))  # fmt: skip


def ingress(workload: Workload, platform: Platform) -> list[k8s.NetworkPolicyIngressRule]:
    """One rule per port that anyone calls: workloads, whoever scrapes it, the ingress controller."""
    admitted = []
    for port in workload.ports:
        callers = {caller.name for caller in platform.callers(workload.name, port.name)}
        if platform.scraper and workload.metrics and workload.metrics.port == port.name:
            callers.add(platform.scraper)
        peers = peers_of(sorted(callers), workload, platform)
        if workload.host and workload.port(workload.host.port) == port:
            peers.append(namespace(platform.edge.controller_namespace))
        if peers:
            admitted.append(k8s.NetworkPolicyIngressRule(from_=peers, ports=[policy_port(port)]))
    return admitted


def egress(workload: Workload, platform: Platform) -> list[k8s.NetworkPolicyEgressRule]:
    """One rule per workload called, and per port outside."""
    called = {(name, platform[name].port(port)) for name, port in workload.called}
    if workload.name == platform.scraper:
        called |= {(w.name, w.port(w.metrics.port)) for w in platform.base if w.metrics}
    by_name = groupby(sorted(called, key=lambda call: (call[0], call[1].number)), key=lambda call: call[0])
    inside = [
        k8s.NetworkPolicyEgressRule(
            to=peers_of([name], workload, platform), ports=[policy_port(port) for _, port in calls]
        )
        for name, calls in by_name
    ]
    beyond = sorted({(call.private, call.port) for call in workload.outside})
    return inside + [k8s.NetworkPolicyEgressRule(to=blocks(private), ports=[tcp(port)]) for private, port in beyond]


def peers_of(names: Iterable[str], workload: Workload, platform: Platform) -> list[k8s.NetworkPolicyPeer]:
    """Workloads as a policy of `workload` names them: by namespace too where it is another, at nodes by address."""
    others = [platform[name] for name in names]
    pods = [
        k8s.NetworkPolicyPeer(
            pod_selector=selector(other),
            namespace_selector=None
            if other.namespace == workload.namespace
            else in_namespace(other.namespace or platform.name),
        )
        for other in others
        if not other.at_node
    ]
    return pods + (blocks(private=True) if any(other.at_node for other in others) else [])


def namespace(name: str) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(namespace_selector=in_namespace(name))


def in_namespace(name: str) -> k8s.LabelSelector:
    return k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": name})


def blocks(private: bool) -> list[k8s.NetworkPolicyPeer]:
    """The addresses of the cluster's own network, or all others."""
    if private:
        return [k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=block)) for block in PRIVATE]
    return [k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr="0.0.0.0/0", except_=[*PRIVATE, LINK_LOCAL]))]


def policy_port(port: Port) -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=number(port.number), protocol=port.protocol)


def tcp(port: int) -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=number(port), protocol="TCP")


def udp(port: int) -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=number(port), protocol="UDP")
