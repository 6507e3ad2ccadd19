"""The one reader of YAML: as kubectl reads it, in C, and refusing what would exhaust memory or the stack."""

import json
import re
from collections.abc import Hashable
from typing import Any

import yaml

DEEPEST = 100  # levels; the deepest Kubernetes object, a CustomResourceDefinition, has about 40
EXPANDED = 100_000  # values that aliases may add to a file
DIGITS = 309  # of the largest number, a double
SCALAR = 64  # characters of a scalar that weigh as one value
ALIAS = re.compile(r"(?:^|[\s\[{,:?-])\*[^\s,\[\]{}]", re.MULTILINE)
# Each level of a block collection starts a column further right, after nothing but these.
INDENTED = re.compile(rf"^[ ?:-]{{{DEEPEST},}}", re.MULTILINE)
# What PyYAML's constructors raise on a value that does not fit its explicit tag, apart from its own errors.
UNFIT = (yaml.YAMLError, ValueError, TypeError, AttributeError, IndexError, RecursionError)


class Unreadable(Exception):
    """Text that is no YAML, or that is not safe to expand; the message says which."""


class Loader(yaml.CSafeLoader):
    """Without the types that Go's parsers do not know: dates, base 60 and `=`.

    But as they do, it reads n as false, 1e3 as a number, and any key as a text.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        made = super().construct_mapping(node, deep)
        if all(type(key) is str for key in made):
            return made
        return {key if isinstance(key, str) else json.dumps(key, default=str): value for key, value in made.items()}

    def number_or_text(self, node: yaml.ScalarNode) -> int | str:
        """As in Go, digits that no number holds are a text."""
        return self.construct_yaml_int(node) if len(node.value) <= DIGITS else str(node.value)


Loader.add_constructor("tag:yaml.org,2002:int", Loader.number_or_text)
Y_AND_N = {"y": True, "n": False}
Loader.bool_values = {**yaml.CSafeLoader.bool_values, **Y_AND_N}
KEPT = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "null", "merge")}
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in KEPT]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
    ),
    list("-+0123456789."),
)


def documents(text: str) -> list[Any]:
    """The documents of a text, empty ones left out. Raises Unreadable."""
    try:
        if ALIAS.search(text) or INDENTED.search(text) or text.count("[") + text.count("{") > DEEPEST:
            _weigh(text)  # libyaml's tree overflows the stack where its events do not
        return [document for document in yaml.load_all(text, Loader=Loader) if document is not None]
    except UNFIT as error:
        raise Unreadable(_reason(error)) from None


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"is no YAML: {error.problem} in line {error.problem_mark.line + 1}"
    return f"is no YAML: {' '.join(str(error).split())}"


def _weigh(text: str) -> None:
    """Counts what the text expands to, event by event, without expanding it."""
    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []  # anchor and size so far of each collection around the event
    added = 0
    for event in yaml.parse(text, Loader=Loader):
        size = 0
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise Unreadable(f"has an alias *{event.anchor} that contains itself or nothing")
            size = sizes[event.anchor]
            added += size
        elif isinstance(event, yaml.ScalarEvent):
            size = 1 + len(event.value) // SCALAR
            if event.anchor:
                sizes[event.anchor] = size
        elif isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, 1))
            if event.anchor:
                sizes.pop(event.anchor, None)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
            if anchor:
                sizes[anchor] = size
        if open_:
            open_[-1] = (open_[-1][0], open_[-1][1] + size)
        if added > EXPANDED:
            raise Unreadable(f"expands by its aliases to more than {EXPANDED} values")
        if len(open_) > DEEPEST:
            raise Unreadable(f"is nested deeper than {DEEPEST} levels")
