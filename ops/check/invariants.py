"""What must hold between the members of a stateful cluster, by the settings that its images read.

Kafka's as confluentinc/cp-kafka and apache/kafka spell them (`KAFKA_` and the property in capitals), ZooKeeper's as
confluentinc/cp-zookeeper (ZOOKEEPER_SERVERS) and the official image (ZOO_SERVERS) do.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ops.check.references import Hosts
from rules.matching import replicas
from rules.reading import (
    Container,
    Manifest,
    Rule,
    at,
    containers,
    find,
    key,
    kind,
    mapping,
    name,
    namespace,
    number,
    of_kind,
    title,
    walk,
)

# The replication factor of each sort of topic, Kafka's default for it, and the setting of its least in-sync replicas.
TOPIC_SORTS = {
    "KAFKA_DEFAULT_REPLICATION_FACTOR": (1, "KAFKA_MIN_INSYNC_REPLICAS"),
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": (3, "KAFKA_MIN_INSYNC_REPLICAS"),
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": (3, "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"),
}
VOTERS = "KAFKA_CONTROLLER_QUORUM_VOTERS"
TOPIC = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)\s+(?P<partitions>[1-9]\d*)\s+(?P<copies>[1-9]\d*)(?P<rest>(\s+[^\s=]+=\S+)*)"
)

HOST = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]*):\d+")


class Setting(NamedTuple):
    """A setting of a container, and the object and field that it comes from."""

    where: str
    value: str


class Member(NamedTuple):
    """A container of a StatefulSet with its settings, and how many replicas that has."""

    container: Container
    settings: Mapping[str, Setting]
    replicas: int

    @property
    def workload(self) -> Manifest:
        return self.container.pod.owner


def members(objects: Sequence[Manifest]) -> Iterator[Member]:
    """The containers of StatefulSets that have settings."""
    bounds = replicas(objects)
    for container in containers(objects):
        if kind(container.pod.owner) == "StatefulSet" and container.stays:
            yield Member(container, settings(container, objects), bounds[key(container.pod.owner)][1])


def settings(container: Container, objects: Sequence[Manifest]) -> dict[str, Setting]:
    """The environment of a container, as far as it is in the objects: of two with one name, the one that counts."""
    maps = {key(config): config for config in of_kind(objects, "ConfigMap")}
    found: dict[str, Setting] = {}
    for _, source in walk(container.spec, "envFrom[]"):
        config = maps.get((container.pod.namespace, "ConfigMap", str(at(source, "configMapRef.name"))), {})
        for entry, value in mapping(config, "data").items():
            found[f"{at(source, 'prefix') or ''}{entry}"] = Setting(f"{title(config)} data[{entry}]", str(value))
    for where, variable in walk(container.spec, "env[]"):
        reference = mapping(variable, "valueFrom.configMapKeyRef")
        config = maps.get((container.pod.namespace, "ConfigMap", str(reference.get("name"))), {})
        value, place = at(variable, "value"), f"{container.where}.{where}.value"
        if reference:
            value, place = (
                mapping(config, "data").get(str(reference.get("key"))),
                f"{title(config)} data[{reference.get('key')}]",
            )
        if value is not None:
            found[str(at(variable, "name"))] = Setting(place, str(value))
    return found


def ensembles_are_odd(objects: Sequence[Manifest]) -> Iterator[str]:
    """Of an even number of voters, one may fail no more than of one fewer."""
    for member in members(objects):
        if (_ensemble(member) or _is_controller(member)) and member.replicas > 1 and member.replicas % 2 == 0:
            where, count = f"{title(member.workload)} spec.replicas", member.replicas
            yield f"{where}: is {count}, an even number of voters; set {count - 1} or {count + 1}"


def ensembles_list_their_members(objects: Sequence[Manifest]) -> Iterator[str]:
    for member in members(objects):
        setting = _ensemble(member)
        if not setting:
            continue
        listed = [host.lower() for host in _hosts(setting.value)]
        pods, named = _pods(member), {host.partition(".")[0] for host in listed}
        if len(listed) != member.replicas:
            problem = f"lists {len(listed)}, and {title(member.workload)} has {member.replicas} replicas"
            yield f"{setting.where}: {problem}; list {', '.join(pods)}"
        elif named & set(pods) and named != set(pods) and "0.0.0.0" not in listed:  # which means the member itself
            yield f"{setting.where}: lists {', '.join(sorted(named - set(pods)))}, no pod; list {', '.join(pods)}"


def _ensemble(member: Member) -> Setting | None:
    """The list of the voters that a member of them reads."""
    voters = member.settings.get(VOTERS) if _is_controller(member) else None
    return member.settings.get("ZOOKEEPER_SERVERS") or member.settings.get("ZOO_SERVERS") or voters


def _is_controller(member: Member) -> bool:
    return "controller" in _roles(member)


def _is_broker(member: Member) -> bool:
    return "broker" in _roles(member) or "KAFKA_ZOOKEEPER_CONNECT" in member.settings


def _roles(member: Member) -> list[str]:
    roles = member.settings.get("KAFKA_PROCESS_ROLES")
    return [role.strip() for role in roles.value.split(",")] if roles else []


def _hosts(text: str) -> list[str]:
    """The hosts of `a:2888:3888;b:2888:3888`, `server.1=a:2888:3888 server.2=b:2888:3888;2181`, `1@a:9093,2@b:9093`."""
    words = re.split(r"[;,\s]+", text.strip())
    found = (re.fullmatch(r"(?:server\.\d+=|\d+@)?([\w.-]+):[\d:]+\S*", word) for word in words)
    return [match[1] for match in found if match]


def _pods(member: Member) -> list[str]:
    start = number(at(member.workload, "spec.ordinals.start"), 0)
    return [f"{name(member.workload)}-{start + ordinal}" for ordinal in range(member.replicas)]


def named_members_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    """A host that is a pod of a StatefulSet is one of its pods."""
    pods, hosts = {}, Hosts(objects)
    for member in members(objects):
        service = str(at(member.workload, "spec.serviceName"))
        pods[namespace(member.workload), "Service", service] = _pods(member)
    for member in members(objects):
        if not (connect := member.settings.get("KAFKA_ZOOKEEPER_CONNECT")):
            continue
        for host in HOST.findall(connect.value):
            meant, pod = hosts.meant(host, namespace(member.workload)), host.partition(".")[0]
            held = pods.get(meant, []) if meant else []
            if meant and held and pod not in (*held, meant[2]):
                yield f"{connect.where}: {pod} is no pod; name of {', '.join(held)}"


def replication_fits_the_brokers(objects: Sequence[Manifest]) -> Iterator[str]:
    for member in filter(_is_broker, members(objects)):
        for factor, (default, _) in TOPIC_SORTS.items():
            setting = member.settings.get(factor)
            copies = _whole(setting, default)
            if copies > member.replicas:
                where = setting.where if setting else f"{member.container.where}.env[{factor}]"
                said = f"is {copies}" if setting else f"is not set, and Kafka takes {copies}"
                yield f"{where}: {said}, more than the {member.replicas} brokers; set {member.replicas} or fewer"


def writes_survive_a_broker(objects: Sequence[Manifest]) -> Iterator[str]:
    """With as many in-sync replicas wanted as there are copies, one broker that restarts stops all writers."""
    for member in filter(_is_broker, members(objects)):
        copies: dict[str, list[int]] = defaultdict(list)
        for factor, (default, least) in TOPIC_SORTS.items():
            copies[least].append(_whole(member.settings.get(factor), default))
        for least, fewest in ((least, min(found)) for least, found in copies.items()):
            setting = member.settings.get(least)
            if setting and _too_many(_whole(setting, 1), fewest):
                yield f"{setting.where}: is {setting.value}, and topics have {fewest} copies; set {max(fewest - 1, 1)}"


def _too_many(least: int, copies: int) -> bool:
    return least >= copies > 1 or least > copies


def _whole(setting: Setting | None, default: int) -> int:
    return int(setting.value) if setting and setting.value.strip().isdecimal() else default


class Topic(NamedTuple):
    """A line `name partitions copies [setting=value ...]` of a file of topics."""

    where: str
    name: str
    partitions: int
    copies: int
    settings: Mapping[str, str]


def topics(objects: Sequence[Manifest]) -> Iterator[Topic]:
    """Those of ConfigMaps' files in which every line is one, comments aside."""
    for config in of_kind(objects, "ConfigMap"):
        for file, text in mapping(config, "data").items():
            for match in _lines_of_topics(str(text)):
                where, settings = f"{title(config)} data[{file}].{match['name']}", match["rest"].split()
                values = dict(setting.split("=", 1) for setting in settings)
                yield Topic(where, match["name"], int(match["partitions"]), int(match["copies"]), values)


