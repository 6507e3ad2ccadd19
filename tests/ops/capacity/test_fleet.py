"""How many nodes an environment needs, and one line for what they do not hold."""

from collections.abc import Sequence
from typing import Any

import pytest

from ops.capacity.fleet import TARGET, Fleet
from ops.capacity.nodes import NodeType
from ops.capacity.report import Report
from tests.ops.capacity.objects import (
    Object,
    apart,
    daemon,
    deployment,
    lines,
    machine,
    made,
    reckoned,
    resources,
    scaler,
    spread,
    stateful,
    template,
    the_line,
)


def fleet_of(*objects: Object, nodes: Sequence[NodeType]) -> Fleet:
    [fleet] = reckoned(*objects, nodes=nodes).fleets
    return fleet


def needed(*objects: Object, nodes: Sequence[NodeType]) -> tuple[int, int, int]:
    fleet = fleet_of(*objects, nodes=nodes)
    return fleet.nodes("minimum"), fleet.nodes("maximum"), fleet.nodes("rollout")


def test_each_situation_is_packed_by_itself() -> None:
    objects = [deployment(replicas=None, surge="50%"), scaler(fewest=2, most=8)]
    assert needed(*objects, nodes=[machine(cpu="4", memory="64")]) == (1, 2, 3)


def test_a_daemonset_takes_its_part_of_every_node() -> None:
    boxes = [machine(cpu="4", memory="64")]
    assert needed(deployment(replicas=8), nodes=boxes) == (2, 2, 2)
    assert needed(deployment(replicas=8), daemon(cpu="100m"), nodes=boxes) == (3, 3, 3)


def test_a_daemonset_that_surges_takes_twice_its_part_in_a_rollout() -> None:
    agent = made(
        "DaemonSet", "agent", {"template": template("agent"), "updateStrategy": {"rollingUpdate": {"maxSurge": "10%"}}}
    )
    assert needed(deployment(replicas=6), agent, nodes=[machine(cpu="4", memory="64")]) == (2, 2, 3)


def test_a_daemonset_that_a_node_type_keeps_off_takes_nothing_there() -> None:
    tainted = [machine(cpu="4", memory="64", taints=[{"key": "own", "effect": "NoSchedule"}])]
    tolerates: Object = {"tolerations": [{"key": "own", "operator": "Exists"}]}
    web = deployment(replicas=4, **tolerates)
    assert needed(web, daemon(), nodes=tainted) == (1, 1, 1)
    assert needed(web, daemon(**tolerates), nodes=tainted) == (2, 2, 2)


@pytest.mark.parametrize(
    ("pod", "nodes"),
    [
        ({}, 1),
        ({"affinity": apart("web")}, 4),
        ({"topologySpreadConstraints": [spread("web")]}, 1),
        ({"topologySpreadConstraints": [spread("web", minDomains=4)]}, 4),
        ({"topologySpreadConstraints": [spread("web", unsatisfiable="ScheduleAnyway", minDomains=4)]}, 1),
        ({"affinity": apart("another")}, 1),
    ],
)
def test_required_separation_is_honoured(pod: Object, nodes: int) -> None:
    assert needed(deployment(replicas=4, **pod), nodes=[machine()])[1] == nodes


def test_anti_affinity_holds_in_both_directions() -> None:
    objects = [deployment("tiny", cpu="100m", affinity=apart("web")), deployment("web", replicas=2, cpu="100m")]
    assert needed(*objects, nodes=[machine()]) == (2, 2, 2)


def test_wishes_are_ignored_and_it_is_said() -> None:
    found = reckoned(deployment(topologySpreadConstraints=[spread("web", unsatisfiable="ScheduleAnyway")]))
    assert any("ScheduleAnyway" in note and "ignored" in note for note in found.notes)


ZONE = "topology.kubernetes.io/zone"


