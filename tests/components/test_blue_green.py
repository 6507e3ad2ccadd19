"""The component blue-green: a release is a second copy that proves itself before it gets the traffic, and after."""

import json
import math
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import main
from charts.folder import CUSTOM_PODS
from charts.model import (
    Autoscale,
    BlueGreen,
    Health,
    Metrics,
    Platform,
    Port,
    QueueLag,
    Replicas,
    Resources,
    Size,
    Stateful,
    Tcp,
    Topic,
    Variant,
    Watch,
    Workload,
)
from ops import render, summary
from ops.capacity.pods import workloads as reckoned
from ops.places import ROOT
from rules import complaints
from rules.matching import matches
from tests.catalog.promtool import promtool, unscraped
from tests.components.conftest import Objects, Overlay
from tests.conftest import Manifest
from tests.platforms import container, platform, refusals, serving, tells, template, workload

NAME = "app.kubernetes.io/name"
HASH = "rollouts-pod-template-hash"  # by which Argo Rollouts tells the copies apart
ERRORS = Watch(name="errors", query='sum(rate(failed_total{pod=~"$pods"}[1m]))', most=3)
RELEASE = BlueGreen(smoke=("/alive", "/list?all=1"), asks=("ask", "--all"), watches=(ERRORS,), watch_seconds=120)
SCALED = Replicas(count=3, autoscale=Autoscale(maximum=5, cpu=70), release=RELEASE)
PLATFORM = platform(
    serving("web", image="shop/web", run=SCALED, settings={"COLOUR": "red"}, calls=("clerk:http",),
            ports=(Port("http", 8080), Port("admin", 8081)),
            small=Size(count=1, maximum=2, resources=Resources(cpu="5m..10m", memory="8Mi..16Mi"))),
    serving("clerk", run=Replicas(count=2, release=RELEASE)),
    serving("plain", run=Replicas(count=2)),
    serving("eyes", run=Stateful(), ports=(Port("http", 9999),), metrics=Metrics(port="http")),
    scraper="eyes",
)  # fmt: skip
TAGGED = {"images": [{"name": "shop/web", "newTag": "v7"}]}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Objects, Objects]:
    """The platform's objects without the component and with it."""
    place = tmp_path_factory.mktemp("shop")
    main.build(PLATFORM, place / "dist")
    found = []
    for components in ([], ["../../dist/components/blue-green"]):
        folder = place / "overlays" / str(len(components))
        folder.mkdir(parents=True)
        whole = {"resources": ["../../dist/base"], "components": components, **TAGGED}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(whole))
        found.append({f"{one.kind}/{render.HASH.sub('', one.name)}": one.manifest for one in render.render(folder)})
    return found[0], found[1]


@pytest.fixture
def before(both: tuple[Objects, Objects]) -> Objects:
    return both[0]


@pytest.fixture
def objects(both: tuple[Objects, Objects]) -> Objects:
    return both[1]


def strategy(objects: Objects, name: str = "web") -> Any:
    return objects[f"Rollout/{name}"]["spec"]["strategy"]["blueGreen"]


def metrics(objects: Objects, template: str) -> Any:
    return objects[f"AnalysisTemplate/{template}"]["spec"]["metrics"]


def smoke(objects: Objects) -> Any:
    """The Job that asks web's new copy."""
    [metric] = metrics(objects, strategy(objects)["prePromotionAnalysis"]["templates"][0]["templateName"])
    return metric["provider"]["job"]["spec"]


def test_a_rollout_takes_its_pods_from_the_deployment_which_runs_none(before: Objects, objects: Objects) -> None:
    for name in ("web", "clerk"):
        reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "scaleDown": "never"}
        assert objects[f"Rollout/{name}"]["spec"]["workloadRef"] == reference
        assert "template" not in objects[f"Rollout/{name}"]["spec"]
        held = deepcopy(before[f"Deployment/{name}"])
        held["spec"]["replicas"] = 0
        assert objects[f"Deployment/{name}"] == held


def test_an_autoscaler_scales_the_rollout_and_alone_says_how_many(before: Objects, objects: Objects) -> None:
    wanted = deepcopy(before["HorizontalPodAutoscaler/web-hpa"])
    wanted["spec"]["scaleTargetRef"] = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}
    assert objects["HorizontalPodAutoscaler/web-hpa"] == wanted
    assert "replicas" not in objects["Rollout/web"]["spec"]
    assert objects["Rollout/clerk"]["spec"]["replicas"] == 2


