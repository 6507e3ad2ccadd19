"""The same platform for one machine: the Compose specification's compose.yaml, from the same values.

docs/compose.md lists what compose cannot say, or says differently, with the reasons.
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

from charts import scrape, yamls
from charts.constructs import config
from charts.constructs.pods import STARTUP_PERIOD
from charts.folder import put
from charts.model import (
    Command,
    ConfigFiles,
    Cron,
    FromPod,
    HostPath,
    Http,
    ModelError,
    Once,
    Persistent,
    Platform,
    Quantity,
    Replicas,
    Scratch,
    Secret,
    SecretFiles,
    Settings,
    Shared,
    Stateful,
    Tcp,
    Workload,
)
from charts.model.environment import REFERENCE, Value, references
from charts.model.machine import Machine

Block = dict[str, Any]
RETRIES = 3  # failed checks until unhealthy; Kubernetes' default failureThreshold
ADDRESSES = 29  # prefix of each network: eight addresses, of which two or one are taken
SHARED_MEMORY = "/dev/shm"
SECRETS = "/run/secrets"
UNITS = {"G": Quantity("1Gi"), "M": Quantity("1Mi"), "K": Quantity("1Ki"), "B": Quantity("1")}  # Docker's, of 1024
ROOT = "../.."  # the repository, seen from the folder of compose.yaml
HEADING = """\
# All of {name} on one machine. docs/compose.md says how to start it, and how it differs from Kubernetes.
# A ${{NAME?}} is a secret, for an image that reads it from a variable only: the file of --env-file has it.
"""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What the machine has from a kustomize overlay: {image: tag} and {shared setting: value}."""

    tags: Mapping[str, str]
    settings: Mapping[str, str]


def overlay(path: Path) -> Overlay:
    """Reads tags and merged settings out of a kustomization.yaml. Raises ModelError."""
    try:
        said = yaml.safe_load(path.read_text())
        literals = [line for merged in said.get("configMapGenerator", ()) for line in merged.get("literals", ())]
        return Overlay(
            tags={image["name"]: image["newTag"] for image in said.get("images", ()) if "newTag" in image},
            settings=dict(line.split("=", 1) for line in literals),
        )
    except FileNotFoundError:
        wrong = "is missing, and the compose file has its tags and settings from there"
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as reason:
        wrong = f"has no tags and settings that can be read: {' '.join(str(reason).split())}"
    raise ModelError([f"overlays/{path.parent.name}/{path.name}: {wrong}"])


def write(platform: Platform, machine: Machine, shared: Overlay, out: Path) -> None:
    """Writes `out`/compose, which mounts configuration files of `out`/base. Raises ModelError."""
    if refusals := [*machine.refusals(), *refused(platform, machine, shared)]:
        raise ModelError(refusals)
    composed = Composed(platform=alone(platform, machine, shared), machine=machine, tags=shared.tags, out=out)
    room, needed = int(2 ** (ADDRESSES - IPv4Network(machine.addresses).prefixlen)), len(composed.networks)
    if room < needed:
        line = f"machine.addresses: {machine.addresses} has room for {room} networks of eight addresses, {needed} are"
        raise ModelError([f"{line} needed"])
    for workload in composed.platform.workloads:
        for files in workload.files:
            folder = composed.folder(workload, files)
            for name, text in files.of(composed.platform).items():
                if folder.is_relative_to(out / "compose"):
                    put(folder / name, text)
                if files.executable:  # a ConfigMap's volume has a mode of its own, a mounted file that of the host
                    (folder / name).chmod(0o755)
    put(out / "compose" / "compose.yaml", HEADING.format(name=platform.name) + yamls.text(composed.document()))


def refused(platform: Platform, machine: Machine, shared: Overlay) -> Iterator[str]:
    for workload in platform.workloads:
        for variable in machine.environment.get(workload.name, {}):
            if variable not in {*workload.environment, *workload.settings}:
                yield f"machine.environment.{workload.name}.{variable}: no variable of the workload, remove it"
        if workload.name in machine.published and not workload.ports:
            yield f"machine.published.{workload.name}: the workload serves nothing that could be published"
        for variable, value in workload.environment.items():
            if isinstance(value, FromPod) and value.field not in fields(workload, platform):
                yield f"{workload.name}.environment.{variable}: a container on one machine has no {value.field}"
        if untagged(workload.image) and workload.image not in shared.tags:
            yield f"{workload.name}.image: {workload.image} has no tag, and the overlay of the machine sets none"


