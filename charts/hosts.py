"""The kustomize transformers that put an environment's domain behind every host."""

from pathlib import Path
from typing import Any

from charts import yamls
from charts.components.gateway_api import listener
from charts.edge import certified_by, entrances
from charts.folder import API, put
from charts.model import Platform

LAST = 99  # kustomize appends where the index is beyond the last part


def write(platform: Platform, out: Path) -> None:
    """Writes `out`/hosts, which an overlay names under `transformers`: a component would run before the overlay's own
    settings are merged and never see its domain. `out`/routes, in its place beside the component "gateway-api", goes on
    to the Gateway and its routes."""
    if not platform.hosts:
        return
    heading = "hosts: each host of the edge, its first label kept, ends in the environment's domain."
    put_transformer(out / "hosts", heading, ["replacements.yaml"], replacements(platform))
    heading = "routes: hosts, and the same hosts in what the component gateway-api brings; name one of the two."
    put_transformer(out / "routes", heading, ["../hosts", "replacements.yaml"], routes(platform))


def put_transformer(folder: Path, heading: str, resources: list[str], replacements: list[dict[str, Any]]) -> None:
    kustomization = {"apiVersion": f"{API}beta1", "kind": "Kustomization", "resources": resources}
    transformer = {
        "apiVersion": "builtin",
        "kind": "ReplacementTransformer",
        "metadata": {"name": folder.name},
        "replacements": replacements,
    }
    put(folder / "kustomization.yaml", f"# {heading}\n{yamls.text(kustomization)}")
    put(folder / "replacements.yaml", yamls.text(transformer))


def replacements(platform: Platform) -> list[dict[str, Any]]:
    """First every host is cut to its first label, then the domain is appended, so that any domain can follow any."""
    fields = host_fields(platform)
    label = {"delimiter": ".", "index": 0}
    cut = [
        {
            "source": {"kind": "Ingress", "name": name, "fieldPath": path, "options": label},
            "targets": [{"select": {"kind": "Ingress", "name": name}, "fieldPaths": [path]}],
        }
        for name, paths in fields.items()
        for path in paths
    ]
    append = {
        "source": {
            "kind": "ConfigMap",
            "name": platform.shared(platform.domain),
            "fieldPath": f"data.{platform.domain}",
        },
        "targets": [
            {
                "select": {"kind": "Ingress", "name": name},
                "fieldPaths": paths,
                "options": {"delimiter": ".", "index": LAST},
            }
            for name, paths in fields.items()
        ],
    }
    return [*cut, append]


def routes(platform: Platform) -> list[dict[str, Any]]:
    """Each host once more, from its Ingress, which the component leaves out last of all, to listener and route."""
    gateway = {"kind": "Gateway", "name": platform.edge.name}
    return [
        {
            "source": {"kind": "Ingress", "name": name, "fieldPath": f"spec.rules.{place}.host"},
            "targets": [
                {"select": dict(gateway), "fieldPaths": [f"spec.listeners.[name={listener(workload)}].hostname"]},
                {"select": {"kind": "HTTPRoute", "name": workload.name}, "fieldPaths": ["spec.hostnames.0"]},
            ],
        }
        for name, hosts in entrances(platform).items()
        for place, workload in enumerate(hosts)
    ]


def host_fields(platform: Platform) -> dict[str, list[str]]:
    """{Ingress: paths of its hosts}."""
    fields = {}
    for name, hosts in entrances(platform).items():
        rules = [f"spec.rules.{place}.host" for place in range(len(hosts))]
        fields[name] = rules + [f"spec.tls.0.hosts.{place}" for place in range(len(certified_by(name, platform)))]
    return fields
