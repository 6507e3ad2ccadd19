"""The command as people and programs meet it, and the real environments."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.check import schemas
from ops.places import ROOT
from tests.ops.check import small
from tests.ops.check.small import configmap, deployment, files, of, service


@pytest.mark.slow
def test_the_environments_hold() -> None:
    command = [sys.executable, "-c", "import ops.cli; ops.cli.main()", "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert all(name in done.stderr for name in ("local, staging, production", "1.30 to 1.37", "nothing found"))


def misspelt(place: Path) -> Path:
    wrong = service()
    wrong["spec"]["ports"][0]["protocl"] = "TCP"
    return small.write(place, files() | {"base/web.yaml": [deployment(), wrong]}) / "overlay"


def test_json_has_the_shape_that_is_documented(tmp_path: Path) -> None:
    folder = misspelt(tmp_path)
    read = small.check_json(folder, "--minor", "1.31", "--minor", "1.30")
    assert read == {
        "findings": [
            {
                "environment": str(folder),
                "file": "web/Service.web.yaml",
                "object": "Service/web",
                "field": "spec.ports[http].protocl",
                "problem": "is no field",
                "remedy": "write protocol, or leave it out",
                "minors": ["1.30", "1.31"],
            }
        ],
        "objects": {str(folder): 3},
        "minors": ["1.30", "1.31"],
    }
    documented = (ROOT / "docs" / "check.md").read_text()
    assert all(f'"{key}"' in documented for key in {*read, *read["findings"][0]})


def test_json_of_what_is_right_has_no_findings(tmp_path: Path) -> None:
    folder = small.write(tmp_path, files()) / "overlay"
    assert small.check_json(folder) == {"findings": [], "objects": {str(folder): 3}, "minors": list(schemas.minors())}


def test_a_minor_alone_is_checked_where_it_is_asked_for(tmp_path: Path) -> None:
    gone = of(
        "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "calm", spec={"priorityLevelConfiguration": {"name": "x"}}
    )
    del gone["metadata"]["namespace"]
    folder = small.write(tmp_path, files(gone)) / "overlay"
    assert small.check(folder, "--minor", "1.31") == (0, [])
    assert small.check(folder, "--minor", "1.32")[0] == 1


EITHER = [{"type": "integer"}, {"type": "string"}]
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "rockets.space.test"},
    "spec": {
        "group": "space.test",
        "names": {"kind": "Rocket", "plural": "rockets"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["stages", "fuel"],
                                "properties": {
                                    "stages": {"type": "integer", "$ref": "http://127.0.0.1:9/stages"},
                                    "fuel": {"type": "string", "default": "methane"},
                                    "burn": {"x-kubernetes-int-or-string": True, "anyOf": EITHER},
                                },
                                "oneOf": [{"properties": {"stages": {"minimum": 1}}}],
                            }
                        },
                    }
                },
            }
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"stages": 3, "burn": "70%"}, None),
        ({"stages": 3, "burn": 70}, None),
        ({"stages": "3"}, "spec.stages: "),
        ({"stagse": 3, "stages": 3}, "write stages"),
        ({"burn": 1}, "spec.stages: is not set"),
    ],
    ids=str,
)
@pytest.mark.parametrize("given", ["--crds", "rendered"])
def test_a_custom_resource_is_held_to_the_definition_that_is_given(
    given: str, spec: dict[str, object], said: str | None, tmp_path: Path
) -> None:
    rocket = of("space.test/v1", "Rocket", "apollo", spec=spec)
    more, options = [rocket], ["--crds", str(tmp_path / "crds")]
    held = {"crds/rockets.yaml": [{"kind": "Other"}, DEFINITION]}
    if given == "rendered":
        more, options, held = [rocket, DEFINITION], [], {}
    code, lines = small.check(small.write(tmp_path, files(*more) | held) / "overlay", *options)
    assert (code, len(lines)) == (int(said is not None), int(said is not None)), lines
    assert said is None or said in lines[0]


def test_a_value_of_a_secret_is_not_told(tmp_path: Path) -> None:
    secret = of("v1", "Secret", "keys", stringData={"PIN": 424242})
    code, lines = small.check(small.write(tmp_path, files(secret)) / "overlay")
    assert (code, len(lines)) == (1, 1)
    assert "Secret/keys stringData[PIN]: " in lines[0]
    assert "424242" not in lines[0]


def test_what_a_schema_and_a_rule_say_of_a_field_is_one_line(tmp_path: Path) -> None:
    web = deployment()
    web["spec"]["template"]["metadata"]["annotations"] = {"weight": 1}
    code, lines = small.check(small.write(tmp_path, files() | {"base/web.yaml": [web, service()]}) / "overlay")
    assert (code, len(lines)) == (1, 1), lines
    assert "Deployment/web spec.template.metadata.annotations[weight]: " in lines[0]


def test_where_values_may_not_stand_a_secret_with_one_is_found(tmp_path: Path) -> None:
    held = files(of("v1", "Secret", "keys", stringData={"PIN": "x"}))
    held["production/kustomization.yaml"] = held.pop("overlay/kustomization.yaml")
    code, lines = small.check(small.write(tmp_path, held) / "production")
    assert (code, len(lines)) == (1, 1)
    assert "Secret/keys stringData: " in lines[0]


def test_values_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    """A date and 1:30 are texts, a key is always one, and 1e3 is a number."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd, namespace: shop}"
    text = head + "\ndata: {1: 2026-01-01, at: 1:30, is: =}\n"
    assert small.check(small.write(tmp_path, files() | {"base/more.yaml": text}) / "overlay") == (0, [])


def test_what_kustomize_cannot_build_is_one_line_with_its_reason(tmp_path: Path) -> None:
    held = files(patches=[{"patch": "[{op: remove, path: /spec}]"}])
    code, lines = small.check(small.write(tmp_path, held) / "overlay")
    assert (code, len(lines)) == (1, 1)
    assert "overlay/kustomization.yaml: Kustomization/overlay build: kustomize cannot build it: " in lines[0]
    assert str(tmp_path / "base") not in lines[0]


def test_a_kustomization_that_renders_nothing_is_found(tmp_path: Path) -> None:
    code, lines = small.check(small.write(tmp_path, {"overlay/kustomization.yaml": {"namespace": "shop"}}) / "overlay")
    assert (code, len(lines)) == (1, 1)
    assert "renders no object" in lines[0]


def test_one_kustomization_that_fails_leaves_the_others_checked(tmp_path: Path) -> None:
    fine = small.write(tmp_path / "fine", files()) / "overlay"
    read = small.check_json(misspelt(tmp_path / "wrong"), str(fine), str(tmp_path / "wrong" / "base"))
    assert {finding["environment"] for finding in read["findings"]} == {
        str(tmp_path / "wrong" / "overlay"),
        str(tmp_path / "wrong" / "base"),
    }
    assert read["objects"][str(fine)] == 3


@pytest.mark.parametrize("options", [["--minor", "1.12"], ["--crds", "missing"], ["--nonsense"], ["missing"]], ids=str)
def test_wrong_use_ends_with_exit_code_2(options: list[str], tmp_path: Path) -> None:
    assert small.check(small.write(tmp_path, files()) / "overlay", *options)[0] == 2


def test_without_git_a_folder_reads_nothing_beside_itself(tmp_path: Path) -> None:
    repository = small.write(tmp_path, files(configmap("more", {})))
    (repository / ".git").rmdir()
    assert small.check(repository / "base") == (0, [])
    assert "leads out of overlay/" in small.check(repository / "overlay")[1][0]
    assert small.check(repository / "overlay", "--root", str(repository)) == (0, [])
