"""The platform: workloads and what they share, checked as one graph."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from charts.model import names
from charts.model.clashes import clashes
from charts.model.gitops import Gitops
from charts.model.quantity import Quantity
from charts.model.run import Autoscale, Replicas, Stateful
from charts.model.storage import Persistent, sized
from charts.model.variant import platform_refusals
from charts.model.workload import Size, Topic, Workload

LARGEST = 2**53  # beyond it JavaScript, which synthesizes, rounds whole numbers
HEADERS = 15  # an HTTPRoute sets 16, gateway.networking.k8s.io/v1; one is Strict-Transport-Security


class ModelError(ValueError):
    """What a platform refuses: `refusals`, one line each."""

    def __init__(self, refusals: list[str]) -> None:
        super().__init__("\n".join(refusals))
        self.refusals = refusals


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that several workloads read: a ConfigMap `name` of `values`."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SecretKeys:
    """The Secret that workloads read. Its values are no part of the platform: `keys`: {key: what for}."""

    name: str
    keys: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SecretStore:
    """Where the component "external-secrets" gets the values: key `<path>` of a ClusterSecretStore, one property each.

    `refresh`: a duration, "1h".
    """

    name: str
    path: str
    refresh: str = "1h"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What the namespace may hold. `requests_*`, `limits_*`, `storage`: quantities; `pods`: count."""

    requests_cpu: str
    requests_memory: str
    limits_cpu: str
    limits_memory: str
    storage: str
    pods: int

    def refusals(self, at: str) -> Iterator[str]:
        if self.pods < 1:
            yield f"{at}.pods: must be at least 1, got {self.pods}"
        for one in dataclasses.fields(self):
            if one.name != "pods":
                yield from sized(f"{at}.{one.name}", getattr(self, one.name))
        for name in ("cpu", "memory"):
            try:
                request, limit = Quantity(getattr(self, f"requests_{name}")), Quantity(getattr(self, f"limits_{name}"))
            except ValueError:
                continue
            if request > limit:
                yield f"{at}.requests_{name}: must be at most limits_{name}={limit}, got {request}"


@dataclass(frozen=True, kw_only=True)
class ContainerBounds:
    """The LimitRange: what a container gets that asks for nothing, and the most that one may have. Quantities."""

    default_cpu: str
    default_memory: str
    maximum_cpu: str
    maximum_memory: str

    def refusals(self, at: str) -> Iterator[str]:
        for one in dataclasses.fields(self):
            yield from sized(f"{at}.{one.name}", getattr(self, one.name))


