"""The edge's certificate, by cert-manager."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit
from charts.constructs.network import namespace, tcp
from charts.folder import Component
from charts.model import Platform
from imports.io.cert_manager import (
    ClusterIssuer,
    ClusterIssuerSpec,
    ClusterIssuerSpecAcme,
    ClusterIssuerSpecAcmePrivateKeySecretRef,
    ClusterIssuerSpecAcmeSolvers,
    ClusterIssuerSpecAcmeSolversHttp01,
    ClusterIssuerSpecAcmeSolversHttp01Ingress,
)

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"  # letsencrypt.org/docs: production
SOLVER = {"acme.cert-manager.io/http01-solver": "true"}  # label of cert-manager's solver pods, which listen on 8089


class CertManager(Component):
    """cert-manager: the issuer of the edge's certificate, and the way to the pods that prove its hosts."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "cert-manager", platform)
        edge = platform.edge
        challenge = ClusterIssuerSpecAcmeSolversHttp01(
            ingress=ClusterIssuerSpecAcmeSolversHttp01Ingress(
                ingress_class_name=edge.ingress_class, service_type="ClusterIP"
            )
        )
        emit(self, ClusterIssuer, "edge", name=edge.issuer, spec=ClusterIssuerSpec(acme=ClusterIssuerSpecAcme(
            server=LETS_ENCRYPT,
            email=edge.contact,
            private_key_secret_ref=ClusterIssuerSpecAcmePrivateKeySecretRef(name=f"{edge.issuer}-account"),
            solvers=[ClusterIssuerSpecAcmeSolvers(http01=challenge)],
        )))  # fmt: skip
        admitted = k8s.NetworkPolicyIngressRule(from_=[namespace(edge.controller_namespace)], ports=[tcp(8089)])
        solvers = k8s.LabelSelector(match_labels=SOLVER)
        emit(self, k8s.KubeNetworkPolicy, "edge", name="acme-solver", spec=k8s.NetworkPolicySpec(
            pod_selector=solvers, policy_types=["Ingress"], ingress=[admitted]))  # fmt: skip
