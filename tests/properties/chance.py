"""Random platforms, drawn through the model's public interface: most are sound, a few are refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from charts import scrape
from charts.model import (
    Accelerator,
    Autoscale,
    BlueGreen,
    Command,
    ConfigFiles,
    Cron,
    FromPod,
    Health,
    Host,
    HostPath,
    Http,
    Identity,
    Metrics,
    Once,
    Outside,
    Permission,
    PerNode,
    Persistent,
    Person,
    Platform,
    Port,
    QueueLag,
    Replicas,
    Resources,
    Scratch,
    Secret,
    SecretFiles,
    SecretStore,
    Settings,
    Shared,
    Shutdown,
    Size,
    Stateful,
    Tcp,
    Topic,
    Variant,
    Watch,
)
from charts.model.environment import Setting, Value
from charts.model.run import Run
from charts.model.storage import Files, Volume

AGENTS = "node-exporter"  # the component that brings workloads of its own
BUILT_IN = (
    "blue-green",
    "cert-manager",
    "external-secrets",
    "f5-nginx",
    "gateway-api",
    "gpu",
    "keda",
    "kubelet-metrics",
    AGENTS,
    "security-headers",
    "small",
    "standard-storage",
)
VARIANTS = ("alone", "paired")

# Names that begin or end like others, that are as long as they may be, and that objects of the platform's own have.
PLAIN = ("a", "b", "a-b", "web", "web-a", "db", "till", "x" * 52)
TAKEN = ("edge", "foundation", "default-deny", "allow-dns", "viewer", "acme-solver", "web-from-keda", "small", "shop")
PORT_NAMES = ("http", "a", "a-b", "metrics", "x" * 15)
NUMBERS = (1, 53, 80, 443, 8080, 8089, 9090, 10250, 65535)
CLASSES = ("shelf", "standard")
MOUNTS = ("/a", "/b", "/c/d", "/data", "/etc/x", "/tmp", "/a/b")
TEXT = st.one_of(
    st.sampled_from(("", "true", "1e3", "a=b", " x ", "#x", '"q"', "'", "$$(A)", "a: [b", "- x", "\tx", "null")),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=8),
)
LINES = st.sampled_from(("", "one\n", "two\nlines", "tab\there\r\n", "- {a: [b]}\n", "\u6f22\U0001f600", "---\n...\n"))
KEYS = ("A", "B", "_c", "LONG_NAME_1")
CPU, MEMORY = (("1m", "10m", "250m", "0.5", "1"), ("1Mi", "16Mi", "64Mi", "0.5Gi", "1G"))


def seldom(draw: st.DrawFn, one_in: int = 6) -> bool:
    """False when shrunk."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def some(draw: st.DrawFn, values: Any, most: int) -> list[Any]:
    """A few of the values, each once."""
    return draw(st.lists(st.sampled_from(values), max_size=most, unique=True)) if values else []


@dataclass
class Draft:
    """What is known of a workload before others may refer to it."""

    name: str
    run: str
    ports: tuple[Port, ...]
    topics: tuple[Topic, ...] = ()
    component: str | None = None
    namespace: str | None = None
    at_node: bool = False

    @property
    def serves(self) -> bool:
        return bool(self.ports) and self.run not in ("once", "cron")


@st.composite
def drafts(draw: st.DrawFn) -> list[Draft]:
    names = draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=5, unique=True))
    if seldom(draw, 20):
        names.append(draw(st.sampled_from(TAKEN)))
    agents = draw(st.integers(0, 2)) if len(names) > 1 and seldom(draw, 3) else 0
    found, topics = [], iter(("orders", "orders-2", "Bills_3.x"))
    for place, name in enumerate(names):
        brought = place >= len(names) - agents
        kinds = ("replicas", "stateful", "per-node", "once", "cron")
        one = Draft(name, draw(st.sampled_from(kinds)), draw(ports()))
        if brought:
            one.component = AGENTS
            one.namespace = draw(st.sampled_from(("attic", "cellar", None)))
            one.at_node = draw(st.booleans()) if one.namespace else seldom(draw, 9)
        elif (
            one.run in ("replicas", "stateful", "per-node")
            and one.ports[:1]
            and one.ports[0].protocol == "TCP"
            and (seldom(draw, 4))
        ):
            one.topics = tuple(
                Topic(name=topic, partitions=draw(st.integers(1, 6)), replication=1)
                for topic, _ in zip(topics, range(draw(st.integers(1, 2))), strict=False)
            )
        found.append(one)
    return found