def test_whoever_has_no_release_and_every_service_stays_as_it_is(before: Objects, objects: Objects) -> None:
    changed = {name for name in before if before[name] != objects[name]}
    assert changed == {"Deployment/web", "Deployment/clerk", "HorizontalPodAutoscaler/web-hpa"}


def test_the_active_service_is_the_base_s_and_the_preview_another_to_the_same_ports(objects: Objects) -> None:
    assert strategy(objects)["activeService"] == "web"
    active, preview = objects["Service/web"], objects[f"Service/{strategy(objects)['previewService']}"]
    assert preview["metadata"]["name"] == "web-preview"
    assert preview["spec"] == active["spec"]
    assert len(preview["spec"]["ports"]) == 2


def selecting(objects: Objects, labels: Mapping[str, str]) -> set[str]:
    """The policies, budgets and Services that a pod with these labels is of."""
    found = set()
    for title, one in objects.items():
        spec = one.get("spec", {})
        selector = {"NetworkPolicy": "podSelector", "PodDisruptionBudget": "selector"}.get(one["kind"])
        if selector and matches(spec[selector], labels):
            found.add(title)
        if one["kind"] == "Service" and matches({"matchLabels": spec["selector"]}, labels):
            found.add(title)
    return found


def test_policies_and_budgets_cover_both_copies_and_not_who_asks_them(objects: Objects) -> None:
    labels = template(objects["Deployment/web"])["metadata"]["labels"]
    blue, green = (selecting(objects, {**labels, HASH: colour}) for colour in ("6d4f", "79c8"))
    assert blue == green
    assert {"NetworkPolicy/web", "PodDisruptionBudget/web", "Service/web", "Service/web-preview"} <= blue
    asking = selecting(objects, smoke(objects)["template"]["metadata"]["labels"])
    assert asking == {"NetworkPolicy/default-deny", "NetworkPolicy/allow-dns", "NetworkPolicy/web-smoke"}


def test_a_budget_lets_one_pod_of_both_copies_go(objects: Objects) -> None:
    assert objects["PodDisruptionBudget/web"]["spec"]["maxUnavailable"] == 1


def test_the_smoke_test_reaches_the_port_that_it_asks_and_the_controller_the_scraper(
    before: Objects, objects: Objects
) -> None:
    def pods(name: str) -> dict[str, Any]:
        return {"podSelector": {"matchLabels": {NAME: name}}}

    def flow(of: str, way: str, peer: dict[str, Any], port: int) -> dict[str, Any]:
        key, end = ("ingress", "from") if way == "Ingress" else ("egress", "to")
        rule = {end: [peer], "ports": [{"port": port, "protocol": "TCP"}]}
        return {**pods(of), "policyTypes": [way], key: [rule]}

    controller = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "argo-rollouts"}},
        **pods("argo-rollouts"),
    }
    new = [one["spec"] for name, one in objects.items() if name not in before and one["kind"] == "NetworkPolicy"]
    wanted = [flow("eyes", "Ingress", controller, 9999)]
    for name in ("web", "clerk"):
        wanted += [
            flow(f"{name}-smoke", "Egress", pods(name), 8080),
            flow(name, "Ingress", pods(f"{name}-smoke"), 8080),
        ]
    in_order = partial(json.dumps, sort_keys=True)
    assert sorted(map(in_order, new)) == sorted(map(in_order, wanted))


def test_the_smoke_test_asks_each_path_at_the_preview_service(objects: Objects) -> None:
    [asking] = smoke(objects)["template"]["spec"]["containers"]
    *command, first, second = asking["command"]
    assert command == ["ask", "--all"]
    preview = objects[f"Service/{strategy(objects)['previewService']}"]
    for address, path in ((first, "/alive"), (second, "/list?all=1")):
        parts = urlsplit(address)
        assert (parts.scheme, parts.hostname) == ("http", preview["metadata"]["name"])
        assert parts.port in {port["port"] for port in preview["spec"]["ports"]}
        assert address.endswith(f":{parts.port}{path}")


