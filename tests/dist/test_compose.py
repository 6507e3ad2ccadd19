"""dist/compose is the platform that runs in Kubernetes: every difference is in docs/compose.md, with its reason."""

import copy
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

import main
from charts.model import Once, Quantity
from ops import compose, render
from ops.places import DIST, OVERLAYS, ROOT, tool
from tests.conftest import Manifest
from tests.test_docs import tables

Fields = dict[tuple[str, str], Any]
"""{(workload, field): value}"""
PLATFORM = main.platform()
ADDRESSES, DIFFERENCES, UNSAID, ONLY_HERE = (rows[1:] for rows in tables(ROOT / "docs" / "compose.md"))
OWNER = "app.kubernetes.io/name"
RUNNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
SECRET = re.compile(r"\$\{([A-Z_]+)\?\}")
HTTP = re.compile(r"wget -qO /dev/null '(.+)' \|\| curl -fsSo /dev/null '(.+)'")
TCP = re.compile(r"grep -qsE ':([0-9A-F]{4}) 0\+:0000 0A' /proc/net/tcp /proc/net/tcp6")

# What is compared, as this file names it; docs/compose.md lists all else that objects say.
COMPARED = {
    *("kind.Deployment", "kind.StatefulSet", "kind.DaemonSet", "kind.Job", "kind.CronJob"),
    *("kind.ConfigMap", "kind.NetworkPolicy"),
    *("spec.replicas", "spec.backoffLimit", "spec.schedule", "spec.volumeClaimTemplates"),
    *("spec.selector", "spec.template", "spec.jobTemplate", "spec.serviceName", "spec.ordinals"),
    *("pod.containers", "pod.volumes", "pod.hostNetwork", "pod.hostPID", "pod.restartPolicy"),
    *("pod.terminationGracePeriodSeconds", "pod.securityContext.runAsUser", "pod.securityContext.runAsGroup"),
    "pod.securityContext.fsGroup",
    *("container.name", "container.image", "container.command", "container.args", "container.env"),
    *("container.envFrom", "container.ports", "container.resources", "container.volumeMounts"),
    *("container.startupProbe", "container.livenessProbe", "container.readinessProbe"),
    *("container.securityContext.allowPrivilegeEscalation", "container.securityContext.capabilities"),
    "container.securityContext.readOnlyRootFilesystem",
}


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """The base and what runs on every node, with the tags and settings of the local overlay."""
    place = tmp_path_factory.mktemp("machine")
    (place / "dist").symlink_to(DIST)
    (place / "overlays" / "own").mkdir(parents=True)
    local = yaml.safe_load((OVERLAYS / "local" / "kustomization.yaml").read_text())
    kustomization = {
        "resources": ["../../dist/base"],
        "components": ["../../dist/components/node-exporter"],
        "images": local["images"],
        "configMapGenerator": local["configMapGenerator"],
    }
    (place / "overlays" / "own" / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return [one.manifest for one in render.render(place / "overlays" / "own")]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(yaml.safe_load((DIST / "compose" / "compose.yaml").read_text()))


# Kubernetes' side


def runners(objects: list[Manifest]) -> dict[str, Manifest]:
    return {one["metadata"]["labels"][OWNER]: one for one in objects if one["kind"] in RUNNERS}


def job_or_controller(one: Manifest) -> Any:
    return one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]


def pod_of(one: Manifest) -> Any:
    return job_or_controller(one)["template"]["spec"]


def composed(text: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda found: known.get(found[1], found[0]), text)


