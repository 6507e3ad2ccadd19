"""What a release would change, as the cluster itself reckons: a dry run on the server, held against what is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ops.deploy.release import Release
from ops.kubectl import Cluster, identity, title
from rules.reading import Manifest, at, kind

# What the server writes by itself.
ITS_OWN = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
LONGEST = 70  # characters of a value that are shown
MASKED = ("Secret",)  # kinds whose values are not shown


@dataclass(frozen=True, kw_only=True)
class Change:
    """`action`: created, changed or pruned. `fields`: one line each, "path: old -> new"."""

    action: str
    title: str
    namespace: str
    fields: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        sign = {"created": "+", "changed": "~", "pruned": "-"}[self.action]
        return f"{sign} {self.title}"


def changes(cluster: Cluster, release: Release, objects: Sequence[Manifest]) -> list[Change]:
    """Of `objects`, which are the release's as they can be applied now. Raises Refusal with all that is refused."""
    spaces = {str(at(each, "metadata.name")) for each in cluster.find(["Namespace"])}
    possible = [each for each in objects if at(each, "metadata.namespace") in (None, *spaces)]
    new = [each for each in objects if at(each, "metadata.namespace") not in (None, *spaces)]
    live, after = cluster.live(possible), {identity(each): each for each in cluster.apply(possible, dry_run=True)}
    found = [change("created", each) for each in new]
    for each in possible:
        before = live.get(identity(each))
        if before is None:
            found.append(change("created", each))
        elif lines := tuple(differing(bare(before), bare(after[identity(each)]), "", masked=kind(each) in MASKED)):
            found.append(change("changed", each, lines))
    return found


def change(action: str, manifest: Manifest, fields: tuple[str, ...] = ()) -> Change:
    space = str(at(manifest, "metadata.namespace") or "")
    return Change(action=action, title=title(manifest), namespace=space, fields=fields)


def bare(manifest: Manifest) -> Manifest:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in ITS_OWN}
    return {name: value for name, value in manifest.items() if name != "status"} | {"metadata": metadata}


def differing(old: Any, new: Any, path: str, *, masked: bool) -> Iterator[str]:
    """The leaves that differ."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from differing(old.get(name), new.get(name), f"{path}.{name}".lstrip("."), masked=masked)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            label = after.get("name", number) if isinstance(after, dict) else number
            yield from differing(before, after, f"{path}[{label}]", masked=masked)
    else:
        yield f"{path}: {'(not shown)' if masked else f'{short(old)} -> {short(new)}'}"


def short(value: Any) -> str:
    text = "none" if value is None else " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
