"""What does not fit, and the reading of fields that may hold anything."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.capacity.amounts import Amounts
from rules.reading import Manifest, at, is_number, quantity, title

LARGEST = 2**63 - 1  # of a quantity: k8s.io/apimachinery/pkg/api/resource; larger ones are capped there
MOST = 2**31 - 1  # of replicas and the like, which are 32 bits wide
PERCENT = re.compile(r"\d{1,9}%")


@dataclass(frozen=True)
class Finding:
    """`object` is Kind/name, `field` the path inside of it."""

    object: str
    field: str
    problem: str
    remedy: str

    @property
    def line(self) -> str:
        """On one line, whatever the names in it hold."""
        line = f"{self.object} {self.field}: {self.problem}: {self.remedy}"
        return "".join(letter if letter.isprintable() else "?" for letter in " ".join(line.split()))


def told(value: Any) -> str:
    """A value in a message; of a collection only that it is one, since it may be of any size."""
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    written = json.dumps(value, default=str)
    return written if len(written) <= 60 else f"{written[:60]}..."


class Reader:
    """Reads fields of one object; what Kubernetes would refuse reads as empty and becomes a finding."""

    def __init__(self, manifest: Manifest, findings: list[Finding]) -> None:
        self.manifest, self.findings, self.title = manifest, findings, title(manifest)

    def refuse(self, field: str, value: Any, wanted: str, remedy: str) -> None:
        self.findings.append(Finding(self.title, field, f"{told(value)} is {wanted}", remedy))

    def amount(self, value: Any, field: str) -> Decimal:
        """A quantity in its base unit; 0 for what is none."""
        found = quantity(value)
        if found is None or not 0 <= found <= LARGEST:
            self.refuse(field, value, "no quantity", "write one of 0 or more, such as 500m, 2 or 512Mi")
            return Decimal(0)
        return found

    def amounts(self, value: Any, path: str, field: str) -> Amounts:
        """The quantities at a path of `value`, by name; `field` leads the path in findings."""
        found = at(value, path)
        parents = [(path.rsplit(".", 1)[0], at(value, path.rsplit(".", 1)[0]))] if "." in path else []
        for where, parent in [*parents, (path, found)]:
            if parent is not None and not isinstance(parent, Mapping):
                self.refuse(f"{field}{where}", parent, "no mapping", "write `name: quantity` lines")
                return {}
        named = found if isinstance(found, Mapping) else {}
        return {str(name): self.amount(each, f"{field}{path}.{name}") for name, each in named.items()}

    def whole(self, path: str, default: int) -> int:
        """The number at a path, `default` where there is none."""
        value = at(self.manifest, path)
        if value is None:
            return default
        if not is_number(value) or not 0 <= value <= MOST:
            self.refuse(path, value, "no whole number of 0 or more", "write one, such as 2")
            return default
        return int(value)

    def part(self, path: str, default: int | str) -> int | str:
        """The number or percentage at a path, `default` where there is none."""
        value = at(self.manifest, path)
        if value is None:
            return default
        if isinstance(value, str) and PERCENT.fullmatch(value):
            return value
        return self.whole(path, 0)
