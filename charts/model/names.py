"""Which names Kubernetes takes, so that a wrong one is refused where it is written.

Source: k8s.io/apimachinery, pkg/util/validation.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

# Of every object and pod: kubernetes.io/docs/reference/labels-annotations-taints.
NAME, COMPONENT, PART_OF = (f"app.kubernetes.io/{label}" for label in ("name", "component", "part-of"))

LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
PORT = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FILE = re.compile(r"[-._a-zA-Z0-9]+")


def label(at: str, name: str, longest: int = 63) -> Iterator[str]:
    """An RFC 1035 label, as Services need it; every object of a workload bears its name."""
    if not LABEL.fullmatch(name) or len(name) > longest:
        yield f'{at}: lower case letters, digits and "-", at most {longest} characters, got "{name}" ({len(name)})'


def port(at: str, name: str) -> Iterator[str]:
    if not PORT.fullmatch(name) or len(name) > 15:
        yield f'{at}: lower case letters, digits and "-", at most 15 characters, got "{name}" ({len(name)})'


def label_value(at: str, value: str) -> Iterator[str]:
    if not VALUE.fullmatch(value) or len(value) > 63:
        yield f'{at}: a label holds letters, digits, "-", "_" and ".", at most 63 characters, got "{value}"'


def label_key(at: str, key: str) -> Iterator[str]:
    if not KEY.fullmatch(key) or len(key.rpartition("/")[2]) > 63:
        yield f'{at}: a label is named "name" or "domain/name", the name at most 63 characters, got "{key}"'


def variable(at: str, name: str) -> Iterator[str]:
    if not VARIABLE.fullmatch(name):
        yield f'{at}: letters, digits and "_", not beginning with a digit, got "{name}"'


def file(at: str, name: str) -> Iterator[str]:
    if not FILE.fullmatch(name) or len(name) > 253:
        yield f'{at}: a file holds letters, digits, "-", "_" and ".", at most 253 characters, got "{name}"'
    elif name.endswith(".env"):
        yield f'{at}: kustomize would read ".env" as settings, name the file otherwise, got "{name}"'


def listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "none"


def repeated(values: Iterable[str]) -> list[str]:
    """The values that occur more than once, sorted."""
    return sorted(value for value, times in Counter(values).items() if times > 1)
