#!/bin/sh
# Builds the images: scripts/build.sh [--tag TAG] [--push] [--parallel] [--dev] [--no-cache]; --help has the rest.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
"${PYTHON:-python3}" "$root/tools/setup.py" synth
exec "$root/.venv/bin/newstalk" build "$@"
