"""What commands write: lines for people, coloured on a terminal unless NO_COLOR is set, and JSON for programs."""

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console


def lines(*, stderr: bool = False) -> Console:
    """Prints each text as it is and as one line, however long."""
    return Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True)


def blocks() -> Console:
    """Lays out tables, as wide as the terminal is."""
    return Console(highlight=False, markup=False)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints rows of text below their headings."""
    from rich.table import Table

    shown = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*row)
    blocks().print(shown)


def problems(told: Iterable[str]) -> None:
    for line in told:
        lines(stderr=True).print(line, style="red")


def tell_json(document: Any) -> None:
    """Prints the one JSON document of a command; a dataclass becomes an object, its fields in camelCase."""
    sys.stdout.write(json.dumps(document, indent=2, default=_fields) + "\n")


def refuse(told: Iterable[str], as_json: bool) -> None:
    """Tells what was refused: line by line, or as the document that every command has for it."""
    if as_json:
        tell_json({"refusals": list(told)})
    else:
        problems(told)


def _fields(value: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no JSON")
    return {
        re.sub("_(.)", lambda found: found[1].upper(), field.name): getattr(value, field.name)
        for field in dataclasses.fields(value)
    }
