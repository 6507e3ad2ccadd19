"""What the kubelets measure: the containers' use of cpu, memory and volumes."""

from typing import Any

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.access import RBAC
from charts.constructs.kube import emit, selector
from charts.constructs.network import blocks, tcp
from charts.folder import Component
from charts.model import Platform, Workload
from charts.scrape import META, text, told

KUBELET = 10250  # the kubelet's port, kubernetes.io/docs/reference/networking/ports-and-protocols
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # where a pod finds its account's token and the cluster's CA


class KubeletMetrics(Component):
    """kubelet-metrics: the scraper reads the kubelets, for which it needs leave to read nodes."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "kubelet-metrics", platform)
        if platform.scraper is None:
            return
        scraper = platform[platform.scraper]
        Leave(self, scraper, platform.name)
        reach = k8s.NetworkPolicyEgressRule(to=blocks(private=True), ports=[tcp(KUBELET)])
        emit(self, k8s.KubeNetworkPolicy, scraper, name=f"{scraper.name}-to-kubelets", spec=k8s.NetworkPolicySpec(
            pod_selector=selector(scraper), policy_types=["Egress"], egress=[reach]))  # fmt: skip
        jobs = [job("", platform.name), job("/cadvisor", platform.name)]
        self.maps.extend(told(scraper, "kubelet.yml", text(jobs)))


class Leave(Construct):
    """Lets the scraper find the nodes and read their metrics."""

    def __init__(self, scope: Construct, scraper: Workload, namespace: str) -> None:
        super().__init__(scope, "leave")
        name = f"{namespace}-{scraper.name}-kubelets"
        emit(self, k8s.KubeClusterRole, scraper, name=name, rules=[
            k8s.PolicyRule(api_groups=[""], resources=["nodes"], verbs=["get", "list", "watch"]),
            k8s.PolicyRule(api_groups=[""], resources=["nodes/metrics"], verbs=["get"]),
        ])  # fmt: skip
        emit(
            self,
            k8s.KubeClusterRoleBinding,
            scraper,
            name=name,
            role_ref=k8s.RoleRef(api_group=RBAC, kind="ClusterRole", name=name),
            subjects=[k8s.Subject(kind="ServiceAccount", name=scraper.name, namespace=namespace)],
        )


def job(path: str, namespace: str) -> dict[str, Any]:
    """A scrape job for /metrics`path` of every kubelet, of which the pods of `namespace` are kept."""
    return {
        "job_name": f"kubelet{path}",
        "scheme": "https",
        "metrics_path": f"/metrics{path}",
        "honor_labels": True,
        "authorization": {"credentials_file": f"{TOKEN}/token"},
        # A kubelet signs its own serving certificate unless the cluster was set up otherwise.
        "tls_config": {"ca_file": f"{TOKEN}/ca.crt", "insecure_skip_verify": True},
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [
            {"source_labels": [f"{META}node_name"], "target_label": "node"},
            {"source_labels": ["__metrics_path__"], "target_label": "metrics_path"},
            {"target_label": "job", "replacement": "kubelet"},
        ],
        "metric_relabel_configs": [
            {"source_labels": ["__name__", "namespace"], "regex": f"[^;]+;{namespace}", "action": "keep"}
        ],
    }
