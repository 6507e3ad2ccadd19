"""The pages' fenced blocks, which tests write, run and compare.

A block's info string says what a reader does with it, in words behind its language: `tour=STEP` is run, and with
`exit=CODE` ends in that code; `file=PATH` is written, or with `above=` or `instead-of=` a line's beginning put there;
`prints` is part of what the block run before it printed, `shows=PATH` part of what that file says by then.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ops.places import ROOT

# The pages that begin in a folder of the reader's own, in the order in which they build on each other.
ELSEWHERE = (ROOT / "docs" / "another-platform.md", ROOT / "docs" / "with-cdk8s-plus.md")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block. `words`: of its info string, {word: what stands behind its equals sign}."""

    words: Mapping[str, str]
    text: str


def tokens(page: Path) -> list[Token]:
    parsed = MarkdownIt().enable("table").parse(page.read_text())
    return [inner for token in parsed for inner in [token, *(token.children or [])]]


def blocks(page: Path) -> list[Block]:
    return [
        Block(words=dict(word.partition("=")[::2] for word in shlex.split(token.info)), text=token.content)
        for token in tokens(page)
        if token.type == "fence"
    ]


def written(block: Block, place: Path) -> Path:
    """Puts a block that names a file there, below `place`."""
    path = place / block.words["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(edited(path.read_text(), block) if {"above", "instead-of"} & block.words.keys() else block.text)
    return path


def edited(text: str, block: Block) -> str:
    """The file's text with the block above, or instead of, the one line that begins so."""
    beginning = block.words.get("above") or block.words["instead-of"]
    lines = text.splitlines(keepends=True)
    (place,) = [number for number, line in enumerate(lines) if line.startswith(beginning)]
    rest = lines[place:] if "above" in block.words else lines[place + 1 :]
    return "".join([*lines[:place], block.text, *rest])
