"""The component gateway-api: the same hosts on the same terms, as far as the standard has words for them."""

from dataclasses import replace
from typing import Any

import pytest

from charts.model import EdgeController, Host, Platform, Port
from tests.components.conftest import Objects, Overlay, domain
from tests.platforms import platform, refusals, serving, tells, workload

PORTS = (Port("http", 8080), Port("till", 9090))


def shop() -> Platform:
    return platform(
        serving("web", host=Host(name="www", requests_per_minute=60)),
        serving("desk", ports=PORTS, host=Host(name="till", port="till")),
        workload("quiet"),
    )


def routes(objects: Objects) -> dict[str, Any]:
    """{host: the route's spec}."""
    found = [one["spec"] for one in objects.values() if one["kind"] == "HTTPRoute"]
    return {host: spec for spec in found for host in spec.get("hostnames", [])}


def redirect(objects: Objects) -> Any:
    [found] = [one["spec"] for one in objects.values() if one["kind"] == "HTTPRoute" and "hostnames" not in one["spec"]]
    return found


def listeners(objects: Objects) -> dict[str, Any]:
    return {each["name"]: each for each in objects["Gateway/shop-door"]["spec"]["listeners"]}


def test_no_ingress_is_left(overlay: Overlay) -> None:
    place = shop()
    assert [name for name in overlay(place) if name.startswith("Ingress/")] != []
    assert [name for name in overlay(place, "gateway-api") if name.startswith("Ingress/")] == []


def test_every_host_leads_to_its_workload_s_port_through_a_listener_of_its_own(overlay: Overlay) -> None:
    objects = overlay(shop(), "gateway-api")
    found, heard = routes(objects), listeners(objects)
    backends = {host: [r["backendRefs"] for r in spec["rules"]] for host, spec in found.items()}
    assert backends == {
        "www.shop.example": [[{"name": "web", "port": 8080}]],
        "till.shop.example": [[{"name": "desk", "port": 9090}]],
    }
    for host, spec in found.items():
        [parent] = spec["parentRefs"]
        listener = heard[parent["sectionName"]]
        assert (parent["name"], listener["hostname"], listener["protocol"], listener["port"]) == (
            "shop-door", host, "HTTPS", 443,
        )  # fmt: skip


def test_the_edge_s_certificate_serves_every_host_and_is_asked_of_its_issuer(overlay: Overlay) -> None:
    gateway = overlay(shop(), "gateway-api")["Gateway/shop-door"]
    secure = [one for one in gateway["spec"]["listeners"] if one["protocol"] == "HTTPS"]
    assert len(secure) == 2
    assert [one["tls"] for one in secure] == 2 * [{"mode": "Terminate", "certificateRefs": [{"name": "shop-tls"}]}]
    assert gateway["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "shop-issuer"


def test_the_gateway_is_of_the_edge_s_class_which_the_namespace_declares(overlay: Overlay) -> None:
    place = shop()
    objects = overlay(place, "gateway-api")
    assert objects["Gateway/shop-door"]["spec"]["gatewayClassName"] == place.edge.gateway.class_name
    declared = objects["Namespace/shop"]["metadata"]["annotations"]
    assert f"provided-outside/gatewayclass.{place.edge.gateway.class_name}" in declared


def test_http_is_redirected_for_good_and_serves_nothing(overlay: Overlay) -> None:
    objects = overlay(shop(), "gateway-api")
    spec = redirect(objects)
    [parent] = spec["parentRefs"]
    assert listeners(objects)[parent["sectionName"]] == {"name": "http", "port": 80, "protocol": "HTTP"}
    [rule] = spec["rules"]
    assert "backendRefs" not in rule
    assert [each["requestRedirect"] for each in rule["filters"]] == [{"scheme": "https", "statusCode": 301}]


def test_every_response_bears_the_edge_s_headers_and_insists_on_https(overlay: Overlay) -> None:
    for spec in routes(overlay(shop(), "gateway-api")).values():
        [[filtered]] = [rule["filters"] for rule in spec["rules"]]
        headers = {each["name"]: each["value"] for each in filtered["responseHeaderModifier"]["set"]}
        assert headers["X-Shop"] == "open"
        assert headers["Strict-Transport-Security"].startswith("max-age=15724800")


def test_a_response_may_take_as_long_as_it_likes(overlay: Overlay) -> None:
    specs = routes(overlay(shop(), "gateway-api")).values()
    assert [rule["timeouts"] for spec in specs for rule in spec["rules"]] == 2 * [{"request": "0s"}]


def test_the_gateway_s_namespace_is_admitted_to_the_ports_of_hosts_and_to_no_other(overlay: Overlay) -> None:
    place = shop()
    before, objects = overlay(place), overlay(place, "gateway-api")
    added = {
        name: one["spec"] for name, one in objects.items() if one["kind"] == "NetworkPolicy" and name not in before
    }
    reached = {}
    for spec in added.values():
        [rule] = spec["ingress"]
        assert rule["from"] == [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.edge.gateway.namespace}}}
        ]
        reached[tuple(spec["podSelector"]["matchLabels"].values())] = [port["port"] for port in rule["ports"]]
    assert reached == {("web",): [8080], ("desk",): [9090], ("true",): [8089]}  # the last: cert-manager's solvers


@pytest.mark.parametrize("first", ["small", "gateway-api"])
def test_hosts_follow_the_environment_s_domain(first: str, overlay: Overlay) -> None:
    other = "small" if first == "gateway-api" else "gateway-api"
    moved = {"transformers": ["../../dist/transformers/routes"], **domain("mall.example.org")}
    objects = overlay(shop(), first, other, **moved)
    hosts = {"www.mall.example.org", "till.mall.example.org"}
    assert routes(objects).keys() == hosts
    assert {one.get("hostname") for one in listeners(objects).values()} == hosts | {None}
    assert [name for name in objects if name.startswith("Ingress/")] == []


def test_the_transformer_of_the_base_hosts_serves_overlays_without_the_component(overlay: Overlay) -> None:
    moved = {"transformers": ["../../dist/transformers/hosts"], **domain("mall.example.org")}
    objects = overlay(shop(), **moved)
    ingresses = [one["spec"] for name, one in objects.items() if name.startswith("Ingress/")]
    assert {rule["host"] for spec in ingresses for rule in spec["rules"]} == {
        "www.mall.example.org", "till.mall.example.org",
    }  # fmt: skip


def test_a_platform_without_hosts_has_no_gateway(overlay: Overlay) -> None:
    place = platform(serving())
    assert overlay(place, "gateway-api") == overlay(place)


@pytest.mark.parametrize("field", ["gateway", "f5"])
@pytest.mark.parametrize("part", ["class_name", "namespace"])
def test_a_controller_of_no_name_is_refused(field: str, part: str) -> None:
    named: dict[str, str] = {"class_name": "doors", "namespace": "doorkeeper", part: "No Name"}
    changed: dict[str, Any] = {field: EdgeController(**named)}
    edge = replace(platform(workload()).edge, **changed)
    [line] = refusals(workload(), edge=edge)
    assert tells(line, f"edge.{field}.{part}", '"No Name"')


def test_insisting_on_https_for_no_time_is_refused() -> None:
    [line] = refusals(workload(), edge=replace(platform(workload()).edge, hsts=0))
    assert tells(line, "edge.hsts", "1", "0")


def test_more_headers_than_a_route_takes_are_refused() -> None:
    headers = {f"X-{number}": "x" for number in range(16)}
    [line] = refusals(workload(), edge=replace(platform(workload()).edge, headers=headers))
    assert tells(line, "edge.headers", "15", "16")
