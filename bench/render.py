"""`python -O -m bench.render`: renders every environment to plain YAML, as `newstalk synth` does."""

from ops import render
from ops.places import OVERLAYS

if __name__ == "__main__":
    for environment in render.environments():
        render.render(OVERLAYS / environment)
