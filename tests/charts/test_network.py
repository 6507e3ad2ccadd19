"""Who may talk to whom."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from charts.model import Health, Host, Metrics, Once, Outside, Platform, Port, Replicas, Stateful, Tcp
from tests.platforms import Objects, Synth, platform, serving, template, workload

NAMES = ("a", "b", "c")
PORTS = (Port("http", 80), Port("admin", 81), Port("names", 53, "UDP"))
Call = tuple[str, str]


def selects(selector: Any, labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def admits(rules: Iterable[Any], end: str, labels: dict[str, str], port: Port) -> bool:
    """Whether a policy's rules admit pods of its own namespace with these labels at the other end."""
    return any(
        {"port": port.number, "protocol": port.protocol} in rule["ports"]
        and any(set(peer) == {"podSelector"} and selects(peer["podSelector"], labels) for peer in rule[end])
        for rule in rules
    )


def talks(objects: Objects, shop: Platform) -> set[tuple[str, Call]]:
    """Who may open which port, by what the policies of both ends say of the pods' labels."""
    labels = {one.name: template(objects[f"Deployment/{one.name}"])["metadata"]["labels"] for one in shop.workloads}
    policies = {name: objects[f"NetworkPolicy/{name}"]["spec"] for name in labels}
    for name, policy in policies.items():
        assert [other for other in labels if selects(policy["podSelector"], labels[other])] == [name]
        assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    return {
        (caller, (called.name, port.name))
        for caller in labels
        for called in shop.workloads
        for port in called.ports
        if admits(policies[caller].get("egress", ()), "to", labels[called.name], port)
        and admits(policies[called.name].get("ingress", ()), "from", labels[caller], port)
    }


@settings(max_examples=20, deadline=None)
@given(
    calls=st.dictionaries(
        st.sampled_from(NAMES), st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from([p.name for p in PORTS])))
    ),
    scraper=st.sampled_from([None, *NAMES]),
)
def test_policies_admit_exactly_the_calls_and_the_scrapes(
    synth: Synth, calls: dict[str, set[Call]], scraper: str | None
) -> None:
    shop = platform(
        *(
            serving(
                name,
                ports=PORTS,
                calls=tuple(f"{called}:{port}" for called, port in sorted(calls.get(name, ()))),
                metrics=Metrics(port="admin") if name != "c" else None,
            )
            for name in NAMES
        ),
        scraper=scraper,
    )
    expected = {(caller, call) for caller, called in calls.items() for call in called}
    expected |= {(scraper, (name, "admin")) for name in ("a", "b")} if scraper else set()
    assert talks(synth(shop), shop) == expected


def test_an_end_of_a_call_names_no_port_that_is_not_called(synth: Synth) -> None:
    objects = synth(platform(workload("a", calls=("b:admin",)), serving("b", ports=PORTS)))
    [into], [out] = (
        objects["NetworkPolicy/b"]["spec"]["ingress"],
        objects["NetworkPolicy/a"]["spec"]["egress"],
    )
    assert into["ports"] == out["ports"] == [{"port": 81, "protocol": "TCP"}]


def test_only_the_port_of_the_host_is_open_to_the_ingress_controller(synth: Synth) -> None:
    one = serving(ports=PORTS, host=Host(name="shop", port="admin"))
    [rule] = synth(platform(one))["NetworkPolicy/web"]["spec"]["ingress"]
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "doorkeeper"}}}
    assert rule == {"from": [controller], "ports": [{"port": 81, "protocol": "TCP"}]}


def test_who_is_neither_called_nor_calls_is_shut_off(synth: Synth) -> None:
    spec = synth(platform(serving(health=Health(alive=Tcp("http")))))["NetworkPolicy/web"]["spec"]
    assert not {"ingress", "egress"} & set(spec)


def reaches(rule: Any, address: str) -> bool:
    """Whether a rule of addresses holds one."""
    return any(
        ip_address(address) in ip_network(peer["ipBlock"]["cidr"])
        and not any(ip_address(address) in ip_network(block) for block in peer["ipBlock"].get("except", ()))
        for peer in rule["to"]
    )