def untagged(image: str) -> bool:
    return ":" not in image.rpartition("/")[2]


def alone(platform: Platform, machine: Machine, shared: Overlay) -> Platform:
    """The platform with one of each workload, the overlay's settings and the machine's variables."""
    kept = [single(one, machine) for one in platform.workloads if one.name not in machine.left_out]
    scraped = {f"{one.name}.yml": scrape.text([targets(one, platform)]) for one in kept if one.metrics}
    for place, one in enumerate(kept):
        files = tuple(dataclasses.replace(f, files=scraped) if f.name == scrape.MAP else f for f in one.files)
        kept[place] = dataclasses.replace(one, files=files)
    settings = (
        Settings(name=one.name, values={key: shared.settings.get(key, value) for key, value in one.values.items()})
        for one in platform.settings
    )
    return dataclasses.replace(platform, workloads=tuple(kept), settings=tuple(settings))


def single(workload: Workload, machine: Machine) -> Workload:
    run, other = workload.run, machine.environment.get(workload.name, {})
    match run:
        case Replicas():
            run = Replicas()
        case Stateful():
            run = dataclasses.replace(run, count=1)
    return dataclasses.replace(
        workload,
        run=run,
        topics=tuple(dataclasses.replace(topic, replication=1) for topic in workload.topics),
        settings={key: other.get(key, value) for key, value in workload.settings.items()},
        environment={key: other.get(key, value) for key, value in workload.environment.items()},
        small=None,
        variants={},
    )


def targets(workload: Workload, platform: Platform) -> Block:
    """The scrape configuration of a workload that is not looked up but named, with the same labels."""
    metrics = workload.metrics
    if metrics is None:
        return {}
    return {
        "job_name": workload.name,
        "metrics_path": metrics.path,
        "honor_labels": metrics.of_others,
        "static_configs": [{
            "targets": [f"{workload.name}:{workload.port(metrics.port).number}"],
            "labels": {"namespace": workload.namespace or platform.name, "pod": pod(workload)},
        }],
    }  # fmt: skip


def pod(workload: Workload) -> str:
    """What Kubernetes calls its first pod, where the name is known before."""
    return f"{workload.name}-{workload.run.first}" if isinstance(workload.run, Stateful) else workload.name


def fields(workload: Workload, platform: Platform) -> dict[str, str]:
    """What its container is told of the pod that it would be."""
    return {
        "metadata.name": pod(workload),
        "metadata.namespace": workload.namespace or platform.name,
        "metadata.labels['apps.kubernetes.io/pod-index']": str(getattr(workload.run, "first", 0)),
    }


def literal(text: str) -> str:
    """Compose replaces variables in every text."""
    return text.replace("$", "$$")


def size(quantity: Quantity) -> str:
    """Bytes, as Docker writes them: "2G" is 2 GiB."""
    for unit, one in UNITS.items():
        if quantity.amount % one.amount == 0:
            return f"{int(quantity.amount / one.amount)}{unit}"
    raise ValueError(f"{quantity} is no whole number of bytes")


