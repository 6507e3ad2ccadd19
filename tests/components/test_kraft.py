"""The component kraft: brokers that keep their metadata themselves, and that lose no topics to it."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import render
from ops.places import DIST, ROOT

SCRIPT = ROOT / "catalog" / "files" / "kafka" / "kraft.sh"
SETTINGS = {
    "CLUSTER_ID": "cluster-one",
    "KAFKA_DEFAULT_REPLICATION_FACTOR": "3",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "IN://0.0.0.0:1000,CONTROLLER://0.0.0.0:2000",
    "KAFKA_ZOOKEEPER_CONNECT": "",
}
ZOOKEEPER = "version=0\nbroker.id=0\ncluster.id=cluster-one\n"
KRAFT = "version=1\nnode.id=0\ndirectory.id=d\ncluster.id=cluster-one\n"


def start(folder: Path, ordinal: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
    """Starts the pod of that number on a volume; what it becomes prints its environment."""
    pod = {
        "POD_NAME": f"queue-{ordinal}",
        "KAFKA_NODE_ID": str(ordinal),
        "KAFKA_LOG_DIRS": str(folder),
        "KAFKA_ADVERTISED_LISTENERS": f"IN://queue-{ordinal}.queue:1000,CONTROLLER://queue-{ordinal}.queue:2000",
    }
    environment = {"PATH": os.environ["PATH"], **SETTINGS, **pod, **settings}
    return subprocess.run([SCRIPT, "env"], env=environment, capture_output=True, text=True, check=False)


def started(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The environment in which the broker was started."""
    assert (done.returncode, done.stderr) == (0, "")
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a pod that did not become a broker."""
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def volume(place: Path, **files: str) -> Path:
    """A volume with files, "/" written as "__"; one that ends in "__" is a folder."""
    folder = place / "logs"
    folder.mkdir()
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        if name.endswith("__"):
            path.mkdir(parents=True)
        else:
            path.write_text(text)
    return folder


def content(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def meta(place: Path, text: str) -> Path:
    folder = volume(place)
    (folder / "meta.properties").write_text(text)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        ZOOKEEPER,
        ZOOKEEPER + "directory.id=d\n",  # as Kafka 3.7 and later write it
        "version=1\ncluster.id=cluster-one\n",
        "version=0\nnode.id=0\ncluster.id=cluster-one\n",
        "",
    ],
    ids=["with ZooKeeper", "with a directory's id", "without node.id", "of version 0", "empty"],
)
def test_data_of_a_broker_with_zookeeper_is_refused_and_left_as_it_is(text: str, tmp_path: Path) -> None:
    folder = meta(tmp_path, text)
    (folder / "orders-0").mkdir()
    (folder / "orders-0" / "0.log").write_text("an order")
    before = content(folder)
    line = refused(start(folder))
    assert all(
        part in line for part in (f"{folder}/meta.properties", "ZooKeeper", "nothing was changed", "MirrorMaker")
    )
    assert content(folder) == before


def test_partitions_whose_file_is_lost_are_refused(tmp_path: Path) -> None:
    folder = volume(tmp_path, **{"orders-0__": ""})
    line = refused(start(folder))
    assert all(part in line for part in (str(folder), "partitions", "meta.properties", "nothing was changed"))


def test_data_in_any_of_several_folders_is_refused(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    line = refused(start(Path(f"{fresh},{meta(tmp_path, ZOOKEEPER)}")))
    assert f"{tmp_path}/logs/meta.properties" in line


def test_data_of_another_cluster_is_refused(tmp_path: Path) -> None:
    line = refused(start(meta(tmp_path, KRAFT.replace("cluster-one", "cluster-two"))))
    assert all(part in line for part in ("cluster-one", "cluster-two", "CLUSTER_ID"))


@pytest.mark.parametrize("text", [KRAFT, KRAFT.replace("\n", "\r\n"), "#Mon Nov 23\n" + KRAFT])
def test_a_broker_s_own_data_is_gone_on_with(text: str, tmp_path: Path) -> None:
    folder = meta(tmp_path, text)
    (folder / "orders-0").mkdir()
    assert started(start(folder))["KAFKA_PROCESS_ROLES"] == "broker,controller"


@pytest.mark.parametrize("files", [{}, {"lost+found__": ""}], ids=["empty", "new file system"])
def test_a_new_volume_starts_a_new_broker(files: dict[str, str], tmp_path: Path) -> None:
    assert "KAFKA_CONTROLLER_QUORUM_VOTERS" in started(start(volume(tmp_path, **files)))


def test_a_volume_without_the_folder_starts_a_new_broker(tmp_path: Path) -> None:
    assert "KAFKA_CONTROLLER_QUORUM_VOTERS" in started(start(tmp_path / "logs"))


@pytest.mark.parametrize(
    ("copies", "voters"),
    [("1", "0@queue-0.queue:2000"), ("3", "0@queue-0.queue:2000,1@queue-1.queue:2000,2@queue-2.queue:2000")],
)
def test_as_many_brokers_vote_as_a_topic_has_copies(copies: str, voters: str, tmp_path: Path) -> None:
    found = started(start(tmp_path, KAFKA_DEFAULT_REPLICATION_FACTOR=copies))
    assert found["KAFKA_CONTROLLER_QUORUM_VOTERS"] == voters


def test_a_further_broker_has_no_vote_and_no_listener_for_it(tmp_path: Path) -> None:
    found = started(start(tmp_path, ordinal=3))
    assert found["KAFKA_PROCESS_ROLES"] == "broker"
    assert found["KAFKA_LISTENERS"] == "IN://0.0.0.0:1000"
    assert found["KAFKA_ADVERTISED_LISTENERS"] == "IN://queue-3.queue:1000"
    assert found["KAFKA_CONTROLLER_QUORUM_VOTERS"].count("@") == 3


def test_a_setting_that_is_empty_is_none(tmp_path: Path) -> None:
    assert "KAFKA_ZOOKEEPER_CONNECT" not in started(start(tmp_path))


@pytest.mark.parametrize("missing", ["CLUSTER_ID", "KAFKA_DEFAULT_REPLICATION_FACTOR"])
def test_a_broker_without_a_setting_that_it_needs_says_which(missing: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {missing: ""}
    done = start(tmp_path, **settings)
    assert done.returncode != 0
    assert missing in done.stderr


def overlay(place: Path, *components: str) -> dict[str, Any]:
    """{"Kind/name, its hash left off": manifest} of the real base with components."""
    folder = place / "-".join(("overlays", *components)) / "own"
    folder.mkdir(parents=True)
    if not (place / "dist").exists():
        (place / "dist").symlink_to(DIST)
    named = [f"../../dist/components/{name}" for name in components]
    whole = {"resources": ["../../dist/base"], "components": named}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(whole))
    return {f"{one.kind}/{render.HASH.sub('', one.name)}": one.manifest for one in render.render(folder)}


def environment(objects: dict[str, Any], ordinal: int) -> dict[str, str]:
    """That of the broker's container, as the kubelet composes it."""
    [container] = objects["StatefulSet/kafka"]["spec"]["template"]["spec"]["containers"]
    fields = {
        "metadata.name": f"kafka-{ordinal}",
        "metadata.labels['apps.kubernetes.io/pod-index']": str(ordinal),
    }
    found = dict(objects["ConfigMap/kafka-config"]["data"])
    for entry in container["env"]:
        source = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        text = fields[source] if source else entry.get("value", "")
        for name, value in list(found.items()):
            text = text.replace(f"$({name})", value)
        found[entry["name"]] = text
    return found


