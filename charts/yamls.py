"""Values as YAML that a reviewer reads."""

from typing import Any

import yaml


def text(value: Any) -> str:
    """One document, keys in the order in which they were built; written by libyaml, 5 times as fast as in Python."""
    written: str = yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False)
    return written
