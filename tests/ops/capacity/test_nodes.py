"""Node types are read as written, and what is wrong with one is one line."""

from decimal import Decimal
from pathlib import Path

import pytest

from ops.capacity.nodes import DEFAULTS, NodeType, WrongNode, named_once, parse, read, reserve

GI, MI = 2**30, 2**20


@pytest.mark.parametrize(
    ("option", "node"),
    [
        ("a=4,16Gi", NodeType(name="a", cpu=Decimal(4), memory=Decimal(16 * GI))),
        ("a=3500m,512Mi,30", NodeType(name="a", cpu=Decimal("3.5"), memory=Decimal(512 * MI), pods=30)),
        ("a.b-c=4,16Gix6", NodeType(name="a.b-c", cpu=Decimal(4), memory=Decimal(16 * GI), count=6)),
        ("a=4,16Gi,110x6", NodeType(name="a", cpu=Decimal(4), memory=Decimal(16 * GI), pods=110, count=6)),
    ],
)
def test_an_option_names_a_node_type(option: str, node: NodeType) -> None:
    assert parse(option) == node


@pytest.mark.parametrize(
    "option",
    [
        "",
        "a",
        "a=4",
        "=4,16Gi",
        "a=four,16Gi",
        "a=4,16",
        "a=0,16Gi",
        "a=-4,16Gi",
        "a=4,16Gi,0",
        "a=4,16Gix0",
        "a=4,1Gix6000",
    ],
)
def test_what_is_no_node_type_is_refused_in_one_line(option: str) -> None:
    with pytest.raises(WrongNode) as refused:
        parse(option)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(("a=", '"'))


@pytest.mark.parametrize(
    ("cpu", "memory", "millicores", "mebibytes"),
    [
        ("0.5", "0.5", 30, 255),
        ("1", "1", 60, 256),
        ("2", "4", 70, 1024),
        ("4", "8", 80, 1024 + 819.2),
        ("16", "32", 110, 1024 + 819.2 + 819.2 + 983.04),
        ("4", "256", 80, 1024 + 819.2 + 819.2 + 6881.28 + 2621.44),
    ],
)
def test_the_reserve_is_what_google_publishes(cpu: str, memory: str, millicores: float, mebibytes: float) -> None:
    kept = reserve(Decimal(cpu), Decimal(memory) * GI)
    assert float(kept["cpu"] * 1000) == pytest.approx(millicores)
    assert float(kept["memory"] / MI) == pytest.approx(mebibytes + 100)


def test_what_is_reserved_is_not_for_pods_and_never_more_than_all() -> None:
    box = NodeType(
        name="a", cpu=Decimal(4), memory=Decimal(8 * GI), reserved={"cpu": Decimal(1), "memory": Decimal(9 * GI)}
    )
    assert box.allocatable == {"cpu": 3, "memory": 0, "pods": 110}


def test_the_default_types_are_of_different_sizes_and_of_any_number() -> None:
    assert len({(each.cpu, each.memory) for each in DEFAULTS}) == len(DEFAULTS) > 1
    assert {each.count for each in DEFAULTS} == {None}


FILE = """
nodes:
- {name: general, cpu: 4, memory: 16Gi, count: 3}
- name: gpu
  cpu: "8"
  memory: 64Gi
  pods: 20
  resources: {nvidia.com/gpu: 2}
  labels: {topology.kubernetes.io/zone: a, spot: true}
  taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
  reserved: {cpu: 250m}
"""


def test_a_file_lists_node_types(tmp_path: Path) -> None:
    file = tmp_path / "nodes.yaml"
    file.write_text(FILE)
    general, gpu = read(file)
    assert general == NodeType(name="general", cpu=Decimal(4), memory=Decimal(16 * GI), count=3)
    assert gpu.allocatable == {"cpu": Decimal("7.75"), "memory": 64 * GI, "pods": 20, "nvidia.com/gpu": 2}
    assert gpu.labels == {"topology.kubernetes.io/zone": "a", "spot": "True"}
    assert gpu.taints == ({"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nodes"),
        (b"nodes: []", "nodes"),
        (b"nodes: {a: 1}", "nodes"),
        (b"- 1", "nodes"),
        (b"nodes: [4]", "nodes[0]"),
        (b"nodes: [{cpu: 4, memory: 4Gi}]", "nodes[0].name"),
        (b"nodes: [{name: a, memory: 4Gi}]", "nodes[0].cpu"),
        (b"nodes: [{name: a, cpu: 4, memory: [1]}]", "nodes[0].memory"),
        (b"nodes: [{name: a, cpu: 4, memory: 4Gi, count: many}]", "nodes[0].count"),
        (b"nodes: [{name: a, cpu: 4, memory: 4Gi, gpus: 1}]", "nodes[0].gpus"),
        (b"nodes: [{name: a, cpu: 4, memory: 4Gi, taints: [dedicated]}]", "nodes[0].taints"),
        (b"nodes: [{name: a, cpu: 4, memory: 4Gi, labels: [a]}]", "nodes[0].labels"),
        (b"nodes: [{name: a, cpu: 4, memory: 4Gi, resources: {gpu: one}}]", "nodes[0].resources.gpu"),
        (b"nodes: [", "no YAML"),
        (b"\x00\xff\xfe\x80", "no UTF-8"),
        (b"[" * 60_000, "nested deeper"),
        (b"a: " + b"x" * (2 << 20), "64 KiB"),
        (
            b"a: &a [x]\n"
            + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (i, i, *[i - 1] * 8) for i in range(98, 120))
            + b"nodes: *w\n",
            "expands by its aliases",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_or_hostile_file_is_one_line_that_names_it(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "nodes.yaml"
    file.write_bytes(content)
    with pytest.raises(WrongNode) as refused:
        read(file)
    line = str(refused.value)
    assert line.startswith(str(file))
    assert said in line
    assert "\n" not in line
    assert len(line) < 500


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(WrongNode, match="cannot be read"):
        read(tmp_path / name)


def test_a_name_that_occurs_twice_is_refused() -> None:
    with pytest.raises(WrongNode, match="a: named twice"):
        named_once([parse("a=4,16Gi"), parse("b=4,16Gi"), parse("a=8,16Gi")])
