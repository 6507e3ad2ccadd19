"""The platform as a graph: what runs, who may open which port, what is kept."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from charts.model import Cron, Host, Once, Outside, PerNode, Persistent, Platform, Port, Workload
from charts.model.run import Run

# Ends beyond the platform. A workload's name has no space, so none of them can be one.
CONTROLLER = "ingress controller"
INTERNET = "the internet"
CLUSTER = "the cluster's network"
RESOLVER = "the cluster's DNS"
EVERY = "every workload"
KEDA = "KEDA's operator"
ROLLOUTS = "Argo Rollouts' controller"
SOLVERS = "cert-manager's solvers"
GATEWAY = "Gateway API's gateway"
F5 = "F5's controller"

KUBELET = 10250  # kubernetes.io/docs/reference/networking/ports-and-protocols
SOLVER = 8089  # cert-manager.io/docs/configuration/acme/http01

Kind = Literal["call", "host", "outside", "scrape", "platform"]


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A volume that outlives its pod: `count` of `size` each (bytes as a quantity), of a storage class."""

    volume: str
    count: int
    size: str
    storage_class: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """A workload. `runs`: how many pods of it, or when, in words; `component`: what brings it, None for the base;
    `ports`: "sql 5432"."""

    name: str
    layer: str
    runs: str
    ports: tuple[str, ...]
    component: str | None
    storage: tuple[Storage, ...]

    @property
    def kept(self) -> list[str]:
        """The storage in words, "3 \u00d7 20Gi fast-ssd", after the volume's name where there are several."""
        words = []
        for one in self.storage:
            volume = f"{one.volume} " if len(self.storage) > 1 else ""
            times = f"{one.count} \u00d7 " if one.count > 1 else ""
            words.append(f"{volume}{times}{one.size} {one.storage_class}")
        return words


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Who may open which port.

    `source`, `target`: a workload, or an end beyond the platform; `port`: the name of a workload's port, "" elsewhere;
    `why`: the host of a "host", the reason of an "outside" or a "platform" flow, "" otherwise; `component`: the one
    that it needs, None for the base.
    """

    kind: Kind
    source: str
    target: str
    number: int
    port: str = ""
    protocol: str = "TCP"
    why: str = ""
    component: str | None = None

    @property
    def at(self) -> str:
        return at(self.port, self.number, self.protocol)


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The nodes in the platform's order, and every flow that its policies admit.

    `controller`: the namespace of the ingress controller's pods.
    """

    platform: str
    controller: str
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]

    def of(self, *kinds: Kind) -> list[Flow]:
        return [flow for flow in self.flows if flow.kind in kinds]

    def drawn(self, scrapes: bool) -> list[Flow]:
        """The flows that a picture draws; the others it says."""
        return self.of("call", "host", "outside", "scrape") if scrapes else self.of("call", "host", "outside")

    @property
    def layers(self) -> dict[str, list[Node]]:
        """{layer: its nodes}, each in order of appearance."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            found[node.layer].append(node)
        return dict(found)


def graph_of(platform: Platform) -> Graph:
    """The graph of everything that the platform describes, what components add included."""
    return Graph(
        platform=platform.name,
        controller=platform.edge.controller_namespace,
        nodes=tuple(node(workload) for workload in platform.workloads),
        flows=(*calls(platform), *hosts(platform), *outside(platform), *scrapes(platform), *own(platform)),
    )


def at(port: str, number: int, protocol: str) -> str:
    """The port in words: "sql 5432", "statsd 9125/UDP"."""
    return f"{port} {number}{'' if protocol == 'TCP' else f'/{protocol}'}".strip()


def node(workload: Workload) -> Node:
    return Node(
        name=workload.name,
        layer=workload.layer,
        runs=words(workload.run),
        ports=tuple(at(port.name, port.number, port.protocol) for port in workload.ports),
        component=workload.component,
        storage=tuple(
            Storage(
                volume=volume.name,
                count=1 if volume.claim else workload.run.maximum,
                size=volume.size,
                storage_class=volume.storage_class,
            )
            for volume in workload.volumes
            if isinstance(volume, Persistent)
        ),
    )


def words(run: Run) -> str:
    """How it runs: "3 to 10 pods", "cron 30 2 * * *"."""
    match run:
        case Once():
            return "once per release"
        case Cron(schedule=schedule):
            return f"cron {schedule}"
        case PerNode():
            return "a pod on every node"
        case _ if run.maximum > run.count:
            return f"{run.count} to {run.maximum} pods"
        case _:
            return f"{run.count} {'pod' if run.count == 1 else 'pods'}"


def into(kind: Kind, source: str, target: Workload, port: Port, why: str = "", component: str | None = None) -> Flow:
    """A flow into a workload's port."""
    return Flow(
        kind=kind,
        source=source,
        target=target.name,
        number=port.number,
        port=port.name,
        protocol=port.protocol,
        why=why,
        component=component,
    )