def test_calls_outside_reach_the_internet_or_the_clusters_network_at_their_port_alone(synth: Synth) -> None:
    calls = (Outside(port=443, why="asks the bank"), Outside(port=6443, why="asks the cluster", private=True))
    beyond, within = synth(platform(workload(calls=calls)))["NetworkPolicy/web"]["spec"]["egress"]
    assert (beyond["ports"], within["ports"]) == (
        [{"port": 443, "protocol": "TCP"}],
        [{"port": 6443, "protocol": "TCP"}],
    )
    addresses = {"8.8.8.8": (True, False), "169.254.169.254": (False, False)}
    addresses |= dict.fromkeys(("10.1.2.3", "172.20.0.1", "192.168.9.9"), (False, True))
    assert {a: (reaches(beyond, a), reaches(within, a)) for a in addresses} == addresses


def test_two_reasons_to_reach_a_port_are_one_rule(synth: Synth) -> None:
    calls = (Outside(port=443, why="asks the bank"), Outside(port=443, why="asks the post"))
    assert len(synth(platform(workload(calls=calls)))["NetworkPolicy/web"]["spec"]["egress"]) == 1


def test_the_namespace_is_silent_but_for_names(synth: Synth) -> None:
    objects = synth(platform(workload()))
    assert objects["NetworkPolicy/default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    names = objects["NetworkPolicy/allow-dns"]["spec"]
    [rule] = names.pop("egress")
    assert names == {"podSelector": {}, "policyTypes": ["Egress"]}
    assert sorted((port["port"], port["protocol"]) for port in rule["ports"]) == [(53, "TCP"), (53, "UDP")]
    assert rule["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ]


def test_a_service_leads_to_the_named_ports_of_its_pods(synth: Synth) -> None:
    objects = synth(platform(serving(ports=PORTS)))
    spec = objects["Service/web"]["spec"]
    assert spec["ports"] == [
        {"name": port.name, "port": port.number, "targetPort": port.name, "protocol": port.protocol} for port in PORTS
    ]
    assert spec["selector"].items() <= template(objects["Deployment/web"])["metadata"]["labels"].items()
    assert "clusterIP" not in spec


def test_pods_have_names_though_they_serve_nothing(synth: Synth) -> None:
    spec = synth(platform(workload("db", run=Stateful())))["Service/db"]["spec"]
    assert (spec["clusterIP"], "ports" in spec) == ("None", False)


def test_who_is_at_the_nodes_is_named_by_address(synth: Synth) -> None:
    outside = {"component": "probes", "namespace": "attic"}
    at_node = serving("probe", exceptions={"host-network": "listens"}, calls=("web:http",), **outside)
    objects = synth(platform(at_node, serving("web", calls=("probe:http",), **outside)))
    assert "NetworkPolicy/probe" not in objects
    spec = objects["NetworkPolicy/web"]["spec"]
    for [rule], end in ((spec["egress"], "to"), (spec["ingress"], "from")):
        assert [set(peer) for peer in rule[end]] == [{"ipBlock"}] * 3
        assert not reaches({"to": rule[end]}, "8.8.8.8")
        assert reaches({"to": rule[end]}, "10.1.2.3")


def test_who_is_in_another_namespace_is_named_with_it(synth: Synth) -> None:
    scraped = serving("probe", component="probes", namespace="attic", metrics=Metrics(port="http"))
    objects = synth(platform(workload("watcher"), scraped, scraper="watcher"))
    [[peer]] = [rule["from"] for rule in objects["NetworkPolicy/probe"]["spec"]["ingress"]]
    assert peer == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "watcher"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
    }


def test_a_stateful_workload_has_a_headless_service_that_names_its_pods(synth: Synth) -> None:
    objects = synth(platform(serving("db", run=Stateful())))
    assert objects["Service/db"]["spec"]["clusterIP"] == "None"
    assert objects["StatefulSet/db"]["spec"]["serviceName"] == "db"


def test_members_that_wait_for_each_other_are_named_before_they_are_ready(synth: Synth) -> None:
    objects = synth(platform(serving("a", run=Stateful(), unready_addresses=True), serving("b", run=Stateful())))
    told = [objects[f"Service/{name}"]["spec"].get("publishNotReadyAddresses") for name in ("a", "b")]
    assert told == [True, None]


def test_what_serves_nothing_or_ends_has_no_service(synth: Synth) -> None:
    objects = synth(platform(workload("quiet", run=Replicas()), serving("job", run=Once())))
    assert [name for name in objects if name.startswith("Service/")] == []
