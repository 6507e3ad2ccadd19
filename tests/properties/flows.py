"""Who should be able to open which port, by what the platform's values say and by nothing that is rendered."""

from collections.abc import Collection, Iterator, Mapping

from charts.model import EdgeController, Platform, Port, Workload
from tests.properties.policies import End, Pair

INTERNET = ("8.8.8.8", "172.32.0.1")
PRIVATE = ("10.1.2.3", "172.16.5.6", "192.168.7.8")
METADATA = "169.254.169.254"  # a cloud's metadata service
RESOLVER = End("kube-system/kube-dns", "kube-system", {"k8s-app": "kube-dns"})
KEDA = End("keda/keda-operator", "keda", {"app": "keda-operator"})
ROLLOUTS = End("argo-rollouts/argo-rollouts", "argo-rollouts", {"app.kubernetes.io/name": "argo-rollouts"})
SOLVER = {"acme.cert-manager.io/http01-solver": "true"}
SCRAPED, PROVEN = 10250, 8089  # the kubelet's port, that of cert-manager's solvers
BYSTANDERS: tuple[Mapping[str, str], ...] = (
    {},
    dict(RESOLVER.labels),
    dict(KEDA.labels),
    SOLVER,
    dict(ROLLOUTS.labels),
)
"""Labels of pods that no workload makes, which stand in every namespace."""


def space(workload: Workload, platform: Platform) -> str:
    return workload.namespace or platform.name


def title(workload: Workload, platform: Platform) -> str:
    return f"{space(workload, platform)}/{workload.name}"


def at_node(workload: Workload) -> bool:
    return "host-network" in workload.exceptions


def present(platform: Platform, components: Collection[str]) -> list[Workload]:
    return [one for one in platform.workloads if one.component is None or one.component in components]


def governed(platform: Platform, components: Collection[str]) -> set[str]:
    """The namespaces that are silent by default: those of workloads that have addresses of their own."""
    return {platform.name} | {space(one, platform) for one in present(platform, components) if not at_node(one)}


def strangers(platform: Platform, components: Collection[str]) -> list[End]:
    """Ends beside the platform's pods: in every namespace that policies may name, and one more."""
    edge = platform.edge
    doors = (edge.controller_namespace, edge.gateway.namespace, edge.f5.namespace)
    spaces = {
        *governed(platform, components),
        *doors,
        RESOLVER.namespace,
        KEDA.namespace,
        ROLLOUTS.namespace,
        "elsewhere",
    }
    beside = [
        End(bystander(name, place), name, labels) for name in sorted(spaces) for place, labels in enumerate(BYSTANDERS)
    ]
    doubles = [
        End(f"elsewhere/{one.name}", "elsewhere", {"app.kubernetes.io/name": one.name}) for one in platform.workloads
    ]
    return [*beside, *doubles, *(End(address, address=address) for address in (*INTERNET, *PRIVATE, METADATA))]


def bystander(namespace: str, place: int) -> str:
    known = {
        one.title
        for one in (RESOLVER, KEDA, ROLLOUTS)
        if one.namespace == namespace and one.labels == BYSTANDERS[place]
    }
    return known.pop() if known else f"{namespace}/bystander-{place}"


def expected(platform: Platform, components: Collection[str]) -> set[Pair]:
    """`platform`: in the variant that is switched on."""
    here = present(platform, components)
    flows = (calls, outside, scrapes, names, entrances, proofs, lag, kubelets, smoke_tests, figures)
    return {pair for flow in flows for pair in flow(platform, here, components)}


def reached(workload: Workload, platform: Platform) -> tuple[str, ...]:
    """The ends at which a workload's pods are: the addresses of nodes where they share their host's network."""
    return PRIVATE if at_node(workload) else (title(workload, platform),)


def between(source: Workload, target: Workload, port: Port, platform: Platform) -> Iterator[Pair]:
    if not (at_node(source) and at_node(target)):
        for one in reached(source, platform):
            yield from ((one, other, port.number, port.protocol) for other in reached(target, platform))


def calls(platform: Platform, here: list[Workload], _: Collection[str]) -> Iterator[Pair]:
    for one in here:
        for name, port in one.called:
            yield from between(one, platform[name], platform[name].port(port), platform)


def outside(platform: Platform, here: list[Workload], _: Collection[str]) -> Iterator[Pair]:
    for one in here:
        for call in one.outside if not at_node(one) else ():
            addresses = PRIVATE if call.private else INTERNET
            yield from ((title(one, platform), address, call.port, "TCP") for address in addresses)


def scrapes(platform: Platform, here: list[Workload], _: Collection[str]) -> Iterator[Pair]:
    for one in here:
        if one.metrics and platform.scraper:
            yield from between(platform[platform.scraper], one, one.port(one.metrics.port), platform)


def names(platform: Platform, here: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    """DNS, for every pod of the namespaces."""
    spaces = governed(platform, components)
    everyone = [bystander(name, place) for name in spaces for place in range(len(BYSTANDERS))]
    everyone += [title(one, platform) for one in here if not at_node(one)]
    everyone += [f"{platform.name}/{one.smoke}" for one in released(here, components)]
    yield from ((one, RESOLVER.title, 53, protocol) for one in everyone for protocol in ("TCP", "UDP"))


def doors(platform: Platform, components: Collection[str]) -> set[str]:
    """The namespaces whose pods carry traffic from the internet."""
    others: dict[str, EdgeController] = {"gateway-api": platform.edge.gateway, "f5-nginx": platform.edge.f5}
    return {platform.edge.controller_namespace} | {o.namespace for name, o in others.items() if name in components}


def entrances(platform: Platform, here: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    for one in here:
        if one.host:
            port = one.port(one.host.port)
            for door in doors(platform, components):
                for place in range(len(BYSTANDERS)):
                    yield bystander(door, place), title(one, platform), port.number, port.protocol


def proofs(platform: Platform, _: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    """That the hosts are the platform's: cert-manager's solvers answer whoever comes through the edge."""
    asked = {platform.edge.controller_namespace} if "cert-manager" in components else set()
    asked |= {platform.edge.gateway.namespace} if "gateway-api" in components and platform.hosts else set()
    solver = bystander(platform.name, BYSTANDERS.index(SOLVER))
    yield from ((bystander(door, place), solver, PROVEN, "TCP") for door in asked for place in range(len(BYSTANDERS)))


def lag(platform: Platform, here: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    """KEDA reads at the brokers how far consumers are behind."""
    for one in here:
        if one.topics and "keda" in components:
            yield KEDA.title, title(one, platform), one.ports[0].number, one.ports[0].protocol


def kubelets(platform: Platform, _: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    if platform.scraper and "kubelet-metrics" in components:
        scraper = title(platform[platform.scraper], platform)
        yield from ((scraper, address, SCRAPED, "TCP") for address in PRIVATE)


def released(here: list[Workload], components: Collection[str]) -> list[Workload]:
    return [one for one in here if one.release and "blue-green" in components]


def smoke_tests(platform: Platform, here: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    """Before the switch a Job asks the new copy."""
    for one in released(here, components):
        yield f"{platform.name}/{one.smoke}", title(one, platform), one.ports[0].number, one.ports[0].protocol


def figures(platform: Platform, here: list[Workload], components: Collection[str]) -> Iterator[Pair]:
    """Argo Rollouts asks the scraper how a new release does."""
    if platform.scraper and released(here, components):
        port = platform[platform.scraper].ports[0]
        yield ROLLOUTS.title, title(platform[platform.scraper], platform), port.number, port.protocol
