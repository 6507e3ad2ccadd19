"""Any platform runs on one machine: here a shop."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts import compose
from charts.model import (
    ConfigFiles,
    FromPod,
    Health,
    Http,
    ModelError,
    Outside,
    Port,
    Secret,
    SecretFiles,
    Workload,
    shared_memory,
    writable,
)
from charts.model.machine import Asking, Build, Machine
from tests.charts.shop import shop
from tests.platforms import platform, serving, workload

MACHINE = Machine(
    published={}, environment={}, left_out=(), builds={}, asking={}, secret_files={}, owner="tools:1",
    addresses="10.9.0.0/24", secrets="safe",
)  # fmt: skip
OVERLAY = compose.Overlay(tags={}, settings={})


def written(
    out: Path, *workloads: Workload, overlay: compose.Overlay = OVERLAY, **fields: Any
) -> Mapping[str, Mapping[str, Any]]:
    """The services of a platform of these."""
    here = platform(*workloads) if workloads else shop()
    compose.write(here, dataclasses.replace(MACHINE, **fields), overlay, out)
    services: Mapping[str, Mapping[str, Any]] = yaml.safe_load((out / "compose" / "compose.yaml").read_text())[
        "services"
    ]
    return services


def refusals(*workloads: Workload, **fields: Any) -> list[str]:
    with pytest.raises(ModelError) as caught:
        compose.write(platform(*workloads), dataclasses.replace(MACHINE, **fields), OVERLAY, Path("nowhere"))
    return caught.value.refusals


def test_a_whole_platform_has_a_service_for_each_workload(tmp_path: Path) -> None:
    services = written(tmp_path)
    assert set(services) == {*shop().by_name, "shop-volumes"}
    assert services["copy"]["profiles"] == ["by-hand"]
    assert services["agent"]["profiles"] == ["node-exporter"]
    assert services["broker"]["environment"]["COPIES"] == "1"


def test_a_dollar_is_a_dollar_and_a_secret_is_the_machine_s(tmp_path: Path) -> None:
    text = {"PRICE": "$5", "PIN": Secret("PASSWORD"), "URL": "x://$(PIN)@$(PRICE)"}
    one = workload(environment=text, args=("sh", "-c", "echo $HOME $(PIN) $(date)"))
    [service] = written(tmp_path, one).values()
    assert service["environment"] == {"PRICE": "$$5", "PIN": "${PASSWORD?}", "URL": "x://${PASSWORD?}@$$5"}
    assert service["command"] == ["sh", "-c", "echo $$HOME ${PASSWORD?} $$(date)"]


def test_what_kubernetes_replaces_is_replaced_once(tmp_path: Path) -> None:
    one = workload(settings={"RAW": "$(X) $$"}, environment={"ONE": "a$$b"}, args=("$$(date)", "$(RAW)"))
    [service] = written(tmp_path, one).values()
    assert service["environment"] == {"RAW": "$$(X) $$$$", "ONE": "a$$b"}
    assert service["command"] == ["$$(date)", "$$(X) $$$$"]


def test_a_secret_that_an_image_reads_from_a_file_is_in_no_variable(tmp_path: Path) -> None:
    one = workload(environment={"PIN": Secret("PASSWORD"), "PASS": "$(PIN)"})
    [service] = written(tmp_path, one, secret_files={"web": {"PASS": "PASS_FILE"}}).values()
    assert service["environment"] == {"PASS_FILE": "/run/secrets/PASSWORD"}
    assert service["secrets"] == [{"source": "PASSWORD", "target": "/run/secrets/PASSWORD"}]


def test_a_part_that_others_are_made_of_too_stays(tmp_path: Path) -> None:
    one = workload(environment={"PIN": Secret("PASSWORD"), "PASS": "$(PIN)", "URL": "x://$(PIN)"})
    [service] = written(tmp_path, one, secret_files={"web": {"PASS": "PASS_FILE"}}).values()
    assert set(service["environment"]) == {"PIN", "URL", "PASS_FILE"}


def test_a_file_of_the_secret_lies_where_its_reader_looks(tmp_path: Path) -> None:
    one = workload(volumes=(SecretFiles(name="keys", mount="/keys", keys=("PASSWORD",)),))
    [service] = written(tmp_path, one).values()
    assert service["secrets"] == [{"source": "PASSWORD", "target": "/keys/PASSWORD"}]


def test_files_of_the_base_are_mounted_and_only_those_that_differ_are_written(tmp_path: Path) -> None:
    (tmp_path / "base" / "web" / "same").mkdir(parents=True)
    (tmp_path / "base" / "web" / "same" / "run.sh").write_text("true\n")
    files = (
        ConfigFiles(name="same", mount="/same", files={"run.sh": "true\n"}, executable=True),
        ConfigFiles(name="other", mount="/other", files=lambda shop: {"count": f"{shop['web'].run.maximum}\n"}),
    )
    [service] = written(tmp_path, workload(files=files)).values()
    assert service["volumes"] == ["../base/web/same:/same:ro", "./web/other:/other:ro"]
    assert [path.name for path in (tmp_path / "compose" / "web").iterdir()] == ["other"]
    assert (tmp_path / "base" / "web" / "same" / "run.sh").stat().st_mode & 0o111 == 0o111


def test_an_image_of_our_own_has_the_overlay_s_tag_and_is_built_by_the_first_that_runs_it(tmp_path: Path) -> None:
    pair = (workload("one", image="shop/own"), workload("two", image="shop/own"))
    build = Build(context="services/own", dockerfile="docker/Dockerfile.own", arguments={"A": "b"})
    overlay = compose.Overlay(tags={"shop/own": "v7"}, settings={})
    services = written(tmp_path, *pair, overlay=overlay, builds={"shop/own": build})
    assert {one["image"] for one in services.values()} == {"shop/own:v7"}
    assert services["one"]["build"] == {
        "context": "../../services/own", "dockerfile": "../../docker/Dockerfile.own", "args": {"A": "b"},
    }  # fmt: skip
    assert "build" not in services["two"]


def test_the_overlay_s_settings_are_the_machine_s(tmp_path: Path) -> None:
    path = tmp_path / "kustomization.yaml"
    path.write_text("images: [{name: a, newTag: v1}]\nconfigMapGenerator: [{name: x, literals: [CURRENCY=a=b]}]\n")
    assert compose.overlay(path) == compose.Overlay(tags={"a": "v1"}, settings={"CURRENCY": "a=b"})
    assert written(tmp_path, overlay=compose.overlay(path))["front"]["environment"]["CURRENCY"] == "a=b"


@pytest.mark.parametrize("text", [None, "images: [{newTag: v1}]", "a: b: c", "- a"])
def test_an_overlay_that_cannot_be_read_is_one_line(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "kustomization.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ModelError) as caught:
        compose.overlay(path)
    [line] = caught.value.refusals
    assert line.startswith(f"overlays/{tmp_path.name}/kustomization.yaml: ")
    assert "\n" not in line


def test_whoever_calls_each_other_shares_one_network(tmp_path: Path) -> None:
    pair = (serving("ask", calls=("tell:http",)), serving("tell", calls=("ask:http",)), serving("alone"))
    services = written(tmp_path, *pair)
    assert [services[name].get("networks") for name in ("ask", "tell", "alone")] == [["ask.tell"], ["ask.tell"], None]


def test_a_call_to_the_cluster_leads_nowhere_and_one_outside_leads_out(tmp_path: Path) -> None:
    calls = {"in": Outside(port=6443, why="API server", private=True), "out": Outside(port=443, why="the bank")}
    services = written(tmp_path, *(workload(name, calls=(call,)) for name, call in calls.items()))
    assert [services[name].get("networks") for name in calls] == [None, ["out.outside"]]


def test_a_port_for_people_leads_to_the_port_of_the_host(tmp_path: Path) -> None:
    [service] = written(tmp_path, serving(), published={"web": 9999}).values()
    assert service["ports"] == ["127.0.0.1:9999:8080"]


def test_who_asks_is_of_the_image(tmp_path: Path) -> None:
    health = Health(alive=Http("/alive"))
    services = written(
        tmp_path,
        *(serving(name, health=health) for name in ("bare", "own", "none")),
        workload("last", after=("none", "own")),
        asking={"shop/own:1.0": Asking(http=("ask", "it")), "shop/none:1.0": Asking(http=())},
    )
    url = "http://127.0.0.1:8080/alive"
    assert services["bare"]["healthcheck"]["test"][0] == "CMD-SHELL"
    assert services["own"]["healthcheck"]["test"] == ["CMD", "ask", "it", url]
    assert "healthcheck" not in services["none"]
    conditions = {name: one["condition"] for name, one in services["last"]["depends_on"].items()}
    assert conditions == {"none": "service_started", "own": "service_healthy"}


def test_scratch_space_is_anybody_s_to_write_and_to_execute_from(tmp_path: Path) -> None:
    [service] = written(tmp_path, workload(volumes=(*writable("/tmp", size="96Mi"), shared_memory("1Gi")))).values()
    assert service["tmpfs"] == ["/tmp:mode=1777,exec,size=96m"]
    assert service["shm_size"] == "1G"


def test_udp_is_exposed_as_such(tmp_path: Path) -> None:
    one = serving(ports=(Port("http", 8080), Port("count", 99, protocol="UDP")))
    [service] = written(tmp_path, one).values()
    assert service["expose"] == [8080, "99/udp"]


@pytest.mark.parametrize(
    ("made", "fields", "line"),
    [
        ({"image": "shop/web"}, {}, "web.image: shop/web has no tag, and the overlay of the machine sets none"),
        ({}, {"environment": {"web": {"X": "1"}}}, "machine.environment.web.X: no variable of the workload, remove it"),
        ({}, {"published": {"web": 80}}, "machine.published.web: the workload serves nothing that could be published"),
        ({}, {"published": {"a": 0}}, "machine.published.a: must be 1..65535, got 0"),
        ({}, {"published": {"a": 1, "b": 1}}, "machine.published: two workloads have the port 1"),
        ({}, {"addresses": "10.0.0.1/24"}, "machine.addresses: 10.0.0.1/24 has host bits set"),
        (
            {"environment": {"X": FromPod("spec.nodeName")}}, {},
            "web.environment.X: a container on one machine has no spec.nodeName",
        ),
        (
            {"calls": (Outside(port=443, why="the bank"),)}, {"addresses": "10.0.0.0/30"},
            "machine.addresses: 10.0.0.0/30 has room for 0 networks of eight addresses, 1 are needed",
        ),
    ],
)  # fmt: skip
def test_it_refuses(made: dict[str, Any], fields: dict[str, Any], line: str) -> None:
    assert refusals(workload(**made), **fields) == [line]
