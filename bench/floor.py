"""`python -m bench.floor OBJECTS OUT`: only writes finished dicts, one file each, with libyaml's emitter.

OBJECTS: a pickle of {path: object}. No program that writes these files from Python takes less.
"""

import pickle
import sys
from pathlib import Path

import yaml


def main(objects: Path, out: Path) -> None:
    for path, manifest in pickle.loads(objects.read_bytes()).items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        with (out / path).open("w") as file:
            yaml.dump(manifest, file, Dumper=yaml.CSafeDumper, sort_keys=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
