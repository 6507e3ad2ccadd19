"""The edge in the words of F5's NGINX ingress controller, which is maintained."""

from typing import ClassVar

from constructs import Construct

from charts.edge import Admitted, annotations, entrances, provided_by_cluster, rate_of
from charts.folder import Component, Patch
from charts.model import Edge, Platform

F5 = "nginx.org/"


class F5Nginx(Component):
    """f5-nginx: the Ingresses in the words of F5's NGINX ingress controller and of its class; needs that controller.

    Its Ingresses have no words for connections at a time, nor for headers of responses but HSTS: only snippets add
    those, which it refuses together with their whole Ingress unless it was told to allow them (enable-snippets). So the
    headers are the applications' to send, or belong as add_header lines into server-snippets of its own ConfigMap. Its
    HSTS says preload too.
    It serves a host from one Ingress only, the oldest, and so never the one by which cert-manager's HTTP-01 proves it:
    the certificate needs an issuer that proves hosts by DNS.
    """

    excludes: ClassVar = {
        "cert-manager": "its issuer proves a host by a second Ingress, which the controller does not serve",
        "security-headers": "its annotation is for ingress-nginx, F5's controller ignores it",
    }

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "f5-nginx", platform)
        edge = platform.edge
        if not platform.hosts:
            return
        for name, hosts in entrances(platform).items():
            rate = rate_of(hosts[0])
            base = annotations(edge, name, rate)
            replaced = {key: None for key in base if not key.startswith("cert-manager.io/")}
            metadata = {"name": name, "annotations": replaced | words(edge, rate)}
            change = {"metadata": metadata, "spec": {"ingressClassName": edge.f5.class_name}}
            self.patches.append(Patch(api="networking.k8s.io/v1", kind="Ingress", name=name, change=change))
        if edge.f5.class_name != edge.ingress_class:
            who = "F5's NGINX ingress controller"
            self.patches.append(provided_by_cluster(platform, "ingressclass", edge.f5.class_name, who))
        for workload in platform.hosts:
            Admitted(self, workload, edge.f5)


def words(edge: Edge, rate: int | None) -> dict[str, str]:
    """The edge's terms, docs.nginx.com/nginx-ingress-controller, "Advanced configuration with Annotations".

    A client may send a minute's requests at once, as in the base; responses are not held back, or no stream would flow.
    """
    limit = {f"{F5}limit-req-rate": f"{rate}r/m", f"{F5}limit-req-burst": str(rate), f"{F5}limit-req-no-delay": "true"}
    return (limit if rate else {}) | {
        f"{F5}ssl-redirect": "true",
        f"{F5}redirect-to-https": "true",
        f"{F5}hsts": "true",
        f"{F5}hsts-max-age": str(edge.hsts),
        f"{F5}hsts-include-subdomains": "true",
        f"{F5}client-max-body-size": edge.body_limit,
        f"{F5}proxy-read-timeout": f"{edge.read_timeout}s",
        f"{F5}proxy-buffering": "false",
    }