@st.composite
def ports(draw: st.DrawFn) -> tuple[Port, ...]:
    names = draw(st.lists(st.sampled_from(PORT_NAMES), max_size=3, unique=True))
    numbers = draw(st.permutations(NUMBERS))
    protocols = ("UDP" if seldom(draw, 8) else "TCP" for _ in names)
    return tuple(Port(*each) for each in zip(names, numbers, protocols, strict=False))


@st.composite
def runs(draw: st.DrawFn, draft: Draft, topics: Mapping[str, Topic]) -> Run:
    match draft.run:
        case "replicas":
            count = draw(st.integers(1, 3))
            if seldom(draw, 3):
                more, memory = draw(st.integers(0, 4)), draw(st.sampled_from((None, 1, 100)))
                cpu = draw(st.integers(1, 100)) if memory is None else None
                return Replicas(count=count, autoscale=Autoscale(maximum=count + more, cpu=cpu, memory=memory))
            if topics and seldom(draw, 2):
                topic = draw(st.sampled_from(sorted(topics)))
                lag = QueueLag(topic=topic, group="g", per_replica=draw(st.integers(1, 99)))
                return Replicas(autoscale=Autoscale(maximum=draw(st.integers(1, topics[topic].partitions)), lag=lag))
            return Replicas(count=count)
        case "stateful":
            options = dict(zip(("quorum", "apart", "together"), draw(st.tuples(*[st.booleans()] * 3)), strict=True))
            count = draw(st.integers(1, 3))
            count += count == 2 and options["quorum"]
            return Stateful(count=count, first=draw(st.integers(0, 2)), **options)
        case "per-node":
            return PerNode(tolerations=draw(st.booleans()))
        case "once":
            return Once(retries=draw(st.integers(0, 9)), within=draw(st.integers(1, 9999)))
    return Cron(schedule=draw(st.sampled_from(("5 4 * * *", "*/5 * * * 1-5", "@daily"))))


def asked_ports(draw: st.DrawFn, draft: Draft) -> list[str]:
    """Ports to be asked by TCP; seldom one that cannot be."""
    every = seldom(draw, 40)
    return [port.name for port in draft.ports if every or port.protocol == "TCP"]


@st.composite
def probes(draw: st.DrawFn, draft: Draft) -> Any:
    streams = asked_ports(draw, draft)
    if not streams or seldom(draw):
        return Command(("ask", "$HOME"))
    named = draw(st.sampled_from(streams))
    first = [Http("/")] if streams[0] == draft.ports[0].name else []
    return draw(st.sampled_from((Tcp(named), Http("/alive?x=1", named), *first)))


@st.composite
def resources(draw: st.DrawFn) -> Resources:
    cpu, memory = (
        "..".join(amounts[place] for place in sorted(draw(st.tuples(*[st.integers(0, len(amounts) - 1)] * 2))))
        for amounts in (CPU, MEMORY)
    )
    return Resources(cpu=cpu, memory=memory)


@st.composite
def volumes(draw: st.DrawFn, draft: Draft, run: Run, claims: list[str]) -> tuple[list[Volume], list[ConfigFiles]]:
    found: list[Volume] = []
    files: list[ConfigFiles] = []
    mounts = draw(st.permutations(MOUNTS))
    for place, what in enumerate(draw(st.lists(st.integers(0, 5), max_size=3))):
        name, mount = f"v{place}", mounts[place]
        if what == 0:
            text = {"a.txt": draw(LINES), "B": draw(LINES)}
            choices: list[Files | Callable[[Platform], Files]] = [text, names_of, {}]
            given = draw(st.sampled_from(choices))
            files.append(ConfigFiles(name=name, mount=mount, files=given, executable=draw(st.booleans())))
        elif what == 1 and draft.namespace is None:
            found.append(SecretFiles(name=name, mount=mount, keys=() if seldom(draw, 20) else ("PASSWORD",)))
        elif what == 2 and draft.namespace is not None:
            found.append(HostPath(name=name, mount=mount, path="/var"))
        elif what == 3 and draft.run != "per-node":
            own = draft.run == "stateful" and draw(st.booleans())
            shared = run.maximum > 1 or draft.run == "replicas"
            found.append(
                Persistent(
                    name=name,
                    mount=mount,
                    size=draw(st.sampled_from(("1Gi", "0.5Gi", "3G"))),
                    storage_class=draw(st.sampled_from(CLASSES)),
                    claim=None if own else claims.pop(),
                    access="ReadWriteMany" if shared and not own else "ReadWriteOnce",
                )
            )
        else:
            found.append(Scratch(name=name, mount=mount, size="8Mi", memory=draw(st.booleans())))
    return found, files


