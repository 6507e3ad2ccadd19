"""The shape of JSON that a command's help documents, held against what it prints."""

import inspect
import json
import re
from typing import Any

from ops import cli


def documented(command: str) -> Any:
    """{key: what it holds}: None for a value or a list of values, True for keys that are the input's own."""
    text = " ".join(inspect.getdoc(getattr(cli, command)).split())  # type: ignore[union-attr]
    found = re.search(r"With `--json`: `(.*?)`", text)
    assert found, f"{command} documents no JSON"
    held = re.sub(r"\{[A-Z]+: \w+\}", "true", found[1])
    return json.loads(re.sub(r'("\w+")(?=[,}])', r"\1: null", held))


def conforms(shape: Any, value: Any) -> None:
    match shape:
        case None:
            assert not any(isinstance(each, dict) for each in (value if isinstance(value, list) else [value]))
        case True:
            assert isinstance(value, dict)
        case [inner]:
            assert isinstance(value, list)
            for each in value:
                conforms(inner, each)
        case _:
            assert set(value) == set(shape)
            for key, inner in shape.items():
                conforms(inner, value[key])
