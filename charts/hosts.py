"""The kustomize transformer that puts an environment's domain behind every host."""

from pathlib import Path
from typing import Any

import yaml

from charts.edge import certified_by, entrances
from charts.folder import API, put
from charts.model import Platform

LAST = 99  # kustomize appends where the index is beyond the last part


def write(platform: Platform, out: Path) -> None:
    """Writes `out`/hosts, which an overlay names under `transformers`: a component would run before the overlay's own
    settings are merged and never see its domain."""
    if not platform.hosts:
        return
    kustomization = {"apiVersion": f"{API}beta1", "kind": "Kustomization", "resources": ["replacements.yaml"]}
    transformer = {
        "apiVersion": "builtin",
        "kind": "ReplacementTransformer",
        "metadata": {"name": "hosts"},
        "replacements": replacements(platform),
    }
    heading = "# hosts: each host of the edge, its first label kept, ends in the environment's domain.\n"
    put(out / "hosts" / "kustomization.yaml", heading + yaml.safe_dump(kustomization, sort_keys=False))
    put(out / "hosts" / "replacements.yaml", yaml.safe_dump(transformer, sort_keys=False))


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


def host_fields(platform: Platform) -> dict[str, list[str]]:
    """{Ingress: paths of its hosts}."""
    fields = {}
    for name, hosts in entrances(platform).items():
        rules = [f"spec.rules.{place}.host" for place in range(len(hosts))]
        fields[name] = rules + [f"spec.tls.0.hosts.{place}" for place in range(len(certified_by(name, platform)))]
    return fields
