"""A workload: everything the platform says about one thing that runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from charts.model import names
from charts.model.environment import Secret, Setting, Shared, Value, references
from charts.model.network import Health, Host, Http, Metrics, Outside, Port, Tcp
from charts.model.release import BlueGreen
from charts.model.resources import Accelerator, Resources
from charts.model.run import Cron, Once, PerNode, QueueLag, Replicas, Run, Stateful
from charts.model.storage import ConfigFiles, HostPath, Persistent, Scratch, SecretFiles, Volume
from charts.model.variant import Variant

AT_NODE = frozenset({"host-network", "host-pid", "host-path"})  # what the Pod Security level "restricted" refuses
EXCEPTIONS = AT_NODE | {"writable-root"}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The numeric user that the container runs as; `fs_group` owns its volumes."""

    uid: int
    gid: int
    fs_group: int

    def refusals(self, at: str) -> Iterator[str]:
        if self.uid < 1:
            yield f"{at}.uid: must be at least 1, 0 is root, got {self.uid}"
        for name, group in (("gid", self.gid), ("fs_group", self.fs_group)):
            if group < 0:
                yield f"{at}.{name}: must be at least 0, got {group}"


@dataclass(frozen=True, kw_only=True)
class Shutdown:
    """How a pod goes. `drain`: seconds in which it still serves while its endpoints disappear; `grace`: seconds until
    it is killed, the drain included."""

    drain: int = 5
    grace: int = 30

    def refusals(self, at: str) -> Iterator[str]:
        if self.drain < 0:
            yield f"{at}.drain: must be at least 0 seconds, got {self.drain}"
        if self.grace <= self.drain:
            yield f"{at}.grace: must be above drain={self.drain} seconds, got {self.grace}"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A Kafka topic. `settings`: the broker's topic configuration, for instance {"retention.ms": "604800000"}."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str] = field(default_factory=dict)

    def refusals(self, at: str, brokers: int) -> Iterator[str]:
        if self.partitions < 1:
            yield f"{at}.partitions: must be at least 1, got {self.partitions}"
        if not 1 <= self.replication <= brokers:
            yield f"{at}.replication: must be 1..{brokers}, the number of brokers, got {self.replication}"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """What a workload may do at the API server of its cluster, in its own namespace."""

    groups: tuple[str, ...] = ("",)
    resources: tuple[str, ...]
    verbs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Size:
    """A workload at its smallest, for an environment that nobody's day depends on; None keeps the full figure."""

    count: int | None = None
    maximum: int | None = None
    resources: Resources | None = None


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One thing that runs, of one container.

    `name`: of all its objects. `layer`: for grouping, the label app.kubernetes.io/component. `image`: with its tag,
    without one where the overlays set it. `command`, `args`: replace the image's. `environment`: variables in order,
    a later one may be composed of earlier ones, "$(NAME)". `settings`: the workload's own ConfigMap, all of it
    variables. `calls`: "workload:port" or `Outside`. `after`: workloads that start earlier. `topics`: those that a
    broker serves. `exceptions`: {what the pod may: why}, of EXCEPTIONS. `small`: its figures in the component
    "small". `component`: the kustomize component that brings it, None when it is in the base; `namespace`: of such a
    component, where its pods ask for more than the platform's namespace admits. `unready_addresses`: its Service
    names pods that are not ready yet, as members need that wait for each other. `accelerator`: devices that its pods
    can use, where a cluster has them. `variants`: its other forms, by the component that switches each on.
    """

    name: str
    image: str
    run: Run
    resources: Resources
    identity: Identity
    layer: str = "application"
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    health: Health | None = None
    metrics: Metrics | None = None
    environment: Mapping[str, Value] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    files: tuple[ConfigFiles, ...] = ()
    volumes: tuple[Volume, ...] = ()
    calls: tuple[str | Outside, ...] = ()
    after: tuple[str, ...] = ()
    host: Host | None = None
    shutdown: Shutdown = field(default_factory=Shutdown)
    topics: tuple[Topic, ...] = ()
    permissions: tuple[Permission, ...] = ()
    exceptions: Mapping[str, str] = field(default_factory=dict)
    small: Size | None = None
    component: str | None = None
    namespace: str | None = None
    unready_addresses: bool = False
    accelerator: Accelerator | None = None
    variants: Mapping[str, Variant] = field(default_factory=dict)

    @property
    def serves(self) -> bool:
        """Others may call it."""
        return bool(self.ports) and not isinstance(self.run, Once | Cron)

    @property
    def named(self) -> bool:
        """It has a Service: others may call it, or its pods have names."""
        return self.serves or isinstance(self.run, Stateful)

    @property
    def at_node(self) -> bool:
        """Its pods have their node's address, so that policies neither govern them nor know them by their labels."""
        return "host-network" in self.exceptions

    @property
    def ends(self) -> bool:
        """It runs to an end."""
        return isinstance(self.run, Once | Cron)

    @property
    def autoscaled(self) -> bool:
        """An autoscaler in the base owns its replicas."""
        return isinstance(self.run, Replicas) and self.run.autoscale is not None and self.run.autoscale.lag is None

    @property
    def lag(self) -> QueueLag | None:
        """The queue that scales it where KEDA is installed."""
        return self.run.autoscale.lag if isinstance(self.run, Replicas) and self.run.autoscale else None

    @property
    def release(self) -> BlueGreen | None:
        """How a release takes over under the component "blue-green"."""
        return self.run.release if isinstance(self.run, Replicas) else None

    @property
    def preview(self) -> str:
        """The Service of its new copy."""
        return f"{self.name}-preview"

    @property
    def smoke(self) -> str:
        """Whoever asks its new copy before the switch."""
        return f"{self.name}-smoke"

    @property
    def called(self) -> Iterator[tuple[str, str]]:
        """(workload, port) of each call inside the platform."""
        for call in self.calls:
            if isinstance(call, str):
                workload, _, port = call.partition(":")
                yield workload, port

    @property
    def outside(self) -> Iterator[Outside]:
        return (call for call in self.calls if isinstance(call, Outside))

    def varied(self, name: str) -> "Workload":
        """The workload under the component of that name: in the variant that it has, or as it is."""
        variant = self.variants.get(name)
        if variant is None:
            return replace(self, variants={})
        settings, environment = {**self.settings, **variant.settings}, variant.environment
        return replace(
            self,
            variants={},
            command=self.command if variant.command is None else variant.command,
            args=self.args if variant.args is None else variant.args,
            ports=self.ports + variant.ports,
            environment={
                **{key: "" for key, value in variant.settings.items() if value is None},
                **(self.environment if environment is None else environment),
            },
            settings={key: value for key, value in settings.items() if value is not None},
            files=self.files + variant.files,
            calls=self.calls if variant.calls is None else variant.calls,
            after=self.after if variant.after is None else variant.after,
        )

    @property
    def asked(self) -> Iterator[tuple[str, str]]:
        """(where it is named, port) of each port of its own that it says others ask by TCP."""
        first = self.ports[0].name if self.ports else ""
        for probe in self.health.probes if self.health else ():
            if isinstance(probe, Http | Tcp):
                yield "health", probe.port or first
        if self.metrics is not None:
            yield "metrics.port", self.metrics.port
        if self.host is not None:
            yield "host.port", self.host.port or first
        if self.topics:
            yield "topics", first

    def port(self, name: str | None) -> Port:
        """The named port, the first when None. Raises KeyError."""
        for port in self.ports:
            if name in (None, port.name):
                return port
        raise KeyError(name)

    def refusals(self) -> Iterator[str]:
        """What is wrong with the workload by itself; `Platform` checks it among the others."""
        at = self.name
        yield from names.label(f"{at}.name", self.name, longest=52)  # a CronJob adds 11 characters to its Jobs' names
        yield from names.label_value(f"{at}.layer", self.layer)
        yield from self.run.refusals(f"{at}.run")
        yield from self.resources.refusals(f"{at}.resources")
        yield from self.identity.refusals(f"{at}.identity")
        yield from self.shutdown.refusals(f"{at}.shutdown")
        yield from self.port_refusals()
        for call in self.outside:
            yield from call.refusals(f"{at}.calls")
        yield from self.environment_refusals()
        yield from self.storage_refusals()
        for what, why in self.exceptions.items():
            if what not in EXCEPTIONS:
                yield f'{at}.exceptions: no exception "{what}", there are {names.listed(EXCEPTIONS)}'
            if not why.strip():
                yield f'{at}.exceptions: "{what}" needs its reason, got ""'
        outside = [what for what in self.exceptions if what in AT_NODE]
        if outside and self.namespace is None:
            yield (
                f"{at}.exceptions: the platform's namespace admits no {names.listed(outside)},"
                f" give the workload a namespace of its own, in a component"
            )
        if self.namespace is not None and self.component is None:
            yield f"{at}.namespace: only a component has a namespace of its own, got {self.namespace} in the base"
        if self.accelerator is not None:
            yield from self.accelerator.refusals(f"{at}.accelerator")
            if isinstance(self.run, PerNode):
                yield f"{at}.accelerator: a pod per node runs on those without devices too, remove it"
            if self.component is not None:
                yield f"{at}.accelerator: for workloads of the base, it is in the component {self.component}; remove it"

        yield from self.release_refusals()
        for name, variant in self.variants.items():
            yield from variant.refusals(f"{at}.variants.{name}", name, self.settings)
            if self.component is not None:
                yield f"{at}.variants.{name}: for workloads of the base, it is in the component {self.component}"

    def port_refusals(self) -> Iterator[str]:
        at, ports = self.name, {port.name for port in self.ports}
        for port in self.ports:
            yield from port.refusals(f"{at}.ports")
        for name in names.repeated(port.name for port in self.ports):
            yield f'{at}.ports: two ports are named "{name}"'
        for number in names.repeated(str(port.number) for port in self.ports):
            yield f"{at}.ports: two ports have the number {number}"
        if self.health is not None:
            yield from self.health.refusals(f"{at}.health", ports)
        elif self.serves:
            yield f"{at}.health: it serves {names.listed(ports)}, so say how its readiness is seen"
        for where, asked in self.asked:
            if any(port.name == asked and port.protocol == "UDP" for port in self.ports):
                yield f'{at}.{where}: speaks TCP, and the port "{asked}" does not'
        if self.metrics is not None and self.metrics.port not in ports:
            yield f'{at}.metrics.port: no port "{self.metrics.port}", the workload has {names.listed(ports)}'
        if self.host is not None:
            yield from names.label(f"{at}.host.name", self.host.name)
            if not self.serves:
                yield f"{at}.host: the workload serves nothing that the host could lead to"
            elif self.host.port not in {None, *ports}:
                yield f'{at}.host.port: no port "{self.host.port}", the workload has {names.listed(ports)}'
            if self.component is not None:
                yield f"{at}.host: the edge is in the base, the workload in {self.component}"
            rate = self.host.requests_per_minute
            if rate is not None and rate < 1:
                yield f"{at}.host.requests_per_minute: must be at least 1, got {rate}"

    def release_refusals(self) -> Iterator[str]:
        """Only what is reached through a Service can be switched over."""
        at = f"{self.name}.run.release"
        if self.release is None:
            return
        if not self.ports:
            yield f"{at}: the workload serves nothing that could be switched over, remove it"
        elif self.ports[0].protocol != "TCP":
            yield f"{at}: its paths are asked at the first port, {self.ports[0].name}, which must be TCP"
        if self.unready_addresses:
            yield f"{at}: unready_addresses would let a copy serve that is not ready, remove one of the two"
        if self.component is not None:
            yield f"{at}: for workloads of the base, it is in the component {self.component}; remove it"

    def environment_refusals(self) -> Iterator[str]:
        at, earlier = f"{self.name}.environment", set[str]()
        for name, value in self.environment.items():
            yield from names.variable(at, name)
            for reference in references(value):
                if reference not in earlier:
                    yield f"{at}.{name}: $({reference}) is not set before it, it has {names.listed(earlier)}"
            earlier.add(name)
        for name, setting in self.settings.items():
            yield from names.variable(f"{self.name}.settings", name)
            if name in self.environment:
                yield f"{self.name}.settings.{name}: is in environment too, keep one of them"
            if not callable(setting) and (not isinstance(setting, str) or "\n" in setting):
                yield f"{self.name}.settings.{name}: must be text of one line, got {setting!r}"
        known = {*self.environment, *self.settings}
        for at, words in ((f"{self.name}.command", self.command), (f"{self.name}.args", self.args)):
            for reference in (reference for word in words for reference in references(word)):
                if reference.isupper() and reference not in known:  # a shell's $(hostname) is left as it is
                    yield f"{at}: $({reference}) is not set, the environment has {names.listed(known)}"

    def storage_refusals(self) -> Iterator[str]:
        at = self.name
        for volume in self.volumes:
            yield from names.label(f"{at}.volumes", volume.name)
            yield from volume.refusals(f"{at}.volumes.{volume.name}")
            if isinstance(volume, HostPath) and "host-path" not in self.exceptions:
                yield f'{at}.volumes.{volume.name}: a folder of the node needs the exception "host-path"'
            if not isinstance(volume, Persistent):
                continue
            if volume.claim is None and not isinstance(self.run, Stateful):
                yield f"{at}.volumes.{volume.name}.claim: only a Stateful gets one per pod, name the claim"
            if volume.claim is not None and volume.single_writer and isinstance(self.run, Replicas):
                yield (
                    f"{at}.volumes.{volume.name}.access: {volume.access} serves one pod, and a rollout of Replicas runs"
                    f" one beside it, use Stateful"
                )
            elif volume.claim is not None and volume.single_writer and self.run.maximum > 1:
                yield (
                    f"{at}.volumes.{volume.name}.access: {volume.access} serves one pod,"
                    f" got {self.run.maximum} replicas on the claim {volume.claim}"
                )
            if isinstance(self.run, PerNode):
                yield f"{at}.volumes.{volume.name}: a pod per node cannot share a claim, use Scratch or HostPath"
        held = [volume.name for volume in self.volumes] + [files.name for files in self.files]
        for name in names.repeated(held):
            yield f'{at}.volumes: two volumes or files are named "{name}"'
        for mount in names.repeated([v.mount for v in self.volumes] + [f.mount for f in self.files]):
            yield f'{at}.volumes: two are mounted at "{mount}"'
        read_only = [f.mount for f in self.files] + [
            v.mount for v in self.volumes if not isinstance(v, Persistent | Scratch)
        ]
        for mount in [f.mount for f in self.files] + [v.mount for v in self.volumes]:
            for outer in read_only:
                if mount.rstrip("/").startswith(f"{outer.rstrip('/')}/"):
                    yield f'{at}.volumes: "{mount}" is inside "{outer}", which is read-only, so it cannot be mounted'
        for files in self.files:
            yield from names.label(f"{at}.files", files.name)
            for name in files.files if isinstance(files.files, Mapping) else ():
                yield from names.file(f"{at}.files.{files.name}", name)
            if files.name == "config":
                yield f'{at}.files: "config" is the map of the settings, name the files otherwise'

    @property
    def secret_keys(self) -> Iterator[tuple[str, str]]:
        """(where it is asked for, key) of each key of the platform's secret."""
        for name, value in self.environment.items():
            if isinstance(value, Secret):
                yield f"environment.{name}", value.key
        for volume in self.volumes:
            if isinstance(volume, SecretFiles):
                yield from ((f"volumes.{volume.name}", key) for key in volume.keys)

    @property
    def shared_keys(self) -> Iterator[tuple[str, str]]:
        """(where it is asked for, key) of each shared setting."""
        for name, value in self.environment.items():
            if isinstance(value, Shared):
                yield f"environment.{name}", value.key


def writable(*paths: str, size: str = "64Mi") -> tuple[Scratch, ...]:
    """Scratch space at each path, for what a program writes beside its data on a read-only root."""
    return tuple(
        Scratch(name="scratch" + path.replace("/", "-").replace("_", "-"), mount=path, size=size) for path in paths
    )