def cluster(objects: list[Manifest]) -> Fields:
    maps = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["minReplicas"]
        for one in objects
        if one["kind"] == "HorizontalPodAutoscaler"
    }
    found: Fields = {}
    for name, one in runners(objects).items():
        pod, user = pod_of(one), pod_of(one)["securityContext"]
        [container] = pod["containers"]
        security, environment = container["securityContext"], variables(one, container, maps)
        fields: dict[str, Any] = {
            "service": True,
            "image": container["image"],
            "entrypoint": [composed(word, environment) for word in container.get("command", [])],
            "command": [composed(word, environment) for word in container.get("args", [])],
            "ports": {(port["containerPort"], port["protocol"]) for port in container.get("ports", [])},
            "user": f"{user['runAsUser']}:{user['runAsGroup']}",
            "group": user["fsGroup"],
            "read-only": security["readOnlyRootFilesystem"],
            "capabilities": security["capabilities"],
            "new-privileges": security["allowPrivilegeEscalation"],
            "grace": pod["terminationGracePeriodSeconds"],
            "replicas": one["spec"].get("replicas", scaled.get(name, 1)),
            "restart": restarts(one),
            "host-network": pod.get("hostNetwork", False),
            "host-pid": pod.get("hostPID", False),
            **{f"environment.{key}": value for key, value in environment.items()},
            **checks(container),
            **mounts(one, pod, container, maps),
        }
        for which in ("requests", "limits"):
            for what, amount in container["resources"][which].items():
                fields[f"{which}.{what}"] = Quantity(amount).amount
        found |= {(name, field): value for field, value in fields.items()}
    return found


def variables(one: Manifest, container: Any, maps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    first = one["spec"].get("ordinals", {}).get("start", 0)
    fields = {
        "metadata.name": f"{one['metadata']['name']}-{first}",
        "metadata.labels['apps.kubernetes.io/pod-index']": str(first),
    }
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]
    for entry in container.get("env", []):
        match entry.get("valueFrom"):
            case None:
                found[entry["name"]] = composed(entry["value"], found)
            case {"configMapKeyRef": key}:
                found[entry["name"]] = maps[key["name"]][key["key"]]
            case {"secretKeyRef": key}:
                found[entry["name"]] = f"<{key['key']}>"
            case {"fieldRef": field}:
                found[entry["name"]] = fields.get(field["fieldPath"], field["fieldPath"])
    return found


def restarts(one: Manifest) -> str:
    match one["kind"]:
        case "Job":
            return f"on-failure:{one['spec']['backoffLimit']}"
        case "CronJob":
            return str(one["spec"]["schedule"])
    return "always"


def checks(container: Any) -> dict[str, Any]:
    if "livenessProbe" not in container:
        return {}
    start, alive, ready = (container[f"{name}Probe"] for name in ("startup", "liveness", "readiness"))
    return {
        "check.interval": alive["periodSeconds"],
        "check.timeout": alive["timeoutSeconds"],
        "check.retries": alive.get("failureThreshold", 3),  # Kubernetes' default
        "check.start": start["periodSeconds"] * start["failureThreshold"],
        "check.start-interval": start["periodSeconds"],
        "check.liveness": asked(alive, container),
        "check.readiness": asked(ready, container),
        "check.readiness-interval": ready["periodSeconds"],
    }


def asked(probe: Any, container: Any) -> tuple[Any, ...]:
    numbers = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    match probe:
        case {"httpGet": get}:
            return "http", f"http://127.0.0.1:{numbers[get['port']]}{get['path']}"
        case {"tcpSocket": socket}:
            return "tcp", numbers[socket["port"]]
    return "exec", *probe["exec"]["command"]


