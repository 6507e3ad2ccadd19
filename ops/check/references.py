"""What is named exists, beyond what `rules` resolves: scrape targets, routes, what KEDA and analyses ask."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, product
from typing import Any

from ops.check.objects import fits
from ops.yamls import Unreadable, documents
from rules.matching import Pods, matches
from rules.providing import Use, missing, named, outside, referred
from rules.reading import (
    Key,
    Manifest,
    Pod,
    Rule,
    at,
    containers_of,
    find,
    items,
    key,
    kind,
    mapping,
    mappings,
    namespace,
    of_kind,
    state,
    title,
    to_key,
    walk,
)
from rules.references import ANALYSES

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
BACKENDS = ("spec.rules[].backendRefs[]", "spec.rules[].filters[].requestMirror.backendRef")
POD_PORT = "__meta_kubernetes_pod_container_port_name"
SERVICE_PORTS = ("__meta_kubernetes_endpoint_port_name", "__meta_kubernetes_service_port_name")
ADDRESS = re.compile(r"(?:\w+://)?([a-z0-9.-]+):(\d+)(?:/.*)?")
IN_CLUSTER = re.compile(r"(?P<service>[a-z0-9-]+)(\.(?P<namespace>[a-z0-9-]+)(\.svc(\.cluster\.local)?)?)?\.?")
"""A Service's name in the cluster's DNS, after a pod's where it has one."""
TOLD = tuple(f"{of}.static_configs[].targets[]" for of in ("scrape_configs[]", "alerting.alertmanagers[]"))
ANALYSIS = ("AnalysisTemplate", "ClusterAnalysisTemplate")
PROMETHEUS = "spec.metrics[].provider.prometheus.address"
ARGUMENT = re.compile(r"{{\s*args\.([\w-]+)\s*}}")
# Where a KEDA trigger says what it asks: https://keda.sh/docs/scalers.
ASKED = ("bootstrapServers", "serverAddress", "address", "host", "metricsServerAddress")


def route_parents_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, referred(objects, ROUTES, "spec.parentRefs[]", "Gateway"))


def route_sections_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    listeners = {
        key(of): [str(each.get("name")) for each in mappings(of, "spec.listeners")]
        for of in of_kind(objects, "Gateway")
    }
    for route in of_kind(objects, *ROUTES):
        for where, parent in find(route, "spec.parentRefs[]"):
            space = str(at(parent, "namespace") or namespace(route))
            held, wanted = listeners.get(to_key(space, "Gateway", str(at(parent, "name")))), at(parent, "sectionName")
            if held is not None and wanted and wanted not in held:
                yield f"{where}.sectionName: {state(wanted)}, no listener of the Gateway; name one of {', '.join(held)}"


def gateway_classes_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    uses = named(objects, "Gateway", "GatewayClass", "spec.gatewayClassName")
    return missing(objects, (Use(where, "", of, used) for where, _, of, used in uses))


def route_backends_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, chain(*(referred(objects, ROUTES, path, "Service") for path in BACKENDS)))


def route_ports_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    services = {
        key(service): [port.get("port") for port in mappings(service, "spec.ports")]
        for service in of_kind(objects, "Service")
    }
    for route in of_kind(objects, *ROUTES):
        for where, backend in chain(*(find(route, path) for path in BACKENDS)):
            space, wanted = str(at(backend, "namespace") or namespace(route)), at(backend, "port")
            held = services.get(to_key(space, "Service", str(at(backend, "name"))))
            if at(backend, "kind") in (None, "Service") and held is not None and wanted not in held:
                ports = ", ".join(map(str, held))
                yield f"{where}.port: {state(wanted)}, no port of the Service; write one of {ports}"


def route_backends_are_granted(objects: Sequence[Manifest]) -> Iterator[str]:
    """A route may send to another namespace only where a ReferenceGrant there lets it."""
    grants = list(of_kind(objects, "ReferenceGrant"))
    for route in of_kind(objects, *ROUTES):
        for where, backend in chain(*(find(route, path) for path in BACKENDS)):
            space = str(at(backend, "namespace") or namespace(route))
            granted = any(
                namespace(grant) == space
                and any((each.get("kind"), each.get("namespace")) == (kind(route), namespace(route)) for each in froms)
                and any(to.get("kind") == "Service" and to.get("name") in (None, at(backend, "name")) for to in tos)
                for grant, froms, tos in ((of, mappings(of, "spec.from"), mappings(of, "spec.to")) for of in grants)
            )
            if space != namespace(route) and not granted:
                yield f"{where}.namespace: {state(space)}, and no ReferenceGrant there admits the route; add one"


