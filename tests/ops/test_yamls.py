"""YAML is read in one way, whoever wrote it."""

import ast
from typing import Any

import pytest

from ops.places import ROOT
from ops.render import Rendered
from ops.yamls import Unreadable, documents


def test_no_command_reads_yaml_in_another_way() -> None:
    importing = set()
    for path in (ROOT / "ops").rglob("*.py"):
        if path.parent.name == "cluster":  # reads its own files only
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            importing |= {str(path.relative_to(ROOT)) for name in names if name == "yaml"}
    assert importing == {"ops/yamls.py"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("=", "="),
        ("0o17", 15),
        ("1e3", 1000.0),
        ("n", False),
        ("1" * 5000, "1" * 5000),
        ("123456789012345678901", 123456789012345678901),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_rendered_value_is_what_kubectl_reads(text: str, value: Any) -> None:
    assert Rendered(text=f"data: {text}\n").manifest == {"data": value}


@pytest.mark.parametrize("text", ["[" * 200_000, "a: &a [*a]", "a: [", "!!python/object:os.system x"])
def test_what_is_unsafe_or_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        documents(text)
