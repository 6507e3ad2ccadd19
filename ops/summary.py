"""What the platform is, in a table: one row per workload and environment, read from the rendered objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from ops import terminal
from ops.render import OWNER
from rules.reading import Manifest, at, items, mappings, of_kind

LAYER = "app.kubernetes.io/component"
LAYERS = ("application", "data", "airflow", "monitoring")
RUNNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
LEGEND = "replicas \u00d7 cpu and memory that one pod requests"
SCALERS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}
COLUMNS = ("Workload", "Image", "Replicas", "CPU", "Memory", "Storage", "Host", "Callers")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A workload as an environment runs it; cpu and memory are of one pod, "request..limit"."""

    layer: str
    workload: str
    image: str
    replicas: str
    cpu: str
    memory: str
    storage: str
    host: str
    callers: str

    @property
    def cells(self) -> tuple[str, ...]:
        return self.workload, self.image, self.replicas, self.cpu, self.memory, self.storage, self.host, self.callers


def rows(objects: Sequence[Manifest]) -> list[Row]:
    """One row per workload, by layer and name."""
    found = (row(one, objects) for one in objects if one["kind"] in RUNNERS)
    return sorted(found, key=lambda row: (place(row.layer), row.workload))


def place(layer: str) -> int:
    return LAYERS.index(layer) if layer in LAYERS else len(LAYERS)


def row(runner: Manifest, objects: Sequence[Manifest]) -> Row:
    name = owner(runner)
    container = template(runner)["spec"]["containers"][0]
    resources = container["resources"]
    return Row(
        layer=str(runner["metadata"].get("labels", {}).get(LAYER, "")),
        workload=name,
        image=container["image"],
        replicas=replicas(runner, objects),
        cpu=bounds(resources, "cpu"),
        memory=bounds(resources, "memory"),
        storage=", ".join(storage(runner, objects)),
        host=", ".join(hosts(name, objects)),
        callers=", ".join(callers(name, objects)),
    )


def owner(one: Manifest) -> str:
    labels = one["metadata"].get("labels", {})
    return str(labels.get(OWNER, one["metadata"]["name"]))


def template(runner: Manifest) -> Manifest:
    spec = runner["spec"]
    found = spec["jobTemplate"]["spec"]["template"] if runner["kind"] == "CronJob" else spec["template"]
    return dict(found)


def bounds(resources: Manifest, name: str) -> str:
    request, limit = (resources.get(bound, {}).get(name, "-") for bound in ("requests", "limits"))
    return str(request) if request == limit else f"{request}..{limit}"


def replicas(runner: Manifest, objects: Sequence[Manifest]) -> str:
    """A number, a range where an autoscaler owns it, or when it runs."""
    kind, name = runner["kind"], runner["metadata"]["name"]
    released = [one for one in objects if one["kind"] == "Rollout" and refers(one, runner)]
    if released:
        return replicas(released[0], objects)
    for one in objects:
        spec = one["spec"] if one["kind"] in SCALERS else {}
        if spec.get("scaleTargetRef", {}).get("name") == name:
            fewest, most = (spec[bound] for bound in SCALERS[one["kind"]])
            return f"{fewest}-{most}" if fewest != most else str(fewest)
    if kind == "CronJob":
        return f"cron {runner['spec']['schedule']}"
    return {"DaemonSet": "node each", "Job": "once"}.get(kind, str(runner["spec"].get("replicas", 1)))


def refers(rollout: Manifest, runner: Manifest) -> bool:
    """Whether a Rollout runs the pods whose template the other holds."""
    reference = rollout["spec"].get("workloadRef", {})
    return (reference.get("kind"), reference.get("name")) == (runner["kind"], runner["metadata"]["name"])


def storage(runner: Manifest, objects: Sequence[Manifest]) -> list[str]:
    """Size and class of each volume."""
    claims = [volume.get("persistentVolumeClaim", {}).get("claimName") for volume in volumes(runner)]
    named = [o for o in objects if o["kind"] == "PersistentVolumeClaim" and o["metadata"]["name"] in claims]
    made = runner["spec"].get("volumeClaimTemplates", [])
    specs = [claim["spec"] for claim in [*named, *made]]
    return [f"{spec['resources']['requests']['storage']} {spec.get('storageClassName', 'default')}" for spec in specs]


def volumes(runner: Manifest) -> list[Manifest]:
    return list(template(runner)["spec"].get("volumes", []))