@pytest.mark.parametrize("components", [("kraft",), ("kraft", "small"), ("small", "kraft")], ids=" then ".join)
def test_every_broker_is_a_voter_that_the_others_reach(components: tuple[str, ...], tmp_path: Path) -> None:
    objects = overlay(tmp_path, *components)
    replicas = objects["StatefulSet/kafka"]["spec"]["replicas"]
    assert replicas == (1 if "small" in components else 3)
    ports = {port["name"]: port["port"] for port in objects["Service/kafka"]["spec"]["ports"]}
    for ordinal in range(replicas):
        settings = environment(objects, ordinal) | {"KAFKA_LOG_DIRS": str(tmp_path / "logs")}
        done = subprocess.run(
            [SCRIPT, "env"],
            env={"PATH": os.environ["PATH"], **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        found = started(done)
        assert found["KAFKA_CONTROLLER_QUORUM_VOTERS"] == ",".join(
            f"{each}@kafka-{each}.kafka:{ports['controller']}" for each in range(replicas)
        )
        assert found["KAFKA_NODE_ID"] == str(ordinal)
        assert f"CONTROLLER://kafka-{ordinal}.kafka:{ports['controller']}" in found["KAFKA_ADVERTISED_LISTENERS"]
        assert not [name for name in found if "ZOOKEEPER" in name or "_ZK_" in name or name == "KAFKA_BROKER_ID"]


def test_only_brokers_are_admitted_to_the_voters_port(tmp_path: Path) -> None:
    spec = overlay(tmp_path, "kraft")["NetworkPolicy/kafka"]["spec"]
    own = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "kafka"}}}
    admitted = [rule["from"] for rule in spec["ingress"] if {"port": 29093, "protocol": "TCP"} in rule["ports"]]
    reached = [rule["to"] for rule in spec["egress"] if {"port": 29093, "protocol": "TCP"} in rule["ports"]]
    assert admitted == reached == [[own]]


@pytest.mark.parametrize("components", [("kraft", "small"), ("small", "kraft"), ("standard-storage", "kraft")])
def test_nothing_of_zookeeper_is_left(components: tuple[str, ...], tmp_path: Path) -> None:
    before, objects = overlay(tmp_path), overlay(tmp_path, *components)
    labelled = [
        name for name, one in before.items() if one["metadata"]["labels"]["app.kubernetes.io/name"] == "zookeeper"
    ]
    assert {name.partition("/")[0] for name in labelled} == {
        "ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet",
    }  # fmt: skip
    assert [name for name in labelled if name in objects] == []
    assert [name for name, one in objects.items() if "name: zookeeper" in yaml.safe_dump(one)] == []


def test_brokers_keep_their_volume(tmp_path: Path) -> None:
    plain, varied = (overlay(tmp_path, *components)["StatefulSet/kafka"]["spec"] for components in ((), ("kraft",)))
    for field in ("volumeClaimTemplates", "serviceName", "podManagementPolicy", "selector", "replicas"):
        assert plain[field] == varied[field]
