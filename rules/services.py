"""Services lead somewhere."""

from collections.abc import Iterator, Sequence
from typing import Any

from rules.matching import rollout_services, services_with_pods
from rules.reading import (
    Manifest,
    Pod,
    at,
    containers_of,
    find,
    key,
    mapping,
    mappings,
    name,
    namespace,
    of_kind,
    pods,
    state,
    title,
)

SERVICE_OF_SLICE = "kubernetes.io/service-name"


def target_ports_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    for service, selected in services_with_pods(objects):
        for where, port in find(service, "spec.ports[]"):
            target = at(port, "targetPort") or at(port, "port")
            for pod in selected:
                if (target, at(port, "protocol") or "TCP") not in _ports(pod):
                    yield f"{where}.targetPort: {state(target)}, no port of {title(pod.owner)}; name one of its ports"


def _ports(pod: Pod) -> list[tuple[Any, Any]]:
    """Names and numbers of the container ports, each with its protocol."""
    return [
        (port.get(field), port.get("protocol") or "TCP")
        for container in containers_of(pod)
        for port in mappings(container.spec, "ports")
        for field in ("name", "containerPort")
    ]


def services_without_selector_have_endpoints(objects: Sequence[Manifest]) -> Iterator[str]:
    given = {(namespace(manifest), name(manifest)) for manifest in of_kind(objects, "Endpoints")}
    for piece in of_kind(objects, "EndpointSlice"):
        given.add((namespace(piece), str(mapping(piece, "metadata.labels").get(SERVICE_OF_SLICE))))
    managed = rollout_services(objects)
    for service in of_kind(objects, "Service"):
        leads = at(service, "spec.selector") or at(service, "spec.type") == "ExternalName" or key(service) in managed
        if not leads and (namespace(service), name(service)) not in given:
            yield f"{title(service)} spec.selector: is not set and nothing gives the Service endpoints; set it"


def pods_get_no_service_variables(objects: Sequence[Manifest]) -> Iterator[str]:
    """A Service named `kafka` would set `KAFKA_PORT` in every pod, which some images read as their own setting."""
    for pod in pods(objects):
        if (value := pod.spec.get("enableServiceLinks")) is not False:
            yield f"{pod.prefix}spec.enableServiceLinks: {state(value)}; set it to false"