def mounts(one: Manifest, pod: Any, container: Any, maps: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    first = one["spec"].get("ordinals", {}).get("start", 0)
    for template in one["spec"].get("volumeClaimTemplates", []):
        name = template["metadata"]["name"]
        claim = f"{name}-{one['metadata']['name']}-{first}"
        volumes[name] = {"persistentVolumeClaim": {"claimName": claim}}
    found: dict[str, Any] = {}
    for mount in container.get("volumeMounts", []):
        path, kept = mount["mountPath"], mount.get("readOnly", False)
        match volumes[mount["name"]]:
            case {"configMap": {"name": name, "defaultMode": mode}}:
                found[f"files {path}"] = kept, {file: (text, bool(mode & 0o111)) for file, text in maps[name].items()}
            case {"persistentVolumeClaim": {"claimName": claim}}:
                found[f"volume {path}"] = kept, claim
            case {"emptyDir": scratch}:
                found[f"scratch {path}"] = Quantity(scratch["sizeLimit"]).amount
                found |= {} if scratch.get("medium") == "Memory" else {f"on-disk {path}": True}
            case {"secret": {"items": items}}:
                found |= {f"secret {path}/{item['path']}": item["key"] for item in items}
            case {"hostPath": {"path": folder}}:
                found[f"host-path {path}"] = kept, folder
    return found


# compose's side


def said(text: object) -> str:
    return SECRET.sub(r"<\1>", str(text)).replace("$$", "$")


def machine(document: Mapping[str, Any]) -> Fields:
    found: Fields = {}
    for name, service in document["services"].items():
        fields: dict[str, Any] = {
            "service": True,
            "image": service["image"],
            "entrypoint": list(map(said, service.get("entrypoint", []))),
            "command": list(map(said, service.get("command", []))),
            "ports": set(map(port, service.get("expose", []))),
            "user": service["user"],
            "group": int(service.get("group_add", [service["user"].partition(":")[2]])[0]),
            "read-only": service["read_only"],
            "capabilities": {"drop": service["cap_drop"]},
            "new-privileges": "no-new-privileges:true" not in service["security_opt"],
            "grace": seconds(service.get("stop_grace_period", "0s")),
            "replicas": service.get("deploy", {}).get("replicas", 1),
            "restart": service["restart"].replace("unless-stopped", "always"),
            "host-network": service.get("network_mode") == "host",
            "host-pid": service.get("pid") == "host",
            **{f"environment.{key}": said(value) for key, value in service.get("environment", {}).items()},
            **check(service.get("healthcheck")),
            **mounted(service),
        }
        for ours, theirs in (("requests", "reservations"), ("limits", "limits")):
            amounts = service["deploy"]["resources"].get(theirs, {})
            fields |= {f"{ours}.cpu": Quantity(amounts["cpus"]).amount} if amounts else {}
            fields |= {f"{ours}.memory": size(amounts["memory"])} if amounts else {}
        found |= {(name, field): value for field, value in fields.items()}
    return found


def port(exposed: object) -> tuple[int, str]:
    number, _, protocol = str(exposed).partition("/")
    return int(number), protocol.upper() or "TCP"


def seconds(written: str) -> int:
    return int(written.removesuffix("s"))


def size(written: str) -> Any:
    """Docker's letters are powers of 1024."""
    return Quantity(f"{written.upper()}i").amount


def check(healthcheck: Any) -> dict[str, Any]:
    if healthcheck is None:
        return {}
    test = healthcheck_asks([said(word) for word in healthcheck["test"]])
    every = seconds(healthcheck["interval"])
    return {
        "check.interval": every,
        "check.timeout": seconds(healthcheck["timeout"]),
        "check.retries": healthcheck["retries"],
        "check.start": seconds(healthcheck["start_period"]),
        "check.start-interval": seconds(healthcheck["start_interval"]),
        "check.liveness": test,
        "check.readiness": test,
        "check.readiness-interval": every,
    }


def healthcheck_asks(test: list[str]) -> tuple[Any, ...]:
    if test[0] == "CMD":
        return ("http", test[-1]) if test[-1].startswith("http://") else ("exec", *test[1:])
    if listens := TCP.fullmatch(test[1]):
        return "tcp", int(listens[1], 16)
    [one, other] = HTTP.findall(test[1])[0]
    assert one == other
    return "http", one


def mounted(service: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for volume in service.get("volumes", []):
        source, path, *options = volume.split(":")
        kept = "ro" in ",".join(options).split(",")
        if source.startswith("."):
            folder = (DIST / "compose" / source).resolve()
            texts = {file.name: (file.read_text(), bool(file.stat().st_mode & 0o001)) for file in folder.iterdir()}
            found[f"files {path}"] = kept, texts
        else:
            found[f"host-path {path}" if source.startswith("/") else f"volume {path}"] = kept, source
    for written in service.get("tmpfs", []):
        path, _, options = written.partition(":")
        found[f"scratch {path}"] = size(dict(o.partition("=")[::2] for o in options.split(","))["size"])
    if "shm_size" in service:
        found["scratch /dev/shm"] = size(service["shm_size"])
    for secret in service.get("secrets", []):
        if not secret["target"].startswith("/run/secrets/"):
            found[f"secret {secret['target']}"] = secret["source"]
    return found


# The list


def compared(one: Fields, other: Fields) -> set[tuple[str, str]]:
    """The fields of both sides; of a workload that only one of them has, that alone."""
    keys = one.keys() | other.keys()
    alone = {name for name, _ in keys if one.get((name, "service")) != other.get((name, "service"))}
    return {(name, field) for name, field in keys if field == "service" or name not in alone}


def cells(text: str) -> list[str]:
    return [word.strip().strip("`") for word in text.split(",")]


def listed(fields: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The list's (workload, field) pairs; "every workload" means each that has the field, "..." the rest of a path."""
    found = []
    for workloads, names, why in DIFFERENCES:
        assert len(why.split()) > 3, f"{workloads}: {names} needs its reason"
        for shape in cells(names):
            wanted = re.compile(re.escape(shape).replace(r"\.\.\.", ".+"))
            having = sorted({(name, field) for name, field in fields if wanted.fullmatch(field)})
            if workloads == "every workload":
                found += having
                continue
            for workload in cells(workloads):
                found += [pair for pair in having if pair[0] == workload] or [(workload, shape)]
    return found


def unlisted(objects: list[Manifest], document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What differs without being on the list, or is on the list without differing."""
    one, other = cluster(objects), machine(document)
    fields = compared(one, other)
    return {key for key in fields if one.get(key) != other.get(key)} ^ set(listed(fields))


def test_every_difference_is_listed_with_its_reason_and_every_entry_differs(
    objects: list[Manifest], document: dict[str, Any]
) -> None:
    assert unlisted(objects, document) == set()
    assert len(runners(objects)) > len(PLATFORM.base)


def test_no_difference_is_listed_twice(objects: list[Manifest], document: dict[str, Any]) -> None:
    pairs = listed(compared(cluster(objects), machine(document)))
    assert len(pairs) == len(set(pairs))


def said_of_objects(objects: list[Manifest]) -> Iterator[str]:
    """The fields that the objects of the platform's pods use, and all other kinds."""
    for one in objects:
        yield f"kind.{one['kind']}"
    for one in runners(objects).values():
        yield from (f"spec.{name}" for name in {*one["spec"], *job_or_controller(one)})
        [container] = pod_of(one)["containers"]
        for at, value in (("pod", pod_of(one)), ("container", container)):
            yield from (f"{at}.{name}" for name in value if name != "securityContext")
            yield from (f"{at}.securityContext.{name}" for name in value["securityContext"])


def test_what_compose_does_not_say_is_listed(objects: list[Manifest]) -> None:
    written = {name for row in UNSAID for name in cells(row[0])}
    assert written == set(said_of_objects(objects)) - COMPARED


SAID = {
    *("image", "entrypoint", "command", "environment", "expose", "user", "group_add", "read_only", "cap_drop"),
    *("security_opt", "stop_grace_period", "restart", "pid", "healthcheck", "volumes", "tmpfs", "shm_size", "secrets"),
    *("deploy", "networks"),
}


def test_what_only_compose_says_is_listed(document: dict[str, Any]) -> None:
    written = {name for row in ONLY_HERE for name in cells(row[0])}
    services = [service for name, service in document["services"].items() if name in PLATFORM.by_name]
    assert written == {key for service in services for key in service} - SAID


Sides = tuple[list[Any], dict[str, Any]]
Change = Callable[[Any, Any], None]
"""Changes Kubernetes' container, or compose's service, of the backend."""
CHANGES: dict[str, Change] = {
    "a port there": lambda there, here: there["ports"][0].update(containerPort=8123),
    "a port here": lambda there, here: here.update(expose=[8123]),
    "a limit there": lambda there, here: there["resources"]["limits"].update(memory="3Gi"),
    "a limit here": lambda there, here: here["deploy"]["resources"]["limits"].update(cpus="1.5"),
    "a reservation here": lambda there, here: here["deploy"]["resources"]["reservations"].update(memory="2G"),
    "a variable there": lambda there, here: there["env"].append({"name": "ADDED", "value": "1"}),
    "a variable here": lambda there, here: here["environment"].update(LOG_LEVEL="debug"),
    "a missing variable here": lambda there, here: here["environment"].pop("REDIS_URL"),
    "a probe there": lambda there, here: there["livenessProbe"]["httpGet"].update(path="/alive"),
    "a probe here": lambda there, here: here["healthcheck"].update(interval="31s"),
    "a probe's patience there": lambda there, here: there["startupProbe"].update(failureThreshold=99),
    "a user here": lambda there, here: here.update(user="0:0"),
    "a command there": lambda there, here: there.update(command=["sh"]),
    "an image here": lambda there, here: here.update(image="newstalk-ai/backend:other"),
    "a writable root here": lambda there, here: here.update(read_only=False),
    "a grace period here": lambda there, here: here.update(stop_grace_period="1s"),
    "a bigger /tmp here": lambda there, here: here.update(tmpfs=["/tmp:mode=1777,exec,size=1g"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_on_one_side_only_is_found(change: Change, objects: list[Manifest], document: dict[str, Any]) -> None:
    there, here = copy.deepcopy(objects), copy.deepcopy(document)
    [container] = pod_of(runners(there)["fastapi-backend"])["containers"]
    change(container, here["services"]["fastapi-backend"])
    assert {name for name, _ in unlisted(there, here)} == {"fastapi-backend"}


def test_an_entry_that_no_longer_differs_is_found(objects: list[Manifest], document: dict[str, Any]) -> None:
    there = copy.deepcopy(objects)
    runners(there)["stream-processor"]["spec"]["replicas"] = 1
    assert unlisted(there, document) == {("stream-processor", "replicas")}


# What the rest of the file promises


def test_two_services_share_a_network_where_a_policy_lets_one_call_the_other_and_nowhere_else(
    objects: list[Manifest], document: dict[str, Any]
) -> None:
    services, policies = document["services"], [one for one in objects if one["kind"] == "NetworkPolicy"]
    admitted = {
        frozenset((one["metadata"]["labels"][OWNER], peer["podSelector"]["matchLabels"][OWNER]))
        for one in policies
        for rule in one["spec"].get("egress", [])
        for peer in rule.get("to", [])
        if OWNER in peer.get("podSelector", {}).get("matchLabels", {})
    }
    networks = {name: set(service.get("networks", ())) for name, service in services.items()}
    sharing = {frozenset(pair) for pair in combinations(networks, 2) if networks[pair[0]] & networks[pair[1]]}
    here = {pair for pair in admitted if pair <= services.keys() and len(pair) == 2}
    # No policy knows what is in the node's network there.
    at_node = {frozenset((str(PLATFORM.scraper), one.name)) for one in PLATFORM.workloads if one.at_node}
    assert sharing == here | at_node
    assert len(here) > len(services)


def test_only_what_is_published_or_calls_outside_has_a_network_that_leads_there(document: dict[str, Any]) -> None:
    internal = {name: network["internal"] for name, network in document["networks"].items()}
    out = {name for name, one in document["services"].items() if not all(internal[n] for n in one.get("networks", ()))}
    published = {name for name, one in document["services"].items() if "ports" in one}
    calling = {w.name for w in PLATFORM.workloads if any(not call.private for call in w.outside)}
    assert out == published | calling
    for name, open_ in ((name, not inside) for name, inside in internal.items()):
        assert not open_ or len([one for one in document["services"].values() if name in one.get("networks", ())]) == 1


def test_people_find_it_at_the_specified_addresses_of_this_machine_alone(document: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in document["services"].items() if "ports" in one}
    assert published == {
        "fastapi-backend": ["127.0.0.1:8000:8000"],
        "airflow-webserver": ["127.0.0.1:8081:8080"],
        "grafana": ["127.0.0.1:3000:3000"],
        "kafka-ui": ["127.0.0.1:8080:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],
    }
    ports = [port.split(":")[1] for one in published.values() for port in one]
    assert {row[1] for row in ADDRESSES} == {f"http://localhost:{port}" for port in ports}


def test_the_backend_has_the_specified_figures(document: dict[str, Any]) -> None:
    backend = document["services"]["fastapi-backend"]
    assert backend["restart"] == "unless-stopped"
    assert backend["deploy"]["resources"] == {
        "limits": {"memory": "2G", "cpus": "2.0"},
        "reservations": {"memory": "1G", "cpus": "1.0"},
    }
    assert {key: backend["healthcheck"][key] for key in ("interval", "timeout", "retries")} == {
        "interval": "30s", "timeout": "10s", "retries": 3,
    }  # fmt: skip
    assert backend["build"]["args"] == {"BUILD_ENV": "production"}


def test_each_starts_after_those_that_it_names(document: dict[str, Any]) -> None:
    services = document["services"]
    for workload in PLATFORM.workloads:
        if workload.name not in services:
            continue
        conditions = {name: one["condition"] for name, one in services[workload.name].get("depends_on", {}).items()}
        ours = {name: condition for name, condition in conditions.items() if name in PLATFORM.by_name}
        assert set(ours) == set(workload.after)
        for name, condition in ours.items():
            once = isinstance(PLATFORM[name].run, Once)
            assert condition == ("service_completed_successfully" if once else "service_healthy")


def test_a_volume_belongs_to_its_user_before_anything_writes_to_it(document: dict[str, Any]) -> None:
    keeper = document["services"]["newstalk-ai-volumes"]
    owned = {path: line.split()[1] for line in keeper["command"][0].splitlines() for path in line.split()[2:]}
    for name, service in document["services"].items():
        for volume in service.get("volumes", []) if service is not keeper else []:
            source = volume.split(":")[0]
            if source in document["volumes"]:
                group = PLATFORM[name].identity.fs_group
                assert owned[f"/volumes/{source}"] == f"{service['user'].split(':')[0]}:{group}"
                assert service["depends_on"]["newstalk-ai-volumes"]["condition"] == "service_completed_successfully"
    assert set(owned) == {f"/volumes/{name}" for name in document["volumes"]}


def test_no_network_has_the_addresses_of_another(document: dict[str, Any]) -> None:
    subnets = [network["ipam"]["config"][0]["subnet"] for network in document["networks"].values()]
    assert len(subnets) == len(set(subnets)) > 1


def test_our_own_images_are_built_once_each_and_never_pulled(document: dict[str, Any]) -> None:
    ours = [one for one in document["services"].values() if one["image"].startswith("newstalk-ai/")]
    built = [one["image"] for one in ours if "build" in one]
    assert sorted(built) == sorted({one["image"] for one in ours})
    assert {one["pull_policy"] for one in ours} == {"never"}


def test_no_secret_stands_in_the_file_and_each_that_it_names_is_made(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secrets.env.example").write_bytes((OVERLAYS / "local" / "secrets.env.example").read_bytes())
    folder = compose.secret_files(tmp_path)
    values = {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith(".")}
    text = yaml.safe_dump(document)
    by_file = set(re.findall(r"file: \.\./\.\./overlays/local/secrets/(\w+)", text))
    assert by_file | set(SECRET.findall(text)) <= set(values) == set(PLATFORM.secret.keys)
    assert by_file
    assert SECRET.sub("", text).count("${") == 0


def test_a_secret_s_file_is_for_containers_and_its_folder_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("# said\nFIRST=a=b\n")
    folder = compose.secret_files(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "FIRST").stat().st_mode & 0o777 == 0o444
    assert (folder / "FIRST").read_text() == "a=b"
    (tmp_path / "secrets.env").write_text("FIRST=c\n")
    assert (compose.secret_files(tmp_path) / "FIRST").read_text() == "c"
    assert (folder / ".gitignore").read_text() == "*\n"


def compose_go(folder: Path) -> subprocess.CompletedProcess[str]:
    """Reads as `docker compose` does: the specification's schema, variables, and that what is named is there."""
    variables = os.environ | dict.fromkeys(PLATFORM.secret.keys, "a$b")
    command = [str(tool("compose-go")), "compose.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=variables)


def test_docker_s_own_parser_and_the_specification_s_schema_take_it() -> None:
    done = compose_go(DIST / "compose")
    assert (done.returncode, done.stderr) == (0, "")
    backend = json.loads(done.stdout)["services"]["fastapi-backend"]
    assert backend["environment"]["DATABASE_URL"] == "postgresql://postgres:a$b@postgres:5432/newstalk_ai"
    assert int(backend["deploy"]["resources"]["limits"]["memory"]) == 2 * 2**30


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("read_only", [], "services.grafana.read_only must be a"),
        ("retries", 3, "services.grafana.retries"),
        ("networks", ["nowhere"], "undefined network nowhere"),
        ("depends_on", ["nobody"], 'depends on undefined service "nobody"'),
        ("image", "a:${UNKNOWN?}", "required variable UNKNOWN is missing"),
    ],
)
def test_that_parser_refuses_what_is_wrong(
    field: str, value: object, told: str, document: dict[str, Any], tmp_path: Path
) -> None:
    wrong = copy.deepcopy(document)
    wrong["services"]["grafana"][field] = value
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(wrong))
    done = compose_go(tmp_path)
    assert (done.returncode, told in done.stderr) == (1, True), done.stderr