def hosts(name: str, objects: Sequence[Manifest]) -> list[str]:
    """What an Ingress or an HTTPRoute leads to its Service, in this order and each once."""
    found = [
        str(rule.get("host", "any host"))
        for one in of_kind(objects, "Ingress")
        for rule in mappings(one, "spec.rules")
        if any(at(path, "backend.service.name") == name for path in mappings(rule, "http.paths"))
    ]
    for route in of_kind(objects, "HTTPRoute"):
        backends = (backend for rule in mappings(route, "spec.rules") for backend in mappings(rule, "backendRefs"))
        if any(backend.get("name") == name and backend.get("kind", "Service") == "Service" for backend in backends):
            found += [str(host) for host in items(route, "spec.hostnames") or ["any host"]]
    return list(dict.fromkeys(found))


def callers(name: str, objects: Iterable[Manifest]) -> list[str]:
    """The workloads, and the namespaces, whose pods its NetworkPolicies admit."""
    found = set()
    for one in objects:
        selected = one["spec"].get("podSelector", {}).get("matchLabels", {}) if one["kind"] == "NetworkPolicy" else {}
        if selected.get(OWNER) != name:
            continue
        for peer in (peer for rule in one["spec"].get("ingress", []) for peer in rule.get("from", [])):
            labels = peer.get("podSelector", {}).get("matchLabels", {}) | peer.get("namespaceSelector", {}).get(
                "matchLabels", {}
            )
            found.add(str(labels.get(OWNER) or labels.get("kubernetes.io/metadata.name")))
    return sorted(found)


def overview(environments: Mapping[str, list[Row]]) -> list[tuple[str, ...]]:
    """One line per workload: its layer, its name, and per environment replicas and what one pod requests."""
    workloads = {row.workload: row.layer for found in environments.values() for row in found}
    by_name = {environment: {row.workload: row for row in found} for environment, found in environments.items()}
    order = sorted(workloads, key=lambda name: (place(workloads[name]), name))
    cells = {name: [figures(by_name[environment].get(name)) for environment in environments] for name in order}
    return [(workloads[name], name, *cells[name]) for name in order]


def figures(row: Row | None) -> str:
    if row is None:
        return "-"
    cpu, memory = (bound.split("..")[0] for bound in (row.cpu, row.memory))
    return f"{row.replicas.split()[0]} \u00d7 {cpu} {memory}"


def markdown(environments: Mapping[str, list[Row]], readers: Sequence[tuple[str, str]]) -> str:
    """dist/summary.md: the overview, the detail of each environment, and who may read which secret."""
    parts = ["# Summary", "", f"{LEGEND}.", "", *table(("Layer", "Workload", *environments), overview(environments))]
    for environment, found in environments.items():
        parts += ["", f"## {environment}", "", *table(COLUMNS, [row.cells for row in found])]
    parts += ["", "## Who may read which secret", "", *table(("Who", "Keys"), readers)]
    return "\n".join(parts) + "\n"


def table(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(heading)} |",
        f"|{'---|' * len(heading)}",
        *(f"| {' | '.join(cell or '-' for cell in line)} |" for line in lines),
    ]


def screen(environments: Mapping[str, list[Row]]) -> Table:
    """The overview for a terminal, a block per layer."""
    shown = Table(box=box.SIMPLE_HEAD, caption=LEGEND, caption_justify="left", padding=(0, 1, 0, 0), show_edge=False)
    for heading in ("workload", *environments):
        shown.add_column(heading, no_wrap=True, overflow="fold")
    lines = overview(environments)
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        shown.add_row(
            f"[bold]{line[1]}[/bold]", *line[2:], end_section=following is not None and following[0] != line[0]
        )
    return shown


def tell(environments: Mapping[str, list[Row]], out: str, seconds: float) -> None:
    """What a synth tells a person."""
    Console().print(screen(environments))
    terminal.lines(stderr=True).print(f"{out} written in {seconds:.1f} s")


def secret_readers(objects: Sequence[Manifest]) -> list[tuple[str, str]]:
    """(workload or role, the secret's keys): what pods are given, and whose role lets them read Secrets."""
    found = []
    for runner in sorted((one for one in objects if one["kind"] in RUNNERS), key=owner):
        container = template(runner)["spec"]["containers"][0]
        references = [env.get("valueFrom", {}).get("secretKeyRef", {}).get("key") for env in container.get("env", [])]
        files = [item["key"] for volume in volumes(runner) for item in volume.get("secret", {}).get("items", [])]
        keys = sorted({key for key in [*references, *files] if key})
        found.append((f"workload {owner(runner)}", ", ".join(keys) or "none"))
    for role in sorted((one for one in objects if one["kind"] == "Role"), key=lambda one: str(one["metadata"]["name"])):
        named = {resource for rule in role["rules"] for resource in rule["resources"] if covers_core(rule)}
        reads = "all" if named & {"*", "secrets"} else "none"
        found.append((f"role {role['metadata']['name']}", reads))
    return found


def covers_core(rule: Manifest) -> bool:
    return bool({"", "*"} & set(rule["apiGroups"]))
