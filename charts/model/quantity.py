"""Kubernetes quantities: amounts of cpu, memory and storage that compare and add."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, total_ordering

SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("0.001"), "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40,
}  # fmt: skip
WRITTEN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)")


@total_ordering
@dataclass(frozen=True, eq=False)
class Quantity:
    """An amount as Kubernetes writes it, "250m" or "20Gi"; equal amounts are equal however they are written.

    `text`: str, as written. Raises ValueError when it is no quantity.
    Suffixes: k8s.io/apimachinery, pkg/api/resource.
    """

    text: str

    def __post_init__(self) -> None:
        self.amount  # noqa: B018  (raises on what is no quantity)

    @cached_property
    def amount(self) -> Decimal:
        """The amount in cores or bytes."""
        written = WRITTEN.fullmatch(self.text)
        if written is None or written[2] not in SUFFIXES:
            raise ValueError(f'"{self.text}" is no quantity, write for instance 250m or 2Gi')
        return Decimal(written[1]) * SUFFIXES[written[2]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.amount == other.amount

    def __lt__(self, other: "Quantity") -> bool:
        return self.amount < other.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    def __add__(self, other: "Quantity") -> "Quantity":
        return of(self.amount + other.amount)

    def __mul__(self, times: int) -> "Quantity":
        return of(self.amount * times)

    def __str__(self) -> str:
        return self.text


def of(amount: Decimal) -> Quantity:
    """`amount` (cores or bytes) in the largest suffix that writes it whole, so that "1Gi" + "1Gi" reads "2Gi"; what
    is less than a nanocore is lost, as in Kubernetes."""
    for suffix in ("Ti", "Gi", "Mi", "Ki", "", "m", "u"):
        if amount >= SUFFIXES[suffix] and amount % SUFFIXES[suffix] == 0:
            return Quantity(f"{int(amount / SUFFIXES[suffix])}{suffix}")
    return Quantity(f"{int(amount / SUFFIXES['n'])}n") if amount else Quantity("0")
