"""Where the value of an environment variable comes from. A plain str is the value itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charts.model.platform import Platform

REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


@dataclass(frozen=True)
class Shared:
    """A key of the platform's shared settings; changing it rolls every workload that reads the same map."""

    key: str


@dataclass(frozen=True)
class Secret:
    """A key of the platform's secret."""

    key: str


@dataclass(frozen=True)
class FromPod:
    """A field of the pod, such as "metadata.name"."""

    field: str


Value = str | Shared | Secret | FromPod
Setting = str | Callable[["Platform"], str]


def references(value: Value) -> list[str]:
    """The variables that a value is composed of, as in "http://$(HOST):$(PORT)"."""
    return REFERENCE.findall(value) if isinstance(value, str) else []
