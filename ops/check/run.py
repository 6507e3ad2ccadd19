"""Checks environments: reads their kustomizations, renders them, and asks schemas, rules and references."""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ops.check import invariants, kustomize, references, schemas
from ops.check.accumulated import Miss
from ops.check.finding import Finding, Stop
from ops.check.kustomization import Chain
from ops.check.source import Source
from ops.render import Rendered
from ops.synth import rules_for
from rules import complaints
from rules.reading import kind, title

AT_ONCE = 2  # kustomize processes, each of which uses more than one core for a part of its time
COMPLAINT = re.compile(r"(?P<object>\S+) (?P<field>.*?): (?P<problem>.*?)(?:; (?P<remedy>[^;]*))?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A kustomization to check, by the name that its findings carry; nothing outside `root` is read."""

    name: str
    folder: Path
    root: Path


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings, and what was looked at: minors, and how many objects of each environment that renders."""

    findings: list[Finding]
    objects: dict[str, int]
    minors: tuple[str, ...]


@dataclass(frozen=True)
class Rendering:
    """A target, what follows from its kustomizations, and its objects as they come."""

    target: Target
    misses: list[Miss]
    objects: Future[list[Rendered]]


def check(targets: Sequence[Target], minors: Sequence[str], crds: Iterable[Path]) -> Report:
    """Raises Refusal where the CRDs cannot be read."""
    findings: list[Finding] = []
    rendered: dict[str, list[Rendered]] = {}
    rules: dict[str, list[Finding]] = {}
    chains = {target.root: Chain(Source(target.root)) for target in targets}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = [_start(target, chains[target.root], pool) for target in targets]
        for target, rendering in zip(targets, started, strict=True):
            if isinstance(rendering, Finding):
                findings.append(rendering)
                continue
            rendered[target.name], wrong = _finish(rendering)
            findings += wrong
            rules[target.name] = list(_by_rules(target, rendered[target.name]))
    wrong_by_schema = _by_schemas(rendered, minors, crds)
    for name in rendered:
        told = {(finding.object, finding.field) for finding in wrong_by_schema[name]}
        findings += wrong_by_schema[name]
        findings += [finding for finding in rules[name] if (finding.object, finding.field) not in told]
    order = {target.name: place for place, target in enumerate(targets)}
    findings.sort(key=lambda finding: (order[finding.environment], finding.file, finding.object, finding.field))
    counts = {name: len(objects) for name, objects in rendered.items() if objects}
    return Report(findings=list(dict.fromkeys(findings)), objects=counts, minors=tuple(minors))


def _start(target: Target, chain: Chain, pool: ThreadPoolExecutor) -> Rendering | Finding:
    """Follows the kustomizations, and lets kustomize render where that is safe."""
    try:
        built = chain.follow(target.folder)
    except Stop as stop:
        return replace(stop.finding, environment=target.name)
    return Rendering(target, built.misses, pool.submit(kustomize.build, target.folder, len(built.items)))


def _finish(rendering: Rendering) -> tuple[list[Rendered], list[Finding]]:
    """The objects, and the entries that hit nothing: those that stop kustomize count only where it stopped."""
    target = rendering.target
    try:
        objects, failed = rendering.objects.result(), ""
    except kustomize.Failed as reason:
        objects, failed = [], str(reason).replace(f"{target.root}/", "")
    found = [miss.finding for miss in rendering.misses if failed or not miss.fatal]
    file, of = str(target.folder.relative_to(target.root) / "kustomization.yaml"), f"Kustomization/{target.folder.name}"
    if failed and not any(miss.fatal for miss in rendering.misses):
        problem, remedy = failed, "correct what it names"
        found.append(Finding(file=file, object=of, field="build", problem=problem, remedy=remedy))
    elif not failed and not objects:
        problem, remedy = "renders no object", "list resources"
        found.append(Finding(file=file, object=of, field="resources", problem=problem, remedy=remedy))
    return objects, [replace(finding, environment=target.name) for finding in found]


def _by_rules(target: Target, objects: list[Rendered]) -> Iterator[Finding]:
    files = {title(one.manifest): one.path for one in reversed(objects)}
    own = [*rules_for(target.folder.name), *references.RULES, *invariants.RULES]
    for complaint in complaints([one.manifest for one in objects], own):
        found = COMPLAINT.fullmatch(complaint)
        parts = found.groups(default="correct it") if found else ("?", "?", complaint, "correct it")
        of, field, problem, remedy = map(str, parts)
        file = files.get(of, "?")
        yield Finding(environment=target.name, file=file, object=of, field=field, problem=problem, remedy=remedy)


def _by_schemas(
    rendered: dict[str, list[Rendered]], minors: Sequence[str], crds: Iterable[Path]
) -> dict[str, list[Finding]]:
    """By environment; an object that several share is validated once."""
    unique = {one.text: one.manifest for objects in rendered.values() for one in objects}
    kinds = schemas.custom_kinds(unique.values())
    rendered_definitions = [each for each in unique.values() if kind(each) == "CustomResourceDefinition"]
    given = [each for folder in crds for each in schemas.definitions(folder, kinds)]
    validators = schemas.Schemas(minors, [*given, *rendered_definitions])
    wrong = {text: validators.complaints(manifest) for text, manifest in unique.items()}
    return {
        name: [
            Finding(environment=name, file=one.path, object=title(one.manifest), **complaint._asdict())
            for one in objects
            for complaint in wrong[one.text]
        ]
        for name, objects in rendered.items()
    }
