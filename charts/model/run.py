"""How a workload runs: `Replicas | Stateful | PerNode | Once | Cron`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charts.model.release import BlueGreen

SCHEDULE = re.compile(r"@(hourly|daily|weekly|monthly)|(\S+ ){4}\S+")


@dataclass(frozen=True, kw_only=True)
class QueueLag:
    """Scaling on how far a Kafka consumer group is behind.

    `topic`: a topic of the platform; `group`: the consumers'; `per_replica`: messages of lag that one replica may have.
    """

    topic: str
    group: str
    per_replica: int


@dataclass(frozen=True, kw_only=True)
class Autoscale:
    """Up to `maximum` replicas, from the workload's count.

    `cpu`, `memory`: percent of the request at which a replica is added; `lag`: scales on a queue instead of them.
    """

    maximum: int
    cpu: int | None = None
    memory: int | None = None
    lag: QueueLag | None = None

    def refusals(self, at: str, minimum: int) -> Iterator[str]:
        if not 1 <= minimum <= self.maximum:
            yield f"{at}.maximum: must be at least the minimum {minimum}, got {self.maximum}"
        for name, percent in (("cpu", self.cpu), ("memory", self.memory)):
            if percent is not None and not 1 <= percent <= 100:
                yield f"{at}.{name}: must be 1..100 percent of the request, got {percent}"
        if self.lag is None and self.cpu is None and self.memory is None:
            yield f"{at}: nothing to scale on, name cpu, memory or lag"
        if self.lag is not None and (self.cpu is not None or self.memory is not None):
            yield f"{at}.lag: cpu and memory cannot be combined with it, choose one of them"
        if self.lag is not None and self.lag.per_replica < 1:
            yield f"{at}.lag.per_replica: must be at least 1, got {self.lag.per_replica}"


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """Interchangeable pods: a Deployment. `count` replicas, or the fewest where `autoscale` adds to them.

    `release`: how a new release takes over where the component "blue-green" is switched on.
    """

    count: int = 1
    autoscale: Autoscale | None = None
    release: BlueGreen | None = None

    @property
    def maximum(self) -> int:
        return self.autoscale.maximum if self.autoscale else self.count

    def refusals(self, at: str) -> Iterator[str]:
        if self.count < 1:
            yield f"{at}.count: must be at least 1, got {self.count}"
        if self.autoscale is not None:
            yield from self.autoscale.refusals(f"{at}.autoscale", self.count)
        if self.release is not None:
            yield from self.release.refusals(f"{at}.release")
            if self.autoscale is not None and self.autoscale.lag is not None:
                yield f"{at}.release: KEDA loses count of a Rollout, scale on cpu or memory, or remove it"


@dataclass(frozen=True, kw_only=True)
class Stateful:
    """Pods with a name and storage each: a StatefulSet behind a headless Service.

    `first`: number of the first pod; `quorum`: the members vote, so their count must be odd; `apart`: no two on a
    host, as voters are anyway; `together`: they start and stop without waiting for each other, as members that look for
    each other must.
    """

    count: int = 1
    first: int = 0
    quorum: bool = False
    apart: bool = False
    together: bool = False

    @property
    def maximum(self) -> int:
        return self.count

    def refusals(self, at: str) -> Iterator[str]:
        if self.count < 1:
            yield f"{at}.count: must be at least 1, got {self.count}"
        if self.quorum and self.count % 2 == 0:
            yield f"{at}.count: a quorum must be odd, an even one survives no more failures, got {self.count}"


@dataclass(frozen=True, kw_only=True)
class PerNode:
    """One pod on every node: a DaemonSet. `tolerations`: runs on tainted nodes too."""

    tolerations: bool = True

    @property
    def maximum(self) -> int:
        return 1

    def refusals(self, at: str) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True, kw_only=True)
class Once:
    """Runs to its end once per release: a Job. `retries`: count; `within`: seconds until it counts as failed."""

    retries: int = 6
    within: int = 600

    @property
    def maximum(self) -> int:
        return 1

    def refusals(self, at: str) -> Iterator[str]:
        if self.retries < 0:
            yield f"{at}.retries: must be at least 0, got {self.retries}"
        if self.within < 1:
            yield f"{at}.within: must be at least 1 second, got {self.within}"


@dataclass(frozen=True, kw_only=True)
class Cron:
    """Runs to its end by the clock: a CronJob. `schedule`: five cron fields, UTC; the rest as for `Once`.

    `suspended`: the clock is off, and it runs when somebody makes a Job of it.
    """

    schedule: str
    retries: int = 2
    within: int = 3600
    suspended: bool = False

    @property
    def maximum(self) -> int:
        return 1

    def refusals(self, at: str) -> Iterator[str]:
        if not SCHEDULE.fullmatch(self.schedule):
            yield f'{at}.schedule: five cron fields or @daily and the like, got "{self.schedule}"'
        yield from Once(retries=self.retries, within=self.within).refusals(at)


Run = Replicas | Stateful | PerNode | Once | Cron