def _lines_of_topics(text: str) -> list[re.Match[str]]:
    """All lines, or none where any is something else: the rest of a long text is not looked at."""
    found = []
    for line in text.splitlines():
        if stripped := line.partition("#")[0].strip():
            match = TOPIC.fullmatch(stripped)
            if not match:
                return []
            found.append(match)
    return found


def topics_fit_the_brokers(objects: Sequence[Manifest]) -> Iterator[str]:
    brokers = max((member.replicas for member in members(objects) if _is_broker(member)), default=None)
    for topic in topics(objects):
        if brokers is not None and topic.copies > brokers:
            problem = f"is to have {topic.copies} replicas, more than the {brokers} brokers"
            yield f"{topic.where}: {problem}; write {brokers} or fewer"
        least = topic.settings.get("min.insync.replicas", "")
        if least.isdecimal() and _too_many(int(least), topic.copies):
            fewer = max(topic.copies - 1, 1)
            problem = f"wants {least} in-sync replicas of {topic.copies}"
            yield f"{topic.where}: {problem}; write min.insync.replicas={fewer}"


def consumers_have_partitions(objects: Sequence[Manifest]) -> Iterator[str]:
    """Consumers beyond the partitions of a topic stand idle: KEDA starts no more, and the maximum is never reached."""
    held = {topic.name: topic for topic in topics(objects)}
    for scaled in of_kind(objects, "ScaledObject"):
        most = number(at(scaled, "spec.maxReplicaCount"), 100)
        for where, trigger in find(scaled, "spec.triggers[]"):
            topic = held.get(str(at(trigger, "metadata.topic")))
            idle = str(at(trigger, "metadata.allowIdleConsumers")).lower() == "true"
            if at(trigger, "type") == "kafka" and topic and topic.partitions < most and not idle:
                problem = f'is "{topic.name}" with {topic.partitions} partitions, and maxReplicaCount is {most}'
                yield f"{where}.metadata.topic: {problem}; raise the partitions, or lower the maximum"


RULES: tuple[Rule, ...] = (
    ensembles_are_odd,
    ensembles_list_their_members,
    named_members_exist,
    replication_fits_the_brokers,
    writes_survive_a_broker,
    topics_fit_the_brokers,
    consumers_have_partitions,
)