def calls(platform: Platform) -> Iterator[Flow]:
    for workload in platform.workloads:
        for name, port in workload.called:
            called = platform[name]
            yield into("call", workload.name, called, called.port(port), component=workload.component)


def hosts(platform: Platform) -> Iterator[Flow]:
    """From the ingress controller, by host."""
    for workload in platform.hosts:
        if workload.host:
            why = f"{workload.host.name}.{platform.setting(platform.domain)}{rate(workload.host)}"
            yield into("host", CONTROLLER, workload, workload.port(workload.host.port), why, workload.component)


def rate(host: Host) -> str:
    return f" {host.requests_per_minute}/min" if host.requests_per_minute else ""


def outside(platform: Platform) -> Iterator[Flow]:
    for workload in platform.workloads:
        for call in workload.outside:
            yield beyond(workload, call)


def beyond(workload: Workload, call: Outside) -> Flow:
    target = CLUSTER if call.private else INTERNET
    return Flow(
        kind="outside",
        source=workload.name,
        target=target,
        number=call.port,
        why=call.why,
        component=workload.component,
    )


def scrapes(platform: Platform) -> Iterator[Flow]:
    """From the scraper to everything that has metrics."""
    if platform.scraper:
        for workload in platform.workloads:
            if workload.metrics:
                port = workload.port(workload.metrics.port)
                yield into("scrape", platform.scraper, workload, port, component=workload.component)


def own(platform: Platform) -> Iterator[Flow]:
    """The flows that no workload asks for: the namespace's own, and those that components need to do their work."""
    for protocol in ("UDP", "TCP"):
        yield Flow(kind="platform", source=EVERY, target=RESOLVER, number=53, protocol=protocol, why="names")
    for broker in platform.base:
        if broker.topics:
            yield into("platform", KEDA, broker, broker.port(None), "how far consumers are behind", "keda")
    if platform.scraper:
        yield Flow(
            kind="platform",
            source=platform.scraper,
            target=CLUSTER,
            number=KUBELET,
            why="the kubelets' metrics",
            component="kubelet-metrics",
        )
    released = [workload for workload in platform.base if workload.release]
    for workload in released:
        yield into("platform", workload.smoke, workload, workload.port(None), "the smoke test", "blue-green")
    if platform.scraper and released:
        scraper = platform[platform.scraper]
        yield into("platform", ROLLOUTS, scraper, scraper.port(None), "figures of a new release", "blue-green")
    edge = "in place of the ingress controller"
    for source, component in ((GATEWAY, "gateway-api"), (F5, "f5-nginx")):
        for workload in platform.hosts:
            port = workload.port(workload.host.port if workload.host else None)
            yield into("platform", source, workload, port, edge, component)
    provers = [(CONTROLLER, "cert-manager"), *([(GATEWAY, "gateway-api")] if platform.hosts else [])]
    for source, component in provers:
        proof = "proof that the hosts are ours"
        yield Flow(kind="platform", source=source, target=SOLVERS, number=SOLVER, why=proof, component=component)


def notes(graph: Graph, scrapes: bool) -> list[str]:
    """What a picture says instead of draws, a line each: the scrapes, unless they are drawn, and the platform's own."""
    lines = []
    read = [f"{flow.target} {flow.at}" for flow in graph.of("scrape") if not scrapes]
    if read:
        lines.append(f"{graph.of('scrape')[0].source} reads the metrics of {', '.join(read)}.")
    together: dict[tuple[str, str, str | None], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for flow in graph.of("platform"):
        together[flow.source, flow.why, flow.component][flow.target].append(f"{flow.number}/{flow.protocol}")
    for (source, why, component), targets in together.items():
        reached = ", ".join(f"{target} {' and '.join(ports)}" for target, ports in targets.items())
        lines.append(f"{source} to {reached}: {why}{f' (component {component})' if component else ''}.")
    return lines
