"""The edge by Gateway API, which any of its implementations serves."""

from typing import ClassVar

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.components.cert_manager import SOLVER
from charts.constructs.kube import emit
from charts.constructs.network import namespace, tcp
from charts.edge import Admitted, entrances, host_name, provided_by_cluster, served
from charts.folder import Component, left_out
from charts.model import Edge, Platform, Workload
from imports.io.k8s.networking.gateway import (
    Gateway,
    GatewaySpec,
    GatewaySpecListeners,
    GatewaySpecListenersTls,
    GatewaySpecListenersTlsCertificateRefs,
    GatewaySpecListenersTlsMode,
    HttpRoute,
    HttpRouteSpec,
    HttpRouteSpecParentRefs,
    HttpRouteSpecRules,
    HttpRouteSpecRulesBackendRefs,
    HttpRouteSpecRulesFilters,
    HttpRouteSpecRulesFiltersRequestRedirect,
    HttpRouteSpecRulesFiltersRequestRedirectScheme,
    HttpRouteSpecRulesFiltersRequestRedirectStatusCode,
    HttpRouteSpecRulesFiltersResponseHeaderModifier,
    HttpRouteSpecRulesFiltersResponseHeaderModifierSet,
    HttpRouteSpecRulesFiltersType,
    HttpRouteSpecRulesMatches,
    HttpRouteSpecRulesMatchesPath,
    HttpRouteSpecRulesMatchesPathType,
    HttpRouteSpecRulesTimeouts,
)

PLAIN = "http"  # the listener that redirects


class GatewayApi(Component):
    """gateway-api: a Gateway and its routes in place of the Ingresses; needs the standard's CRDs and a GatewayClass.

    The standard has no field for what a client may send: no requests per minute, no connections at a time, no size of
    a body. It times whole responses, not pauses in them, so that a stream could never be told from one that hangs:
    the routes set no time. What bounds these is a policy of the implementation's own, added in an overlay.
    cert-manager makes the certificate if it serves Gateways (enableGatewayAPI) and has the issuer that is named.
    An overlay names the transformer "routes" in place of "hosts", for its domain.
    """

    excludes: ClassVar = {
        "f5-nginx": "both replace the Ingresses of the base",
        "cert-manager": "its issuer proves the hosts through an Ingress; give the cluster one that asks the Gateway",
        "security-headers": "it is for ingress-nginx; the routes set these headers themselves",
    }

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "gateway-api", platform)
        edge = platform.edge
        if not platform.hosts:
            return
        self.patches.extend(left_out("networking.k8s.io/v1", "Ingress", name) for name in entrances(platform))
        who = "the implementation of Gateway API"
        self.patches.append(provided_by_cluster(platform, "gatewayclass", edge.gateway.class_name, who))
        Listeners(self, platform)
        Redirect(self, edge)
        for workload in platform.hosts:
            Route(self, workload, platform)
            Admitted(self, workload, edge.gateway)
        prover = k8s.NetworkPolicyIngressRule(from_=[namespace(edge.gateway.namespace)], ports=[tcp(8089)])
        solvers = k8s.LabelSelector(match_labels=SOLVER)
        emit(self, k8s.KubeNetworkPolicy, "edge", name="acme-solver-from-gateway-api", spec=k8s.NetworkPolicySpec(
            pod_selector=solvers, policy_types=["Ingress"], ingress=[prover]))  # fmt: skip


class Listeners(Construct):
    """The Gateway: one listener that redirects, and one per host, since cert-manager asks each for its host."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "listeners")
        edge = platform.edge
        tls = GatewaySpecListenersTls(
            mode=GatewaySpecListenersTlsMode.TERMINATE,
            certificate_refs=[GatewaySpecListenersTlsCertificateRefs(name=edge.tls_secret)],
        )
        secure = [
            GatewaySpecListeners(
                name=listener(workload), hostname=host_name(workload, platform), port=443, protocol="HTTPS", tls=tls
            )
            for workload in platform.hosts
        ]
        issuer = {"cert-manager.io/cluster-issuer": edge.issuer}
        emit(self, Gateway, "edge", name=edge.name, annotations=issuer, spec=GatewaySpec(
            gateway_class_name=edge.gateway.class_name,
            listeners=[GatewaySpecListeners(name=PLAIN, port=80, protocol="HTTP"), *secure],
        ))  # fmt: skip


class Redirect(Construct):
    """Sends whoever comes by HTTP to HTTPS."""

    def __init__(self, scope: Construct, edge: Edge) -> None:
        super().__init__(scope, "redirect")
        to_https = HttpRouteSpecRulesFilters(
            type=HttpRouteSpecRulesFiltersType.REQUEST_REDIRECT,
            request_redirect=HttpRouteSpecRulesFiltersRequestRedirect(
                scheme=HttpRouteSpecRulesFiltersRequestRedirectScheme.HTTPS,
                # The permanent one that every implementation must know.
                status_code=HttpRouteSpecRulesFiltersRequestRedirectStatusCode.VALUE_301,
            ),
        )
        emit(self, HttpRoute, "edge", name=f"{edge.name}-redirect", spec=HttpRouteSpec(
            parent_refs=[HttpRouteSpecParentRefs(name=edge.name, section_name=PLAIN)],
            rules=[HttpRouteSpecRules(matches=[everything()], filters=[to_https])],
        ))  # fmt: skip


class Route(Construct):
    """Leads a host to its workload."""

    def __init__(self, scope: Construct, workload: Workload, platform: Platform) -> None:
        super().__init__(scope, f"route-{workload.name}")
        edge = platform.edge
        parent = HttpRouteSpecParentRefs(name=edge.name, section_name=listener(workload))
        rule = HttpRouteSpecRules(
            matches=[everything()],
            filters=[told(edge)],
            backend_refs=[HttpRouteSpecRulesBackendRefs(name=workload.name, port=served(workload).number)],
            timeouts=HttpRouteSpecRulesTimeouts(request="0s"),  # none, gateway.networking.k8s.io/v1
        )
        emit(self, HttpRoute, "edge", name=workload.name, spec=HttpRouteSpec(
            parent_refs=[parent], hostnames=[host_name(workload, platform)], rules=[rule]))  # fmt: skip


def listener(workload: Workload) -> str:
    """The listener of a workload's host."""
    return f"https-{workload.host.name if workload.host else ''}"


def everything() -> HttpRouteSpecRulesMatches:
    return HttpRouteSpecRulesMatches(
        path=HttpRouteSpecRulesMatchesPath(type=HttpRouteSpecRulesMatchesPathType.PATH_PREFIX, value="/")
    )


def told(edge: Edge) -> HttpRouteSpecRulesFilters:
    """What every response says: the edge's headers, and what ingress-nginx adds unasked."""
    headers = {"Strict-Transport-Security": f"max-age={edge.hsts}; includeSubDomains", **edge.headers}
    modifier = HttpRouteSpecRulesFiltersResponseHeaderModifier(
        set=[
            HttpRouteSpecRulesFiltersResponseHeaderModifierSet(name=name, value=value)
            for name, value in headers.items()
        ]
    )
    return HttpRouteSpecRulesFilters(
        type=HttpRouteSpecRulesFiltersType.RESPONSE_HEADER_MODIFIER, response_header_modifier=modifier
    )
