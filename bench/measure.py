"""`python -S bench/measure.py COMMAND...`: runs it once; prints seconds, and KiB of its largest process at its peak.

A process of its own, since a child's peak begins with the size of the process that starts it: this one imports nothing.
"""

import os
import sys
import time

if __name__ == "__main__":
    began = time.monotonic()
    pid = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
    _, status, usage = os.wait4(pid, 0)
    print(time.monotonic() - began, usage.ru_maxrss, file=sys.stderr)
    sys.exit(os.waitstatus_to_exitcode(status))
