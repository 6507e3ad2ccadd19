"""Amounts of resources by name, in cores, bytes or pieces: added, and shown as Kubernetes writes them."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Context, Decimal
from typing import Final, Literal

from rules.reading import POWERS

Amounts = Mapping[str, Decimal]
Situation = Literal["minimum", "maximum", "rollout"]
SITUATIONS: Final[tuple[Situation, ...]] = ("minimum", "maximum", "rollout")
NONE = Decimal(0)
WIDE = Context(prec=80)  # holds the largest quantity times the most replicas
UNITS = tuple((suffix, POWERS[suffix]) for suffix in ("Gi", "Mi", "Ki", ""))


def add(*many: Amounts) -> dict[str, Decimal]:
    return {name: sum((each.get(name, NONE) for each in many), NONE) for name in names(*many)}


def highest(*many: Amounts) -> dict[str, Decimal]:
    """The largest amount of each name."""
    return {name: max(each.get(name, NONE) for each in many) for name in names(*many)}


def times(amounts: Amounts, count: int) -> dict[str, Decimal]:
    return {name: amount * count for name, amount in amounts.items()}


def names(*many: Amounts) -> dict[str, None]:
    """In the order in which they come up."""
    return {name: None for each in many for name in each}


def in_bytes(name: str) -> bool:
    """Whether a resource, or a key of a quota, is of memory or storage."""
    return name.endswith(("memory", "storage")) or "hugepages-" in name


def show(name: str, amount: Decimal) -> str:
    """Short, and never less than it is: 250m, 14.25, 1.5Gi."""
    if in_bytes(name):
        unit, size = next((unit, size) for unit, size in UNITS if abs(amount) >= size or size == 1)
        return f"{plain(amount / size, 2)}{unit}"
    if name.endswith("cpu") and 0 < abs(amount) < 1:
        return f"{plain(amount * 1000, 0)}m"
    return plain(amount, 2)


def plain(amount: Decimal, digits: int) -> str:
    """Rounded up to so many digits behind the point, without zeros at the end."""
    rounded = amount.quantize(Decimal(1).scaleb(-digits), ROUND_CEILING, WIDE)
    return f"{rounded.normalize():f}" if rounded else "0"


def round_up(name: str, amount: Decimal) -> str:
    """The next figure that a person would write into a quota: whole cores, pieces, Gi or Mi."""
    size = next((size for unit, size in UNITS[:2] if amount > size), UNITS[1][1]) if in_bytes(name) else Decimal(1)
    unit = {size: unit for unit, size in UNITS}[size]
    return f"{plain(amount / size, 0)}{unit}"
