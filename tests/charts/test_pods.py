"""A pod is hardened, watched, and goes in peace."""

from typing import Any

import pytest

from charts.model import (
    Command,
    ConfigFiles,
    Cron,
    FromPod,
    Health,
    HostPath,
    Http,
    Once,
    Permission,
    PerNode,
    Persistent,
    Port,
    Replicas,
    Resources,
    Scratch,
    Secret,
    SecretFiles,
    Shared,
    Shutdown,
    Stateful,
    Tcp,
    Workload,
    shared_memory,
)
from charts.model.run import Run
from tests.platforms import Objects, Synth, container, platform, serving, template, workload

RUNS: dict[str, Run] = {
    "Deployment": Replicas(),
    "StatefulSet": Stateful(),
    "DaemonSet": PerNode(),
    "Job": Once(),
    "CronJob": Cron(schedule="@daily"),
}
FIRST, SECOND = Port("http", 8080), Port("admin", 8081)


def controller(objects: Objects) -> Any:
    [found] = [manifest for manifest in objects.values() if manifest["kind"] in RUNS]
    return found


def made(synth: Synth, one: Workload) -> tuple[Any, Any]:
    """The pod template and its container."""
    manifest = controller(synth(platform(one)))
    return template(manifest), container(manifest)


@pytest.mark.parametrize("kind", RUNS)
def test_every_kind_of_pod_is_hardened(synth: Synth, kind: str) -> None:
    objects = synth(platform(serving(run=RUNS[kind])))
    pod, only = template(objects[f"{kind}/web"])["spec"], container(objects[f"{kind}/web"])
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 501,
        "runAsGroup": 502,
        "fsGroup": 503,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert not {"hostNetwork", "hostPID"} & set(pod)


@pytest.mark.parametrize("kind", RUNS)
def test_every_kind_of_pod_bears_its_account_labels_and_grace(synth: Synth, kind: str) -> None:
    one = serving(run=RUNS[kind], layer="front", shutdown=Shutdown(drain=4, grace=44))
    objects = synth(platform(one))
    pod = template(objects[f"{kind}/web"])
    assert pod["spec"]["serviceAccountName"] == objects["ServiceAccount/web"]["metadata"]["name"]
    assert pod["spec"]["terminationGracePeriodSeconds"] == 44
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "web"
    assert pod["metadata"]["labels"]["app.kubernetes.io/component"] == "front"


def test_an_exception_lifts_what_it_names_and_says_why(synth: Synth) -> None:
    reasons = {"writable-root": "writes where it stands", "host-network": "watches", "host-pid": "counts"}
    pod, only = made(synth, workload(exceptions=reasons, component="watch", namespace="attic"))
    assert only["securityContext"]["readOnlyRootFilesystem"] is False
    assert (pod["spec"]["hostNetwork"], pod["spec"]["hostPID"]) == (True, True)
    assert pod["metadata"]["annotations"] == {f"security-exception/{what}": why for what, why in reasons.items()}


@pytest.mark.parametrize("exception", ["writable-root", "host-network", "host-pid"])
def test_an_exception_lifts_nothing_else(synth: Synth, exception: str) -> None:
    pod, only = made(synth, workload(exceptions={exception: "must"}, component="watch", namespace="attic"))
    lifted = {
        "writable-root": not only["securityContext"]["readOnlyRootFilesystem"],
        "host-network": "hostNetwork" in pod["spec"],
        "host-pid": "hostPID" in pod["spec"],
    }
    assert [name for name, is_lifted in lifted.items() if is_lifted] == [exception]


def test_without_exceptions_there_is_nothing_to_say(synth: Synth) -> None:
    assert "annotations" not in made(synth, workload())[0]["metadata"]


def test_a_token_is_mounted_only_where_it_may_do_something(synth: Synth) -> None:
    pod, _ = made(synth, workload(permissions=(Permission(resources=("pods",), verbs=("list",)),)))
    assert pod["spec"]["automountServiceAccountToken"] is True


@pytest.mark.parametrize("starts_within", [1, 29, 30, 31, 200])
def test_the_start_is_waited_for_and_little_longer(synth: Synth, starts_within: int) -> None:
    probe = made(synth, serving(health=Health(alive=Tcp("http"), starts_within=starts_within)))[1]["startupProbe"]
    waited = probe["failureThreshold"] * probe["periodSeconds"]
    assert starts_within <= waited < starts_within + probe["periodSeconds"]


