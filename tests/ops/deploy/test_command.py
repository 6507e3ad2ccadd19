"""What `newstalk deploy` refuses before it asks a cluster, and the documents that it prints."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops import cli, terminal
from ops.deploy import release
from ops.deploy.difference import Change, differing
from ops.deploy.preflight import Need
from ops.deploy.run import Outcome
from ops.places import Refusal
from tests.ops.shape import conforms, documented

Said = pytest.CaptureFixture[str]


def printed(value: object, capsys: Said) -> Any:
    terminal.tell_json(value)
    return json.loads(capsys.readouterr().out)


def test_the_outcome_has_the_documented_shape(capsys: Said) -> None:
    change = Change(action="changed", title="Deployment/web", namespace="shop", fields=("spec.replicas: 1 -> 2",))
    outcome = Outcome(environment="staging", commit="a", result="deployed", changes=[change], reasons=["why"])
    conforms(documented("deploy"), printed(outcome, capsys))


def test_the_needs_have_the_documented_shape(capsys: Said) -> None:
    need = Need(what="Secret/keys", why="not there", remedy="make it")
    conforms(documented("preflight"), printed({"environment": "staging", "cluster": "here", "needs": [need]}, capsys))


def test_a_difference_names_the_leaf_and_hides_the_values_of_secrets() -> None:
    old = {"spec": {"containers": [{"name": "web", "image": "web:v1"}], "replicas": 1}}
    new = {"spec": {"containers": [{"name": "web", "image": "web:v2"}]}}
    assert list(differing(old, new, "", masked=False)) == [
        "spec.containers[web].image: web:v1 -> web:v2",
        "spec.replicas: 1 -> none",
    ]
    assert all("(not shown)" in line for line in differing({"data": {"A": "x"}}, {"data": {"A": "y"}}, "", masked=True))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deploy", "prod"), "local, staging, production"),
        (("deploy", "staging", "--delete-data"), "--clean"),
        (("rollback", "prod"), "local, staging, production"),
        (("preflight", "prod"), "local, staging, production"),
        (("try", "prod"), "local, staging, production"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], said: str, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["newstalk", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    [line] = capsys.readouterr().err.splitlines()
    assert (ended.value.code, said in line) == (2, True)


def test_outside_a_git_repository_a_release_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "ROOT", tmp_path)
    with pytest.raises(Refusal, match=r"^git .*not a git repository"):
        release.of_tree("staging")


def test_a_commit_that_a_clone_lacks_is_refused_with_how_to_get_it() -> None:
    with pytest.raises(Refusal, match="git fetch"):
        release.of_commit("staging", "0" * 40)
