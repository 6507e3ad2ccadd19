"""The component gpu: whoever has an accelerator gets its devices, and the nodes that have them."""

from typing import Any

import pytest

from charts.model import Accelerator, Cron, Once, PerNode, Replicas, Stateful, Workload
from charts.model.run import Run
from tests.components.conftest import Overlay
from tests.platforms import container, platform, refusals, serving, tells, template, workload

PAIR = Accelerator(resource="brains.example/big", count=2, nodes={"brains.example/there": "yes", "zone": "b"})
RUNS: dict[str, Run] = {
    "Deployment": Replicas(),
    "StatefulSet": Stateful(),
    "Job": Once(),
    "CronJob": Cron(schedule="@daily"),
}


def runner(objects: dict[str, Any], name: str) -> Any:
    [found] = [one for key, one in objects.items() if key.partition("/")[0] in RUNS and key.endswith(f"/{name}")]
    return found


def with_run(run: Run) -> Workload:
    made = serving if isinstance(run, Stateful) else workload
    return made("thinker", run=run, accelerator=PAIR)


@pytest.mark.parametrize("kind", RUNS)
def test_a_pod_of_any_controller_asks_for_devices_and_nodes_with_them(kind: str, overlay: Overlay) -> None:
    objects = overlay(platform(with_run(RUNS[kind])), "gpu")
    [manifest] = [one for one in objects.values() if one["kind"] == kind]
    pod, resources = template(manifest)["spec"], container(manifest)["resources"]
    assert resources["requests"]["brains.example/big"] == resources["limits"]["brains.example/big"] == "2"
    assert pod["nodeSelector"] == {"brains.example/there": "yes", "zone": "b"}
    assert pod["tolerations"] == [{"key": "brains.example/big", "operator": "Exists", "effect": "NoSchedule"}]


def test_a_pod_keeps_its_cpu_and_memory_beside_the_devices(overlay: Overlay) -> None:
    place = platform(serving("thinker", accelerator=PAIR))
    before, after = (container(runner(overlay(place, *c), "thinker"))["resources"] for c in ((), ("gpu",)))
    for bound in ("requests", "limits"):
        assert after[bound].items() > before[bound].items()


def test_whoever_has_no_accelerator_stays_as_it_is(overlay: Overlay) -> None:
    place = platform(serving("thinker", accelerator=PAIR), serving("clerk"))
    before, after = overlay(place), overlay(place, "gpu")
    assert [name for name in before if before[name] != after[name]] == ["Deployment/thinker"]


def test_nothing_asks_for_devices_until_the_component_is_switched_on(overlay: Overlay) -> None:
    with_one, without = platform(serving(accelerator=PAIR)), platform(serving())
    assert overlay(with_one) == overlay(without)


def test_an_accelerator_is_one_of_nvidia_s_unless_it_says_otherwise(overlay: Overlay) -> None:
    manifest = runner(overlay(platform(serving("thinker", accelerator=Accelerator())), "gpu"), "thinker")
    assert container(manifest)["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert template(manifest)["spec"]["nodeSelector"] == {"nvidia.com/gpu.present": "true"}


MISTAKES: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "no device": ({"accelerator": Accelerator(count=0)}, "web.accelerator.count", ("1", "0")),
    "no domain": (
        {"accelerator": Accelerator(resource="gpu")},
        "web.accelerator.resource",
        ("<domain>/<name>", '"gpu"'),
    ),
    "cpu": ({"accelerator": Accelerator(resource="cpu")}, "web.accelerator.resource", ('"cpu"',)),
    "no label": ({"accelerator": Accelerator(nodes={"a b": "c"})}, "web.accelerator.nodes", ('"a b"',)),
    "no value of a label": ({"accelerator": Accelerator(nodes={"a": "b c"})}, "web.accelerator.nodes.a", ('"b c"',)),
    "a pod per node": ({"accelerator": Accelerator(), "run": PerNode()}, "web.accelerator", ("node", "remove")),
    "in a component": ({"accelerator": Accelerator(), "component": "extra"}, "web.accelerator", ("extra", "remove")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_accelerator_that_no_pod_could_get_is_refused(mistake: str) -> None:
    fields, at, words = MISTAKES[mistake]
    [line] = refusals(workload(**fields))
    assert tells(line, at, *words), line