def test_probes_ask_what_the_health_says(synth: Synth) -> None:
    health = Health(alive=Http("/alive"), ready=Http("/ready", port="admin"), every=21, timeout=3)
    _, only = made(synth, serving(ports=(FIRST, SECOND), health=health))
    alive, ready = {"path": "/alive", "port": "http"}, {"path": "/ready", "port": "admin"}
    probes = [only[f"{name}Probe"] for name in ("startup", "liveness", "readiness")]
    assert [probe["httpGet"] for probe in probes] == [alive, alive, ready]
    assert [probe["timeoutSeconds"] for probe in probes] == [3, 3, 3]
    assert only["livenessProbe"]["periodSeconds"] == 21


def test_who_lives_is_ready_unless_told_otherwise(synth: Synth) -> None:
    _, only = made(synth, serving(ports=(FIRST, SECOND), health=Health(alive=Tcp("admin"))))
    asked = [only[f"{name}Probe"]["tcpSocket"] for name in ("startup", "liveness", "readiness")]
    assert asked == [{"port": "admin"}] * 3


def test_a_probe_may_run_in_the_container(synth: Synth) -> None:
    _, only = made(synth, serving(health=Health(alive=Tcp("http"), ready=Command(("till", "--open?")))))
    assert only["readinessProbe"]["exec"] == {"command": ["till", "--open?"]}


def test_what_nobody_relies_on_is_not_probed(synth: Synth) -> None:
    assert [field for field in made(synth, workload())[1] if field.endswith("Probe")] == []


def sleep(synth: Synth, one: Workload) -> Any:
    return made(synth, one)[1].get("lifecycle")


@pytest.mark.parametrize("run", [Replicas(), Stateful(), PerNode()])
def test_who_serves_goes_on_serving_while_it_drains(synth: Synth, run: Run) -> None:
    drained = sleep(synth, serving(run=run, shutdown=Shutdown(drain=6, grace=9)))
    assert drained == {"preStop": {"sleep": {"seconds": 6}}}


@pytest.mark.parametrize(
    "one",
    [workload(), serving(shutdown=Shutdown(drain=0)), serving(run=Once()), serving(run=Cron(schedule="@daily"))],
    ids=["serves nothing", "drains at once", "ends", "ends by the clock"],
)
def test_who_has_nothing_to_drain_does_not_wait(synth: Synth, one: Workload) -> None:
    assert sleep(synth, one) is None


def test_the_environment_keeps_its_order_and_says_where_each_value_is(synth: Synth) -> None:
    environment = {
        "Z": "plain",
        "POD": FromPod("metadata.name"),
        "CURRENCY": Shared("CURRENCY"),
        "PIN": Secret("PASSWORD"),
        "A": "$(PIN)@$(POD)",
    }
    _, only = made(synth, workload(environment=environment))
    assert only["env"] == [
        {"name": "Z", "value": "plain"},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "CURRENCY", "valueFrom": {"configMapKeyRef": {"name": "shop-settings", "key": "CURRENCY"}}},
        {"name": "PIN", "valueFrom": {"secretKeyRef": {"name": "shop-secret", "key": "PASSWORD"}}},
        {"name": "A", "value": "$(PIN)@$(POD)"},
    ]


def test_own_settings_are_all_variables(synth: Synth) -> None:
    _, only = made(synth, workload(settings={"TAX": "7"}))
    assert only["envFrom"] == [{"configMapRef": {"name": "web-config"}}]


def test_a_container_runs_what_it_is_told_with_what_it_gets(synth: Synth) -> None:
    one = serving(
        image="shop/web:2",
        command=("run",),
        args=("--fast", "--shop"),
        resources=Resources(cpu="30m..1", memory="2Mi"),
        ports=(FIRST, Port("names", 53, "UDP")),
    )
    _, only = made(synth, one)
    assert (only["name"], only["image"], only["command"], only["args"]) == (
        "web",
        "shop/web:2",
        ["run"],
        ["--fast", "--shop"],
    )
    assert only["resources"] == {
        "requests": {"cpu": "30m", "memory": "2Mi"},
        "limits": {"cpu": "1", "memory": "2Mi"},
    }
    assert only["ports"] == [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"name": "names", "containerPort": 53, "protocol": "UDP"},
    ]


def test_what_is_not_said_is_left_to_the_image(synth: Synth) -> None:
    _, only = made(synth, workload())
    assert not {"command", "args", "env", "envFrom", "ports", "volumeMounts"} & set(only)


