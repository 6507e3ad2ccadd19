"""Builds each image, then looks into it; what was built is pushed only when all is well."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.build import engine as engines
from ops.build.engine import Engine
from ops.places import ROOT, Refusal

if TYPE_CHECKING:
    from charts.model.machine import Build

Say = Callable[[str], None]
LOGS = ROOT / "out" / "build"


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is built. `revision`: the commit; `when`: its time, seconds since 1970."""

    revision: str
    when: str


@dataclass(kw_only=True)
class Built:
    """`size`: bytes, unpacked; `steps`, `cached`: of the build; `seconds`: it took; `looked`: {program: fine} of those
    that looked into the image; `reasons`: why it failed, each a line."""

    image: str
    log: str
    seconds: float = 0
    size: int | None = None
    steps: int = 0
    cached: int = 0
    looked: dict[str, bool] = field(default_factory=dict)
    pushed: bool = False
    reasons: list[str] = field(default_factory=list)


def source() -> Source:
    """The commit that is checked out; "-changed" says that files differ from it. Raises Refusal."""

    def git(*arguments: str) -> str:
        try:
            done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Refusal("git is not on PATH: images are labelled with the commit that they are built from") from None
        if done.returncode:
            raise Refusal(f"{ROOT} is no git repository with a commit: images are labelled with theirs")
        return done.stdout.strip()

    revision, when = git("show", "--no-patch", "--format=%H %ct", "HEAD").split()
    changed = "-changed" if git("status", "--porcelain", "--", "docker", "services") else ""
    return Source(revision=revision + changed, when=os.environ.get("SOURCE_DATE_EPOCH", when))


def missing(builds: "Mapping[str, Build]") -> list[str]:
    """A line for each Dockerfile or context that is not there."""
    return [
        f"{path}: is not there, and {image} is built from it"
        for image, build in builds.items()
        for path in (build.dockerfile, build.context)
        if not (ROOT / path).exists()
    ]


def build_all(
    engine: Engine,
    builds: "Mapping[str, Build]",
    named: Mapping[str, str],
    arguments: Mapping[str, str],
    say: Say,
    *,
    parallel: bool,
    cache: bool,
) -> list[Built]:
    """One for each of `builds`; `named`: {image: its whole name with the tag}; `arguments`: for every build."""
    LOGS.mkdir(parents=True, exist_ok=True)
    at = source()

    def one(image: str) -> Built:
        return build_one(engine, builds[image], named[image], arguments, at, say, cache=cache)

    with ThreadPoolExecutor(max_workers=len(builds) if parallel else 1) as pool:
        return list(pool.map(one, builds))


def build_one(
    engine: Engine, build: "Build", tag: str, arguments: Mapping[str, str], at: Source, say: Say, *, cache: bool
) -> Built:
    short = tag.rpartition("/")[2].partition(":")[0]
    log = LOGS / f"{short}.log"
    built = Built(image=tag, log=str(log.relative_to(ROOT)))
    version = {"VERSION": tag.rpartition(":")[2], "REVISION": at.revision}
    command = engine.command(
        ROOT / build.dockerfile,
        ROOT / build.context,
        tag,
        {**build.arguments, **version, **arguments},
        when=at.when,
        pip=os.environ.get("PIP_CONFIG_FILE"),
        cache=cache,
    )
    steps: set[str] = set()
    last = ""

    def tell(line: str) -> None:
        nonlocal last
        last = line.strip() or last
        if step := engines.STEP.match(line):
            # Docker repeats a step's line whenever it goes on with its output.
            key = step["stage"] or line
            if key not in steps:
                steps.add(key)
                say(f"{short}: {line}")
        elif engines.CACHED.match(line):
            built.cached += 1

    begun = time.monotonic()
    with log.open("w") as file:
        code = engines.run(command, ROOT, file, tell)
        built.seconds, built.steps = round(time.monotonic() - begun, 1), len(steps)
        if code:
            built.reasons.append(f"{tag}: {engine.name} ended with {code}, {last or 'silent'}: see {built.log}")
        else:
            built.size = engines.size(engine, tag)
            for program, look in engines.looking(engine, tag, LOGS / f"{short}.spdx.json").items():
                say(f"{short}: {program}")
                built.looked[program] = engines.run(look, ROOT, file, lambda _: None) == 0
                if not built.looked[program]:
                    built.reasons.append(f"{tag}: {program} refuses it: see {built.log}")
    say(f"{short}: {'failed' if built.reasons else 'built'} in {built.seconds} s")
    return built


def push(engine: Engine, images: Sequence[Built], say: Say) -> None:
    """Pushes one after the other and marks them; ends at the first that is refused, which gets the reason."""
    for built in images:
        say(f"pushing {built.image}")
        last = ""

        def tell(line: str) -> None:
            nonlocal last
            last = line.strip() or last

        with (ROOT / built.log).open("a") as file:
            code = engines.run([engine.name, "push", built.image], ROOT, file, tell)
        if code:
            built.reasons.append(f"{built.image}: not pushed, {last or f'{engine.name} ended with {code}'}")
            return
        built.pushed = True
