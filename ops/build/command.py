"""`newstalk build`."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ops import terminal
from ops.options import Json
from ops.places import Refusal, WrongUse

if TYPE_CHECKING:
    from ops.build import run

LOCAL = "v0.0.0-local"  # what overlays/local runs, and so dist/compose
REGISTRY = "docker.io"


def build(
    tag: Annotated[str, typer.Option(metavar="TAG", help="Tag of the images; never latest.")] = LOCAL,
    push: Annotated[bool, typer.Option("--push", help="Push them, when all are built; wants --tag.")] = False,
    parallel: Annotated[bool, typer.Option("--parallel", help="Build them at once.")] = False,
    dev: Annotated[bool, typer.Option("--dev", help="With what the services' tests need.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Build each step anew.")] = False,
    build_arg: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Of every Dockerfile; PYTHON, AIRFLOW and KAFKA name their bases."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Build our own images, with docker, podman or buildah, whichever is there first.

    An image that syft, grype or trivy can look into, when they are on PATH, gets a bill of materials in out/build and
    fails at a critical vulnerability. REGISTRY names another registry than Docker Hub, PIP_CONFIG_FILE pip's
    configuration, SOURCE_DATE_EPOCH another time than the commit's.

    With `--json`: `{"engine", "images": [{"image", "log", "seconds", "size", "steps", "cached", "looked": {PROGRAM:
    fine}, "pushed", "reasons"}]}`; `size` is bytes or null, `cached` how many of the steps.

    Example: `newstalk build --tag v1.4.0 --push`
    """
    from ops.build import engine as engines
    from ops.build import run
    from ops.promote import TAG

    if not TAG.fullmatch(tag):
        raise WrongUse(f'--tag: "{tag}" is no tag, give one such as v1.4.0')
    if tag.lower() == "latest":
        raise WrongUse("--tag: latest names no release, give one such as v1.4.0")
    if push and tag == LOCAL:
        raise WrongUse(f"--push: goes with the --tag of a release, {LOCAL} stays on this machine")
    if push and dev:
        raise WrongUse("--push: what --dev builds stays on this machine, leave one of them out")
    arguments = {"BUILD_ENV": "development"} if dev else {}
    for given in build_arg or []:
        name, equals, value = given.partition("=")
        if not name or not equals:
            raise WrongUse(f'--build-arg: "{given}", write NAME=VALUE')
        arguments[name] = value

    from catalog.machine import MACHINE

    if lines := run.missing(MACHINE.builds):
        raise Refusal("\n".join(lines))
    engine = engines.found()
    named = {image: f"{os.environ.get('REGISTRY', REGISTRY)}/{image}:{tag}" for image in MACHINE.builds}
    images = run.build_all(engine, MACHINE.builds, named, arguments, say, parallel=parallel, cache=not no_cache)
    if push and not any(built.reasons for built in images):
        run.push(engine, images, say)
    if as_json:
        terminal.tell_json({"engine": engine.name, "images": images})
    else:
        summary(images)
    reasons = [reason for built in images for reason in built.reasons]
    terminal.problems(reasons)
    if push and reasons:
        pushed = [built.image for built in images if built.pushed]
        say(f"pushed: {', '.join(pushed) or 'none'}")
    raise typer.Exit(int(bool(reasons)))


def summary(images: "list[run.Built]") -> None:
    rows = (
        (
            built.image,
            "failed" if built.reasons else "pushed" if built.pushed else "built",
            "?" if built.size is None else f"{built.size / 10**6:.0f} MB",
            f"{built.seconds:.0f} s",
            f"{built.cached} of {built.steps} steps",
            ", ".join(f"{name} {'fine' if fine else 'failed'}" for name, fine in built.looked.items()) or "nobody",
        )
        for built in images
    )
    terminal.table(("image", "is", "size", "time", "cached", "looked into by"), rows)


def say(text: str) -> None:
    terminal.lines(stderr=True).print(text)