def test_zones_are_honoured_where_node_types_name_them_and_it_is_said_where_not() -> None:
    web = deployment(replicas=4, topologySpreadConstraints=[spread("web", key=ZONE)])
    zones = [machine(name=zone, labels={ZONE: zone}) for zone in "ab"]
    assert [pool.maximum for pool in fleet_of(web, nodes=zones).pools] == [1, 1]
    unnamed = reckoned(web, nodes=[machine()])
    assert unnamed.fits
    assert any(ZONE in note for note in unnamed.notes)


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        ({"nodeSelector": {"disk": "fast"}}, "spec.nodeSelector"),
        (
            {
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]
                        }
                    }
                }
            },
            "spec.affinity.nodeAffinity",
        ),
    ],
)
def test_a_pod_goes_only_where_it_asks_to(pod: Object, field: str) -> None:
    line = the_line(reckoned(deployment(**pod), nodes=[machine(labels={"disk2": "fast"})]))
    assert line.startswith(f"Deployment/web spec.template.{field}")
    assert reckoned(deployment(**pod), nodes=[machine(), machine(name="fast", labels={"disk": "fast"})]).fits


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_a_taint_keeps_off_what_does_not_tolerate_it(toleration: Object, fits: bool) -> None:
    tainted = [machine(taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])]
    found = reckoned(deployment(tolerations=[toleration]), nodes=tainted)
    assert found.fits == fits
    assert fits or the_line(found).startswith("Deployment/web spec.template.spec.tolerations: ")


GPU = "nvidia.com/gpu"


def test_devices_are_a_dimension_of_their_own() -> None:
    model = deployment("model", replicas=3, containers=[{"name": "m", "resources": resources(**{GPU: "1"})}])
    gpus = machine(name="gpus", resources={GPU: 2})
    fleet = fleet_of(model, deployment(replicas=8), nodes=[machine(), gpus])
    assert {pool.node.name: pool.maximum for pool in fleet.pools} == {"box": 1, "gpus": 2}
    line = the_line(reckoned(model, nodes=[machine()]))
    assert line.startswith(f"Deployment/model spec.template.spec.containers[m].resources.requests.{GPU}: a pod needs ")
    assert f"{GPU} 1" in line


def test_a_pod_larger_than_any_node_is_named_with_what_it_needs_and_the_largest_node() -> None:
    big = stateful("big", cpu="9", memory="2Gi")
    line = the_line(reckoned(big, nodes=[machine(cpu="2", name="small"), machine(cpu="8", name="large")]))
    assert line.startswith("StatefulSet/big spec.template.spec.containers[main].resources.requests.cpu: ")
    assert "a pod needs cpu 9, memory 2Gi; the largest node, large, leaves cpu 8, memory 16Gi " in line
    assert "\u00d7" not in line


def test_without_node_types_a_pod_need_fit_one_of_the_default_ones_only() -> None:
    assert reckoned(deployment(cpu="10"), nodes=()).fits
    assert the_line(reckoned(deployment(cpu="100"), nodes=())).startswith("Deployment/web spec.template.")


def surging(surge: Any) -> Report:
    objects = [deployment(replicas=6, surge=surge), stateful()]
    return reckoned(*objects, nodes=[machine(cpu="5", memory="64", count=2)])


def test_a_surge_that_finds_no_room_names_the_strategy_and_how_many_nodes_it_takes() -> None:
    assert surging(3).fits
    line = the_line(surging(4))
    assert line.startswith(
        "Deployment/web spec.strategy.rollingUpdate.maxSurge: 1 of 11 pods find no room on 2 \u00d7 box "
    )
    assert "in a rollout at the maximum" in line
    assert line.endswith("add 1 \u00d7 box or lower it")


def test_a_blue_green_copy_that_finds_no_room_names_it() -> None:
    copied = made("Rollout", "web", {"replicas": 4, "strategy": {"blueGreen": {}}, "template": template()})
    line = the_line(reckoned(copied, nodes=[machine(cpu="6", memory="64", count=1)]))
    assert line.startswith("Rollout/web spec.strategy.blueGreen: 2 of 8 pods find no room on 1 \u00d7 box ")


def test_a_maximum_that_finds_no_room_names_the_autoscaler() -> None:
    objects = [deployment(replicas=None), scaler(fewest=1, most=9), stateful()]
    line = the_line(reckoned(*objects, nodes=[machine(memory="64", count=2)]))
    assert line.startswith(
        "HorizontalPodAutoscaler/web-hpa spec.maxReplicas: 2 of 10 pods find no room on 2 \u00d7 box at "
    )
    assert "add 1 \u00d7 box" in line


