"""What a commit says of an environment."""

import io
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ops import render, secrets
from ops.places import OVERLAYS, ROOT, Refusal
from ops.synth import COMMITTED
from rules.reading import Manifest, at, kind, mapping, mappings

WAVE = "argocd.argoproj.io/sync-wave"  # the same order whoever applies: the transformer sync-waves sets it
LATER = {"StatefulSet": 1, "Job": 2, "Deployment": 3, "DaemonSet": 3, "Rollout": 3, "CronJob": 3}


@dataclass(frozen=True, kw_only=True)
class Release:
    """The objects of an environment as a commit has them. `commit`: its full hash, or None where files are changed."""

    environment: str
    commit: str | None
    objects: tuple[Manifest, ...]

    @property
    def label(self) -> str:
        return self.commit[:10] if self.commit else "the working tree"

    @cached_property
    def namespace(self) -> str:
        """The one that most objects are in."""
        spaces = Counter(str(at(each, "metadata.namespace")) for each in self.objects if at(each, "metadata.namespace"))
        return spaces.most_common(1)[0][0]

    @property
    def namespaces(self) -> list[str]:
        return sorted({str(at(each, "metadata.namespace")) for each in self.objects if at(each, "metadata.namespace")})

    def of_kind(self, *kinds: str) -> list[Manifest]:
        return [each for each in self.objects if kind(each) in kinds]

    @property
    def waves(self) -> list[list[Manifest]]:
        """The objects in the order in which they are applied: what a wave holds is ready before the next begins."""
        found: dict[int, list[Manifest]] = {}
        for each in self.objects:
            found.setdefault(wave(each), []).append(each)
        return [found[number] for number in sorted(found)]

    @property
    def rollouts(self) -> Mapping[str, Manifest]:
        """{Deployment: the Rollout that runs its template}."""
        found = ((at(each, "spec.workloadRef.name"), each) for each in self.of_kind("Rollout"))
        return {str(deployment): each for deployment, each in found if deployment}

    @property
    def colours(self) -> set[str]:
        """Services whose selector a Rollout's controller writes."""
        fields = ("spec.strategy.blueGreen.activeService", "spec.strategy.blueGreen.previewService")
        return {str(at(each, field)) for each in self.of_kind("Rollout") for field in fields if at(each, field)}

    @property
    def scalers(self) -> Mapping[tuple[str, str], Manifest]:
        """{(kind, name) of what is scaled: its autoscaler}."""
        found = {}
        for each in self.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
            target = mapping(each, "spec.scaleTargetRef")
            found[str(target.get("kind", "Deployment")), str(target.get("name"))] = each
        return found


def wave(manifest: Manifest) -> int:
    """The annotation's, or else by kind: what workloads read, then data, then Jobs, then the rest.

    A Namespace comes before all, since nothing else can be in it.
    """
    if kind(manifest) == "Namespace":
        return -1000
    said = at(manifest, "metadata.annotations")
    given = said.get(WAVE) if isinstance(said, Mapping) else None
    return int(given) if given is not None else LATER.get(kind(manifest), 0)


def resolve(revision: str) -> str:
    """The full hash of a commit. Raises Refusal where this clone does not have it."""
    try:
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    except Refusal:
        fetch = "fetch it: `git fetch origin <hash>`, or clone with its whole history"
        raise Refusal(f'"{revision}" is no commit of this clone; {fetch}') from None


def of_commit(environment: str, revision: str) -> Release:
    """An environment as a commit has it: dist/environments, or rendered where it is not committed. Raises Refusal."""
    commit = resolve(revision)
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        try:
            archive = git("archive", "--format=zip", commit, "--", "dist", "overlays")
        except Refusal:
            raise Refusal(f"commit {commit[:10]} has no dist/ and overlays/: name one that has") from None
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(tree)
        objects = read(environment, tree, f"commit {commit[:10]}")
    return Release(environment=environment, commit=commit, objects=objects)


def of_tree(environment: str) -> Release:
    """An environment as it lies here: committed environments must be as HEAD has them. Raises Refusal."""
    changed = git("status", "--porcelain", "--", "dist", "overlays").decode().splitlines()
    if environment in COMMITTED:
        if any("dist/environments/" in line for line in changed):
            raise Refusal(f"dist/environments/{environment}: not as HEAD has it; commit it, a release is a commit")
        return of_commit(environment, "HEAD")
    objects = read(environment, ROOT, "the working tree")
    return Release(environment=environment, commit=None if changed else resolve("HEAD"), objects=objects)


def read(environment: str, tree: Path, where: str) -> tuple[Manifest, ...]:
    """The environment's objects in a tree that has dist/ and overlays/. Raises Refusal."""
    committed = tree / "dist" / "environments" / environment
    if environment in COMMITTED and committed.is_dir():
        return tuple(render.Rendered(text=path.read_text()).manifest for path in sorted(committed.rglob("*.yaml")))
    overlay = tree / "overlays" / environment
    if not (overlay / "kustomization.yaml").is_file():
        raise Refusal(f'{where} has no environment "{environment}": name a commit that has')
    secrets.make(OVERLAYS / environment)
    made = OVERLAYS / environment / secrets.FILE
    if made.is_file() and overlay != OVERLAYS / environment:
        (overlay / secrets.FILE).write_bytes(made.read_bytes())
    return tuple(rendered.manifest for rendered in render.render(overlay))


def git(*arguments: str) -> bytes:
    """What git says of this repository. Raises Refusal."""
    try:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise Refusal("git is missing, and a release is a commit: install it") from None
    except subprocess.CalledProcessError as failed:
        said = failed.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise Refusal(f"git {arguments[0]}: {said[-1].removeprefix('fatal: ')}") from None


def probes(template: Manifest) -> list[Manifest]:
    """The probes that hold a pod un-Ready at its start."""
    found = []
    for container in mappings(template, "spec.containers"):
        found += [container[probe] for probe in ("startupProbe", "readinessProbe") if probe in container]
    return found
