"""The component f5-nginx: the base's Ingresses, spoken to F5's controller."""

from dataclasses import replace
from typing import Any

from charts.model import EdgeController, Host, Platform
from tests.components.conftest import Objects, Overlay
from tests.platforms import platform, serving

F5 = "nginx.org/"


def shop(class_name: str = "f5-doors") -> Platform:
    plain = platform(
        serving("web", host=Host(name="www", requests_per_minute=60)), serving("blog", host=Host(name="blog"))
    )
    controller = EdgeController(class_name=class_name, namespace="f5-keeper")
    return replace(plain, edge=replace(plain.edge, f5=controller))


def ingresses(objects: Objects) -> dict[str, Any]:
    return {name: one for name, one in objects.items() if one["kind"] == "Ingress"}


def words(ingress: Any) -> dict[str, str]:
    annotations = ingress["metadata"]["annotations"]
    return {key.removeprefix(F5): value for key, value in annotations.items() if key.startswith(F5)}


def by_host(objects: Objects) -> dict[str, dict[str, str]]:
    found = ingresses(objects).values()
    return {rule["host"].partition(".")[0]: words(one) for one in found for rule in one["spec"]["rules"]}


def test_the_same_hosts_keep_their_rules_and_certificate(overlay: Overlay) -> None:
    place = shop()
    before, after = ingresses(overlay(place)), ingresses(overlay(place, "f5-nginx"))
    assert before.keys() == after.keys() != set()
    for name, one in after.items():
        assert one["spec"] == before[name]["spec"] | {"ingressClassName": "f5-doors"}


def test_no_word_for_ingress_nginx_is_left_and_the_issuer_is(overlay: Overlay) -> None:
    found = ingresses(overlay(shop(), "f5-nginx")).values()
    keys = {key.partition("/")[0] for one in found for key in one["metadata"]["annotations"]}
    assert keys == {"nginx.org", "cert-manager.io"}


def test_a_client_may_send_the_host_s_rate_of_requests_at_once_and_a_minute(overlay: Overlay) -> None:
    told = by_host(overlay(shop(), "f5-nginx"))
    assert {key: value for key, value in told["www"].items() if key.startswith("limit-req")} == {
        "limit-req-rate": "60r/m", "limit-req-burst": "60", "limit-req-no-delay": "true",
    }  # fmt: skip
    assert [key for key in told["blog"] if key.startswith("limit-req")] == []


def test_every_ingress_redirects_insists_on_https_and_bounds_bodies_and_silence(overlay: Overlay) -> None:
    for told in by_host(overlay(shop(), "f5-nginx")).values():
        assert told["ssl-redirect"] == told["redirect-to-https"] == told["hsts"] == "true"
        assert (told["client-max-body-size"], told["proxy-read-timeout"]) == ("3m", "70s")
        assert told["hsts-max-age"] == "15724800"
        assert told["proxy-buffering"] == "false"


def test_no_ingress_has_a_snippet_for_which_the_controller_would_refuse_it(overlay: Overlay) -> None:
    assert [key for told in by_host(overlay(shop(), "f5-nginx")).values() for key in told if "snippet" in key] == []


def test_the_class_is_declared_unless_it_is_the_base_s(overlay: Overlay) -> None:
    for name in ("f5-doors", "doors"):
        annotations = overlay(shop(name), "f5-nginx")["Namespace/shop"]["metadata"]["annotations"]
        assert {key for key in annotations if "ingressclass." in key} == {
            "provided-outside/ingressclass.doors", f"provided-outside/ingressclass.{name}",
        }  # fmt: skip


def test_the_controller_s_namespace_is_admitted_to_every_host_s_port(overlay: Overlay) -> None:
    place = shop()
    before, objects = overlay(place), overlay(place, "f5-nginx")
    added = [one["spec"] for name, one in objects.items() if one["kind"] == "NetworkPolicy" and name not in before]
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "f5-keeper"}}}
    assert {next(iter(spec["podSelector"]["matchLabels"].values())): spec["ingress"] for spec in added} == {
        name: [{"from": [peer], "ports": [{"port": 8080, "protocol": "TCP"}]}] for name in ("web", "blog")
    }
