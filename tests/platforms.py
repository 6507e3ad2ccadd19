"""Small made-up platforms: a test names what it is about and leaves the rest to these."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from charts.model import (
    ContainerBounds,
    Edge,
    Health,
    Identity,
    ModelError,
    Platform,
    Port,
    Quota,
    Replicas,
    Resources,
    SecretKeys,
    Settings,
    Tcp,
    Workload,
)

Objects = dict[str, Any]
"""{"Kind/name": manifest}"""
Synth = Callable[[Platform], Objects]
Write = Callable[[Platform], Path]
Build = Callable[..., Objects]


def workload(name: str = "web", **fields: Any) -> Workload:
    """One that serves nothing."""
    plain: dict[str, Any] = {
        "name": name,
        "image": f"shop/{name}:1.0",
        "run": Replicas(),
        "resources": Resources(cpu="10m..20m", memory="16Mi..32Mi"),
        "identity": Identity(uid=501, gid=502, fs_group=503),
    }
    return Workload(**plain | fields)


def serving(name: str = "web", **fields: Any) -> Workload:
    """One that serves a port "http"."""
    return workload(name, **{"ports": (Port("http", 8080),), "health": Health(alive=Tcp("http"))} | fields)


def platform(*workloads: Workload, **fields: Any) -> Platform:
    plain: dict[str, Any] = {
        "name": "shop",
        "workloads": workloads,
        "settings": (Settings(name="shop-settings", values={"DOMAIN": "shop.example", "CURRENCY": "EUR"}),),
        "secret": SecretKeys(name="shop-secret", keys={"PASSWORD": "opens the till"}),
        "quota": Quota(
            requests_cpu="2", requests_memory="2Gi", limits_cpu="4", limits_memory="4Gi", storage="40Gi", pods=20
        ),
        "container_bounds": ContainerBounds(
            default_cpu="10m", default_memory="16Mi", maximum_cpu="2", maximum_memory="2Gi"
        ),
        "edge": Edge(
            name="shop-door",
            tls_secret="shop-tls",
            issuer="shop-issuer",
            contact="door@shop.example",
            ingress_class="doors",
            controller_namespace="doorkeeper",
            body_limit="3m",
            connections=7,
            read_timeout=70,
            headers={"X-Shop": "open"},
        ),
    }
    return Platform(**plain | fields)


def refusals(*workloads: Workload, **fields: Any) -> list[str]:
    """What the platform of these is refused for."""
    with pytest.raises(ModelError) as caught:
        platform(*workloads, **fields)
    return caught.value.refusals


def tells(line: str, path: str, *words: str) -> bool:
    """Whether a refusal is one line that begins with the path and holds the words, each of them whole."""
    at, _, rest = line.partition(": ")
    whole = (rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\d)" for word in words)
    return at == path and "\n" not in line and all(re.search(word, rest) for word in whole)


def template(manifest: Any) -> Any:
    """The pod template of a controller's manifest."""
    spec = manifest["spec"]
    return (spec["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else spec)["template"]


def container(manifest: Any) -> Any:
    """The one container of a controller's pods."""
    [only] = template(manifest)["spec"]["containers"]
    return only
