"""`python -O -m bench.synth COUNT OUT`: synthesizes a generated platform, as main.py does NewsTalk's base."""

import sys
from pathlib import Path

from ops import node

node.use_pinned()

from bench.generated import platform  # noqa: E402
from charts import folder  # noqa: E402
from charts.foundation import Foundation  # noqa: E402
from charts.workload import WorkloadChart  # noqa: E402


def main(count: int, out: Path) -> None:
    generated = platform(count)
    app = folder.app(out)
    Foundation(app, generated)
    for workload in generated.workloads:
        WorkloadChart(app, workload, generated)
    folder.write(app)
    folder.gather(app, generated)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
