"""What tools/setup.py does on a machine that lacks something, and what it does the second time."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup

SOURCE = Path(setup.__file__)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout on a machine that has certificates and ensurepip."""
    trusted = tmp_path / "system.pem"
    trusted.touch()
    for name, path in {"ROOT": "", "VENV": ".venv", "TOOLS": ".tools", "BIN": ".tools/bin"}.items():
        monkeypatch.setattr(setup, name, tmp_path / path)
    monkeypatch.setattr(setup, "SYSTEM_CERTIFICATES", (str(trusted),))
    for variable in ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a refused set-up prints."""
    assert setup.main(["synth"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    return line


def test_an_old_python_is_refused_in_one_line() -> None:
    pretend = f"import runpy, sys; sys.version_info = (3, 10, 2); runpy.run_path({str(SOURCE)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "Python 3.11 or later" in line
    assert "is 3.10" in line
    assert "PYTHON=" in line


def test_an_old_python_understands_the_file_far_enough_to_refuse() -> None:
    ast.parse(SOURCE.read_text(), feature_version=(3, 7))


def test_a_python_without_ensurepip_is_told_its_package(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "apt-get install python3-venv" in refusal(capsys)
    assert not (machine / ".venv").exists()


def test_a_machine_without_certificates_is_told_their_package(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "SYSTEM_CERTIFICATES", (str(machine / "absent.pem"),))
    assert "apt-get install ca-certificates" in refusal(capsys)
    assert not (machine / ".venv").exists()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "PIP_CERT"])
def test_certificates_that_are_named_but_absent_are_refused_by_the_name_of_the_variable(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str
) -> None:
    monkeypatch.setenv(variable, str(machine / "absent.pem"))
    assert f"{variable} names {machine / 'absent.pem'}" in refusal(capsys)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "PIP_CERT"])
def test_certificates_that_one_tool_is_told_of_are_told_to_all(machine: Path, variable: str) -> None:
    own = machine / "own.pem"
    own.touch()
    ours = setup.environment({variable: str(own)})
    assert {ours[name] for name in ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")} == {str(own)}


def test_a_mirror_of_the_caller_reaches_go_but_no_flag_or_other_toolchain(machine: Path) -> None:
    ours = setup.environment({"GOPROXY": "https://mirror.test", "GOFLAGS": "-mod=vendor", "GOROOT": "/elsewhere"})
    assert ours["GOPROXY"] == "https://mirror.test"
    assert "vendor" not in ours["GOFLAGS"]
    assert "GOROOT" not in ours


def test_a_step_is_done_again_only_when_its_inputs_changed_or_it_failed(machine: Path) -> None:
    lock, stamp, done = machine / "lock", machine / "stamp", list[str]()

    def step(content: str, fails: bool = False) -> None:
        lock.write_text(content)

        def action() -> None:
            done.append(content)
            if fails:
                raise setup.SetupError("failed")

        setup.once(stamp, "Doing", [lock], action)

    step("a")
    step("a")
    step("b")
    with pytest.raises(setup.SetupError):
        step("a", fails=True)
    step("b")
    assert done == ["a", "b", "a", "b"]


def test_a_machine_that_is_set_up_needs_no_certificates_any_more(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.once(machine / "stamp", "Doing", ["input"], lambda: None)
    monkeypatch.setattr(setup, "SYSTEM_CERTIFICATES", ())
    setup.once(machine / "stamp", "Doing", ["input"], lambda: None)


def test_a_command_is_silent_unless_it_fails(machine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    setup.run(sys.executable, "-c", "print('fine')", cwd=machine)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(setup.SetupError, match="exit code 3"):
        setup.run(sys.executable, "-c", "print('why'); raise SystemExit(3)", cwd=machine)
    assert capfd.readouterr().err == "why\n"


def test_kubernetes_is_built_again_when_its_module_changed_and_says_the_version_that_it_names(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, built = machine / "tools/kubernetes", list[str]()
    for path in (module, machine / ".venv/lib/python3/site-packages/go"):
        path.mkdir(parents=True)
    (machine / ".venv/lib/python3/site-packages/go/VERSION").touch()
    (module / "go.sum").touch()

    def run(*command: str | Path, cwd: Path) -> str:
        built.append(" ".join(map(str, command)))
        for name in setup.CONTROL_PLANE:
            (Path(command[command.index("-o") + 1]) / name).touch()
        return ""

    monkeypatch.setattr(setup, "run", run)
    for version in ("v1.2.3", "v1.2.3", "v1.2.4"):
        (module / "go.mod").write_text(f"require k8s.io/kubernetes {version}\n")
        setup.kubernetes(*setup.CONTROL_PLANE)
    assert [re.findall(r"gitVersion=(\S+) .*gitMinor=(\d+)", command) for command in built] == [
        [("v1.2.3", "2")],
        [("v1.2.4", "2")],
    ]
    assert all((machine / ".tools/bin" / name).exists() for name in setup.CONTROL_PLANE)


def test_kubernetes_is_built_of_staging_modules_of_its_own_version() -> None:
    module = (SOURCE.parent / "kubernetes/go.mod").read_text()
    (version,) = re.findall(r"k8s\.io/kubernetes v1\.(\S+)", module)
    assert {f"v0.{version}"} == set(re.findall(r"=> k8s\.io/\S+ (\S+)", module))


def test_the_controller_of_rollouts_and_their_types_are_of_one_version() -> None:
    modules = [(SOURCE.parent / folder / "go.mod").read_text() for folder in ("argo-rollouts", "crds")]
    assert len({tuple(re.findall(r"argoproj/argo-rollouts (\S+)", module)) for module in modules}) == 1
