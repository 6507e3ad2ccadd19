"""A release is a commit: sets the image tags of an overlay and synthesizes."""

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from ops.places import OVERLAYS, ROOT, Refusal, WrongUse
from ops.render import environments
from ops.yamls import Unreadable, documents

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")  # the OCI distribution specification's
PINS = ROOT / "pins.yaml"


def parse(assignments: list[str]) -> dict[str, str]:
    """{image: tag} of "image=tag" words. Raises WrongUse."""
    tags = {}
    for assignment in assignments:
        image, _, tag = assignment.partition("=")
        if not image or not TAG.fullmatch(tag):
            raise WrongUse(f'"{assignment}": write IMAGE=TAG, for instance newstalk-ai/backend=v1.4.0')
        if tag == "latest":
            raise WrongUse(f'"{assignment}": latest names no release, give the tag of one')
        tags[image] = tag
    return tags


def unverified(pins: Path = PINS) -> list[str]:
    """The pins that were never looked up. Raises Refusal."""
    try:
        [listed] = documents(pins.read_text())
        return [entry["pin"] for entries in listed.values() for entry in entries if not entry["source"]]
    except Unreadable as reason:
        raise Refusal(f"{pins.name} {reason}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refusal(f"{pins.name}: write lists of `{{pin: ..., source: ...}}`") from None


def retag(text: str, tags: Mapping[str, str], where: str) -> str:
    """The kustomization `text` with the tags set, all else as it was. Raises WrongUse on an image it does not list."""
    editor = YAML()
    editor.preserve_quotes, editor.width = True, 4096
    editor.indent(mapping=2, sequence=2, offset=0)
    kustomization = editor.load(text)
    images = {image["name"]: image for image in kustomization.get("images", [])}
    for name, tag in tags.items():
        if name not in images:
            raise WrongUse(f"{where}: no image {name}, it sets {', '.join(sorted(images)) or 'none'}")
        images[name]["newTag"] = tag
    written = StringIO()
    editor.dump(kustomization, written)
    return written.getvalue()


def overlay(environment: str) -> Path:
    """The kustomization of an environment. Raises WrongUse."""
    known = environments()
    if environment not in known:
        raise WrongUse(f'"{environment}" is no environment, there are {", ".join(known)}')
    return OVERLAYS / environment / "kustomization.yaml"
