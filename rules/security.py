"""Pods have no more rights than they need, or say why.

A pod template's annotation `security-exception/<slug>: <reason>` excuses what the rules of that slug find in this pod.
"""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rules.reading import (
    Container,
    Manifest,
    Pod,
    Rule,
    at,
    containers,
    is_number,
    items,
    mappings,
    name,
    namespace,
    of_kind,
    pods,
    state,
    walk,
)

EXCEPTION = "security-exception/"
ADDABLE = {"NET_BIND_SERVICE"}

Finder = Callable[[Sequence[Manifest]], Iterator[tuple[Pod, str]]]
FINDERS: dict[str, list[Finder]] = defaultdict(list)


def excusable(slug: str) -> Callable[[Finder], Rule]:
    """Makes a rule of a function that finds pods and complaints: a pod that gives a reason is passed over."""

    def register(finder: Finder) -> Rule:
        FINDERS[slug].append(finder)

        @functools.wraps(finder)
        def rule(objects: Sequence[Manifest]) -> Iterator[str]:
            for pod, complaint in finder(objects):
                if not str(pod.annotations.get(EXCEPTION + slug) or "").strip():
                    yield f"{complaint}, or give a reason in the pod annotation {EXCEPTION}{slug}"

        return rule

    return register


def _effective(container: Container, field: str) -> Any:
    own = at(container.spec, f"securityContext.{field}")
    return at(container.pod.spec, f"securityContext.{field}") if own is None else own


def exceptions_excuse_something(objects: Sequence[Manifest]) -> Iterator[str]:
    used = {
        (pod.key, pod.prefix, EXCEPTION + slug)
        for slug, finders in FINDERS.items()
        for finder in finders
        for pod, _ in finder(objects)
    }
    for pod in pods(objects):
        for stated in pod.annotations:
            if str(stated).startswith(EXCEPTION) and (pod.key, pod.prefix, stated) not in used:
                where = f"{pod.prefix}metadata.annotations[{stated}]"
                yield f"{where}: excuses nothing; remove it, or name one of {', '.join(FINDERS)}"


@excusable("root")
def containers_refuse_root(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        if (value := _effective(container, "runAsNonRoot")) is not True:
            yield container.pod, f"{container.where}.securityContext.runAsNonRoot: {state(value)}; set it to true"


@excusable("root")
def users_are_numbers_above_zero(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        value = _effective(container, "runAsUser")
        if not is_number(value) or value <= 0:
            yield container.pod, f"{container.where}.securityContext.runAsUser: {state(value)}; set a number above 0"


@excusable("root")
def groups_are_set(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        if not is_number(value := _effective(container, "runAsGroup")):
            yield container.pod, f"{container.where}.securityContext.runAsGroup: {state(value)}; set a number"


@excusable("capabilities")
def capabilities_are_dropped(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        dropped = items(container.spec, "securityContext.capabilities.drop")
        if "ALL" not in dropped:
            where = f"{container.where}.securityContext.capabilities.drop"
            yield container.pod, f"{where}: {state(dropped or None)}; drop ALL"


@excusable("capabilities")
def no_capabilities_are_added(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        if added := set(map(str, items(container.spec, "securityContext.capabilities.add"))) - ADDABLE:
            where = f"{container.where}.securityContext.capabilities.add"
            yield container.pod, f"{where}: adds {', '.join(sorted(added))}; add nothing but {', '.join(ADDABLE)}"


@excusable("privileged")
def containers_are_unprivileged(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        if value := at(container.spec, "securityContext.privileged"):
            yield container.pod, f"{container.where}.securityContext.privileged: {state(value)}; remove it"


@excusable("privileged")
def privileges_do_not_grow(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        if (value := at(container.spec, "securityContext.allowPrivilegeEscalation")) is not False:
            where = f"{container.where}.securityContext.allowPrivilegeEscalation"
            yield container.pod, f"{where}: {state(value)}; set it to false"


@excusable("seccomp")
def system_calls_are_filtered(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        value = _effective(container, "seccompProfile.type")
        if value not in ("RuntimeDefault", "Localhost"):
            where = f"{container.where}.securityContext.seccompProfile.type"
            yield container.pod, f"{where}: {state(value)}; set RuntimeDefault"


@excusable("writable-root")
def root_filesystems_are_read_only(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        if (value := at(container.spec, "securityContext.readOnlyRootFilesystem")) is not True:
            where = f"{container.where}.securityContext.readOnlyRootFilesystem"
            yield container.pod, f"{where}: {state(value)}; set it to true and mount an emptyDir where it writes"


def _on(objects: Sequence[Manifest], field: str) -> Iterator[tuple[Pod, str]]:
    for pod in pods(objects):
        if value := pod.spec.get(field):
            yield pod, f"{pod.prefix}spec.{field}: {state(value)}; remove it"


@excusable("host-network")
def host_network_is_not_shared(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    return _on(objects, "hostNetwork")


@excusable("host-pid")
def host_processes_are_not_shared(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    return _on(objects, "hostPID")


@excusable("host-ipc")
def host_memory_is_not_shared(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    return _on(objects, "hostIPC")


@excusable("host-path")
def host_files_are_not_mounted(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for pod in pods(objects):
        for where, value in pod.find("spec.volumes[].hostPath"):
            yield pod, f"{where}: mounts {at(value, 'path')} of the node; use another kind of volume"


@excusable("host-port")
def host_ports_are_not_taken(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    for container in containers(objects):
        for where, taken in walk(container.spec, "ports[].hostPort"):
            if taken:
                yield container.pod, f"{container.where}.{where}: {state(taken)}; remove it"


@excusable("service-account-token")
def tokens_are_mounted_where_they_are_used(objects: Sequence[Manifest]) -> Iterator[tuple[Pod, str]]:
    mounts = {
        (namespace(of), name(of)): of.get("automountServiceAccountToken") for of in of_kind(objects, "ServiceAccount")
    }
    bound = _bound_accounts(objects)
    for pod in pods(objects):
        account = str(pod.spec.get("serviceAccountName") or "default")
        own = pod.spec.get("automountServiceAccountToken")
        mounted = mounts.get((pod.namespace, account)) if own is None else own
        if mounted is not False and (account == "default" or (pod.namespace, account) not in bound):
            why = "is shared" if account == "default" else "has no role bound to it"
            where = f"{pod.prefix}spec.automountServiceAccountToken"
            yield pod, f'{where}: {state(own)} and ServiceAccount "{account}" {why}; set it to false'


def _bound_accounts(objects: Sequence[Manifest]) -> set[tuple[str, str]]:
    return {
        (str(subject.get("namespace") or namespace(binding)), str(subject.get("name")))
        for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding")
        for subject in mappings(binding, "subjects")
        if subject.get("kind") == "ServiceAccount"
    }
