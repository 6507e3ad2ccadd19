"""The command as a person and a program meet it: exit codes, one line per finding, JSON of the documented shape."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from ops.capacity.nodes import parse, read
from ops.cli import app
from ops.places import ROOT
from tests.ops.capacity.objects import (
    Object,
    claim,
    container,
    daemon,
    deployment,
    limit_range,
    lines,
    made,
    quota,
    reckoned,
    scaler,
    spread,
    stateful,
    the_line,
)

Place = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Writes objects beside a kustomization and returns the folder."""

    def write(*objects: Object) -> str:
        (tmp_path / "objects.yaml").write_text(yaml.safe_dump_all(objects))
        (tmp_path / "kustomization.yaml").write_text("resources: [objects.yaml]\n")
        return str(tmp_path)

    return write


def newstalk(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["capacity", *arguments])


def test_what_fits_ends_with_exit_code_0(place: Place) -> None:
    done = newstalk(place(deployment(), quota(hard={"pods": 5})))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "fits" in done.stdout
    assert re.search(r"pods +1 +1 +1 +5 +4", done.stdout)


def test_what_does_not_fit_ends_with_exit_code_1_and_a_line_for_each_finding(place: Place) -> None:
    target = place(deployment(replicas=3, cpu="99"), quota(hard={"pods": 2}))
    done = newstalk(target)
    assert done.exit_code == 1
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["Deployment/web", "ResourceQuota/purse"]
    assert all(line.startswith(f"{target}: ") for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--node", "a"),
        ("--node", "a=4,16Gi", "--node", "a=8,32Gi"),
        ("--nodes", "nowhere.yaml"),
        ("--unknown",),
        ("--node",),
        ("nowhere",),
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_exit_code_2(arguments: tuple[str, ...], place: Place) -> None:
    assert newstalk(place(deployment()), *arguments).exit_code == 2


def test_node_types_come_from_options_and_a_file(place: Place, tmp_path: Path) -> None:
    target, file = place(deployment(replicas=3)), tmp_path / "nodes.yaml"
    file.write_text("nodes: [{name: own, cpu: 2, memory: 8Gi, reserved: {}}]\n")
    done = newstalk(target, "--node", "other=4,16Gix1", "--nodes", str(file), "--json")
    [cluster] = json.loads(done.stdout)["environments"][0]["nodes"]
    assert {each["name"]: (each["count"], each["maximum"]) for each in cluster["types"]} == {
        "other": (1, 1),
        "own": (None, 0),
    }


def test_help_teaches_by_an_example_and_states_what_is_assumed() -> None:
    shown = " ".join(newstalk("--help").stdout.split())
    assert "newstalk capacity production --node" in shown
    assert "Jobs and CronJobs count as running" in shown


def shape(value: Any) -> Any:
    """The keys and types of JSON, a list as its first item."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_json_has_the_documented_shape(place: Place) -> None:
    page = (ROOT / "docs" / "capacity.md").read_text()
    [documented] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    wish: Object = {"topologySpreadConstraints": [spread("web", unsatisfiable="ScheduleAnyway")]}
    web = deployment(replicas=3, cpu="500m", **wish)
    done = newstalk(
        place(web, daemon(namespace="nodes"), quota(hard={"requests.cpu": 1})), "--node", "box=4,16Gix1", "--json"
    )
    assert done.exit_code == 1
    assert shape(json.loads(done.stdout)) == shape(json.loads(documented))


def test_json_says_what_the_findings_say(place: Place) -> None:
    done = newstalk(place(deployment(replicas=3), quota(hard={"requests.cpu": 2})), "--json")
    [found] = json.loads(done.stdout)["environments"]
    assert not found["fits"]
    [line] = [each for each in found["resources"] if each["quota"]]
    assert (line["minimum"], line["hard"], line["fits"]) == (3, 2, False)
    [finding] = found["findings"]
    assert (finding["object"], finding["field"]) == ("ResourceQuota/purse", "spec.hard[requests.cpu]")


def test_the_example_of_the_documented_nodes_file_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "capacity.md").read_text()
    [example] = re.findall(r"```yaml\n(nodes:.*?)```", page, re.DOTALL)
    file = tmp_path / "nodes.yaml"
    file.write_text(example)
    assert all(each.allocatable["cpu"] > 0 for each in read(file))


def test_a_terminal_of_80_columns_loses_no_figure(place: Place) -> None:
    done = newstalk(place(*(deployment(name) for name in "abc")), "--node", "a-type-of-machine=4,16Gix2")
    assert "\u2026" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


MALFORMED = [
    ("spec.template.spec.containers[main].resources.requests.cpu", {"requests": {"cpu": "a lot"}}),
    ("spec.template.spec.containers[main].resources.requests.cpu", {"requests": {"cpu": "-1"}}),
    ("spec.template.spec.containers[main].resources.requests.cpu", {"requests": {"cpu": "1e99"}}),
    ("spec.template.spec.containers[main].resources.limits.memory", {"limits": {"memory": ["1Gi"]}}),
    ("spec.template.spec.containers[main].resources.requests", {"requests": ["cpu"]}),
    ("spec.template.spec.containers[main].resources", "1Gi"),
]


@pytest.mark.parametrize(("field", "resources"), MALFORMED)
def test_a_weird_quantity_is_one_line_that_names_its_field(field: str, resources: Any) -> None:
    line = the_line(reckoned(deployment(containers=[container(resources=resources)])))
    assert line.startswith(f"Deployment/web {field}: ")


def test_missing_resources_are_reckoned_as_nothing_and_it_is_said() -> None:
    found = reckoned(deployment(containers=[{"name": "main"}]))
    assert found.fits
    assert "Deployment/web requests no cpu: reckoned as 0" in found.notes


@pytest.mark.parametrize(
    ("workload", "field"),
    [
        (made("Deployment", "web", {"replicas": "3", "template": deployment()["spec"]["template"]}), "spec.replicas"),
        (made("Deployment", "web", {"replicas": -1, "template": deployment()["spec"]["template"]}), "spec.replicas"),
        (deployment(surge="half"), "spec.strategy.rollingUpdate.maxSurge"),
        (deployment(surge=-1), "spec.strategy.rollingUpdate.maxSurge"),
        (made("Deployment", "web", {"replicas": 3}), "spec.template"),
        (made("Deployment", "web", None), "spec.template"),
        (made("Deployment", "web", {"template": {"spec": {"containers": {"a": 1}}}}), "spec.template.spec.containers"),
        (made("Deployment", "web", {"template": {"spec": {}}}), "spec.template.spec.containers"),
        (deployment(containers=["main"]), "spec.template.spec.containers[0]"),
        (deployment(overhead=5), "spec.template.spec.overhead"),
        (made("ResourceQuota", "web", {"hard": {"pods": "many"}}), "spec.hard.pods"),
        (made("ResourceQuota", "web", {"hard": 5}), "spec.hard"),
        (made("LimitRange", "web", {"limits": ["max"]}), "spec.limits[0]"),
        (made("LimitRange", "web", {"limits": [{"type": "Container", "max": {"cpu": {}}}]}), "spec.limits[0].max.cpu"),
        (made("PersistentVolumeClaim", "web", {}), "spec.resources.requests.storage"),
        (scaler("x", fewest=3, most=1), "spec.minReplicas"),
    ],
)
def test_a_malformed_object_is_one_line_that_names_its_field(workload: Object, field: str) -> None:
    [first, *others] = lines(reckoned(workload, limit_range()))
    assert first.startswith(f"{workload['kind']}/{workload['metadata']['name']} {field}: ")
    assert others == []


def test_a_name_with_line_breaks_stays_on_one_line() -> None:
    line = the_line(reckoned(deployment(name="a\nb\x1b[31m", cpu="2000")))
    assert line.isprintable()


WELL_FORMED = (
    deployment(replicas=None, surge="25%", topologySpreadConstraints=[spread("web")], tolerations=[{"key": "a"}]),
    stateful(claims=[claim()]),
    daemon(),
    made("CronJob", "night", {"jobTemplate": {"spec": {"template": deployment()["spec"]["template"]}}}),
    made("Rollout", "green", {"strategy": {"blueGreen": {}}, "workloadRef": {"kind": "Deployment", "name": "web"}}),
    scaler(),
    limit_range(max={"cpu": "4"}, default={"memory": "1Gi"}),
    quota(hard={"requests.cpu": "9", "count/pods": "9"}, scopes=["NotTerminating"]),
    made("PersistentVolumeClaim", "data", claim()["spec"]),
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "1Gi", "25%", "100m", "x\ny", "9" * 40]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["cpu", "name", "key"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value at which another could stand."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in inner for place in places(each, (*path, name)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {name: put(each, rest, new) if name == head else each for name, each in value.items()}
    return [put(each, rest, new) if index == head else each for index, each in enumerate(value)]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_anything_anywhere_ends_in_lines_and_never_in_a_traceback(data: st.DataObject) -> None:
    objects = list(WELL_FORMED)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(objects) - 1))
        inside = [path for path in places(objects[index]) if path and path[0] != "kind"]
        objects[index] = put(objects[index], data.draw(st.sampled_from(inside)), data.draw(anything))
    found = reckoned(*objects, nodes=[parse("box=4,16Gi")])
    assert all(line.isprintable() for line in lines(found))
