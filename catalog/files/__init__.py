"""Configuration that workloads mount, as the real files."""

from pathlib import Path

HERE = Path(__file__).parent


def read(*paths: str) -> dict[str, str]:
    """{name: text} of files below this folder; a folder stands for all files in it."""
    found = {}
    for path in paths:
        place = HERE / path
        for file in sorted(place.iterdir()) if place.is_dir() else [place]:
            found[file.name] = file.read_text()
    return found
