"""One component for each variant of the platform: what differs from the base, found by making both."""

from collections.abc import Iterator, Mapping
from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, App, JsonPatch
from constructs import Construct

from charts import scrape
from charts.components.small import changed
from charts.constructs import config
from charts.folder import Component, Generated, Patch, left_out
from charts.model import ModelError, Platform, Workload
from charts.model.names import NAME, PART_OF
from charts.workload import WorkloadChart

Manifest = dict[str, Any]
Objects = dict[tuple[str, str], Manifest]  # by kind and name


def variants(scope: Construct, platform: Platform) -> None:
    """Every variant's component. Raises ModelError where another component has the name."""
    taken = [name for name in platform.variants if scope.node.try_find_child(name)]
    if taken:
        raise ModelError([f'variants: "{name}" is a component already, name the variant otherwise' for name in taken])
    for name in platform.variants:
        Variation(scope, name, platform)


class Variation(Component):
    """The workloads that have the variant in it, those that they replace left out."""

    def __init__(self, scope: Construct, name: str, platform: Platform) -> None:
        super().__init__(scope, name, platform)
        varied = platform.varied(name)
        before, after = objects(platform, varied), objects(varied, platform)
        for key in sorted(before.keys() - after.keys()):
            self.patches.append(left_out(before[key]["apiVersion"], *key))
        for key in sorted(after.keys() - before.keys()):
            include(self, after[key], platform.name)
        for key in sorted(before.keys() & after.keys()):
            if operations := list(differences(before[key], after[key])):
                api, (kind, named) = before[key]["apiVersion"], key
                self.patches.append(Patch(api=api, kind=kind, name=named, operations=operations))
        kept = {workload.name: workload for workload in varied.base}
        for workload in platform.base:
            self.read(workload, kept.get(workload.name), platform, varied)

    def read(self, workload: Workload, after: Workload | None, platform: Platform, varied: Platform) -> None:
        """What the workload reads in the variant: maps that are new, and what differs in others."""
        old = config.maps(workload, platform)
        if after is None:
            self.patches.extend(left_out("v1", "ConfigMap", name) for name in old)
            return
        new = config.maps(after, varied)
        labels = {NAME: workload.name, PART_OF: platform.name}
        for name, files in changed(old, gone(old, new)).items():
            below = {f"{workload.name}/{path}": text for path, text in files.items() if text}
            if below:
                own = Generated(name=name, files=below, namespace=platform.name, labels=labels)
                self.maps.append(Generated(name=name, files=below, merge=True) if name in old else own)

    def exclusions(self) -> Mapping[str, str]:
        why = "each says how the base changes, not the other; write a variant that is both"
        return {other: why for other in self.platform.variants if other != self.name}

    def heading(self) -> str:
        found = {w.variants[self.name].says for w in self.platform.workloads if self.name in w.variants}
        text = f"{self.name}: " + "\n".join(sorted(found))
        return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def gone(old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The new maps, with a scrape file that says nothing for each that is gone: no component takes a file out."""
    return {
        name: {path: scrape.text([]) for path in old.get(name, {}) if not path.endswith(".env")} | dict(files)
        for name, files in new.items()
    }


def objects(platform: Platform, other: Platform) -> Objects:
    """Of the workloads whose objects may differ between the two platforms, those that the first makes."""
    app = App(outdir="unwritten", record_construct_metadata=False)
    others = {workload.name: workload for workload in other.base}
    for workload in platform.base:
        counterpart = others.get(workload.name)
        if counterpart is None or follows(workload, platform) != follows(counterpart, other):
            WorkloadChart(app, workload, platform)
    return {(one["kind"], one["metadata"]["name"]): one for chart in app.charts for one in chart.to_json()}


def follows(workload: Workload, platform: Platform) -> tuple[object, ...]:
    """All that the workload's objects follow from."""
    callers = [[caller.name for caller in platform.callers(workload.name, port.name)] for port in workload.ports]
    called = [platform[name].port(port) for name, port in workload.called]
    scraped = [
        (w.name, w.port(w.metrics.port)) for w in platform.base if w.metrics and workload.name == platform.scraper
    ]
    return workload.varied(""), callers, called, scraped


def differences(before: Any, after: Any, at: str = "") -> Iterator[Manifest]:
    """The operations of RFC 6902 that make one of the other. A list is replaced whole, but that of one container."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            place = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in after:
                yield {"op": "remove", "path": place}
            elif key not in before:
                yield {"op": "add", "path": place, "value": after[key]}
            else:
                yield from differences(before[key], after[key], place)
    elif at.endswith("/containers") and len(before) == len(after) == 1:
        yield from differences(before[0], after[0], f"{at}/0")
    elif before != after:
        yield {"op": "replace", "path": at, "value": after}


def include(component: Component, manifest: Manifest, namespace: str) -> None:
    """Adds an object that the variant alone has."""
    metadata = ApiObjectMetadata(**manifest["metadata"], namespace=namespace)
    identity = f"{manifest['kind']}-{manifest['metadata']['name']}"
    kind = {"api_version": manifest["apiVersion"], "kind": manifest["kind"]}
    made = ApiObject(component, identity, metadata=metadata, **kind)
    for key, value in manifest.items():
        if key not in ("apiVersion", "kind", "metadata"):
            made.add_json_patch(JsonPatch.add(f"/{key}", value))
