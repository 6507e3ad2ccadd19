"""What is named exists: in the objects, or declared as provided outside."""

from collections.abc import Iterator, Sequence
from itertools import chain

from rules.matching import ROLLOUT_SERVICES, SCALERS
from rules.providing import ISSUERS, Use, missing, named, referred
from rules.reading import (
    Manifest,
    at,
    find,
    key,
    mapping,
    mappings,
    name,
    namespace,
    number,
    of_kind,
    pods,
    state,
    title,
    to_key,
)

INGRESS_CLASS = "kubernetes.io/ingress.class"
INGRESS_BACKENDS = ("spec.defaultBackend.service", "spec.rules[].http.paths[].backend.service")
BINDINGS = ("RoleBinding", "ClusterRoleBinding")
ANALYSES = (
    "spec.strategy.blueGreen.prePromotionAnalysis.templates[]",
    "spec.strategy.blueGreen.postPromotionAnalysis.templates[]",
    "spec.strategy.canary.analysis.templates[]",
    "spec.strategy.canary.steps[].analysis.templates[]",
)


def service_accounts_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, _in_pods(objects, "spec.serviceAccountName", "ServiceAccount"))


def priority_classes_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, _in_pods(objects, "spec.priorityClassName", "PriorityClass"))


def claims_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    made = {
        (namespace(of), f"{name(claim)}-{name(of)}-{ordinal}")
        for of in of_kind(objects, "StatefulSet")
        for claim in mappings(of, "spec.volumeClaimTemplates")
        for ordinal in range(number(at(of, "spec.replicas"), 1))
    }
    uses = _in_pods(objects, "spec.volumes[].persistentVolumeClaim.claimName", "PersistentVolumeClaim")
    return missing(objects, (use for use in uses if (use.namespace, use.name) not in made))


def _in_pods(objects: Sequence[Manifest], path: str, used: str) -> Iterator[Use]:
    return (Use(where, pod.namespace, used, str(value)) for pod in pods(objects) for where, value in pod.find(path))


def storage_classes_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    claims = named(objects, "PersistentVolumeClaim", "StorageClass", "spec.storageClassName")
    templates = named(objects, "StatefulSet", "StorageClass", "spec.volumeClaimTemplates[].spec.storageClassName")
    scratch = _in_pods(objects, "spec.volumes[].ephemeral.volumeClaimTemplate.spec.storageClassName", "StorageClass")
    # An empty name is no class: the claim binds to a volume that is there already.
    return missing(objects, (use for use in chain(claims, templates, scratch) if use.name))


def ingress_classes_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    fields = named(objects, "Ingress", "IngressClass", "spec.ingressClassName")
    return missing(objects, chain(fields, _annotated(objects, INGRESS_CLASS, "IngressClass")))


def _annotated(objects: Sequence[Manifest], annotation: str, used: str) -> Iterator[Use]:
    for ingress in of_kind(objects, "Ingress"):
        if value := mapping(ingress, "metadata.annotations").get(annotation):
            yield Use(f"{title(ingress)} metadata.annotations[{annotation}]", namespace(ingress), used, str(value))


def ingress_backends_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, named(objects, "Ingress", "Service", *(f"{path}.name" for path in INGRESS_BACKENDS)))


def ingress_ports_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    services = {key(service): mappings(service, "spec.ports") for service in of_kind(objects, "Service")}
    for ingress in of_kind(objects, "Ingress"):
        for where, backend in chain.from_iterable(find(ingress, path) for path in INGRESS_BACKENDS):
            ports = services.get(to_key(namespace(ingress), "Service", str(at(backend, "name"))))
            wanted = at(backend, "port.name") or at(backend, "port.number")
            if ports is not None and wanted not in [port.get(field) for port in ports for field in ("name", "port")]:
                yield f"{where}.port: {state(wanted)}, no port of the Service; name one of its ports"


def stateful_sets_have_a_headless_service(objects: Sequence[Manifest]) -> Iterator[str]:
    headless = {key(service) for service in of_kind(objects, "Service") if at(service, "spec.clusterIP") == "None"}
    for workload in of_kind(objects, "StatefulSet"):
        used = at(workload, "spec.serviceName")
        if to_key(namespace(workload), "Service", str(used)) not in headless:
            yield f"{title(workload)} spec.serviceName: {state(used)}; name a Service with clusterIP: None"


def scale_targets_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, referred(objects, tuple(SCALERS), "spec.scaleTargetRef", "Deployment"))


def bound_roles_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, referred(objects, BINDINGS, "roleRef", "Role"))


def bound_accounts_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    subjects = referred(objects, BINDINGS, "subjects[]", "ServiceAccount")
    return missing(objects, (use for use in subjects if use.kind == "ServiceAccount"))


def trigger_authentications_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    scaled = ("ScaledObject", "ScaledJob")
    return missing(objects, referred(objects, scaled, "spec.triggers[].authenticationRef", "TriggerAuthentication"))


def secret_stores_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing(objects, referred(objects, ("ExternalSecret",), "spec.secretStoreRef", "SecretStore"))


def issuers_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    annotated = (_annotated(objects, annotation, used) for annotation, used in ISSUERS.items())
    return missing(objects, chain(referred(objects, ("Certificate",), "spec.issuerRef", "Issuer"), *annotated))


def rollouts_name_what_exists(objects: Sequence[Manifest]) -> Iterator[str]:
    services = named(objects, "Rollout", "Service", *ROLLOUT_SERVICES)
    workloads = referred(objects, ("Rollout",), "spec.workloadRef", "Deployment")
    return missing(objects, chain(services, workloads, _analyses(objects)))


def _analyses(objects: Sequence[Manifest]) -> Iterator[Use]:
    for rollout in of_kind(objects, "Rollout"):
        for where, use in chain.from_iterable(find(rollout, path) for path in ANALYSES):
            of = "ClusterAnalysisTemplate" if at(use, "clusterScope") else "AnalysisTemplate"
            yield Use(f"{where}.templateName", namespace(rollout), of, str(at(use, "templateName")))
