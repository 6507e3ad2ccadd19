"""What keeps pods running: how many, and who says so."""

import pytest

from charts.model import Autoscale, Cron, Once, PerNode, QueueLag, Replicas, Stateful, Topic
from charts.model.run import Run
from tests.platforms import Synth, platform, serving, template, workload

SCALED = Replicas(count=2, autoscale=Autoscale(maximum=7, cpu=61, memory=62))
LAGGING = Replicas(count=2, autoscale=Autoscale(maximum=3, lag=QueueLag(topic="orders", group="g", per_replica=5)))
BROKER = serving("broker", run=Stateful(), topics=(Topic(name="orders", partitions=3, replication=1),))


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (Replicas(), "Deployment"),
        (Stateful(), "StatefulSet"),
        (PerNode(), "DaemonSet"),
        (Once(), "Job"),
        (Cron(schedule="@daily"), "CronJob"),
    ],
)
def test_how_a_workload_runs_decides_its_one_controller(synth: Synth, run: Run, kind: str) -> None:
    objects = synth(platform(workload(run=run)))
    controllers = {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}
    assert [o["kind"] for o in objects.values() if o["kind"] in controllers] == [kind]


@pytest.mark.parametrize("run", [Replicas(), Stateful(), PerNode()])
def test_a_controller_selects_its_own_pods_and_no_others(synth: Synth, run: Run) -> None:
    objects = synth(platform(workload("a", run=run), workload("b", run=run)))
    found = {name: o for name, o in objects.items() if o["kind"] in ("Deployment", "StatefulSet", "DaemonSet")}
    for name, manifest in found.items():
        selected = manifest["spec"]["selector"]["matchLabels"].items()
        pods = {other: template(o)["metadata"]["labels"].items() for other, o in found.items()}
        assert [other for other, labels in pods.items() if selected <= labels] == [name]


def test_autoscaler_and_pods_do_not_fight_over_replicas(synth: Synth) -> None:
    objects = synth(platform(workload(run=SCALED)))
    assert "replicas" not in objects["Deployment/web"]["spec"]
    spec = objects["HorizontalPodAutoscaler/web-hpa"]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 7)
    targets = {one["resource"]["name"]: one["resource"]["target"] for one in spec["metrics"]}
    assert targets == {
        "cpu": {"type": "Utilization", "averageUtilization": 61},
        "memory": {"type": "Utilization", "averageUtilization": 62},
    }


def test_an_autoscaler_asks_for_what_it_is_given_alone(synth: Synth) -> None:
    objects = synth(platform(workload(run=Replicas(autoscale=Autoscale(maximum=2, memory=50)))))
    metrics = objects["HorizontalPodAutoscaler/web-hpa"]["spec"]["metrics"]
    assert [one["resource"]["name"] for one in metrics] == ["memory"]


def test_a_workload_that_scales_on_lag_keeps_its_replicas_in_the_base(synth: Synth) -> None:
    objects = synth(platform(workload(run=LAGGING), BROKER))
    assert objects["Deployment/web"]["spec"]["replicas"] == 2
    assert [name for name in objects if "Autoscaler" in name] == []


def test_counts_are_those_of_the_values(synth: Synth) -> None:
    objects = synth(platform(workload("a", run=Replicas(count=4)), workload("b", run=Stateful(count=5))))
    assert [objects[name]["spec"]["replicas"] for name in ("Deployment/a", "StatefulSet/b")] == [4, 5]


def test_only_what_has_more_than_one_pod_has_a_budget_and_it_lets_one_go(synth: Synth) -> None:
    runs: dict[str, Run] = {
        "one": Replicas(),
        "two": Replicas(count=2),
        "scaled": Replicas(autoscale=Autoscale(maximum=2, cpu=50)),
        "lagging": LAGGING,
        "single": Stateful(),
        "voters": Stateful(count=3),
        "agent": PerNode(),
        "job": Once(),
        "clock": Cron(schedule="@daily"),
    }
    objects = synth(platform(*(workload(name, run=run) for name, run in runs.items()), BROKER))
    budgets = {o["metadata"]["name"]: o["spec"] for o in objects.values() if o["kind"] == "PodDisruptionBudget"}
    assert set(budgets) == {"two", "scaled", "lagging", "voters"}
    for name, spec in budgets.items():
        kind = "StatefulSet" if name == "voters" else "Deployment"
        assert spec == {"maxUnavailable": 1, "selector": objects[f"{kind}/{name}"]["spec"]["selector"]}


def test_a_rollout_adds_a_pod_before_it_takes_one(synth: Synth) -> None:
    strategy = synth(platform(workload()))["Deployment/web"]["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


@pytest.mark.parametrize(("together", "policy"), [(True, "Parallel"), (False, "OrderedReady")])
def test_members_wait_for_each_other_unless_they_start_together(synth: Synth, together: bool, policy: str) -> None:
    objects = synth(platform(workload(run=Stateful(count=2, together=together))))
    assert objects["StatefulSet/web"]["spec"]["podManagementPolicy"] == policy


def test_the_first_member_has_the_number_that_it_is_given(synth: Synth) -> None:
    objects = synth(platform(workload("a", run=Stateful(first=3)), workload("b", run=Stateful())))
    assert [objects[f"StatefulSet/{name}"]["spec"].get("ordinals") for name in ("a", "b")] == [{"start": 3}, None]


@pytest.mark.parametrize("run", [Once(retries=4, within=50), Cron(schedule="@daily", retries=4, within=50)])
def test_a_job_is_tried_as_often_and_as_long_as_it_may(synth: Synth, run: Run) -> None:
    objects = synth(platform(workload(run=run)))
    spec = (
        objects["Job/web"]["spec"] if isinstance(run, Once) else objects["CronJob/web"]["spec"]["jobTemplate"]["spec"]
    )
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (4, 50)


def test_the_clock_is_utc_and_no_run_overtakes_another(synth: Synth) -> None:
    spec = synth(platform(workload(run=Cron(schedule="5 4 * * 1"))))["CronJob/web"]["spec"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("5 4 * * 1", "Etc/UTC", "Forbid")
