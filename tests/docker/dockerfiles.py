"""Dockerfiles as they are read: instructions, and the stages that they make."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`base`: as FROM has it, an argument by its default; `said`: (instruction, rest) in order."""

    name: str
    base: str
    said: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.said if name == instruction]

    def last(self, instruction: str) -> str:
        return self.of(instruction)[-1]


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """`arguments`: {name: default} of those before the first stage."""

    arguments: dict[str, str]
    stages: list[Stage]

    @property
    def final(self) -> Stage:
        return self.stages[-1]


def instructions(text: str) -> list[tuple[str, str]]:
    """(name, rest) of each, without comments, its lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name.upper(), rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def read(text: str) -> Dockerfile:
    """Of a file whose stages have names."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for name, rest in instructions(text):
        if name == "FROM":
            base, _, stage = rest.partition(" AS ")
            argument = re.fullmatch(r"\$\{(\w+)\}", base)
            stages.append(Stage(name=stage, base=arguments[argument[1]] if argument else base))
        elif stages:
            stages[-1].said.append((name, rest))
        else:
            key, _, value = rest.partition("=")
            arguments[key] = value
    return Dockerfile(arguments=arguments, stages=stages)


def sources(stage: Stage) -> list[str]:
    """What COPY takes out of the context."""
    flags = [[word for word in rest.split() if word.startswith("--")] for rest in stage.of("COPY")]
    words = [[word for word in rest.split() if not word.startswith("--")] for rest in stage.of("COPY")]
    ours = zip(flags, words, strict=True)
    return [word for given, named in ours if not any(f.startswith("--from=") for f in given) for word in named[:-1]]


def exec_form(rest: str) -> list[str]:
    """The words of a command. Raises ValueError where a shell would read it."""
    words = json.loads(rest)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(rest)
    return words


def labels(stage: Stage) -> dict[str, str]:
    return dict(found for rest in stage.of("LABEL") for found in re.findall(r'([\w.]+)="([^"]*)"', rest))


def allowed(ignore: Path) -> set[str]:
    """What an ignore file that begins with all lets in again."""
    lines = [line for line in ignore.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    return {line.removeprefix("!") for line in lines if line.startswith("!")}
