"""Small releases for the embedded cluster: a repository of their own, and objects that Pod Security admits."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ENVIRONMENT = "staging"
APP = "app.kubernetes.io/name"
SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_SECURITY = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
Object = dict[str, Any]


class Repository:
    """A git repository whose commits are releases of one environment."""

    def __init__(self, folder: Path, environment: str = ENVIRONMENT) -> None:
        self.folder, self.environment = folder, environment
        (folder / "overlays" / environment).mkdir(parents=True)
        (folder / "overlays" / environment / "kustomization.yaml").write_text("resources: []\n")
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, *objects: Mapping[str, Any]) -> str:
        tree = self.folder / "dist" / "environments" / self.environment
        for old in tree.glob("*.yaml"):
            old.unlink()
        tree.mkdir(parents=True, exist_ok=True)
        for number, each in enumerate(objects):
            (tree / f"{number}.yaml").write_text(yaml.safe_dump(dict(each)))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "release")
        return self.git("rev-parse", "HEAD")


def made(
    api: str, kind: str, name: str, namespace: str, labels: Mapping[str, str] | None = None, **fields: Any
) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": dict(labels or {APP: name})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def pod(image: str, **container: Any) -> Object:
    probe = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1, "failureThreshold": 2}
    one = {
        "name": "main",
        "image": image,
        "securityContext": SECURITY,
        "ports": [{"containerPort": 8000, "name": "http"}],
    }
    return {
        "securityContext": POD_SECURITY,
        "containers": [one | {"startupProbe": probe, "readinessProbe": probe} | container],
    }


def deployment(name: str, namespace: str, image: str = "shop:v1", replicas: int | None = 2) -> Object:
    template = {"metadata": {"labels": {APP: name}}, "spec": pod(image)}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec = {"selector": {"matchLabels": {APP: name}}, "template": template, "strategy": rolling}
    return made(
        "apps/v1", "Deployment", name, namespace, spec=spec | ({} if replicas is None else {"replicas": replicas})
    )


def service(name: str, namespace: str, of: str | None = None) -> Object:
    spec = {"selector": {APP: of or name}, "ports": [{"name": "http", "port": 8000}]}
    return made("v1", "Service", name, namespace, spec=spec)


def settings(name: str, namespace: str, **data: str) -> Object:
    return made("v1", "ConfigMap", name, namespace, data=data)


def rollout(name: str, namespace: str, **fields: Any) -> Object:
    """Runs the template of the Deployment of the same name, blue-green."""
    colours = {"activeService": name, "previewService": f"{name}-preview", "autoPromotionEnabled": True}
    spec = {
        "selector": {"matchLabels": {APP: name}},
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "scaleDown": "never"},
        "strategy": {"blueGreen": colours},
        "progressDeadlineSeconds": 30,
        **fields,
    }
    return made("argoproj.io/v1alpha1", "Rollout", name, namespace, spec=spec)


def autoscaler(name: str, namespace: str, kind: str, minimum: int = 2) -> Object:
    api = {"Deployment": "apps/v1", "Rollout": "argoproj.io/v1alpha1"}[kind]
    target = {"target": {"type": "Utilization", "averageUtilization": 90}, "name": "cpu"}
    spec = {
        "scaleTargetRef": {"apiVersion": api, "kind": kind, "name": name},
        "minReplicas": minimum,
        "maxReplicas": minimum + 1,
        "metrics": [{"type": "Resource", "resource": target}],
    }
    return made("autoscaling/v2", "HorizontalPodAutoscaler", name, namespace, spec=spec)