def test_what_can_be_added_does_hold_it() -> None:
    objects = [deployment(replicas=23, cpu="1500m"), stateful(replicas=5, cpu="900m", affinity=apart("store"))]
    line = the_line(reckoned(*objects, nodes=[machine(count=3)]))
    added = int(line.rpartition("add ")[2].split()[0])

    def holds(count: int) -> bool:
        found = lines(reckoned(*objects, nodes=[machine(count=count)]))
        return not any("find no room" in each for each in found)

    assert holds(3 + added)
    assert not holds(3 + added - 1)


@pytest.mark.parametrize("replicas", [1, 3, 4, 7, 16, 31])
@pytest.mark.parametrize("agent", [[], [daemon(cpu="250m")]], ids=["", "with a DaemonSet"])
def test_nodes_are_provided_until_less_than_the_specified_share_is_used(replicas: int, agent: list[Object]) -> None:
    [pool] = fleet_of(deployment(replicas=replicas), *agent, nodes=[machine()]).pools
    own = 0.25 if agent else 0.0

    def share(count: int) -> float:
        return (replicas + own * count) / (4 * count)

    assert share(pool.provide) < 0.8
    assert pool.provide == pool.maximum or share(pool.provide - 1) >= 0.8


def test_nodes_that_are_given_and_used_beyond_the_specified_share_are_one_line() -> None:
    line = the_line(reckoned(deployment(replicas=7), nodes=[machine(memory="64", count=2)]))
    assert line.startswith("nodes 2 \u00d7 box: 88% of cpu is requested at the maximum, ")
    assert f"less than {TARGET} %" in line
    assert line.endswith("add 1 \u00d7 box")
    assert reckoned(deployment(replicas=7), nodes=[machine(memory="64", count=3)]).fits


def test_the_specified_share_itself_is_too_much() -> None:
    five = machine(cpu="5", memory="64", count=1)
    assert "80% of cpu is requested" in the_line(reckoned(deployment(replicas=4), nodes=[five]))


def test_daemonsets_that_take_the_specified_share_alone_are_one_line() -> None:
    found = reckoned(deployment(cpu="100m"), daemon(cpu="3500m"), nodes=[machine()])
    assert "choose larger nodes" in the_line(found)


def test_unused_is_what_the_nodes_of_the_maximum_have_left() -> None:
    fleet = fleet_of(deployment(replicas=5, memory="2Gi"), daemon(cpu="500m"), nodes=[machine(cpu="4", memory="16")])
    assert fleet.nodes("maximum") == 2
    assert fleet.unused["cpu"] == 2 * (4 - 0.5) - 5
    assert fleet.unused["memory"] == (2 * (16 - 1) - 5 * 2) * 2**30


def test_the_distance_from_the_lower_bound_is_stated() -> None:
    fleet = fleet_of(
        deployment(replicas=3, cpu="2", memory="1Gi"), deployment("b", 3, cpu="3"), nodes=[machine(cpu="5")]
    )
    assert fleet.lower_bound["maximum"] == fleet.nodes("maximum") == 3
    assert fleet.above("maximum") == 0
    halves = fleet_of(*(deployment(name, cpu="2") for name in "abc"), nodes=[machine(cpu="5")])
    assert halves.lower_bound["maximum"] == 2


@pytest.mark.parametrize("replicas", [160_000, 2**31 - 1])
def test_more_pods_than_a_cluster_may_have_is_one_line(replicas: int) -> None:
    line = the_line(reckoned(deployment(replicas=replicas, cpu="1m", memory="1Mi"), nodes=[machine()]))
    assert line.startswith(f"nodes pods: {replicas} ")
    assert "150000" in line


def test_more_nodes_than_a_cluster_may_have_is_one_line() -> None:
    assert "5000" in the_line(reckoned(deployment(replicas=100_000, cpu="4"), nodes=[machine()]))


def test_nothing_to_run_needs_no_node() -> None:
    assert needed(nodes=[machine()]) == (0, 0, 0)
    assert reckoned(nodes=[machine()]).fits