def names_of(platform: Platform) -> dict[str, str]:
    """A file that follows from the platform."""
    return {"names": " ".join(workload.name for workload in platform.workloads)}


def count_of(platform: Platform) -> str:
    """A setting that follows from the platform."""
    return str(len(platform.workloads))


@st.composite
def environments(draw: st.DrawFn, draft: Draft) -> dict[str, Value]:
    keys = draw(st.permutations(KEYS))[: draw(st.integers(0, 3))]
    found: dict[str, Value] = {}
    for key in keys:
        kinds: list[Value] = [draw(TEXT), FromPod("metadata.name")]
        kinds += [Shared("CURRENCY"), Secret("PASSWORD")] if draft.namespace is None or seldom(draw, 20) else []
        kinds += [f"x$({earlier})" for earlier in found]
        found[f"E_{key}"] = draw(st.sampled_from(kinds))
    return found


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Setting]:
    return {key: draw(st.one_of(TEXT, st.just(count_of))) for key in some(draw, KEYS, 2)}


@st.composite
def calls(draw: st.DrawFn, draft: Draft, ends: Mapping[str | None, list[str]]) -> tuple[str | Outside, ...]:
    beyond = [
        Outside(port=number, why=why, private=private)
        for number in (53, 443, 10250)
        for why, private in (("a bank", False), ("a post", False), ("its node", True))
    ]
    inside: list[str] = some(draw, ends[draft.component], 3)
    return (*inside, *(some(draw, beyond, 2) if seldom(draw, 3) else ()))


@st.composite
def variants(draw: st.DrawFn, draft: Draft, others: list[str], calls: tuple[str | Outside, ...]) -> dict[str, Variant]:
    if draft.component or not seldom(draw, 4):
        return {}
    [name, *more] = draw(st.permutations(VARIANTS))
    chosen = [name, *(more if seldom(draw, 4) else ())]
    return {
        name: Variant(
            says="another form.",
            args=("--other",) if draw(st.booleans()) else None,
            ports=(Port("vote", 7000),) if draft.serves and draw(st.booleans()) else (),
            settings={"VARIED": draw(TEXT)} if draw(st.booleans()) else {},
            files=(ConfigFiles(name="more", mount="/more", files={"x": "y"}),) if draw(st.booleans()) else (),
            calls=tuple(some(draw, calls, len(calls))) if draw(st.booleans()) else None,
            replaces=tuple(some(draw, others, 1)) if seldom(draw, 3) else (),
        )
        for name in chosen
    }


@st.composite
def sizes(draw: st.DrawFn, run: Run) -> Size | None:
    if draw(st.booleans()):
        return None
    given = draw(resources()) if draw(st.booleans()) else None
    match run:
        case Replicas(autoscale=None):
            return Size(count=1 if draw(st.booleans()) else None, resources=given)
        case Replicas(count=count, autoscale=autoscale) if autoscale and autoscale.lag is None:
            return Size(count=1, maximum=draw(st.integers(1, count)), resources=given)
        case Stateful():
            return Size(count=1 if draw(st.booleans()) else None, resources=given)
    return Size(resources=given)


