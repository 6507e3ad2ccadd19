"""`python -O -m bench.empty OUT`: the least that any cdk8s app in Python costs: one chart without objects."""

import sys

from ops import node

node.use_pinned()

import cdk8s  # noqa: E402

if __name__ == "__main__":
    app = cdk8s.App(outdir=sys.argv[1])
    cdk8s.Chart(app, "empty")
    app.synth()
