"""The workflows are thin, hardened, and in the specification's order."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from ops import render
from ops.places import OVERLAYS, ROOT
from tests.conftest import Manifest

Job = Mapping[str, Any]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
WORKFLOWS: dict[str, Mapping[Any, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
JOBS: dict[str, Job] = {
    f"{workflow}.{name}": job for workflow, held in WORKFLOWS.items() for name, job in held["jobs"].items()
}
RELEASE: Mapping[str, Job] = WORKFLOWS["release"]["jobs"]
# The specification, "CI/CD Pipeline"; its stage 2 pushes, which here waits for stage 3.
STAGES = ("test", "build", "scan", "push", "deploy-staging", "deploy-production", "after-deployment")
each_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)


def events(workflow: str) -> Mapping[str, Any]:
    found = WORKFLOWS[workflow][True]  # YAML 1.1's `on`
    return dict(found)


def targets() -> set[str]:
    """What the Makefile makes."""
    rules = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(rules)


def cells(job: Job) -> Iterator[Mapping[str, str]]:
    """Each combination of the job's matrix."""
    matrix: Mapping[str, list[str]] = job.get("strategy", {}).get("matrix", {})
    for values in itertools.product(*matrix.values()):
        yield dict(zip(matrix, values, strict=True))


def commands(job: Job) -> Iterator[str]:
    """Each `run:` as the matrix makes it; what else would be put in is left as it stands."""
    for cell in cells(job):
        for step in job["steps"]:
            if "run" in step:
                text = str(step["run"])
                yield re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found, cell=cell: str(cell[found[1]]), text)  # type: ignore[misc]


def uses(job: Job, action: str) -> list[Mapping[str, Any]]:
    return [step for step in job["steps"] if str(step.get("uses")).startswith(f"{action}@")]


@each_job
def test_every_command_is_one_target_of_the_makefile(job: Job) -> None:
    for command in commands(job):
        made = re.fullmatch(r"make ([a-z-]+)(?: [A-Z]+=[\w.:/-]+)*", command)
        assert made, command
        assert made[1] in targets(), command


@each_job
def test_every_job_says_what_it_may_do_and_how_long(job: Job) -> None:
    assert isinstance(job["permissions"], dict)
    assert 0 < job["timeout-minutes"] <= 120


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_grants_nothing_to_all_its_jobs(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] == {}


@each_job
def test_every_action_is_a_commit(job: Job) -> None:
    for step in job["steps"]:
        assert "uses" not in step or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step


def test_every_action_names_its_version_and_is_listed_with_the_place_where_it_was_looked_up() -> None:
    pins = yaml.safe_load((ROOT / "pins.yaml").read_text())["actions"]
    lines = [line for path in FILES for line in path.read_text().splitlines() if "uses:" in line]
    written = {found.groups() for line in lines if (found := re.search(r"uses: (\S+) # (v[\d.]+)$", line))}
    assert len([line for line in lines if re.search(r"uses: \S+ # v[\d.]+$", line)]) == len(lines) > 0
    assert written == {(pin["pin"], pin["version"]) for pin in pins}
    assert all(pin["source"] for pin in pins)


@each_job
def test_no_checkout_leaves_its_token_behind(job: Job) -> None:
    assert [step for step in uses(job, "actions/checkout") if step["with"]["persist-credentials"] is not False] == []


@pytest.mark.parametrize("workflow", [name for name in WORKFLOWS if "pull_request" in events(name)])
def test_a_pull_request_has_no_secret_no_environment_and_nothing_to_write(workflow: str) -> None:
    assert "pull_request_target" not in events(workflow)
    for job in WORKFLOWS[workflow]["jobs"].values():
        assert "secrets." not in str(job)
        assert "environment" not in job
        assert set(job["permissions"].values()) <= {"read"}


def test_a_pull_request_sees_drift_findings_and_capacity() -> None:
    shown = {command for job in WORKFLOWS["pull-request"]["jobs"].values() for command in commands(job)}
    assert {"make test", "make drift", "make check", "make capacity", "make test-cluster"} <= shown


def test_the_six_stages_come_one_after_the_other() -> None:
    assert list(RELEASE) == list(STAGES)
    assert [RELEASE[stage].get("needs") for stage in STAGES] == [None, *STAGES[:-1]]


def test_no_stage_goes_on_after_one_that_failed() -> None:
    """A job with a condition of its own could: `always()`, `failure()` or `!cancelled()` lets it."""
    conditions = [str(job.get("if", "")) for job in RELEASE.values()]
    assert [text for text in conditions if "(" in text] == []
    assert [name for name, job in RELEASE.items() if "continue-on-error" in str(job)] == []


def test_the_first_stage_is_unit_integration_and_security() -> None:
    assert {command.removeprefix("make test-") for command in commands(RELEASE["test"])} == {
        "unit",
        "integration",
        "security",
    }
    (upload,) = uses(RELEASE["test"], "actions/upload-artifact")
    assert upload["with"]["path"].endswith(".xml")


