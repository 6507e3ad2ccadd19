"""One cluster, through the kubectl that the project brought along."""

import json
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.places import Refusal, tool
from rules.reading import Manifest

# What kubectl says of an API server that restarts; anything else is an answer.
AWAY = re.compile(
    r"connection (refused|reset)|connect: |was refused|unexpected EOF|\bEOF$|TLS handshake timeout|i/o timeout"
    r"|client connection lost|http2: |ServiceUnavailable|server is currently unable|etcdserver: |leader changed"
    r"|server is shutting down|apiserver not ready|TooManyRequests"
)
# A line of `kubectl api-resources -o wide`: plural, short names, version, whether in namespaces, kind, verbs.
SERVED = re.compile(r"(\S+) .*?(\S+) +(true|false) +(\w+) .*")
KLOG = re.compile(r"[EWI]\d{4} ")  # a line of the client library's own log
PATIENCE = 60  # seconds for an API server to come back


@dataclass(frozen=True, kw_only=True)
class Served:
    """A kind that a cluster serves. `plural`: its name in requests."""

    plural: str
    group: str
    namespaced: bool


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """`context`, `kubeconfig`: kubectl's own choice where None. `manager`: of the fields that are applied.
    `user`: whom to impersonate."""

    context: str | None = None
    kubeconfig: Path | None = None
    manager: str = "newstalk"
    user: str | None = None

    @property
    def name(self) -> str:
        return self.context or (str(self.kubeconfig) if self.kubeconfig else "the current context")

    def run(self, *arguments: str, text: str | None = None, patience: float = PATIENCE) -> str:
        """What kubectl prints; asks again while the API server is away. Every verb here may be repeated.

        Raises Refusal with kubectl's reasons, one a line.
        """
        chosen = [f"--context={self.context}"] if self.context else []
        chosen += [f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else []
        chosen += [f"--as={self.user}"] if self.user else []
        command = [str(tool("kubectl")), *chosen, *arguments]
        until = time.monotonic() + patience
        while True:
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
            if not done.returncode:
                return done.stdout
            said = done.stderr.strip()
            if not AWAY.search(said):
                raise Refusal(f"{self.name}: {reasons(said)}")
            if time.monotonic() > until:
                raise Refusal(f"{self.name}: no answer for {patience:.0f} s ({said.splitlines()[-1]}); is it up?")
            time.sleep(0.5)

    def json(self, *arguments: str, text: str | None = None) -> Any:
        said = self.run(*arguments, "-o", "json", text=text)
        return json.loads(said) if said.strip() else {}

    def find(self, kinds: Iterable[str], namespace: str | None = None, **options: str) -> list[Manifest]:
        """The objects of `kinds` ("Kind.group") in a namespace, or in all; none of a kind that the cluster lacks."""
        wanted = ",".join(sorted(set(kinds)))
        if not wanted:
            return []
        where = ["-n", namespace] if namespace else ["--all-namespaces"]
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        found = self.json("get", wanted, *where, "--ignore-not-found", *flags)
        return list(found.get("items", [found] if found else []))

    def served(self) -> dict[str, Served]:
        """{"Kind.group": how the cluster serves it}."""
        said = self.run("api-resources", "--no-headers=true", "-o", "wide")
        found = {}
        for line in said.splitlines():
            if match := SERVED.fullmatch(line):
                plural, version, namespaced, kind = match.groups()
                group = version.rpartition("/")[0]
                one = Served(plural=plural, group=group, namespaced=namespaced == "true")
                found[f"{kind}.{group}".rstrip(".")] = one
        return found

    def live(self, objects: Sequence[Manifest], **options: str) -> dict[tuple[str, str, str], Manifest]:
        """What the cluster has of `objects`, by `identity`."""
        if not objects:
            return {}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        found = self.json("get", "-f", "-", "--ignore-not-found", *flags, text=as_list(objects))
        return {identity(manifest): manifest for manifest in found.get("items", [found] if found else [])}

    def apply(
        self, objects: Sequence[Manifest], manager: str | None = None, *, dry_run: bool = False, whole: bool = True
    ) -> list[Manifest]:
        """Applies on the server's side, strictly; what the cluster then has. Raises Refusal, a line for each object.

        Objects that are not `whole` have only the fields to set, which strictness would refuse.
        """
        if not objects:
            return []
        flags = [
            "--server-side",
            "--force-conflicts",
            f"--validate={'strict' if whole else 'false'}",
            f"--field-manager={manager or self.manager}",
        ]
        flags += ["--dry-run=server"] if dry_run else []
        found = self.json("apply", *flags, "-f", "-", text=as_list(objects))
        return list(found.get("items", [found] if found else []))

    def create(self, objects: Sequence[Manifest]) -> list[Manifest]:
        """Creates what may be asked again, such as reviews; the answers in the same order."""
        if not objects:
            return []
        rest, found, decoder = (
            self.run("create", "-f", "-", "-o", "json", text=as_list(objects)),
            [],
            json.JSONDecoder(),
        )
        while rest := rest.lstrip():
            one, end = decoder.raw_decode(rest)
            found.append(one)
            rest = rest[end:]
        return found

    def delete(self, objects: Sequence[Manifest], cascade: str = "background", *, wait: bool = False) -> None:
        if objects:
            flags = ["--ignore-not-found", f"--cascade={cascade}", f"--wait={str(wait).lower()}"]
            bare = [{name: each[name] for name in ("apiVersion", "kind", "metadata")} for each in objects]
            self.run("delete", *flags, "-f", "-", text=as_list(bare))


def reasons(said: str) -> str:
    """kubectl's complaints as one line."""
    told = (line for line in dict.fromkeys(said.splitlines()) if not KLOG.match(line))
    lines = [line.removeprefix("error: ").removeprefix("Error from server ") for line in told]
    return "; ".join(line.strip() for line in lines if line.strip() and not line.startswith("Warning: "))


def as_list(objects: Sequence[Manifest]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def identity(manifest: Manifest) -> tuple[str, str, str]:
    """Namespace, "Kind.group", name: the same whatever version of its API an object is written in."""
    metadata = manifest.get("metadata", {})
    return str(metadata.get("namespace") or ""), resource(manifest), str(metadata.get("name"))


def resource(manifest: Manifest) -> str:
    """How kubectl asks for a kind: "Deployment.apps", "Service"."""
    group = str(manifest.get("apiVersion")).rpartition("/")[0]
    return f"{manifest.get('kind')}.{group}".rstrip(".")


def title(manifest: Manifest) -> str:
    return f"{manifest.get('kind')}/{manifest.get('metadata', {}).get('name')}"
