"""Reads the files of a kustomization, within one folder and within bounds: whoever wrote them, nothing else is read."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.check.finding import Finding, Stop, near
from ops.render import NAMES
from ops.yamls import Unreadable, documents

MEBIBYTE = 1024 * 1024
LARGEST = 4 * MEBIBYTE  # of a file; an object has 1.5 MiB at most, as etcd stores it
ALTOGETHER = 64 * MEBIBYTE
# What kustomize fetches: sigs.k8s.io/kustomize/api/internal/git/repospec.go and internal/loader/fileloader.go.
REMOTE = re.compile(r"\w+::|[a-z]+://|github\.com[/:]|[a-z][a-z0-9-]*@[^/]*[:/]|.*\?(ref|version)=", re.IGNORECASE)


@dataclass(frozen=True)
class Layer:
    """A kustomization: its folder, its file and what that says."""

    folder: Path
    file: str
    fields: Mapping[str, Any]

    @property
    def title(self) -> str:
        return f"{self.fields.get('kind') or 'Kustomization'}/{self.folder.name}"


class Source:
    """The files below `root`; each is read once."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._documents: dict[Path, list[Any]] = {}
        self._sizes: dict[Path, int] = {}

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else path.name

    def layer(self, folder: Path) -> Layer:
        """The kustomization in a folder. Raises Stop."""
        files = (folder / name for name in NAMES)
        found = [file for file in files if os.path.lexists(file) and not file.is_dir()]
        here = Layer(folder, self.shown(folder / NAMES[0]), {})
        if len(found) != 1:
            problem = f"there are {' and '.join(path.name for path in found)}" if found else "the file does not exist"
            raise self.stop(here, "kind", problem, f"have one {NAMES[0]} in the folder")
        path = self.locate(here, "kind", found[0].name)
        here = Layer(folder, self.shown(folder / found[0].name), {})
        read = self.documents(here, "kind", path)
        if len(read) != 1 or not isinstance(read[0], Mapping):
            raise self.stop(here, "kind", "is not one YAML mapping", "write the fields of a kustomization")
        return Layer(folder, here.file, read[0])

    def locate(self, layer: Layer, field: str, reference: str) -> Path:
        """What a field of a kustomization refers to, with symbolic links followed. Raises Stop."""
        self.refuse_remote(layer, field, reference)
        try:
            path = (layer.folder / reference).resolve()
            if not path.is_relative_to(self.root):
                raise self.stop(layer, field, f'"{reference}" leads out of {self.root.name}/', "keep it inside")
            if not path.exists():
                raise self.stop(layer, field, f'"{reference}" does not exist', self._instead(layer, reference))
            if path.is_file():
                self._weigh(layer, field, reference, path)
            elif not path.is_dir():
                raise self.stop(layer, field, f'"{reference}" is no file and no folder', "refer to one")
        except (OSError, RuntimeError, ValueError) as error:  # a link to itself, a name too long, a NUL in a name
            raise self.stop(layer, field, f"{reference!r} cannot be read: {error}", "refer to a plain file") from None
        return path

    def refuse_remote(self, layer: Layer, field: str, reference: str) -> None:
        if REMOTE.match(reference):
            remedy = "copy it into the repository: check fetches nothing"
            raise self.stop(layer, field, f'"{reference}" is remote', remedy)

    def _instead(self, layer: Layer, reference: str) -> str:
        parent = (layer.folder / reference).resolve().parent
        siblings = [entry.name for entry in os.scandir(parent)] if parent.is_dir() else []
        close = near(Path(reference).name, siblings)
        return f"write {Path(reference).parent / close}" if close else "correct the path, or remove the entry"

    def _weigh(self, layer: Layer, field: str, reference: str, path: Path) -> None:
        self._sizes[path] = path.stat().st_size
        for what, size, most in (
            (f'"{reference}" has', self._sizes[path], LARGEST),
            ("its files together have", sum(self._sizes.values()), ALTOGETHER),
        ):
            if size > most:
                problem = f"{what} {size / MEBIBYTE:.1f} MiB, and check reads {most // MEBIBYTE}"
                raise self.stop(layer, field, problem, "split it, or leave it out")

    def documents(self, layer: Layer, field: str, path: Path) -> list[Any]:
        """The YAML documents of a located file. Raises Stop."""
        if path not in self._documents:
            try:
                text = path.read_bytes().decode()
                if "\0" in text:
                    raise Unreadable("is no text")
                self._documents[path] = documents(text)
            except UnicodeDecodeError:
                raise self.stop(layer, field, f"{path.name} is no UTF-8 text", "refer to YAML") from None
            except Unreadable as reason:
                raise self.stop(layer, field, f"{path.name} {reason}", "write plain YAML") from None
            except OSError as error:
                raise self.stop(layer, field, f"{path.name} cannot be read: {error.strerror}", "mend it") from None
        return self._documents[path]

    def inline(self, layer: Layer, field: str, text: str) -> list[Any]:
        """The YAML documents that a field holds as text. Raises Stop."""
        try:
            return documents(text)
        except Unreadable as reason:
            raise self.stop(layer, field, str(reason), "write plain YAML") from None

    def stop(self, layer: Layer, field: str, problem: str, remedy: str) -> Stop:
        return Stop(Finding(file=layer.file, object=layer.title, field=field, problem=problem, remedy=remedy))
