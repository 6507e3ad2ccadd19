"""What a workload serves and reaches."""

from collections.abc import Iterator
from dataclasses import dataclass

from charts.model import names


@dataclass(frozen=True)
class Port:
    """A named port of the container and its Service; others call it as "workload:name". `protocol`: "TCP" or "UDP"."""

    name: str
    number: int
    protocol: str = "TCP"

    def refusals(self, at: str) -> Iterator[str]:
        yield from names.port(f"{at}.name", self.name)
        if not 1 <= self.number <= 65535:
            yield f"{at}.number: must be 1..65535, got {self.number}"
        if self.protocol not in ("TCP", "UDP"):
            yield f'{at}.protocol: "TCP" or "UDP", got "{self.protocol}"'


@dataclass(frozen=True, kw_only=True)
class Outside:
    """A call that leaves the platform, by port. `private`: to an address of the cluster's own network (its API
    server, its nodes) instead of the internet; `why`: what is there, for whoever reviews the policy."""

    port: int
    why: str
    private: bool = False

    def refusals(self, at: str) -> Iterator[str]:
        if not 1 <= self.port <= 65535:
            yield f"{at}: a port outside must be 1..65535, got {self.port}"
        if not self.why.strip():
            yield f'{at}: port {self.port} outside needs its reason, got ""'


@dataclass(frozen=True, kw_only=True)
class Host:
    """A name under the platform's domain at which the edge serves a port.

    `name`: "api" for api.<domain>; `port`: the workload's port, its first when None; `requests_per_minute`: what one
    client may send, None for no bound.
    """

    name: str
    port: str | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Where Prometheus reads a workload's metrics: a named port and an HTTP path.

    `of_others`: they tell of other pods, whose labels must win over those of the pod that was asked.
    """

    port: str = "metrics"
    path: str = "/metrics"
    of_others: bool = False


@dataclass(frozen=True)
class Http:
    """A probe by GET; `port` is the workload's first when None."""

    path: str
    port: str | None = None


@dataclass(frozen=True)
class Tcp:
    """A probe that connects to a named port."""

    port: str


@dataclass(frozen=True)
class Command:
    """A probe that runs in the container and succeeds with exit code 0."""

    argv: tuple[str, ...]


Probe = Http | Tcp | Command


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the kubelet sees that a container lives and may serve.

    `alive`: must depend on nothing but the process; `ready`: may ask the dependencies, `alive` when None;
    `starts_within`, `every`, `timeout`: seconds.
    """

    alive: Probe
    ready: Probe | None = None
    starts_within: int = 30
    every: int = 30
    timeout: int = 5

    @property
    def probes(self) -> tuple[Probe, ...]:
        return (self.alive,) if self.ready is None else (self.alive, self.ready)

    def refusals(self, at: str, ports: set[str]) -> Iterator[str]:
        for name, seconds in (("starts_within", self.starts_within), ("every", self.every), ("timeout", self.timeout)):
            if seconds < 1:
                yield f"{at}.{name}: must be at least 1 second, got {seconds}"
        if self.timeout > self.every >= 1:
            yield f"{at}.timeout: must be at most every={self.every} seconds, got {self.timeout}"
        for probe in self.probes:
            if isinstance(probe, Http) and not probe.path.startswith("/"):
                yield f'{at}: a probe\'s path begins with "/", got "{probe.path}"'
            if isinstance(probe, Http | Tcp) and probe.port is not None and probe.port not in ports:
                yield f'{at}: no port "{probe.port}", the workload has {names.listed(ports)}'
            if isinstance(probe, Http) and probe.port is None and not ports:
                yield f"{at}: an Http probe needs a port, the workload has none"
