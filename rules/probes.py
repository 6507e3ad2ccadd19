"""Containers that serve are watched, and end in peace."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rules.matching import services_with_pods
from rules.reading import LONG_RUNNING, Manifest, at, containers, containers_of, items, kind, number, pods, state, walk

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HANDLERS = ("httpGet", "tcpSocket", "grpc")
SLEEP = re.compile(r"\bsleep\s+(\d+)")
DEFAULT_GRACE = 30  # seconds, where a pod sets no terminationGracePeriodSeconds


def serving_containers_have_probes(objects: Sequence[Manifest]) -> Iterator[str]:
    served = {pod.key: pod for _, selected in services_with_pods(objects) for pod in selected}
    for pod in served.values():
        for container in containers_of(pod):
            serves = container.stays and container.spec.get("ports") and kind(pod.owner) in LONG_RUNNING
            for probe in ("readinessProbe", "livenessProbe"):
                if serves and not container.spec.get(probe):
                    yield f"{container.where}.{probe}: is not set, yet a Service selects the pod; add one"


def probed_ports_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    for container in containers(objects):
        ports = [at(port, field) for port in items(container.spec, "ports") for field in ("name", "containerPort")]
        for path in [f"{probe}.{handler}.port" for probe in PROBES for handler in HANDLERS]:
            if (port := at(container.spec, path)) is not None and port not in ports:
                yield f"{container.where}.{path}: {state(port)}, no port of the container; name one of its ports"


def grace_covers_the_sleep_before_the_end(objects: Sequence[Manifest]) -> Iterator[str]:
    for pod in pods(objects):
        grace = number(pod.spec.get("terminationGracePeriodSeconds"), DEFAULT_GRACE)
        for container in containers_of(pod):
            if (sleep := _sleep(container.spec)) > grace:
                where = f"{pod.prefix}spec.terminationGracePeriodSeconds"
                yield f"{where}: is {grace}, but {at(container.spec, 'name')} sleeps {sleep} seconds first; raise it"


def _sleep(container: Manifest) -> int:
    """Seconds that the preStop hook sleeps, as an action or by a command."""
    command: list[Any] = [word for _, word in walk(container, "lifecycle.preStop.exec.command[]")]
    slept = SLEEP.search(" ".join(map(str, command)))
    return number(at(container, "lifecycle.preStop.sleep.seconds"), int(slept[1]) if slept else 0)
