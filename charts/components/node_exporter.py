"""What the nodes themselves measure, by workloads that need their host and so live in a namespace of their own."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.access import RBAC, rule
from charts.constructs.kube import emit, selector
from charts.constructs.network import blocks, policy_port
from charts.folder import Component, Generated
from charts.foundation import space
from charts.model import Permission, Platform, Workload
from charts.scrape import MAP, scrape_file
from charts.workload import compose

FIND_PODS = Permission(resources=("pods",), verbs=("get", "list", "watch"))


class NodeExporter(Component):
    """node-exporter: one on every node, in a privileged namespace of its own beside the platform's restricted one."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "node-exporter", platform)
        agents = [workload for workload in platform.workloads if workload.component == self.name]
        for name in sorted({agent.namespace for agent in agents if agent.namespace}):
            space(self, name, "privileged", {})
        for agent in agents:
            compose(self, agent, platform)
            if agent.metrics and platform.scraper:
                Scraped(self, agent, platform[platform.scraper], platform.name)
                file = {f"{MAP}/{agent.name}.yml": scrape_file(agent)}
                self.maps.append(Generated(name=f"{platform.scraper}-{MAP}", files=file, merge=True))


class Scraped(Construct):
    """Lets the scraper find an agent's pods and reach them at their nodes' addresses."""

    def __init__(self, scope: Construct, agent: Workload, scraper: Workload, namespace: str) -> None:
        super().__init__(scope, f"scraped-{agent.name}")
        name = f"{agent.name}-{scraper.name}"
        emit(self, k8s.KubeRole, agent, name=name, rules=[rule(FIND_PODS)])
        emit(
            self,
            k8s.KubeRoleBinding,
            agent,
            name=name,
            role_ref=k8s.RoleRef(api_group=RBAC, kind="Role", name=name),
            subjects=[k8s.Subject(kind="ServiceAccount", name=scraper.name, namespace=namespace)],
        )
        port = agent.port(agent.metrics.port if agent.metrics else None)
        reach = k8s.NetworkPolicyEgressRule(to=blocks(private=True), ports=[policy_port(port)])
        emit(self, k8s.KubeNetworkPolicy, scraper, name=f"{scraper.name}-to-{agent.name}", spec=k8s.NetworkPolicySpec(
            pod_selector=selector(scraper), policy_types=["Egress"], egress=[reach]))  # fmt: skip
