"""The programs that build, keep and push images, and those that look into them."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ops.places import Refusal

Tell = Callable[[str], None]
BYTES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}
STEP = re.compile(r"(?:#\d+ )?\[(?P<stage>[\w-]+ +\d+/\d+)\] .+|(?:\[.+\] )?STEP \d+/\d+: .+")
CACHED = re.compile(r"#\d+ CACHED|--> Using cache")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """`name`: the program; `build`: its words before those that all engines share; `size`: what prints an image's."""

    name: str
    build: tuple[str, ...]
    size: tuple[str, ...]

    def command(
        self,
        dockerfile: Path,
        context: Path,
        tag: str,
        arguments: Mapping[str, str],
        *,
        when: str,
        pip: str | None,
        cache: bool,
    ) -> list[str]:
        """`when`: seconds since 1970 that files and the image get, so that a build is repeatable; `pip`: a file with
        pip's configuration, which the build reads and no image keeps."""
        words = [self.name, *self.build, "--file", str(dockerfile), "--tag", tag]
        for name, value in arguments.items():
            words += ["--build-arg", f"{name}={value}"]
        if self.name == "docker":
            words += ["--build-arg", f"SOURCE_DATE_EPOCH={when}"]
        else:
            words += ["--timestamp", when, "--ignorefile", f"{dockerfile}.dockerignore"]
        words += ["--secret", f"id=pip.conf,src={pip}"] if pip else []
        return [*words, *(() if cache else ("--no-cache",)), str(context)]


# The format of Docker, since an OCI image has no HEALTHCHECK.
KEEPING = ("build", "--format", "docker", "--layers")
INSPECT = ("image", "inspect", "--format", "{{.Size}}")
ENGINES = (
    Engine(name="docker", build=("buildx", "build", "--load", "--progress", "plain"), size=INSPECT),
    Engine(name="podman", build=KEEPING, size=INSPECT),
    Engine(name="buildah", build=KEEPING, size=("images", "--format", "{{.Size}}")),
)


def found() -> Engine:
    """The first that is on PATH and answers. Raises Refusal."""
    for engine in ENGINES:
        asked = (engine.name, "buildx", "version") if engine.name == "docker" else (engine.name, "--version")
        if shutil.which(engine.name) and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return engine
    raise Refusal("nothing on PATH builds images: install Docker with buildx, podman or buildah")


def run(command: Sequence[str], folder: Path, log: IO[str], tell: Tell) -> int:
    """Runs, writes what is said to the log and tells each line of it; the exit code."""
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            log.write(line)
            log.flush()
            tell(line.rstrip("\n"))
    return process.returncode


def size(engine: Engine, tag: str) -> int | None:
    """Bytes that the image takes, unpacked; None when the engine does not say."""
    done = subprocess.run([engine.name, *engine.size, tag], capture_output=True, text=True, check=False)
    told = re.fullmatch(r"([\d.]+)\s*(\w*)", done.stdout.strip())
    if done.returncode or not told or (told[2] or "B") not in BYTES:
        return None
    return round(float(told[1]) * BYTES[told[2] or "B"])


def looking(engine: Engine, tag: str, bill: Path) -> dict[str, list[str]]:
    """{program: command} of those on PATH that write a bill of materials, or fail at a critical vulnerability."""
    known = {
        "syft": ["syft", "scan", f"{engine.name}:{tag}", "--output", f"spdx-json={bill}"],
        "grype": ["grype", f"{engine.name}:{tag}", "--fail-on", "critical"],
        "trivy": ["trivy", "image", "--image-src", engine.name, "--severity", "CRITICAL", "--exit-code", "1", tag],
    }
    # buildah's store is none that they read.
    return {name: command for name, command in known.items() if engine.name != "buildah" and shutil.which(name)}