def test_volumes_are_what_they_say_and_no_more_writable_than_they_must(synth: Synth) -> None:
    one = workload(
        run=Stateful(),
        volumes=(
            Scratch(name="tmp", mount="/tmp", size="3Mi"),
            shared_memory("4Mi"),
            SecretFiles(name="keys", mount="/keys", keys=("PASSWORD",)),
            Persistent(name="till", mount="/till", size="1Gi", storage_class="shelf", claim="till-claim"),
        ),
        files=(
            ConfigFiles(name="menu", mount="/menu", files={"menu.txt": "soup\n"}),
            ConfigFiles(name="tools", mount="/tools", files={"open.sh": "true\n"}, executable=True),
        ),
    )
    pod, only = made(synth, one)
    volumes = {volume.pop("name"): volume for volume in pod["spec"]["volumes"]}
    assert volumes == {
        "tmp": {"emptyDir": {"sizeLimit": "3Mi"}},
        "shared-memory": {"emptyDir": {"sizeLimit": "4Mi", "medium": "Memory"}},
        "keys": {
            "secret": {
                "secretName": "shop-secret",
                "items": [{"key": "PASSWORD", "path": "PASSWORD"}],
                "defaultMode": 0o440,
            }
        },
        "till": {"persistentVolumeClaim": {"claimName": "till-claim"}},
        "menu": {"configMap": {"name": "web-menu", "defaultMode": 0o444}},
        "tools": {"configMap": {"name": "web-tools", "defaultMode": 0o555}},
    }
    mounts = {mount["name"]: mount for mount in only["volumeMounts"]}
    assert {name: mount["mountPath"] for name, mount in mounts.items()} == {
        name: "/dev/shm" if name == "shared-memory" else f"/{name}" for name in volumes
    }
    assert {name for name, mount in mounts.items() if mount.get("readOnly")} == {"keys", "menu", "tools"}
    assert [name for name, mount in mounts.items() if "mountPropagation" in mount] == []


def test_a_folder_of_the_node_is_read_only_and_follows_what_the_node_mounts(synth: Synth) -> None:
    logs = HostPath(name="logs", mount="/logs", path="/var/log")
    outside: dict[str, Any] = {"component": "watch", "namespace": "attic"}
    pod, only = made(synth, workload(volumes=(logs,), exceptions={"host-path": "reads the logs"}, **outside))
    [volume], [mount] = pod["spec"]["volumes"], only["volumeMounts"]
    assert volume["hostPath"] == {"path": "/var/log", "type": "Directory"}
    assert mount == {"name": "logs", "mountPath": "/logs", "readOnly": True, "mountPropagation": "HostToContainer"}


def test_voters_never_share_a_host_and_others_rather_not(synth: Synth) -> None:
    runs = {"voters": Stateful(count=3, quorum=True), "members": Stateful(count=2), "pods": Replicas(count=2)}
    objects = synth(platform(*(serving(name, run=run) for name, run in runs.items())))
    strict = {}
    for manifest in (o for o in objects.values() if o["kind"] in RUNS):
        name = manifest["metadata"]["name"]
        spread = template(manifest)["spec"]["topologySpreadConstraints"]
        assert {one["maxSkew"] for one in spread} == {1}
        assert all(one["labelSelector"] == manifest["spec"]["selector"] for one in spread)
        strict[name] = {one["topologyKey"]: one["whenUnsatisfiable"] == "DoNotSchedule" for one in spread}
    host, zone = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
    assert strict == {
        "voters": {host: True, zone: False},
        "members": {host: False, zone: False},
        "pods": {host: False, zone: False},
    }


def test_a_single_pod_goes_anywhere(synth: Synth) -> None:
    assert "topologySpreadConstraints" not in made(synth, workload(run=Stateful(quorum=True)))[0]["spec"]


def test_what_ends_is_started_anew_by_its_job_alone(synth: Synth) -> None:
    policies = {
        kind: made(synth, serving(run=run))[0]["spec"].get("restartPolicy", "Always") for kind, run in RUNS.items()
    }
    assert {kind for kind, policy in policies.items() if policy == "Never"} == {"Job", "CronJob"}


def test_what_watches_nodes_runs_on_tainted_ones_unless_told_otherwise(synth: Synth) -> None:
    pods = [made(synth, workload(run=run))[0]["spec"] for run in (PerNode(), PerNode(tolerations=False), Replicas())]
    assert [pod.get("tolerations") for pod in pods] == [[{"operator": "Exists"}], None, None]