def cores(quantity: Quantity) -> str:
    """As the specification writes them: "2.0", "0.25"."""
    return str(float(quantity.amount))


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The compose file of a platform that has one of everything."""

    platform: Platform
    machine: Machine
    tags: Mapping[str, str]
    out: Path

    def document(self) -> Block:
        keys = sorted({key for one in self.platform.workloads for _, key in one.secret_keys})
        services = {one.name: self.service(one) for one in self.platform.workloads}
        filed = {entry["source"] for service in services.values() for entry in service.get("secrets", ())}
        subnets = IPv4Network(self.machine.addresses).subnets(new_prefix=ADDRESSES)
        return {
            "name": self.platform.name,
            "services": services | self.caretaker(),
            "networks": {
                name: {"internal": inside, "ipam": {"config": [{"subnet": str(next(subnets))}]}}
                for name, inside in sorted(self.networks.items())
            },
            "volumes": {volume: {} for volume in sorted(self.owners)},
            "secrets": {key: {"file": f"{ROOT}/{self.machine.secrets}/{key}"} for key in keys if key in filed},
        }

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """(caller, called) of each call inside, the scraper's included; once for those that call each other."""
        found = {(one.name, name) for one in self.platform.workloads for name, _ in one.called if name != one.name}
        scraper = self.platform.scraper
        found |= {(scraper, one.name) for one in self.platform.workloads if scraper and one.metrics}
        return sorted((a, b) for a, b in found if a != b and (a < b or (b, a) not in found))

    @cached_property
    def networks(self) -> dict[str, bool]:
        """{network: whether it is internal}."""
        outside = {f"{one.name}.outside": False for one in self.platform.workloads if self.goes_out(one)}
        return {f"{caller}.{called}": True for caller, called in self.pairs} | outside

    def goes_out(self, workload: Workload) -> bool:
        """Engines publish ports of a network only if it is not internal."""
        return workload.name in self.machine.published or any(not call.private for call in workload.outside)

    @cached_property
    def owners(self) -> dict[str, str]:
        """{volume: uid:gid}."""
        return {
            claim(one, volume): f"{one.identity.uid}:{one.identity.fs_group}"
            for one in self.platform.workloads
            for volume in one.volumes
            if isinstance(volume, Persistent)
        }

    def folder(self, workload: Workload, files: ConfigFiles) -> Path:
        """Where the files lie: those of the base, if they are the same here."""
        base, texts = self.out / "base" / workload.name / files.name, files.of(self.platform)
        there = {path.name: path.read_text() for path in base.iterdir()} if base.is_dir() else {}
        return base if there == texts else self.out / "compose" / workload.name / files.name

    def service(self, workload: Workload) -> Block:
        """One container; only what is there is named."""
        identity, exceptions = workload.identity, workload.exceptions
        environment, filed = self.environment(workload)
        files = {f"{SECRETS}/{key}": key for key in filed} | {
            f"{volume.mount}/{key}": key
            for volume in workload.volumes
            if isinstance(volume, SecretFiles)
            for key in volume.keys
        }
        found: Block = {
            **self.image(workload),
            "profiles": self.profiles(workload),
            "restart": restart(workload),
            "hostname": pod(workload),
            "user": f"{identity.uid}:{identity.gid}",
            "group_add": [str(identity.fs_group)] if identity.fs_group != identity.gid else None,
            "entrypoint": [self.said(workload, word) for word in workload.command],
            "command": [self.said(workload, word) for word in workload.args],
            "environment": environment,
            "secrets": [{"source": key, "target": target} for target, key in sorted(files.items())],
            "ports": self.published(workload),
            "expose": [port.number if port.protocol == "TCP" else f"{port.number}/udp" for port in workload.ports],
            "networks": self.attached(workload),
            "depends_on": self.awaited(workload),
            "healthcheck": self.check(workload),
            "deploy": {"resources": resources(workload)},
            "volumes": [*self.mounted(workload)],
            "tmpfs": [*scratch(workload)],
            "shm_size": next((size(Quantity(v.size)) for v in shared_memory(workload)), None),
            "pid": "host" if "host-pid" in exceptions else None,
            "read_only": "writable-root" not in exceptions,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "stop_grace_period": f"{workload.shutdown.grace}s",
        }
        return {name: value for name, value in found.items() if value not in (None, [], {})}

    def image(self, workload: Workload) -> Block:
        """Our own are never looked for in a registry that anybody may fill; the first that needs one builds it."""
        image, build = workload.image, self.machine.builds.get(workload.image)
        found: Block = {"image": f"{image}:{self.tags[image]}" if untagged(image) else image}
        if build is None:
            return found
        users = [one.name for one in self.platform.workloads if one.image == image and not one.ends]
        if workload.name in users[:1]:
            up = "/".join(".." for _ in Path(build.context).parts)
            found["build"] = {
                "context": f"{ROOT}/{build.context}",
                "dockerfile": f"{up}/{build.dockerfile}",
                "args": dict(build.arguments),
            }
        return found | {"pull_policy": "never"}

    def profiles(self, workload: Workload) -> list[str]:
        """What runs by the clock is run by hand; what a component brings is switched on by its name."""
        if isinstance(workload.run, Cron):
            return ["by-hand"]
        return [workload.component] if workload.component else []

    def environment(self, workload: Workload) -> tuple[dict[str, str], list[str]]:
        """The variables, and the keys of those secrets that the image reads from a file instead."""
        named = self.machine.secret_files.get(workload.name, {})
        values, by_file, keys = dict(workload.environment), dict[str, str](), []
        for variable, other in named.items():
            if (key := self.secret(workload, variable)) is not None:
                by_file[other] = f"{SECRETS}/{key}"
                keys.append(key)
                for parts in references(values.pop(variable)):  # a part of nothing else is nobody's any more
                    if not any(parts in references(value) for value in values.values()):
                        values.pop(parts)
        settings = {key: literal(value) for key, value in config.resolved(workload.settings, self.platform).items()}
        return dict(sorted(settings.items())) | {n: self.value(workload, v) for n, v in values.items()} | by_file, keys

    def secret(self, workload: Workload, variable: str) -> str | None:
        """The key of which a variable is made, and of nothing else."""
        value = workload.environment.get(variable)
        match value:
            case Secret(key):
                return key
            case str() if (name := REFERENCE.fullmatch(value)) is not None:
                return self.secret(workload, name[1])
        return None

    def value(self, workload: Workload, value: Value) -> str:
        match value:
            case str():
                return self.said(workload, value)
            case Shared(key):
                return literal(self.platform.setting(key))
            case Secret(key):
                return f"${{{key}?}}"
            case FromPod(field):
                return literal(fields(workload, self.platform)[field])

    def said(self, workload: Workload, text: str) -> str:
        """A text with its $(NAME)s replaced and its "$$" made "$", as Kubernetes does before the container starts."""
        settings, values = config.resolved(workload.settings, self.platform), workload.environment
        found = []
        for place, part in enumerate(REFERENCE.split(text)):  # text, name, text, ...
            if place % 2 == 0:
                found.append(literal(part.replace("$$", "$")))
            elif part in values:
                found.append(self.value(workload, values[part]))
            else:
                found.append(literal(settings.get(part, f"$({part})")))
        return "".join(found)

    def published(self, workload: Workload) -> list[str]:
        number = self.machine.published.get(workload.name)
        port = workload.port(workload.host.port if workload.host else None) if number else None
        return [f"127.0.0.1:{number}:{port.number}"] if port else []

    def attached(self, workload: Workload) -> list[str] | Block:
        """Its networks, on which a Stateful has the names of its pod too."""
        here, name = pod(workload), workload.name
        mine = sorted(f"{a}.{b}" for a, b in self.pairs if name in (a, b))
        mine += [f"{name}.outside"] if self.goes_out(workload) else []
        if isinstance(workload.run, Stateful):
            return {network: {"aliases": [here, f"{here}.{name}"]} for network in mine}
        return mine

    def awaited(self, workload: Workload) -> Block:
        """{service: condition}; nobody waits for what runs by the clock."""
        known, found = self.platform.by_name, {}
        for earlier in workload.after:
            if isinstance(known[earlier].run, Once):
                found[earlier] = "service_completed_successfully"
            elif not known[earlier].ends:
                found[earlier] = "service_healthy" if self.check(known[earlier]) else "service_started"
        if any(isinstance(volume, Persistent) for volume in workload.volumes):
            found[self.caretaking] = "service_completed_successfully"
        return {name: {"condition": condition} for name, condition in found.items()}

    def check(self, workload: Workload) -> Block | None:
        """Liveness; readiness where liveness is no more than a connection."""
        health = workload.health
        if health is None:
            return None
        probe = health.ready if isinstance(health.alive, Tcp) and health.ready else health.alive
        asking = self.machine.asking.get(workload.image)
        match probe:
            case Command(argv):
                test = ["CMD", *map(literal, argv)]
            case Http(path, port):
                url = f"http://127.0.0.1:{workload.port(port).number}{path}"
                shell = ["CMD-SHELL", f"wget -qO /dev/null '{url}' || curl -fsSo /dev/null '{url}'"]
                test = ["CMD", *map(literal, asking.http), literal(url)] if asking else shell
                if asking and not asking.http:
                    return None
            case Tcp(name):
                # That it listens is all that a connection would tell, and any image with a shell has grep.
                listens = f":{workload.port(name).number:04X} 0+:0000 0A"  # proc_pid_net(5): local, remote, state
                test = ["CMD-SHELL", f"grep -qsE '{listens}' /proc/net/tcp /proc/net/tcp6"]
        return {
            "test": test,
            "interval": f"{health.every}s",
            "timeout": f"{health.timeout}s",
            "retries": RETRIES,
            "start_period": f"{health.starts_within}s",
            "start_interval": f"{STARTUP_PERIOD}s",
        }

    def mounted(self, workload: Workload) -> Iterator[str]:
        for files in workload.files:
            place = os.path.relpath(self.folder(workload, files), self.out / "compose")
            place = place if place.startswith("..") else f"./{place}"
            yield f"{place}:{files.mount}:ro"
        for volume in workload.volumes:
            match volume:
                case Persistent(mount=mount):
                    yield f"{claim(workload, volume)}:{mount}"
                case HostPath(mount=mount, path=path):
                    yield f"{path}:{mount}:ro,rslave"

    @property
    def caretaking(self) -> str:
        return f"{self.platform.name}-volumes"

    def caretaker(self) -> dict[str, Block]:
        """Gives each volume to the user that writes it, which Kubernetes does by fsGroup."""
        if not self.owners:
            return {}
        bounds = self.platform.container_bounds
        limits = {"cpus": cores(Quantity(bounds.default_cpu)), "memory": size(Quantity(bounds.default_memory))}
        given: dict[str, list[str]] = {}
        for volume, owner in self.owners.items():
            given.setdefault(owner, []).append(f"/volumes/{volume}")
        return {
            self.caretaking: {
                "image": self.machine.owner,
                "restart": "no",
                "user": "0:0",
                "entrypoint": ["sh", "-ec"],
                "command": ["\n".join(f"chown {owner} {' '.join(sorted(at))}" for owner, at in sorted(given.items()))],
                "network_mode": "none",
                "deploy": {"resources": {"limits": limits}},
                "volumes": [f"{volume}:/volumes/{volume}" for volume in sorted(self.owners)],
                "read_only": True,
                "cap_drop": ["ALL"],
                "cap_add": ["CHOWN"],
                "security_opt": ["no-new-privileges:true"],
            }
        }


def restart(workload: Workload) -> str:
    match workload.run:
        case Once(retries=retries):
            return f"on-failure:{retries}"
        case Cron():
            return "no"
    return "unless-stopped"


def resources(workload: Workload) -> Block:
    requests, limits = workload.resources.requests, workload.resources.limits
    return {
        name: {"cpus": cores(amounts["cpu"]), "memory": size(amounts["memory"])}
        for name, amounts in (("limits", limits), ("reservations", requests))
    }


def claim(workload: Workload, volume: Persistent) -> str:
    """The volume's name: that of its claim in Kubernetes."""
    return volume.claim or f"{volume.name}-{pod(workload)}"


def shared_memory(workload: Workload) -> list[Scratch]:
    return [one for one in workload.volumes if isinstance(one, Scratch) and one.mount == SHARED_MEMORY]


def scratch(workload: Workload) -> Iterator[str]:
    """Engines forbid to execute from a tmpfs unasked, and a JVM loads libraries from /tmp."""
    for volume in workload.volumes:
        if isinstance(volume, Scratch) and volume.mount != SHARED_MEMORY:
            yield f"{volume.mount}:mode=1777,exec,size={size(Quantity(volume.size)).lower()}"
