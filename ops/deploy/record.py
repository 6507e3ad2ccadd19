"""The last good commits of an environment, in a ConfigMap beside what they describe."""

from dataclasses import dataclass

from ops.deploy.release import Release
from ops.kubectl import Cluster, resource
from rules.reading import mapping

MANAGER = "newstalk-record"  # not the one that applies releases: pruning leaves the record alone


@dataclass(frozen=True, kw_only=True)
class Record:
    """`good`: the commit that runs, or None; `before`: the good one before it; `kinds`: all that were ever applied,
    which is where something to prune can be."""

    good: str | None = None
    before: str | None = None
    kinds: frozenset[str] = frozenset()


def name(release: Release) -> str:
    return f"{release.namespace}-release"


def read(cluster: Cluster, release: Release) -> Record:
    found = cluster.json("get", "configmap", name(release), "-n", release.namespace, "--ignore-not-found")
    data = mapping(found, "data")
    kinds = frozenset(str(data.get("kinds", "")).split())
    return Record(good=data.get("good") or None, before=data.get("before") or None, kinds=kinds)


def remember_kinds(cluster: Cluster, release: Release, old: Record) -> Record:
    """Before anything is applied: what an interrupted release leaves behind is found by the next."""
    kinds = old.kinds | {resource(each) for each in release.objects}
    record = Record(good=old.good, before=old.before, kinds=kinds)
    if kinds != old.kinds:
        write(cluster, release, record)
    return record


def remember_good(cluster: Cluster, release: Release, old: Record) -> None:
    """A release of changed files has no commit that one could go back to, and is not recorded."""
    if release.commit is None or release.commit == old.good:
        return
    kinds = frozenset(resource(each) for each in release.objects)
    write(cluster, release, Record(good=release.commit, before=old.good, kinds=kinds))


def write(cluster: Cluster, release: Release, record: Record) -> None:
    data = {"good": record.good or "", "before": record.before or "", "kinds": " ".join(sorted(record.kinds))}
    metadata = {"name": name(release), "namespace": release.namespace}
    cluster.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}], manager=MANAGER)
