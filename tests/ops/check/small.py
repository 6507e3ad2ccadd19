"""A small kustomize repository that is as it should be, to make one mistake in."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from ops.cli import app
from ops.places import ROOT

Files = dict[str, Any]
"""Path in the repository to what it holds: YAML of one object or of a list of documents, or a text as it is."""


def labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def metadata(name: str, workload: str = "web", **fields: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "shop", "labels": labels(workload), **fields}


def container(name: str, image: str, **fields: Any) -> dict[str, Any]:
    probe = {"tcpSocket": {"port": "http"}}
    return {
        "name": name,
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": probe,
        "livenessProbe": probe,
        "resources": {bound: {"cpu": "100m", "memory": "64Mi"} for bound in ("requests", "limits")},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **fields,
    }


def template(name: str, image: str, spec: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    user = {"runAsNonRoot": True, "runAsUser": 1001, "runAsGroup": 1001, "seccompProfile": {"type": "RuntimeDefault"}}
    held = {"enableServiceLinks": False, "automountServiceAccountToken": False, "securityContext": user}
    return {
        "metadata": {"labels": labels(name)},
        "spec": {**held, "containers": [container(name, image, **fields)], **spec},
    }


def deployment(
    name: str = "web", image: str = "example.test/web:v1", pod: Mapping[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """`fields` are the container's, `pod` the pod's."""
    spec = {
        "selector": {"matchLabels": labels(name)},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
        "template": template(name, image, pod or {}, **fields),
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(name, name), "spec": spec}


def stateful(name: str, replicas: int, image: str, **fields: Any) -> list[dict[str, Any]]:
    """A StatefulSet with its headless Service and its budget."""
    spec = {
        "serviceName": name,
        "replicas": replicas,
        "selector": {"matchLabels": labels(name)},
        "template": template(name, image, {}, **fields),
    }
    budget = {"selector": {"matchLabels": labels(name)}, "maxUnavailable": 1}
    return [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata(name, name), "spec": spec},
        service(name, clusterIP="None"),
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata(name, name), "spec": budget},
    ]


def service(name: str = "web", **fields: Any) -> dict[str, Any]:
    spec = {"selector": labels(name), "ports": [{"name": "http", "port": 80, "targetPort": "http"}], **fields}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(name, name), "spec": spec}


def configmap(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name), "data": dict(data)}


def of(api_version: str, kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata(name), **fields}


def files(*more: Mapping[str, Any], overlay: Mapping[str, Any] | None = None, **base: Any) -> Files:
    """A base of a Deployment, its Service and `more`, and an overlay on it; `base` are fields of the base."""
    return {
        "base/kustomization.yaml": {"resources": ["web.yaml", "more.yaml"], **base},
        "base/web.yaml": [deployment(), service()],
        "base/more.yaml": [configmap("settings", {"COLOUR": "red"}), *more],
        "overlay/kustomization.yaml": {"resources": ["../base"], **(overlay or {})},
    }


def write(place: Path, held: Files) -> Path:
    """The repository below `place`."""
    (place / ".git").mkdir(parents=True)
    for name, content in held.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        documents = content if isinstance(content, list) else [content]
        file.write_text(content if isinstance(content, str) else yaml.safe_dump_all(documents))
    return place


def check(folder: Path, *options: str) -> tuple[int, list[str]]:
    """Exit code and findings, in this process: compiled schemas are kept from test to test."""
    done = CliRunner().invoke(app, ["check", str(folder), *options], catch_exceptions=False)
    return done.exit_code, done.stdout.splitlines()


def check_json(folder: Path, *options: str) -> dict[str, Any]:
    code, lines = check(folder, "--json", *options)
    read: dict[str, Any] = json.loads("\n".join(lines))
    assert code == int(bool(read["findings"]))
    return read


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    """As a process of its own."""
    call = [sys.executable, "-c", "import ops.cli; ops.cli.main()", "check", str(folder), *options]
    return subprocess.Popen(call, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
