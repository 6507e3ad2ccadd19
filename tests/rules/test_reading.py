"""Quantities and paths are read as Kubernetes writes them."""

from decimal import Decimal
from typing import Any

import pytest

from rules.reading import quantity, walk


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("250m", "0.25"),
        ("2", "2"),
        (2, "2"),
        (0.5, "0.5"),
        (".5", "0.5"),
        ("1.5Gi", "1610612736"),
        ("64Ki", "65536"),
        ("20G", "20000000000"),
        ("3k", "3000"),
        ("12e3", "12000"),
        ("5E-1", "0.5"),
        ("1E", "1000000000000000000"),
        ("7n", "0.000000007"),
        ("7u", "0.000007"),
        ("1Mi", "1048576"),
        ("1M", "1000000"),
        ("1T", "1000000000000"),
        ("1P", "1000000000000000"),
        ("1Ti", "1099511627776"),
        ("1Pi", "1125899906842624"),
        ("1Ei", "1152921504606846976"),
    ],
)
def test_a_quantity_is_its_amount(text: Any, amount: str) -> None:
    assert quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1gi", "1Ki5", "NaN", "-", None, True, [], "1\n"])
def test_what_is_no_quantity_is_none(text: Any) -> None:
    assert quantity(text) is None


def test_a_path_names_the_items_of_lists_or_counts_them() -> None:
    value = {"a": [{"name": "x", "b": 1}, {"b": 2}, {"name": "y"}, None, 7]}
    assert list(walk(value, "a[].b")) == [("a[x].b", 1), ("a[1].b", 2)]
    assert list(walk(value, "a.b")) == []
    assert list(walk(None, "a[]")) == []
