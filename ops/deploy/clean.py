"""Taking a deployment down, and what must never go with it unasked."""

import re
import sys
from collections.abc import Callable

from ops.deploy import record as records
from ops.deploy.engine import stale
from ops.deploy.release import Release
from ops.kubectl import Cluster, identity, resource, title
from ops.places import Refusal
from rules.reading import Manifest, mappings, name


def claims(cluster: Cluster, release: Release) -> list[Manifest]:
    """The release's claims, and those that its StatefulSets made; a stranger's are neither."""
    own = {identity(each) for each in release.of_kind("PersistentVolumeClaim")}
    made = [
        re.compile(rf"{re.escape(name(template))}-{re.escape(name(each))}-\d+")
        for each in release.of_kind("StatefulSet")
        for template in mappings(each, "spec.volumeClaimTemplates")
    ]
    found = [each for space in release.namespaces for each in cluster.find(["PersistentVolumeClaim"], space)]
    return [each for each in found if identity(each) in own or any(one.fullmatch(name(each)) for one in made)]


def clean(cluster: Cluster, release: Release, say: Callable[[str], None], *, data: bool) -> None:
    """Removes what this tool applied; namespaces stay, and claims unless `data`."""
    nothing = Release(environment=release.environment, commit=release.commit, objects=())
    kinds = records.read(cluster, release).kinds | {resource(each) for each in release.objects}
    gone = stale(cluster, nothing, set(kinds))
    say(f"removing {len(gone)} objects")
    cluster.delete(gone, wait=True)
    if data:
        lost = claims(cluster, release)
        say(f"removing the volumes {', '.join(name(each) for each in lost)}")
        cluster.delete(lost, wait=True)


def confirm(cluster: Cluster, release: Release) -> None:
    """Has a person type the environment's name before data is deleted. Raises Refusal."""
    lost = claims(cluster, release)
    sys.stderr.write(f"This deletes the data of {', '.join(title(each) for each in lost) or 'no volume'} for ever.\n")
    sys.stderr.write(f"Type {release.environment} to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != release.environment:
        raise Refusal(f"{release.environment}: nothing was deleted, its name was not typed")