@dataclass(frozen=True, kw_only=True)
class EdgeController:
    """A way in that a component puts in place of the base's. `class_name`: of its IngressClass or GatewayClass;
    `namespace`: where the pods run that carry the traffic."""

    class_name: str
    namespace: str

    def refusals(self, at: str) -> Iterator[str]:
        yield from names.label(f"{at}.class_name", self.class_name)
        yield from names.label(f"{at}.namespace", self.namespace)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """How the platform's hosts are reached from the internet.

    `name`: of the Ingress; `tls_secret`, `issuer`: certificate and the ClusterIssuer it comes from; `contact`: mail
    address for the certificate authority; `ingress_class`; `controller_namespace`: where the controller's pods run;
    `body_limit`: bytes, "10m" as nginx writes it; `connections`: of one client at a time; `read_timeout`: seconds
    that a response may pause; `headers`: sent with every response; `hsts`: seconds for which browsers then insist on
    HTTPS, by default what ingress-nginx says unasked; `gateway`, `f5`: of the components "gateway-api" and "f5-nginx",
    by default as Envoy Gateway's quickstart and F5's chart install them.
    """

    name: str
    tls_secret: str
    issuer: str
    contact: str
    ingress_class: str
    controller_namespace: str
    body_limit: str
    connections: int
    read_timeout: int
    headers: Mapping[str, str]
    hsts: int = 15_724_800
    gateway: EdgeController = EdgeController(class_name="eg", namespace="envoy-gateway-system")
    f5: EdgeController = EdgeController(class_name="nginx", namespace="nginx-ingress")

    def refusals(self, at: str) -> Iterator[str]:
        yield from self.gateway.refusals(f"{at}.gateway")
        yield from self.f5.refusals(f"{at}.f5")
        if self.hsts < 1:
            yield f"{at}.hsts: must be at least 1 second, got {self.hsts}"
        if len(self.headers) > HEADERS:
            yield f"{at}.headers: at most {HEADERS}, got {len(self.headers)}"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A role that people have in the namespace. `group`: as the cluster's authentication names it; `rules`:
    (API groups, resources, verbs)."""

    role: str
    group: str
    rules: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Workloads and what they share. Raises ModelError with everything that is wrong.

    `domain`: the shared setting that holds the domain below which the hosts are; `scraper`: the workload that reads
    the others' metrics; `gitops`: how Argo CD delivers its environments, where it does.
    """

    name: str
    workloads: tuple[Workload, ...]
    settings: tuple[Settings, ...]
    secret: SecretKeys
    quota: Quota
    container_bounds: ContainerBounds
    edge: Edge
    domain: str = "DOMAIN"
    scraper: str | None = None
    store: SecretStore | None = None
    people: tuple[Person, ...] = ()
    gitops: Gitops | None = None

    def __post_init__(self) -> None:
        # A platform that is wrong is wrong in each of its variants too.
        refusals = list(self.refusals()) or [line for name in self.variants for line in platform_refusals(self, name)]
        if not refusals and any(workload.small for workload in self.workloads):
            refusals += self.small_refusals()
        if refusals:
            raise ModelError(refusals)

    def __getitem__(self, name: str) -> Workload:
        """The workload of that name. Raises KeyError."""
        return self.by_name[name]

    @cached_property
    def by_name(self) -> dict[str, Workload]:
        return {workload.name: workload for workload in self.workloads}

    def callers(self, name: str, port: str) -> list[Workload]:
        """The workloads that call that port, by name."""
        return self.calls.get((name, port), [])

    @cached_property
    def calls(self) -> dict[tuple[str, str], list[Workload]]:
        """{(workload, port): those that call it, by name}."""
        found: dict[tuple[str, str], list[Workload]] = {}
        for workload in sorted(self.workloads, key=lambda workload: workload.name):
            for address in workload.called:
                found.setdefault(address, []).append(workload)
        return found

    def shared(self, key: str) -> str:
        """The name of the map that holds a shared setting. Raises KeyError."""
        for settings in self.settings:
            if key in settings.values:
                return settings.name
        raise KeyError(key)

    def setting(self, key: str) -> str:
        """The value of a shared setting. Raises KeyError."""
        return {k: v for settings in self.settings for k, v in settings.values.items()}[key]

    @property
    def base(self) -> list[Workload]:
        """The workloads that no component brings."""
        return [workload for workload in self.workloads if workload.component is None]

    @property
    def hosts(self) -> list[Workload]:
        """The workloads that the edge serves, by host."""
        return sorted((w for w in self.workloads if w.host), key=lambda w: w.host.name if w.host else "")

    @property
    def topics(self) -> dict[str, Topic]:
        return {topic.name: topic for workload in self.workloads for topic in workload.topics}

    @property
    def variants(self) -> list[str]:
        """The names of the workloads' variants."""
        return sorted({name for workload in self.workloads for name in workload.variants})

    def varied(self, name: str) -> "Platform":
        """The same platform in a variant: every workload that has one of that name in it, what it replaces left out.

        Raises ModelError.
        """
        replaced = {left for w in self.workloads if name in w.variants for left in w.variants[name].replaces}
        kept = (workload.varied(name) for workload in self.workloads if workload.name not in replaced)
        return dataclasses.replace(self, workloads=tuple(kept))

    def small(self) -> "Platform":
        """The same platform with every workload at its `small` size, replication no higher than the brokers left."""
        return dataclasses.replace(self, workloads=tuple(smaller(workload) for workload in self.workloads))

    def refusals(self) -> Iterator[str]:
        """Each thing that is wrong with the platform: path, value, bound."""
        odd = [line for workload in self.workloads for line in whole_numbers(workload, workload.name)]
        odd += [*whole_numbers(self.quota, "quota"), *whole_numbers(self.edge, "edge")]
        if odd:  # the checks below compare numbers
            yield from odd
            return
        known = {workload.name: workload for workload in self.workloads}
        for workload in self.workloads:
            yield from workload.refusals()
            yield from self.call_refusals(workload, known)
            yield from self.setting_refusals(workload)
            yield from self.topic_refusals(workload)
        yield from self.uniqueness_refusals()
        yield from clashes(self)
        yield from self.order_refusals(known)
        yield from names.label("name", self.name)
        yield from self.quota.refusals("quota")
        yield from self.edge.refusals("edge")
        yield from self.container_bounds.refusals("container_bounds")
        if self.gitops is not None:
            yield from self.gitops.refusals("gitops")
        if self.scraper is not None and self.scraper not in known:
            yield f'scraper: no workload "{self.scraper}", there are {names.listed(known)}'
        elif self.scraper is not None and known[self.scraper].component is not None:
            yield f"scraper: {self.scraper} is in the component {known[self.scraper].component}, name one of the base"
        yield from self.release_refusals(known)
        if self.hosts and not any(self.domain in settings.values for settings in self.settings):
            yield f"domain: no shared setting {self.domain}, which {self.hosts[0].name}.host needs"

    def release_refusals(self, known: Mapping[str, Workload]) -> Iterator[str]:
        scraper = known.get(self.scraper or "")
        for workload in self.workloads:
            at = f"{workload.name}.run.release.watches"
            if workload.release and scraper is None:
                yield f"{at}: nobody reads metrics, name the platform's scraper"
            elif workload.release and scraper and not (scraper.serves and scraper.ports[0].protocol == "TCP"):
                yield f"{at}: {scraper.name} is asked for figures at its first port, give it one by TCP"

    def small_refusals(self) -> Iterator[str]:
        """What is wrong with the platform at its small sizes."""
        for workload in self.workloads:
            size = workload.small or Size()
            if size.count is not None and (workload.lag or not isinstance(workload.run, Replicas | Stateful)):
                yield f"{workload.name}.small.count: only Replicas and Stateful have one, without lag, got {size.count}"
            if size.maximum is not None and not workload.autoscaled:
                yield f"{workload.name}.small.maximum: only what scales on cpu or memory has one, got {size.maximum}"
        try:
            self.small()
        except ModelError as wrong:
            yield from (f"small: {line}" for line in wrong.refusals)

    def call_refusals(self, workload: Workload, known: Mapping[str, Workload]) -> Iterator[str]:
        for name, port in workload.called:
            at = f'{workload.name}.calls: "{name}:{port}"'
            if name not in known:
                yield f"{at} names no workload, there are {names.listed(known)}"
            elif port not in {p.name for p in known[name].ports}:
                ports = names.listed(p.name for p in known[name].ports)
                yield f"{at} names no port of {name}, which has {ports}"
            elif not known[name].serves:
                yield f"{at} runs to an end and cannot be called"
            elif known[name].component != workload.component:
                ours, theirs = workload.component or "the base", known[name].component or "the base"
                yield f"{at} is in {theirs}, not in {ours}"
        for call in names.repeated(f"{name}:{port}" for name, port in workload.called):
            yield f'{workload.name}.calls: "{call}" is there twice'

    def setting_refusals(self, workload: Workload) -> Iterator[str]:
        shared = {key for settings in self.settings for key in settings.values}
        if workload.namespace is not None:
            for at, key in (*workload.shared_keys, *workload.secret_keys):
                where = f"the namespace {self.name}, which pods in {workload.namespace} cannot read"
                yield f'{workload.name}.{at}: "{key}" is in {where}'
            if workload.namespace == self.name:
                yield f"{workload.name}.namespace: {self.name} is the platform's own, leave it out"
        for at, key in workload.shared_keys:
            if key not in shared:
                yield f'{workload.name}.{at}: no shared setting "{key}", there are {names.listed(shared)}'
        for at, key in workload.secret_keys:
            if key not in self.secret.keys:
                keys = names.listed(self.secret.keys)
                yield f'{workload.name}.{at}: no secret key "{key}", {self.secret.name} has {keys}'

    def topic_refusals(self, workload: Workload) -> Iterator[str]:
        for topic in workload.topics:
            yield from topic.refusals(f"{workload.name}.topics.{topic.name}", workload.run.maximum)
        if workload.topics and (workload.component is not None or not workload.serves):
            yield f"{workload.name}.topics: only a workload of the base that serves a port has them, at its first"
        if workload.lag is None:
            return
        at, consumed = f"{workload.name}.run.autoscale", self.topics.get(workload.lag.topic)
        if consumed is None:
            yield f'{at}.lag.topic: no topic "{workload.lag.topic}", there are {names.listed(self.topics)}'
        elif consumed.partitions < workload.run.maximum:
            yield (
                f"{at}.maximum: must be at most the {consumed.partitions} partitions of {consumed.name},"
                f" a further consumer idles, got {workload.run.maximum}"
            )

    def uniqueness_refusals(self) -> Iterator[str]:
        for name in names.repeated(workload.name for workload in self.workloads):
            yield f'{name}.name: two workloads are named "{name}"'
        for host in names.repeated(workload.host.name for workload in self.workloads if workload.host):
            both = names.listed(w.name for w in self.workloads if w.host and w.host.name == host)
            yield f'host: "{host}" is served by {both}, keep one of them'
        claims = [v.claim for w in self.workloads for v in w.volumes if isinstance(v, Persistent) and v.claim]
        for claim in names.repeated(claims):
            yield f'volumes: two workloads claim "{claim}"'
        for topic in names.repeated(topic.name for workload in self.workloads for topic in workload.topics):
            yield f'topics: "{topic}" is there twice'
        for key in names.repeated(key for settings in self.settings for key in settings.values):
            yield f'settings: "{key}" is in two maps'
        for role in names.repeated(person.role for person in self.people):
            yield f'people: two roles are named "{role}"'
        for name in names.repeated(settings.name for settings in self.settings):
            yield f'settings: two maps are named "{name}"'
        for settings in self.settings:
            for key, value in settings.values.items():
                yield from names.variable(f"settings.{settings.name}", key)
                if not isinstance(value, str) or "\n" in value:
                    yield f"settings.{settings.name}.{key}: must be text of one line, got {value!r}"

    def order_refusals(self, known: Mapping[str, Workload]) -> Iterator[str]:
        for workload in self.workloads:
            for earlier in workload.after:
                if earlier not in known:
                    yield f'{workload.name}.after: no workload "{earlier}", there are {names.listed(known)}'
        try:
            TopologicalSorter({w.name: w.after for w in self.workloads}).prepare()
        except CycleError as cycle:
            circle = cycle.args[1]
            yield f"{circle[0]}.after: a cycle, {' before '.join(circle)}"


def smaller(workload: Workload) -> Workload:
    """The workload at its `small` size."""
    size, run = workload.small, workload.run
    if size is None:
        return workload
    if isinstance(run, Replicas | Stateful) and size.count is not None:
        run = dataclasses.replace(run, count=size.count)
    if isinstance(run, Replicas) and isinstance(run.autoscale, Autoscale) and size.maximum is not None:
        run = dataclasses.replace(run, autoscale=dataclasses.replace(run.autoscale, maximum=size.maximum))
    topics = tuple(dataclasses.replace(t, replication=min(t.replication, run.maximum)) for t in workload.topics)
    return dataclasses.replace(
        workload, run=run, resources=size.resources or workload.resources, topics=topics, small=None
    )


def whole_numbers(value: Any, at: str) -> Iterator[str]:
    """Refuses each number below `value` that is not whole or is beyond 2^53: NaN ends the synthesizer."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > LARGEST):
        yield f"{at}: must be a whole number of at most 2^53, got {value}"
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from whole_numbers(getattr(value, one.name), f"{at}.{one.name}")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from whole_numbers(one, f"{at}.{key}")
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from whole_numbers(one, f"{at}.{getattr(one, 'name', index)}")
