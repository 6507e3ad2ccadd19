"""What kustomize's two kinds of patches make of an object, as far as later entries can tell.

Lists merge by the key that Kubernetes' types state; values that no selector, image or path can meet may differ.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

# patchMergeKey of the built-in types: k8s.io/api/core/v1/types.go.
MERGE_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "ports": ("containerPort", "port"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
}


class Misfit(Exception):
    """An operation whose path is not in the object; the message is the path."""


def merged(value: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any] | None:
    """A strategic merge; None where the patch deletes the whole."""
    match patch.get("$patch"):
        case "delete":
            return None
        case "replace":
            return {key: held for key, held in patch.items() if key != "$patch"}
    made = dict(value)
    for key, change in patch.items():
        if str(key).startswith("$"):
            continue
        held = _merged_field(str(key), made.get(key), change)
        if held is None:
            made.pop(key, None)
        else:
            made[key] = held
    return made


def _merged_field(field: str, value: Any, change: Any) -> Any:
    if isinstance(change, Mapping):
        return merged(value if isinstance(value, Mapping) else {}, change)
    if isinstance(change, list) and isinstance(value, list):
        return _merged_list(value, change, MERGE_KEYS.get(field, ()))
    return change


def _merged_list(value: list[Any], change: list[Any], keys: Sequence[str]) -> list[Any]:
    key = next((key for key in keys if all(isinstance(item, Mapping) and key in item for item in change)), None)
    if key is None:
        return [item for item in change if not (isinstance(item, Mapping) and "$patch" in item)]
    made = list(value)
    for item in change:
        place = next(
            (i for i, held in enumerate(made) if isinstance(held, Mapping) and held.get(key) == item[key]), None
        )
        result = merged(made[place] if place is not None else {}, item)
        if place is None:
            made += [result] if result else []
        else:
            made[place : place + 1] = [result] if result else []
    return made


def patched(value: Mapping[str, Any], operations: Sequence[Any]) -> Any:
    """The operations of RFC 6902. Raises Misfit."""
    made = copy.deepcopy(value)
    for operation in operations:
        if isinstance(operation, Mapping):
            made = _applied(made, operation)
    return made


def _applied(whole: Any, operation: Mapping[str, Any]) -> Any:
    kind, path = operation.get("op"), str(operation.get("path", ""))
    value = operation.get("value")
    if kind in ("move", "copy"):
        value = copy.deepcopy(_value(whole, str(operation.get("from", ""))))
    if kind == "test" and _value(whole, path) != value:
        raise Misfit(path)
    if kind == "move":
        whole = _changed(whole, str(operation["from"]), "remove", None)
    return whole if kind == "test" else _changed(whole, path, "add" if kind in ("move", "copy") else str(kind), value)


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _value(whole: Any, path: str) -> Any:
    for step in _steps(path):
        whole = whole[_place(whole, step, path)]
    return whole


def _place(holder: Any, step: str, path: str, room: int = 0) -> Any:
    """The key or index of a step; `room` more than the list holds may be meant."""
    if isinstance(holder, Mapping) and (room or step in holder):
        return step
    if isinstance(holder, list):
        if step == "-" and room:
            return len(holder)
        if step.lstrip("-").isdecimal() and -len(holder) <= int(step) < len(holder) + room:
            return int(step)
    raise Misfit(path)


def _changed(whole: Any, path: str, kind: str, value: Any) -> Any:
    """The whole, changed in place."""
    steps = _steps(path)
    if not steps:
        return value
    holder = _value(whole, path.rpartition("/")[0])
    place = _place(holder, steps[-1], path, room=int(kind == "add"))
    if kind == "remove":
        del holder[place]
    elif kind == "add" and isinstance(holder, list):
        holder.insert(place, value)
    elif kind in ("add", "replace"):
        holder[place] = value
    return whole
