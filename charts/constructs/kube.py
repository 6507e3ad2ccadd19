"""The one door to Kubernetes' typed objects: how they are named, labelled and told apart."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, Chart, JsonPatch
from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.model import Workload
from charts.model.names import COMPONENT, NAME
from charts.model.quantity import Quantity


def emit(
    scope: Construct,
    kind: Any,
    about: Workload | str,
    *,
    name: str | None = None,
    namespace: str | None = None,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    newer: Mapping[str, object] | None = None,
    **fields: Any,
) -> None:
    """Adds an object of a typed `kind`, named and labelled for the workload (or, as str, the folder) that it is about.

    `name`: the workload's when None; `namespace`: the workload's, else the chart's, if it has one. `newer`: {JSON
    pointer: value} of fields that Kubernetes has gained since 1.27, where the types end. `fields`: the kind's own, such
    as spec.
    """
    name = name or (about if isinstance(about, str) else about.name)
    identity = f"{kind.__name__}-{name}"
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": namespace or (None if isinstance(about, str) else about.namespace),
        "labels": {**tags(about), **(labels or {})},
        "annotations": dict(annotations) if annotations else None,
    }
    made: ApiObject
    if kind.__module__ != k8s.__name__:  # a custom resource's
        made = kind(scope, identity, metadata=ApiObjectMetadata(**metadata), **fields)
    elif not newer:
        made = kind(scope, identity, metadata=k8s.ObjectMeta(**metadata), **fields)
    else:
        # A typed object drops the fields that it does not know: the newer ones go into an untyped one made of it.
        known = kind.manifest(**fields)
        whole = ApiObjectMetadata(**metadata)
        made = ApiObject(scope, identity, api_version=known["apiVersion"], kind=known["kind"], metadata=whole)
        fresh = {"/spec": known["spec"], **newer}
        made.add_json_patch(*(JsonPatch.add(pointer, value) for pointer, value in fresh.items()))
    if kind.__name__.removeprefix("Kube").startswith(("Cluster", "Namespace")) and Chart.of(scope).namespace:
        made.add_json_patch(JsonPatch.remove("/metadata/namespace"))  # the chart gives its own to every object


def tags(about: Workload | str) -> dict[str, str]:
    """The labels of an object, and of its pods."""
    return {NAME: about} if isinstance(about, str) else {NAME: about.name, COMPONENT: about.layer}


def selector(workload: Workload) -> k8s.LabelSelector:
    """The pods of a workload, and only them."""
    return k8s.LabelSelector(match_labels={NAME: workload.name})


@cache
def quantity(text: str) -> k8s.Quantity:
    return k8s.Quantity.from_string(text)


def quantities(amounts: Mapping[str, Quantity]) -> dict[str, k8s.Quantity]:
    return {name: quantity(amount.text) for name, amount in amounts.items()}


@cache
def number(value: int) -> k8s.IntOrString:
    return k8s.IntOrString.from_number(value)


@cache
def named(value: str) -> k8s.IntOrString:
    return k8s.IntOrString.from_string(value)
