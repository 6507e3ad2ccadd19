"""What the nodes themselves measure, by workloads that need their host and so live in a namespace of their own."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs import config
from charts.constructs.access import RBAC, rule
from charts.constructs.kube import emit, selector
from charts.constructs.network import peers_of, policy_port
from charts.folder import Component, Generated
from charts.foundation import Silence, space
from charts.model import Permission, Platform, Workload
from charts.model.names import NAME, PART_OF
from charts.scrape import scrape_file, told
from charts.workload import compose

FIND_PODS = Permission(resources=("pods",), verbs=("get", "list", "watch"))


class NodeExporter(Component):
    """node-exporter: one on every node, in a privileged namespace of its own beside the platform's restricted one."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "node-exporter", platform)
        agents = [workload for workload in platform.workloads if workload.component == self.name]
        for name in sorted({agent.namespace for agent in agents if agent.namespace}):
            space(self, name, "privileged", {})
            if not all(agent.at_node for agent in agents if agent.namespace == name):
                Silence(self, self.name, name)
        for agent in agents:
            compose(Construct(self, agent.name), agent, platform)
            self.read(agent, platform)
            if agent.metrics and platform.scraper:
                scraper = platform[platform.scraper]
                Scraped(self, agent, scraper, platform)
                self.maps.extend(told(scraper, f"{agent.name}.yml", scrape_file(agent)))

    def read(self, agent: Workload, platform: Platform) -> None:
        """What the agent reads, in a folder of its own."""
        labels = {NAME: agent.name, PART_OF: platform.name}
        for name, files in config.maps(agent, platform).items():
            below = {f"{agent.name}/{path}": text for path, text in files.items()}
            namespace = agent.namespace or platform.name
            self.maps.append(Generated(name=name, files=below, namespace=namespace, labels=labels))


class Scraped(Construct):
    """Lets the scraper find an agent's pods and reach them."""

    def __init__(self, scope: Construct, agent: Workload, scraper: Workload, platform: Platform) -> None:
        super().__init__(scope, f"scraped-{agent.name}")
        name = f"{agent.name}-{scraper.name}"
        emit(self, k8s.KubeRole, agent, name=name, rules=[rule(FIND_PODS)])
        emit(
            self,
            k8s.KubeRoleBinding,
            agent,
            name=name,
            role_ref=k8s.RoleRef(api_group=RBAC, kind="Role", name=name),
            subjects=[k8s.Subject(kind="ServiceAccount", name=scraper.name, namespace=platform.name)],
        )
        port = agent.port(agent.metrics.port if agent.metrics else None)
        reach = k8s.NetworkPolicyEgressRule(to=peers_of([agent.name], scraper, platform), ports=[policy_port(port)])
        emit(self, k8s.KubeNetworkPolicy, scraper, name=f"{scraper.name}-to-{agent.name}", spec=k8s.NetworkPolicySpec(
            pod_selector=selector(scraper), policy_types=["Egress"], egress=[reach]))  # fmt: skip