def scraped_ports_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    """Each scrape configuration of Prometheus in a ConfigMap finds a target with the ports that it keeps."""
    index, hosts = Pods(objects), Hosts(objects)
    for where, space, scrape in _scrapes(objects):
        for discovery in mappings(scrape, "kubernetes_sd_configs"):
            spaces = [space] if at(discovery, "namespaces.own_namespace") else []
            spaces += map(str, items(discovery, "namespaces.names"))
            for selector in mappings(discovery, "selectors"):
                found = _ports_selected(index, hosts, selector, spaces)
                if found is None or not spaces or not hosts.spaces.issuperset(spaces):
                    continue
                if not found:
                    selected, place = f'"{selector.get("label")}"', f"{where}.kubernetes_sd_configs"
                    yield f"{place}: {selected} selects nothing in {', '.join(spaces)}; correct it, or remove the job"
                for port in _kept(scrape, str(selector.get("role"))) if found else ():
                    if not any(fits(port, each) for each in chain(*found)):
                        there = ", ".join(sorted(set(chain(*found)))) or "none"
                        yield f'{where}.relabel_configs: keeps port "{port}", and there is {there}; name a port there'


def _scrapes(objects: Sequence[Manifest]) -> Iterator[tuple[str, str, Manifest]]:
    """Each scrape configuration with where it is, and the namespace that it is in."""
    for where, config, document in _configurations(objects, "scrape_configs:"):
        for scrape in mappings(document, "scrape_configs"):
            yield f"{where}.scrape_configs[{scrape.get('job_name')}]", namespace(config), scrape


def _configurations(objects: Sequence[Manifest], word: str) -> Iterator[tuple[str, Manifest, Any]]:
    """The YAML in ConfigMaps that has a word in it, and is YAML: what is not is its reader's to complain of."""
    for config in of_kind(objects, "ConfigMap"):
        for file, text in mapping(config, "data").items():
            if isinstance(text, str) and word in text:
                try:
                    yield from ((f"{title(config)} data[{file}]", config, read) for read in documents(text))
                except Unreadable:
                    continue


def _ports_selected(index: Pods, hosts: "Hosts", selector: Manifest, spaces: Sequence[str]) -> list[list[str]] | None:
    """The names of the ports of each target that is selected; None where it cannot be told."""
    pairs = [part.partition("=") for part in str(selector.get("label") or "").split(",")]
    if not all(label and equal and not set(label) & set("! ") for label, equal, _ in pairs):
        return None
    labels = {"matchLabels": {label: value.removeprefix("=") for label, _, value in pairs}}
    match selector.get("role"):
        case "pod":
            pods = chain.from_iterable(index.matching(space, labels) for space in spaces)
            return [[str(port.get("name")) for port in _container_ports(pod)] for pod in pods]
        case "service" | "endpoints" | "endpointslice":
            services = (each for (space, _, _), each in hosts.services.items() if space in spaces)
            found = (each for each in services if matches(labels, mapping(each, "metadata.labels")))
            return [[str(port.get("name")) for port in mappings(each, "spec.ports")] for each in found]
    return None


def _container_ports(pod: Pod) -> Iterator[Manifest]:
    return chain.from_iterable(mappings(container.spec, "ports") for container in containers_of(pod))


def _kept(scrape: Manifest, role: str) -> list[str]:
    """The patterns of the port names that relabelling keeps."""
    labels = [[POD_PORT]] if role == "pod" else [[label] for label in SERVICE_PORTS]
    steps = [step for step in mappings(scrape, "relabel_configs") if step.get("action") == "keep"]
    return [str(step.get("regex")) for step in steps if items(step, "source_labels") in labels]