def test_the_smoke_test_runs_in_the_image_of_the_release(objects: Objects) -> None:
    [asking] = smoke(objects)["template"]["spec"]["containers"]
    assert asking["image"] == container(objects["Deployment/web"])["image"] == "shop/web:v7"


def test_the_smoke_test_is_a_restricted_pod_of_the_workload_s_user_that_ends(objects: Objects) -> None:
    job = smoke(objects)
    pod = job["template"]["spec"]
    [asking] = pod["containers"]
    assert pod["restartPolicy"] == "Never"
    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (501, 502)
    assert asking["securityContext"]["readOnlyRootFilesystem"] is True
    assert 0 < job["activeDeadlineSeconds"] <= 120
    assert job["backoffLimit"] >= 1


def test_the_rules_find_nothing_wrong(objects: Objects) -> None:
    assert complaints(list(objects.values())) == []


def test_an_analysis_ends_by_itself_and_bears_a_restart_of_prometheus(objects: Objects) -> None:
    [asked], [watched] = metrics(objects, "web-smoke"), metrics(objects, "web-watch")
    assert (asked["count"], asked["failureLimit"]) == (1, 0)
    assert watched["count"] * seconds(watched["interval"]) == RELEASE.watch_seconds
    assert watched["failureLimit"] < watched["count"]
    for metric in (asked, watched):
        assert metric["consecutiveErrorLimit"] >= 1


def seconds(duration: str) -> int:
    assert duration.endswith("s")
    return int(duration.removesuffix("s"))


def longest(metric: Any) -> int:
    """Seconds of a metric whose every measurement comes after as many errors as it bears, 10 s between them."""
    timeout = metric["provider"]["prometheus"]["timeout"]
    each = timeout + metric["consecutiveErrorLimit"] * (timeout + 10)
    wait = seconds(metric["initialDelay"]) + (metric["count"] - 1) * seconds(metric["interval"])
    return int(wait + metric["count"] * each)


def test_the_old_copy_outlives_the_analysis_and_no_deadline_cuts_it_short(objects: Objects) -> None:
    spec = objects["Rollout/web"]["spec"]
    worst = max(longest(metric) for metric in metrics(objects, "web-watch"))
    assert strategy(objects)["scaleDownDelaySeconds"] > worst
    assert spec["progressDeadlineSeconds"] > worst


@pytest.mark.parametrize("starts_within", [40, 4000])
def test_a_copy_may_take_its_time_to_start_and_be_asked(starts_within: int, overlay: Overlay) -> None:
    health = Health(alive=Tcp("http"), starts_within=starts_within)
    slow = replace(PLATFORM, workloads=(serving("web", run=SCALED, health=health), *PLATFORM.workloads[1:]))
    objects = overlay(slow, "blue-green")
    deadline = objects["Rollout/web"]["spec"]["progressDeadlineSeconds"]
    assert deadline > starts_within + smoke(objects)["activeDeadlineSeconds"]


def test_promotion_and_abort_are_automatic(objects: Objects) -> None:
    assert objects["Rollout/web"]["spec"]["progressDeadlineAbort"] is True
    switch = strategy(objects)
    assert switch["autoPromotionEnabled"] is True
    assert switch["abortScaleDownDelaySeconds"] > 0
    assert switch["scaleDownDelayRevisionLimit"] == 1
    assert "previewReplicaCount" not in switch


def test_figures_are_those_of_the_new_pods(objects: Objects) -> None:
    [given] = strategy(objects)["postPromotionAnalysis"]["args"]
    assert given["valueFrom"] == {"podTemplateHashValue": "Latest"}
    [watched] = metrics(objects, "web-watch")
    query = watched["provider"]["prometheus"]["query"].replace(f"{{{{args.{given['name']}}}}}", "79c8")
    [pods] = re.findall(r'pod=~"(.+?)"', query)
    assert query == ERRORS.query.replace("$pods", pods)
    assert re.fullmatch(pods, "web-79c8-x7k2p")
    assert not re.fullmatch(pods, "web-6d4f-x7k2p")


def test_prometheus_is_asked_at_its_service(objects: Objects) -> None:
    [watched] = metrics(objects, "web-watch")
    address = urlsplit(watched["provider"]["prometheus"]["address"])
    assert address.hostname == "eyes.shop.svc"
    assert address.port in {port["port"] for port in objects["Service/eyes"]["spec"]["ports"]}