def test_the_two_halves_of_the_tests_are_all_of_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    unit = set(re.findall(r"^unit := (.+)$", makefile, re.MULTILINE)[0].split())
    assert {folder for folder in unit if not (ROOT / folder).is_dir()} == set()
    assert "$(addprefix --ignore=,$(unit))" in makefile


def test_images_are_built_cached_and_attested_but_not_pushed() -> None:
    (bake,) = uses(RELEASE["build"], "docker/bake-action")
    given = bake["with"]
    assert (given["provenance"], given["sbom"]) == ("mode=max", True)
    assert {"cache-from=type=gha", "cache-to=type=gha"} <= set(re.findall(r"\*\.(cache-\w+=type=\w+)", given["set"]))
    assert "push" not in given
    assert re.findall(r"\*\.output=(type=\w+)", given["set"]) == ["type=oci"]


def test_a_critical_vulnerability_fails_the_scan_and_is_uploaded_all_the_same() -> None:
    (scan,) = uses(RELEASE["scan"], "anchore/scan-action")
    (upload,) = uses(RELEASE["scan"], "github/codeql-action/upload-sarif")
    assert (scan["with"]["severity-cutoff"], scan["with"]["fail-build"]) == ("critical", True)
    assert "continue-on-error" not in scan
    assert upload["with"]["sarif_file"] == scan["with"]["output-file"]
    assert upload["if"] == "${{ !cancelled() }}"


def test_only_what_was_scanned_is_pushed_and_only_of_a_git_tag() -> None:
    (build,) = uses(RELEASE["build"], "actions/upload-artifact")
    fetched = [uses(RELEASE[stage], "actions/download-artifact")[0]["with"] for stage in ("scan", "push")]
    assert [each["name"] for each in fetched] == [build["with"]["name"]] * 2
    assert RELEASE["push"]["if"] == "github.ref_type == 'tag'"
    able = [name for name, job in JOBS.items() if "login-action" in str(job) or "make push" in str(job)]
    assert able == ["release.push"]


def test_the_images_are_those_that_the_environments_run() -> None:
    kustomization = yaml.safe_load((OVERLAYS / "production" / "kustomization.yaml").read_text())
    ours = {image["name"].removeprefix("newstalk-ai/") for image in kustomization["images"]}
    for stage in ("build", "scan", "push"):
        assert set(RELEASE[stage]["strategy"]["matrix"]["image"]) == ours


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_deployment_waits_for_the_one_before_it_and_is_never_cancelled(environment: str) -> None:
    job = RELEASE[f"deploy-{environment}"]
    assert job["concurrency"] == {"group": environment, "cancel-in-progress": False}
    assert job["environment"]["name"] == environment
    assert f"make deploy ENV={environment}" in commands(job)
    assert "concurrency" not in WORKFLOWS["release"]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_deployment_has_the_history_that_holds_the_way_back(environment: str) -> None:
    (checkout,) = uses(RELEASE[f"deploy-{environment}"], "actions/checkout")
    assert checkout["with"]["fetch-depth"] == 0


def test_after_the_deployment_come_a_load_run_and_what_prometheus_saw(rendered: dict[str, list[Manifest]]) -> None:
    said = list(commands(RELEASE["after-deployment"]))
    assert said[-1] == "make observe ENV=production"
    (asked,) = [command for command in said if command.startswith("make performance ")]
    (host,) = re.findall(r"URL=https://([\w.-]+)/", asked)
    assert host in hosts(rendered["production"])


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_an_environment_s_page_on_github_leads_to_it(environment: str, rendered: dict[str, list[Manifest]]) -> None:
    url = RELEASE[f"deploy-{environment}"]["environment"]["url"]
    assert url.removeprefix("https://") in hosts(rendered[environment])


def hosts(objects: list[Manifest]) -> set[str]:
    return {rule["host"] for one in objects if one["kind"] == "Ingress" for rule in one["spec"]["rules"]}


def test_dependabot_looks_after_every_kind_of_lock() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    watched = {
        update["package-ecosystem"]: [*update.get("directories", []), *filter(None, [update.get("directory")])]
        for update in updates
    }
    assert set(watched) == {"github-actions", "pip", "gomod", "npm"}
    locks = [path for path in ROOT.glob("*/*/package-lock.json") if not path.parts[-3].startswith(".")]
    assert {f"/{path.parent.relative_to(ROOT)}" for path in locks} == set(watched["npm"])


def test_every_environment_that_is_deployed_is_one() -> None:
    named = {found for command in itertools.chain(*map(commands, JOBS.values()))
             for found in re.findall(r"ENV=(\w+)", command)}  # fmt: skip
    assert len(named) == len(named & set(render.environments())) > 0