def static_targets_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    """What Prometheus is told by address: scrape targets and Alertmanagers."""
    hosts = Hosts(objects)
    for where, config, document in _configurations(objects, "static_configs:"):
        for path in TOLD:
            for place, target in walk(document, path):
                yield from hosts.unreachable(f"{where}.{place}", namespace(config), str(target))


def asked_addresses_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    """The Services that KEDA's triggers and the metrics of analyses ask."""
    hosts = Hosts(objects)
    for analysis in of_kind(objects, *ANALYSIS):
        for where, address in find(analysis, PROMETHEUS):
            yield from hosts.unreachable(where, namespace(analysis), str(address))
    for scaled in of_kind(objects, "ScaledObject", "ScaledJob"):
        for (where, trigger), field in product(find(scaled, "spec.triggers[].metadata"), ASKED):
            for address in str(at(trigger, field) or "").split(","):
                yield from hosts.unreachable(f"{where}.{field}", namespace(scaled), address.strip())


def analysis_arguments_are_given(objects: Sequence[Manifest]) -> Iterator[str]:
    """What a template takes from outside comes from the Rollout, and it uses nothing that it does not take."""
    templates = {key(template): template for template in of_kind(objects, *ANALYSIS)}
    for template in templates.values():
        listed = {str(each.get("name")) for each in mappings(template, "spec.args")}
        for used in sorted(set(ARGUMENT.findall(json.dumps(at(template, "spec"), default=str))) - listed):
            yield f'{title(template)} spec.args: does not list "{used}", which its metrics use; list it'
    for rollout in of_kind(objects, "Rollout"):
        for where, analysis in chain(*(find(rollout, path.removesuffix(".templates[]")) for path in ANALYSES)):
            given = {str(each.get("name")) for each in mappings(analysis, "args")}
            for use in mappings(analysis, "templates"):
                of = ANALYSIS[bool(use.get("clusterScope"))]
                wanting = templates.get(to_key(namespace(rollout), of, str(use.get("templateName"))), {})
                for each in mappings(wanting, "spec.args"):
                    if not each.keys() & {"value", "valueFrom"} and str(each.get("name")) not in given:
                        yield f'{where}.args: lacks "{each.get("name")}", which {title(wanting)} takes; give it'


class Hosts:
    """What the names of the cluster's DNS mean, as far as the objects tell.

    Of namespaces that no object is in, and of names outside the cluster, nothing is known.
    """

    def __init__(self, objects: Sequence[Manifest]) -> None:
        self.spaces = {namespace(manifest) for manifest in objects}
        self.services = {key(service): service for service in of_kind(objects, "Service")}
        self._outside = outside(objects)

    def meant(self, host: str, space: str) -> Key | None:
        """The Service that a host name in a namespace means, be it there or not; None where nothing is known."""
        for start, certain in ((host.partition(".")[2], False), (host, True)):  # the first without the name of a pod
            found = IN_CLUSTER.fullmatch(start)
            if found and found["service"] != "localhost" and (found["namespace"] or space) in self.spaces:
                meant = to_key(found["namespace"] or space, "Service", found["service"])
                if certain or meant in self.services:
                    return meant
        return None

    def unreachable(self, where: str, space: str, address: str) -> Iterator[str]:
        """A complaint where an address means a Service that is not there, or a port that it has not."""
        found = ADDRESS.fullmatch(address)
        meant = self.meant(found[1], space) if found else None
        if not found or not meant:
            return
        if meant not in self.services:
            if f"service.{meant[2]}" not in self._outside:
                yield f'{where}: {state(address)}, and {meant[0]} has no Service "{meant[2]}"; name one that is there'
            return
        ports = [port.get("port") for port in mappings(self.services[meant], "spec.ports")]
        if int(found[2]) not in ports:
            there = ", ".join(map(str, ports))
            yield f"{where}: {state(address)}, and Service/{meant[2]} has {there}; write one of its ports"


RULES: tuple[Rule, ...] = (
    route_parents_exist,
    route_sections_exist,
    gateway_classes_exist,
    route_backends_exist,
    route_ports_exist,
    route_backends_are_granted,
    scraped_ports_exist,
    static_targets_exist,
    asked_addresses_exist,
    analysis_arguments_are_given,
)
