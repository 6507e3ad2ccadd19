"""Which hosts are reached from the internet, and on what terms."""

from typing import Any

from charts.model import Host, Platform, Port
from tests.platforms import Objects, Synth, platform, serving, workload

NGINX = "nginx.ingress.kubernetes.io/"


def shop() -> Platform:
    return platform(
        serving("web", host=Host(name="www", requests_per_minute=60)),
        serving("till", host=Host(name="till", requests_per_minute=5)),
        serving("menu", host=Host(name="menu", requests_per_minute=60)),
        serving("blog", host=Host(name="blog")),
        workload("quiet"),
    )


def ingresses(objects: Objects) -> list[Any]:
    return [manifest for manifest in objects.values() if manifest["kind"] == "Ingress"]


def hosts(ingress: Any) -> list[str]:
    return [rule["host"] for rule in ingress["spec"]["rules"]]


def test_hosts_of_one_rate_share_an_ingress_that_bears_it(synth: Synth) -> None:
    rates = {
        tuple(sorted(hosts(one))): one["metadata"]["annotations"].get(f"{NGINX}limit-rpm")
        for one in ingresses(synth(shop()))
    }
    assert rates == {
        ("menu.shop.example", "www.shop.example"): "60",
        ("till.shop.example",): "5",
        ("blog.shop.example",): None,
    }


def test_a_rate_is_no_fivefold_burst(synth: Synth) -> None:
    for one in ingresses(synth(shop())):
        annotations = one["metadata"]["annotations"]
        assert annotations.get(f"{NGINX}limit-burst-multiplier") == (
            "1" if f"{NGINX}limit-rpm" in annotations else None
        )


def test_one_ingress_asks_for_the_one_certificate_of_all_hosts(synth: Synth) -> None:
    found = ingresses(synth(shop()))
    asking = [one for one in found if "cert-manager.io/cluster-issuer" in one["metadata"]["annotations"]]
    [first] = asking
    assert first["metadata"]["name"] == "shop-door"
    assert first["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "shop-issuer"
    [tls] = first["spec"]["tls"]
    assert sorted(tls["hosts"]) == sorted(host for one in found for host in hosts(one))
    assert {tls["secretName"] for one in found for tls in one["spec"]["tls"]} == {"shop-tls"}


def test_every_host_is_served_under_tls_by_its_own_ingress(synth: Synth) -> None:
    for one in ingresses(synth(shop())):
        [tls] = one["spec"]["tls"]
        assert set(hosts(one)) <= set(tls["hosts"])


def test_every_ingress_redirects_and_bounds_bodies_connections_and_silence(synth: Synth) -> None:
    for one in ingresses(synth(shop())):
        annotations = one["metadata"]["annotations"]
        told = {name.removeprefix(NGINX): value for name, value in annotations.items()}
        assert told["ssl-redirect"] == told["force-ssl-redirect"] == "true"
        assert (told["proxy-body-size"], told["limit-connections"], told["proxy-read-timeout"]) == ("3m", "7", "70")
        assert one["spec"]["ingressClassName"] == "doors"


def test_a_host_leads_to_the_port_that_it_names_or_the_first(synth: Synth) -> None:
    ports = (Port("http", 80), Port("admin", 81))
    objects = synth(
        platform(
            serving("a", ports=ports, host=Host(name="a")), serving("b", ports=ports, host=Host(name="b", port="admin"))
        )
    )
    paths = [rule["http"]["paths"] for rule in objects["Ingress/shop-door"]["spec"]["rules"]]
    assert [(path["path"], path["pathType"], path["backend"]["service"]) for [path] in paths] == [
        ("/", "Prefix", {"name": "a", "port": {"name": "http"}}),
        ("/", "Prefix", {"name": "b", "port": {"name": "admin"}}),
    ]


def test_one_rate_is_one_ingress_of_the_edges_name(synth: Synth) -> None:
    found = ingresses(synth(platform(serving(host=Host(name="www")))))
    assert [one["metadata"]["name"] for one in found] == ["shop-door"]


def test_without_hosts_there_is_no_way_in(synth: Synth) -> None:
    assert ingresses(synth(platform(serving()))) == []