@pytest.mark.parametrize(
    ("result", "good"), [([], True), ([math.nan], True), ([0.0], True), ([3.0], True), ([3.01], False), ([9.0], False)]
)
def test_silence_is_good_and_a_figure_above_its_bound_is_not(result: list[float], good: bool, objects: Objects) -> None:
    [watched] = metrics(objects, "web-watch")
    condition = watched["successCondition"].replace("||", "or")
    assert eval(condition, {"result": result, "isNaN": math.isnan, "len": len}) is good
    assert "failureCondition" not in watched


def test_patches_of_the_deployment_go_on_having_their_effect(overlay: Overlay) -> None:
    objects = overlay(PLATFORM, "small", "blue-green", **TAGGED)
    assert objects == overlay(PLATFORM, "blue-green", "small", **TAGGED)
    assert container(objects["Deployment/web"])["resources"]["requests"] == {"cpu": "5m", "memory": "8Mi"}
    scaler = objects["HorizontalPodAutoscaler/web-hpa"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"], scaler["scaleTargetRef"]["kind"]) == (1, 2, "Rollout")
    assert objects["Deployment/web"]["spec"]["replicas"] == 0


def test_a_count_for_the_deployment_is_told(overlay: Overlay) -> None:
    objects = overlay(PLATFORM, "blue-green", **TAGGED, replicas=[{"name": "clerk", "count": 3}])
    [line] = complaints(list(objects.values()))
    assert line.startswith("Deployment/clerk spec.replicas: ")


def test_nothing_is_added_where_nothing_has_a_release(overlay: Overlay) -> None:
    place = platform(serving("web"), serving("eyes", metrics=Metrics(port="http")), scraper="eyes")
    assert overlay(place, "blue-green") == overlay(place)


def test_capacity_counts_a_second_copy_and_its_smoke_test_and_nothing_for_the_deployment(objects: Objects) -> None:
    found = {one.title: one for one in reckoned(list(objects.values()), {}, [])}
    web, clerk = found["Rollout/web"], found["Rollout/clerk"]
    assert [web.pods(when) for when in ("minimum", "maximum", "rollout")] == [3, 5, 10]
    assert [clerk.pods(when) for when in ("minimum", "maximum", "rollout")] == [2, 2, 4]
    assert found["AnalysisTemplate/web-smoke"].pods("rollout") == 1
    assert found["Deployment/web"].pods("rollout") == found["Deployment/clerk"].pods("rollout") == 0


def test_the_summary_shows_the_replicas_of_the_rollout(objects: Objects) -> None:
    shown = {row.workload: row.replicas for row in summary.rows(list(objects.values()))}
    assert (shown["web"], shown["clerk"], shown["plain"]) == ("3-5", "2", "2")


ARGO = [
    manifest
    for manifest in yaml.load_all((ROOT / "imports/crds/argoproj.io.yaml").read_text(), Loader=yaml.CSafeLoader)
    if manifest
]


@pytest.mark.parametrize("kind", [kind for group, kind in CUSTOM_PODS if group == "argoproj.io"])
def test_names_follow_their_hashes_where_argo_s_definitions_hold_a_pod(kind: str) -> None:
    [definition] = [one for one in ARGO if one["spec"]["names"]["kind"] == kind]
    [version] = definition["spec"]["versions"]
    at = version["schema"]["openAPIV3Schema"]
    for step in CUSTOM_PODS["argoproj.io", kind].split("/"):
        at = at.get("items", at)["properties"][step]
    assert "containers" in at["properties"]


def released(run: Replicas | None = None, **fields: Any) -> Workload:
    return serving("web", run=run or Replicas(release=RELEASE), **fields)


def release(**fields: Any) -> Workload:
    return released(Replicas(release=replace(RELEASE, **fields)))


EYES = serving("eyes", metrics=Metrics(port="http"))
LAG = Autoscale(maximum=2, lag=QueueLag(topic="orders", group="web", per_replica=5))
BROKER = serving("broker", run=Stateful(), topics=(Topic(name="orders", partitions=2, replication=1),))
UDP = (Port("names", 53, protocol="UDP"), Port("http", 8080))
AT = "web.run.release"
MISTAKES: dict[str, tuple[tuple[Workload, ...], str, tuple[str, ...]]] = {
    "no path": ((release(smoke=()),), f"{AT}.smoke", ("none",)),
    "half a path": ((release(smoke=("ready",)),), f"{AT}.smoke", ('"/"', '"ready"')),
    "a path with a blank": ((release(smoke=("/a b",)),), f"{AT}.smoke", ('"/a b"',)),
    "no command": ((release(asks=()),), f"{AT}.asks", ("none",)),
    "no figure": ((release(watches=()),), f"{AT}.watches", ("none",)),
    "two figures of a name": ((release(watches=(ERRORS, ERRORS)),), f"{AT}.watches", ('"errors"',)),
    "a figure of old pods too": (
        (release(watches=(replace(ERRORS, query="up"),)),),
        f"{AT}.watches.errors.query",
        ('pod=~"$pods"',),
    ),
    "an argument of Argo's": (
        (release(watches=(replace(ERRORS, query='x{pod=~"$pods",a="{{b}}"}'),)),),
        f"{AT}.watches.errors.query",
        ('"{{"',),
    ),
    "a bound below nothing": (
        (release(watches=(replace(ERRORS, most=-1),)),),
        f"{AT}.watches.errors.most",
        ("0", "-1"),
    ),
    "a figure without a name": ((release(watches=(replace(ERRORS, name="No"),)),), f"{AT}.watches.No.name", ('"No"',)),
    "a short look": ((release(watch_seconds=59),), f"{AT}.watch_seconds", ("60..3600", "59")),
    "a look without end": ((release(watch_seconds=3601),), f"{AT}.watch_seconds", ("60..3600", "3601")),
    "nothing to switch over": ((workload("web", run=Replicas(release=RELEASE)),), AT, ("serves", "remove")),
    "a first port that is not asked by HTTP": ((released(ports=UDP),), AT, ("names", "TCP")),
    "pods that serve before they are ready": ((released(unready_addresses=True),), AT, ("unready_addresses",)),
    "in a component": ((released(component="extra"),), AT, ("extra", "remove")),
    "KEDA": ((released(Replicas(autoscale=LAG, release=RELEASE)), BROKER), AT, ("KEDA",)),
    "a name that it needs": ((released(), serving("web-preview")), "web-preview.name", (AT, '"web-preview"')),
    "another name that it needs": ((released(), serving("web-smoke")), "web-smoke.name", (AT, '"web-smoke"')),
    "left out in a variant": (
        (released(), serving("heir", variants={"later": Variant(says="It does.", replaces=("web",))})),
        "heir.variants.later.replaces",
        ('"web"', "Rollout"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_release_that_could_not_be_is_refused(mistake: str) -> None:
    workloads, at, words = MISTAKES[mistake]
    [line] = refusals(*workloads, EYES, scraper="eyes")
    assert tells(line, at, *words), line


def test_figures_are_asked_where_somebody_answers() -> None:
    [line] = refusals(released(), workload("eyes"), scraper="eyes")
    assert tells(line, f"{AT}.watches", "eyes", "port"), line


def test_a_release_is_watched_by_someone() -> None:
    [line] = refusals(released())
    assert tells(line, f"{AT}.watches", "scraper"), line


# Of NewsTalk: what production runs, and whether its figures tell a good release from a bad one.

REAL: Platform = main.platform()
RELEASED = {workload.name: workload.release for workload in REAL.workloads if workload.release}


def test_the_api_and_the_agents_are_released_blue_green_in_production(rendered: dict[str, list[Manifest]]) -> None:
    rollouts = [one["metadata"]["name"] for one in rendered["production"] if one["kind"] == "Rollout"]
    assert sorted(rollouts) == sorted(RELEASED) == ["fastapi-backend", "langgraph-service"]
    for environment in ("staging", "local"):
        assert not any(one["kind"] == "Rollout" for one in rendered[environment])


def test_a_summary_of_production_shows_the_autoscalers_range(rendered: dict[str, list[Manifest]]) -> None:
    shown = {row.workload: row.replicas for row in summary.rows(rendered["production"])}
    for name in RELEASED:
        run = REAL[name].run
        assert isinstance(run, Replicas)
        assert shown[name] == f"{run.count}-{run.maximum}"


def test_a_smoke_test_fits_the_bounds_of_a_container(rendered: dict[str, list[Manifest]]) -> None:
    bounds = next(one for one in rendered["production"] if one["kind"] == "LimitRange")["spec"]["limits"][0]["max"]
    limits = [
        each["resources"]["limits"]
        for one in rendered["production"]
        if one["kind"] == "AnalysisTemplate"
        for metric in one["spec"]["metrics"]
        for each in metric["provider"]
        .get("job", {})
        .get("spec", {})
        .get("template", {})
        .get("spec", {})
        .get("containers", [])
    ]
    assert len(limits) == len(RELEASED)
    assert all(
        Resources(**limit).limits[name] <= Resources(**bounds).limits[name] for limit in limits for name in bounds
    )


@pytest.mark.parametrize("name", RELEASED)
def test_the_figures_are_scraped(name: str) -> None:
    release = RELEASED[name]
    assert release is not None
    for watch in release.watches:
        assert unscraped(watch.query, set()) == set()


def watched(name: str, figure: str) -> tuple[str, int]:
    """The query of the pods that the names "<workload>-new-..." mean, and its bound."""
    release = RELEASED[name]
    assert release is not None
    [watch] = [one for one in release.watches if one.name == figure]
    return watch.query.replace("$pods", f"{name}-new-.+"), watch.most


def counted(name: str, metric: str, pod: str, labels: str, each_minute: float) -> dict[str, str]:
    series = f'{metric}{{job="{name}",pod="{name}-{pod}-a",path="/articles",{labels}}}'
    return {"series": series, "values": f"0+{each_minute}x10"}


SITUATIONS: dict[str, tuple[str, list[tuple[str, str, str, float]], bool]] = {
    "nobody asks": ("errors", [], True),
    "all goes well": ("errors", [("http_requests_total", "new", 'status="200"', 600)], True),
    "what was asked before and is no more": ("errors", [("http_requests_total", "new", 'status="200"', 0)], True),
    "one request in a hundred fails": (
        "errors",
        [("http_requests_total", "new", 'status="200"', 990), ("http_requests_total", "new", 'status="500"', 10)],
        True,
    ),
    "one request in ten fails": (
        "errors",
        [("http_requests_total", "new", 'status="200"', 90), ("http_requests_total", "new", 'status="500"', 10)],
        False,
    ),
    "one of the only two requests fails": (
        "errors",
        [("http_requests_total", "new", 'status="200"', 1), ("http_requests_total", "new", 'status="500"', 1)],
        True,
    ),
    "the old copy fails": ("errors", [("http_requests_total", "old", 'status="500"', 900)], True),
    "nobody waits": ("latency", [], True),
    "answers are quick": (
        "latency",
        [("http_request_duration_seconds_bucket", "new", f'le="{le}"', 600) for le in ("0.1", "100", "200", "+Inf")],
        True,
    ),
    "answers are slow": (
        "latency",
        [
            ("http_request_duration_seconds_bucket", "new", f'le="{le}"', count)
            for le, count in (("0.1", 0.0), ("100", 0.0), ("200", 600.0), ("+Inf", 600.0))
        ],
        False,
    ),
    "one answer is slow": (
        "latency",
        [
            ("http_request_duration_seconds_bucket", "new", f'le="{le}"', count)
            for le, count in (("0.1", 0.0), ("100", 0.0), ("200", 1.0), ("+Inf", 1.0))
        ],
        True,
    ),
    "nobody waits any more": (
        "latency",
        [("http_request_duration_seconds_bucket", "new", f'le="{le}"', 0) for le in ("0.1", "200", "+Inf")],
        True,
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", RELEASED)
def test_a_figure_tells_a_bad_release_from_a_good_one_and_from_silence(
    name: str, situation: str, tmp_path: Path
) -> None:
    figure, traffic, good = SITUATIONS[situation]
    query, most = watched(name, figure)
    series = [counted(name, metric, pod, labels, rate) for metric, pod, labels, rate in traffic]
    bad = f"count(({query}) > {most}) or vector(0)"
    case = {
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [
            {"expr": bad, "eval_time": "8m", "exp_samples": [{"labels": "{}", "value": int(not good)}]}
        ],
    }
    file = tmp_path / "figure.test.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [case]}))
    promtool("test", "rules", file)
