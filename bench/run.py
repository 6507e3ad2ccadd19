"""`make bench`: medians of whole processes, each ratio from one run, so that the machine's mood cancels out."""

import argparse
import json
import os
import pickle
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from ops.places import OVERLAYS, ROOT, tool

SIZES = (10, 100, 1000)  # workloads to synthesize
CHECKED = (12, 120)  # workloads to check
NODE = ROOT / ".tools" / "bin" / "node"
TYPESCRIPT = ROOT / ".tools" / "bench-typescript"
# A shell that keeps Python from writing bytecode would have each run compile cdk8s anew.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
Command = Sequence[str | Path]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Medians of a command: wall seconds, and MiB of its largest process at its peak."""

    seconds: float
    memory: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """What was measured, and what else in the same run: `ratio` is ours by theirs, the median of the runs' ratios."""

    what: str
    ours: Cost
    peer: str
    theirs: Cost
    ratio: float

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.what,
            f"{self.ours.seconds:.2f} s",
            f"{self.ours.memory:.0f} MiB",
            self.peer,
            f"{self.theirs.seconds:.2f} s",
            f"{self.theirs.memory:.0f} MiB",
            f"{self.ratio:.2f}",
        )


def measure(command: Command) -> Cost:
    """Runs the command once. Raises SystemExit when it fails."""
    launch = [sys.executable, "-S", Path(__file__).with_name("measure.py")]
    words = [str(word) for word in (*launch, *command)]
    done = subprocess.run(
        words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    seconds, kibibytes = map(float, done.stderr.splitlines()[-1].split())
    return Cost(seconds=seconds, memory=kibibytes / 1024)


def compare(what: str, ours: Command, peers: Mapping[str, Command], runs: int, out: Path) -> list[Line]:
    """Ours and each peer in turn, `runs` times after a warm-up of each, all into an empty folder `out`."""

    def afresh(command: Command) -> Cost:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        return measure(command)

    rounds = [(afresh(ours), [afresh(peer) for peer in peers.values()]) for _ in range(runs + 1)][1:]
    cost = median([own for own, _ in rounds])
    found = []
    for number, peer in enumerate(peers):
        theirs = median([others[number] for _, others in rounds])
        ratio = statistics.median(own.seconds / others[number].seconds for own, others in rounds)
        found.append(Line(what=what, ours=cost, peer=peer, theirs=theirs, ratio=ratio))
    return found


def median(costs: Sequence[Cost]) -> Cost:
    seconds = statistics.median(cost.seconds for cost in costs)
    return Cost(seconds=seconds, memory=statistics.median(cost.memory for cost in costs))


def python(*arguments: str | Path) -> Command:
    return [sys.executable, "-O", "-m", *arguments]


def lines(place: Path, runs: int, sizes: Sequence[int]) -> Iterator[Line]:
    """Everything that is measured, a line as soon as it is known."""
    out = place / "out"
    empty = {"an empty app": python("bench.empty", out / "empty")}
    yield from compare("synth of NewsTalk's base", python("bench.base", out / "base"), empty, runs, out)
    for count in sizes:
        objects = generated(place, count)
        ours = python("bench.synth", str(count), out / f"ours-{count}")
        what = f"synth of {count:,} workloads, {sum(map(len, objects.values())):,} objects"
        tenth = {f"{count // 10:,} workloads": python("bench.synth", str(count // 10), out / "tenth")}
        yield from compare(what, ours, peers(place, count, objects) | (tenth if count > 10 else {}), runs, out)
    newstalk, every = Path(sys.executable).with_name("newstalk"), python("bench.render")
    build: Command = [tool("kustomize"), "build", OVERLAYS / "production"]
    yield from compare("render of all environments", every, {"`kustomize build` of production": build}, runs, out)
    rendering = {"their rendering": every}
    for verb in ("check", "capacity"):
        yield from compare(f"{verb} of all environments", [newstalk, verb], rendering, runs, out)
    for count in CHECKED:
        folder = place / f"objects-{count}"
        total = sum(map(len, generated(place, count).values()))
        build = [tool("kustomize"), "build", folder]
        for verb in ("check", "capacity"):
            ours = [newstalk, verb, folder]
            yield from compare(f"{verb} of {total:,} objects", ours, {"`kustomize build` of them": build}, runs, out)


def generated(place: Path, count: int) -> dict[str, list[dict[str, Any]]]:
    """{workload: its objects} of the generated platform, as our synth writes them to objects-<count>."""
    folder = place / f"objects-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    measure(python("bench.synth", str(count), folder))
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("service-*/[A-Z]*.yaml")):
        found.setdefault(path.parent.name, []).append(yaml.load(path.read_text(), Loader=yaml.CSafeLoader))
    return found


def peers(place: Path, count: int, objects: dict[str, list[dict[str, Any]]]) -> dict[str, Command]:
    """{peer: the command that makes the same objects}."""
    out = place / "out"
    files = {f"{name}/{o['kind']}.{o['metadata']['name']}.yaml": o for name, made in objects.items() for o in made}
    (place / f"{count}.pickle").write_bytes(pickle.dumps(files))
    (place / f"{count}.json").write_text(json.dumps(objects))
    script = TYPESCRIPT / "synth.js"
    return {
        "floor": python("bench.floor", place / f"{count}.pickle", out / f"floor-{count}"),
        "helm template": helm(place, count, objects),
        "cdk8s in TypeScript": [NODE, script, place / f"{count}.json", out / f"typescript-{count}"],
    }


def helm(place: Path, count: int, objects: dict[str, list[dict[str, Any]]]) -> Command:
    """A chart of one looped template that writes these objects: the names of a workload's own become the loop's."""
    chart = place / f"chart-{count}"
    shutil.copytree(ROOT / "bench" / "helm", chart)
    text = "---\n".join(yaml.safe_dump(one) for one in objects["service-1"])
    text = re.sub(r"service-1\b", "service-{{ $number }}", text)
    text = re.sub(r"service-0\b", "service-{{ sub $number 1 }}", text)
    (chart / "templates").mkdir(exist_ok=True)
    loop = "{{- range $number := until (int .Values.count) }}\n---\n" + text + "{{- end }}\n"
    (chart / "templates" / "workloads.yaml").write_text(loop)
    (chart / "values.yaml").write_text(f"count: {count}\n")
    return [tool("helm"), "template", chart, "--output-dir", place / "out" / f"helm-{count}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command, after one warm-up")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="numbers of generated workloads")
    asked = parser.parse_args()
    heading = ("what", "ours", "memory", "peer", "theirs", "memory", "ratio")
    print(f"| {' | '.join(heading)} |\n|{'---|' * len(heading)}")
    with tempfile.TemporaryDirectory() as place, Console(stderr=True).status("measuring"):
        for line in lines(Path(place), asked.runs, asked.sizes):
            print(f"| {' | '.join(line.cells)} |", flush=True)


if __name__ == "__main__":
    main()
