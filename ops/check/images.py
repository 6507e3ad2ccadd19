"""What kustomize's image entries change: sigs.k8s.io/kustomize/api/filters/imagetag."""

from collections.abc import Callable, Mapping
from typing import Any

from ops.check.objects import fits
from rules.reading import Manifest

TAIL = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?"
HOLDERS = ("containers", "initContainers")


def is_meant(entry: Manifest, image: str) -> bool:
    """Whether an entry changes an image; its name is a pattern."""
    return fits(str(entry.get("name")), image, TAIL)


def bare(image: str) -> str:
    """The name of an image, without tag and digest."""
    head, slash, last = image.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def retagged(image: str, entry: Manifest) -> str:
    """The image as an entry changes it."""
    named, new = bare(image), entry.get
    tag, _, digest = image[len(named) :].partition("@")
    tag = tag.removeprefix(":")
    if new("newTag") or new("digest"):
        tag, digest = str(new("newTag") or ""), str(new("digest") or "")
    elif new("tagSuffix"):
        tag, digest = f"{tag}{new('tagSuffix')}", ""
    return f"{new('newName') or named}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"


def mapped(value: Any, change: Callable[[str], str], fields: frozenset[str], above: tuple[str, ...] = ()) -> Any:
    """The value with its images changed, or itself: those of containers at any depth, of volumes, in `fields` anywhere.

    `above` are the keys around the value.
    """
    if isinstance(value, list):
        made = [mapped(item, change, fields, above) for item in value]
        return value if all(new is old for new, old in zip(made, value, strict=True)) else made
    if not isinstance(value, Mapping):
        return value
    changes, inside = {}, above[-1:]
    for key, held in value.items():
        image = key == "image" and inside and inside[0] in HOLDERS
        reference = key == "reference" and above[-2:] == ("volumes", "image")
        is_image = isinstance(held, str) and (image or reference or key in fields)
        new = change(held) if is_image else mapped(held, change, fields, (*above, str(key)))
        if new is not held:
            changes[key] = new
    return {**value, **changes} if changes else value