@st.composite
def workloads(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The fields of each workload."""
    found, claims = draw(drafts()), [f"claim-{number}" for number in range(20)]
    topics = {topic.name: topic for draft in found for topic in draft.topics}
    ends = {
        component: [f"{one.name}:{port.name}" for one in found if one.component == component and one.serves
                    for port in one.ports]
        for component in (None, AGENTS)
    }  # fmt: skip
    made = []
    for place, draft in enumerate(found):
        earlier = [one.name for one in found[:place]]
        others = [one.name for one in found if one.component is None and one is not draft]
        made.append(draw(fields(draft, topics, ends, claims, earlier, others)))
    return made


@st.composite
def fields(
    draw: st.DrawFn,
    draft: Draft,
    topics: Mapping[str, Topic],
    ends: Mapping[str | None, list[str]],
    claims: list[str],
    earlier: list[str],
    others: list[str],
) -> dict[str, Any]:
    run = draw(runs(draft, topics))
    kept, files = draw(volumes(draft, run, claims))
    called = draw(calls(draft, ends))
    streams = asked_ports(draw, draft)
    exceptions = {"writable-root": "it writes"} if seldom(draw) else {}
    if draft.at_node:
        exceptions |= {"host-network": "it counts packets"} | ({"host-pid": "and who"} if draw(st.booleans()) else {})
    if any(isinstance(one, HostPath) for one in kept):
        exceptions |= {"host-path": "it weighs files"}
    inside = draft.component is None
    return {
        "name": draft.name,
        "image": f"shop/{draft.name[:9]}" + draw(st.sampled_from((":1.0", ""))),
        "run": run,
        "resources": draw(resources()),
        "identity": Identity(uid=draw(st.integers(1, 65535)), gid=draw(st.sampled_from((0, 7))), fs_group=5),
        "layer": draw(st.sampled_from(("application", "data", ""))),
        "command": draw(st.sampled_from(((), ("run", "$(hostname)")))),
        "ports": draft.ports,
        "health": Health(
            alive=draw(probes(draft)), ready=draw(probes(draft)) if draw(st.booleans()) else None, starts_within=31
        )
        if draft.serves or (draft.run not in ("once", "cron") and seldom(draw))
        else None,
        "metrics": Metrics(port=draw(st.sampled_from(streams)), of_others=draw(st.booleans()))
        if streams and seldom(draw, 2)
        else None,
        "environment": draw(environments(draft)),
        "settings": draw(settings()),
        "files": tuple(files),
        "volumes": tuple(kept),
        "calls": called,
        "after": tuple(some(draw, earlier, 2)),
        "host": Host(
            name=f"h{draft.name}"[:20],
            port=draw(st.sampled_from((None, *streams))) if streams[:1] == [draft.ports[0].name] else streams[0],
            requests_per_minute=draw(st.sampled_from((None, 1, 60))),
        )
        if draft.serves and inside and streams and seldom(draw, 3)
        else None,
        "shutdown": Shutdown(drain=draw(st.integers(0, 9)), grace=draw(st.integers(10, 99))),
        "topics": draft.topics,
        "permissions": (Permission(resources=("pods",), verbs=("list",)),) if seldom(draw) else (),
        "exceptions": exceptions,
        "small": draw(sizes(run)),
        "component": draft.component,
        "namespace": draft.namespace,
        "unready_addresses": draw(st.booleans()),
        "accelerator": Accelerator(count=draw(st.integers(1, 2)))
        if inside and draft.run != "per-node" and seldom(draw)
        else None,
        "variants": draw(variants(draft, others, called)),
    }


GOOD = BlueGreen(
    smoke=("/health",), asks=("ask",), watches=(Watch(name="errors", query='errors{pod=~"$pods"}', most=1),)
)


@dataclass(frozen=True)
class Drawn:
    """A platform that the model may yet refuse, and the components to switch on, as far as it has them."""

    workloads: list[dict[str, Any]]
    platform: dict[str, Any]
    components: list[str]


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    found = draw(workloads())
    base = [one for one in found if one["component"] is None]
    scraper = draw(st.sampled_from([None, *base, *(found if seldom(draw, 9) else ())]))
    if scraper is not None and draw(st.booleans()):
        read = ConfigFiles(name=scrape.MAP, mount="/scrape", files=scrape.files)
        scraper["files"] = (*scraper["files"], read)
    maps = [Settings(name="shop-settings", values={"DOMAIN": "shop.example", "CURRENCY": draw(TEXT)})]
    if seldom(draw):
        name = draw(st.sampled_from(("more", f"{found[0]['name']}-config", "shop-headers")))
        maps.append(Settings(name=name, values={"MORE": draw(TEXT)}))
    everything = ((("",), ("pods",), ("get",)),)
    people = tuple(Person(role=role, group="g", rules=everything) for role in some(draw, ("viewer", "web"), 1))
    fields = {
        "settings": tuple(maps),
        "scraper": scraper["name"] if scraper else None,
        "store": SecretStore(name="safe", path="shop/keys") if draw(st.booleans()) else None,
        "people": people if seldom(draw, 3) else (),
    }
    careful = [one for one in base if isinstance(one["run"], Replicas) and one["ports"] and one["health"]]
    careful = [one for one in careful if one["ports"][0].protocol == "TCP" and not one["unready_addresses"]]
    for one in careful if scraper is not None or seldom(draw, 20) else ():
        lag = one["run"].autoscale and one["run"].autoscale.lag
        if seldom(draw, 2) and (not lag or seldom(draw, 20)):
            one["run"] = replace(one["run"], release=GOOD)
    order = draw(st.permutations((*BUILT_IN, *VARIANTS)))
    chosen = list(order[: draw(st.integers(0, 8))])
    careful = [one for one in base if isinstance(one["run"], Replicas) and one["run"].release]
    if careful and "blue-green" not in chosen and draw(st.booleans()):
        chosen.insert(0, "blue-green")
    return Drawn(found, fields, chosen)
