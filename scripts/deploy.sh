#!/bin/sh
# Deploys an environment: scripts/deploy.sh [local|staging|production] [--clean] [--skip-tests]; --help has the rest.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
"${PYTHON:-python3}" "$root/tools/setup.py" deploy
exec "$root/.venv/bin/newstalk" deploy "$@"
