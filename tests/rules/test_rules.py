"""Each rule names the mistake it is for, and is quiet about what is right."""

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import rules
from rules import (
    RULES,
    Manifest,
    Rule,
    complaints,
    configuration,
    disruption,
    images,
    names,
    probes,
    references,
    resources,
    scaling,
    secrets,
    security,
    selectors,
    services,
    storage,
)

CLEAN = json.dumps(yaml.safe_load((Path(__file__).parent / "platform.yaml").read_text(encoding="utf-8")))
REMOVED: Any = object()
FIELD = re.compile(r'"([^"]+)": ')
STEP = re.compile(r"\[([^]]+)\]|([^.\[\]]+)")

WEB = "Deployment/web spec.template"
API = f"{WEB}.spec.containers[api]"
WORKER = "Deployment/worker spec.template"
STORE = "StatefulSet/store spec.template"
FRONT = "Deployment/front spec.template"
ARCHIVE = "CronJob/archive spec.jobTemplate.spec.template"
OUTSIDE = "Namespace/shop metadata.annotations"
LONG = "a" * 64


class Mistake(NamedTuple):
    """Fields of the clean platform to set, and the place at which the rule complains."""

    fields: Mapping[str, Any]
    rule: Rule
    where: str


def changed(fields: Mapping[str, Any]) -> list[Manifest]:
    """A fresh platform with these fields set, each named as in a complaint; `Kind/name` alone adds an object."""
    objects: list[Any] = json.loads(CLEAN)
    for place, value in fields.items():
        titled, _, path = place.partition(" ")
        kind, _, name = titled.partition("/")
        if not path:
            objects.append({"kind": kind, "metadata": {"name": name, "namespace": "shop"}} | value)
            continue
        holder = next(o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)
        *steps, last = (bracketed or plain for bracketed, plain in STEP.findall(path))
        for step in steps:
            holder = holder[_index(holder, step)] if isinstance(holder, list) else holder.setdefault(step, {})
        at = _index(holder, last) if isinstance(holder, list) else last
        holder[at] = value
        if value is REMOVED:
            del holder[at]
    return objects


def _index(holder: list[Any], step: str) -> int:
    return int(step) if step.isdecimal() else next(i for i, item in enumerate(holder) if item.get("name") == step)


def without(rule: Rule) -> list[Rule]:
    return [other for other in RULES if other is not rule]


SMOKE = "Rollout/front spec.strategy.blueGreen.prePromotionAnalysis.templates[0].templateName"
AUTH_SECRET = "Ingress/shop metadata.annotations[nginx.ingress.kubernetes.io/auth-secret]"
STILL = {"automountServiceAccountToken": False, "enableServiceLinks": False}
CLUSTER_VIEW = {"roleRef": {"kind": "ClusterRole", "name": "view"}}
SAME = ""
MISTAKES: dict[Rule, list[tuple[Mapping[str, Any], str]]] = {
    images.images_are_pinned: [
        ({f"{API}.image": "shop/web"}, SAME),
        *(
            ({f"{API}.image": f"shop/web:{tag}"}, SAME)
            for tag in ("latest", "latest-slim", "Latest", "main", "master", "edge", "nightly", "dev")
        ),
        ({f"{API}.image": "registry.example:5000/shop/web"}, SAME),
        ({f"{API}.image": "shop/web@sha256:cut"}, SAME),
        ({f"{API}.image": REMOVED}, SAME),
        ({f"{WEB}.spec.initContainers[wait].image": "shop/wait:main"}, SAME),
        ({f"{ARCHIVE}.spec.containers[archive].image": "shop/archive:edge"}, SAME),
    ],
    security.containers_refuse_root: [
        ({f"{API}.securityContext.runAsNonRoot": False}, SAME),
        ({f"{API}.securityContext.runAsNonRoot": REMOVED}, SAME),
        ({f"{API}.securityContext.runAsNonRoot": False, f"{WEB}.spec.securityContext.runAsNonRoot": True}, SAME),
    ],
    security.users_are_numbers_above_zero: [
        ({f"{API}.securityContext.runAsUser": 0}, SAME),
        ({f"{API}.securityContext.runAsUser": "web"}, SAME),
        ({f"{WEB}.spec.initContainers[wait].securityContext.runAsUser": REMOVED}, SAME),
    ],
    security.groups_are_set: [({f"{API}.securityContext.runAsGroup": REMOVED}, SAME)],
    security.capabilities_are_dropped: [
        ({f"{API}.securityContext.capabilities.drop": ["NET_RAW"]}, SAME),
        ({f"{API}.securityContext.capabilities.drop": REMOVED}, SAME),
    ],
    security.no_capabilities_are_added: [({f"{API}.securityContext.capabilities.add": ["NET_RAW"]}, SAME)],
    security.containers_are_unprivileged: [({f"{API}.securityContext.privileged": True}, SAME)],
    security.privileges_do_not_grow: [
        ({f"{API}.securityContext.allowPrivilegeEscalation": True}, SAME),
        ({f"{API}.securityContext.allowPrivilegeEscalation": REMOVED}, SAME),
    ],
    security.system_calls_are_filtered: [
        ({f"{API}.securityContext.seccompProfile.type": "Unconfined"}, SAME),
        ({f"{API}.securityContext.seccompProfile.type": REMOVED}, SAME),
    ],
    security.root_filesystems_are_read_only: [({f"{API}.securityContext.readOnlyRootFilesystem": False}, SAME)],
    security.host_network_is_not_shared: [({f"{WEB}.spec.hostNetwork": True}, SAME)],
    security.host_processes_are_not_shared: [({f"{WEB}.spec.hostPID": True}, SAME)],
    security.host_memory_is_not_shared: [({f"{WEB}.spec.hostIPC": True}, SAME)],
    security.host_files_are_not_mounted: [({f"{WEB}.spec.volumes[quick].hostPath": {"path": "/"}}, SAME)],
    security.host_ports_are_not_taken: [({f"{API}.ports[http].hostPort": 80}, SAME)],
    security.tokens_are_mounted_where_they_are_used: [
        ({f"{STORE}.spec.automountServiceAccountToken": REMOVED}, SAME),
        ({f"{WEB}.spec.automountServiceAccountToken": True}, SAME),
        ({"ServiceAccount/web automountServiceAccountToken": REMOVED}, f"{WEB}.spec.automountServiceAccountToken"),
        ({"RoleBinding/worker subjects": []}, f"{WORKER}.spec.automountServiceAccountToken"),
        (
            {"RoleBinding/worker subjects[worker].name": "default", f"{WORKER}.spec.serviceAccountName": "default"},
            f"{WORKER}.spec.automountServiceAccountToken",
        ),
    ],
    security.exceptions_excuse_something: [
        ({f"{WEB}.metadata.annotations[security-exception/root]": "needs it"}, SAME),
        ({f"{WEB}.metadata.annotations[security-exception/rooot]": "needs it"}, SAME),
    ],
    resources.requests_and_limits_are_set: [
        ({f"{API}.resources.requests.memory": REMOVED}, SAME),
        ({f"{API}.resources.limits.cpu": REMOVED}, SAME),
        ({f"{API}.resources.limits.memory": "much"}, SAME),
        ({f"{STORE}.spec.containers[store].resources.requests.cpu": 0}, SAME),
    ],
    resources.requests_stay_within_limits: [
        ({f"{API}.resources.requests.cpu": 1}, SAME),
        ({f"{API}.resources.requests.memory": "1Gi"}, SAME),
    ],
    probes.serving_containers_have_probes: [
        ({f"{API}.readinessProbe": REMOVED}, SAME),
        ({f"{STORE}.spec.containers[store].livenessProbe": REMOVED}, SAME),
        ({f"{FRONT}.spec.containers[front].livenessProbe": REMOVED}, SAME),
        (
            {
                f"{WEB}.spec.initContainers[wait].livenessProbe": REMOVED,
                f"{WEB}.spec.initContainers[wait].readinessProbe": {"tcpSocket": {"port": 9000}},
                f"{WEB}.spec.initContainers[wait].ports": [{"containerPort": 9000}],
                f"{WEB}.spec.initContainers[wait].restartPolicy": "Always",
            },
            SAME,
        ),
    ],
    probes.probed_ports_exist: [
        ({f"{API}.readinessProbe.httpGet.port": "web"}, SAME),
        ({f"{API}.livenessProbe.httpGet.port": 80}, SAME),
        ({f"{API}.startupProbe.tcpSocket.port": "web"}, SAME),
        ({f"{FRONT}.spec.containers[front].livenessProbe.grpc.port": 80}, SAME),
    ],
    probes.grace_covers_the_sleep_before_the_end: [
        ({f"{WEB}.spec.terminationGracePeriodSeconds": 5}, SAME),
        (
            {f"{WORKER}.spec.containers[worker].lifecycle.preStop.sleep.seconds": 31},
            f"{WORKER}.spec.terminationGracePeriodSeconds",
        ),
        (
            {f"{API}.lifecycle.preStop": {"exec": {"command": ["sh", "-c", "sleep 50 && stop"]}}},
            f"{WEB}.spec.terminationGracePeriodSeconds",
        ),
    ],
    selectors.selectors_match_their_own_pods: [
        ({"Deployment/worker spec.selector": REMOVED}, SAME),
        (
            {"DaemonSet/agent": {"spec": {"template": {"spec": STILL}}}},
            "DaemonSet/agent spec.selector",
        ),
        ({"Deployment/worker spec.selector.matchLabels.app": "other"}, "Deployment/worker spec.selector"),
        (
            {"Deployment/worker spec.selector.matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
            "Deployment/worker spec.selector",
        ),
    ],
    selectors.selectors_match_no_other_pods: [
        (
            {
                "Deployment/worker spec.selector": {
                    "matchExpressions": [{"key": "app", "operator": "In", "values": ["worker", "store"]}]
                }
            },
            SAME,
        ),
        ({f"{ARCHIVE}.metadata.labels.app": "worker"}, "Deployment/worker spec.selector"),
    ],
    selectors.services_select_one_workload: [
        ({"Service/web spec.selector.app": "other"}, "Service/web spec.selector"),
        (
            {
                f"{STORE}.metadata.labels.tier": "back",
                f"{WORKER}.metadata.labels.tier": "back",
                "Service/back": {"spec": {"clusterIP": "None", "selector": {"tier": "back"}}},
            },
            "Service/back spec.selector",
        ),
    ],
    selectors.budgets_select_one_workload: [
        (
            {"PodDisruptionBudget/stray": {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "x"}}}}},
            "PodDisruptionBudget/stray spec.selector",
        ),
        (
            {"PodDisruptionBudget/all": {"spec": {"maxUnavailable": 1, "selector": {}}}},
            "PodDisruptionBudget/all spec.selector",
        ),
    ],
    selectors.policies_select_pods: [
        ({"NetworkPolicy/web spec.podSelector.matchLabels.app": "other"}, "NetworkPolicy/web spec.podSelector"),
        (
            {"NetworkPolicy/web spec.podSelector.matchExpressions": [{"key": "app", "operator": "Equals"}]},
            "NetworkPolicy/web spec.podSelector",
        ),
        (
            {
                "NetworkPolicy/web metadata.namespace": "elsewhere",
                "NetworkPolicy/web spec.ingress": [],
                "NetworkPolicy/web spec.egress": [],
            },
            "NetworkPolicy/web spec.podSelector",
        ),
    ],
    selectors.policy_peers_are_pods: [
        (
            {"NetworkPolicy/web spec.ingress[0].from[0].podSelector.matchLabels.app": "other"},
            "NetworkPolicy/web spec.ingress[0].from[0].podSelector",
        ),
        (
            {"NetworkPolicy/web spec.egress[0].to[0].podSelector.matchExpressions[0].values": ["other"]},
            "NetworkPolicy/web spec.egress[0].to[0].podSelector",
        ),
    ],
    services.target_ports_exist: [
        ({"Service/web spec.ports[http].targetPort": "web"}, SAME),
        ({"Service/web spec.ports[http].targetPort": REMOVED}, SAME),
        ({"Service/web spec.ports[http].protocol": "UDP"}, "Service/web spec.ports[http].targetPort"),
        ({"Service/front spec.ports[http].targetPort": 80}, SAME),
    ],
    services.services_without_selector_have_endpoints: [
        ({"Service/blank": {"spec": {"ports": [{"port": 80}]}}}, "Service/blank spec.selector"),
        ({"Rollout/front spec.strategy.blueGreen.activeService": REMOVED}, "Service/front spec.selector"),
    ],
    services.pods_get_no_service_variables: [
        ({f"{WEB}.spec.enableServiceLinks": True}, SAME),
        ({f"{ARCHIVE}.spec.enableServiceLinks": REMOVED}, SAME),
    ],
    configuration.configmap_keys_are_provided: [
        ({f"{API}.env[LEVEL].valueFrom.configMapKeyRef.key": "DEPTH"}, SAME),
        (
            {f"{API}.env[LEVEL].valueFrom.configMapKeyRef": {"name": "region", "key": "LEVEL"}},
            f"{API}.env[LEVEL].valueFrom.configMapKeyRef.key",
        ),
        ({f"{API}.envFrom[0].configMapRef.name": "absent"}, f"{API}.envFrom[0].configMapRef"),
        (
            {f"{WEB}.spec.initContainers[wait].envFrom": [{"configMapRef": {"name": "absent"}}]},
            f"{WEB}.spec.initContainers[wait].envFrom[0].configMapRef",
        ),
        ({f"{OUTSIDE}[provided-outside/configmap.region]": REMOVED}, f"{API}.envFrom[0].configMapRef"),
        (
            {
                "ConfigMap/elsewhere": {"metadata": {"name": "elsewhere", "namespace": "other"}},
                f"{API}.envFrom[0].configMapRef.name": "elsewhere",
            },
            f"{API}.envFrom[0].configMapRef",
        ),
        ({f"{WEB}.spec.volumes[settings].configMap.name": "absent"}, f"{WEB}.spec.volumes[settings].configMap"),
        ({f"{WEB}.spec.volumes[mixed].projected.sources[0].configMap.items[0].key": "absent"}, SAME),
    ],
    configuration.secret_keys_are_provided: [
        ({f"{API}.env[USER].valueFrom.secretKeyRef.key": "TOKEN"}, SAME),
        ({f"{WEB}.spec.volumes[held].secret.secretName": "absent"}, f"{WEB}.spec.volumes[held].secret"),
        ({f"{WEB}.spec.volumes[held].secret.items[0].key": "absent"}, SAME),
        ({f"{WEB}.spec.volumes[mixed].projected.sources[1].secret.items[0].key": "absent"}, SAME),
        ({"ExternalSecret/synced spec.target.name": "absent"}, f"{API}.envFrom[1].secretRef"),
        (
            {
                f"{API}.env[USER].valueFrom.secretKeyRef": {"name": "token", "key": "TOKEN"},
                "ExternalSecret/synced spec.target.template.data": {"URL": "{{ .TOKEN }}"},
            },
            f"{API}.env[USER].valueFrom.secretKeyRef.key",
        ),
        ({f"{WEB}.spec.imagePullSecrets[0].name": "absent"}, f"{WEB}.spec.imagePullSecrets[absent]"),
        ({"ServiceAccount/web imagePullSecrets": [{"name": "absent"}]}, "ServiceAccount/web imagePullSecrets[absent]"),
        (
            {"TriggerAuthentication/broker spec.secretTargetRef[0].key": "absent"},
            "TriggerAuthentication/broker spec.secretTargetRef[accounts].key",
        ),
        ({"AnalysisTemplate/smoke spec.args[password].valueFrom.secretKeyRef.key": "absent"}, SAME),
        ({f"{AUTH_SECRET}": "absent"}, SAME),
        ({f"{AUTH_SECRET}": "other/synced"}, SAME),
    ],
    configuration.tls_secrets_are_provided: [
        ({"Ingress/internal spec.tls[0].secretName": "absent"}, SAME),
        ({"Certificate/internal spec.secretName": "absent"}, "Ingress/internal spec.tls[0].secretName"),
        (
            {"Ingress/shop metadata.annotations[cert-manager.io/cluster-issuer]": REMOVED},
            "Ingress/shop spec.tls[0].secretName",
        ),
        ({"Ingress/internal spec.tls[0].secretName": "accounts"}, SAME),
    ],
    configuration.mounted_files_exist: [
        ({f"{API}.volumeMounts[settings].subPath": "other.yaml"}, SAME),
        ({f"{API}.volumeMounts[mixed].subPath": "app.yaml"}, SAME),
    ],
    configuration.mounted_volumes_exist: [
        (
            {f"{STORE}.spec.containers[store].volumeMounts[data].name": "other"},
            f"{STORE}.spec.containers[store].volumeMounts[other].name",
        ),
    ],
    references.service_accounts_exist: [
        ({f"{WEB}.spec.serviceAccountName": "absent", f"{WEB}.spec.automountServiceAccountToken": False}, SAME),
    ],
    references.priority_classes_exist: [
        ({f"{WEB}.spec.priorityClassName": "absent"}, SAME),
        ({f"{OUTSIDE}[provided-outside/priorityclass.important]": REMOVED}, f"{WEB}.spec.priorityClassName"),
    ],
    references.claims_exist: [
        ({f"{ARCHIVE}.spec.volumes[archive].persistentVolumeClaim.claimName": "absent"}, SAME),
        ({f"{ARCHIVE}.spec.volumes[first].persistentVolumeClaim.claimName": "data-store-2"}, SAME),
        (
            {
                f"{ARCHIVE}.spec.volumes[first].persistentVolumeClaim.claimName": "data-store-1",
                "StatefulSet/store spec.replicas": REMOVED,
                "PodDisruptionBudget/store spec.minAvailable": 0,
            },
            SAME,
        ),
    ],
    references.storage_classes_exist: [
        ({"PersistentVolumeClaim/archive spec.storageClassName": "absent"}, SAME),
        ({"StatefulSet/store spec.volumeClaimTemplates[0].spec.storageClassName": "absent"}, SAME),
        ({f"{WEB}.spec.volumes[quick].ephemeral.volumeClaimTemplate.spec.storageClassName": "absent"}, SAME),
    ],
    references.ingress_classes_exist: [
        ({"Ingress/shop spec.ingressClassName": "absent"}, SAME),
        ({"Ingress/shop metadata.annotations[kubernetes.io/ingress.class]": "absent"}, SAME),
    ],
    references.ingress_backends_exist: [
        ({"Ingress/shop spec.defaultBackend.service.name": "absent"}, SAME),
        ({"Ingress/shop spec.rules[0].http.paths[0].backend.service.name": "absent"}, SAME),
    ],
    references.ingress_ports_exist: [
        ({"Ingress/shop spec.defaultBackend.service.port": {"number": 8000}}, SAME),
        ({"Ingress/shop spec.rules[0].http.paths[0].backend.service.port": {"name": "web"}}, SAME),
    ],
    references.stateful_sets_have_a_headless_service: [
        ({"StatefulSet/store spec.serviceName": "web"}, SAME),
        ({"StatefulSet/store spec.serviceName": REMOVED}, SAME),
        ({"Service/store spec.clusterIP": REMOVED}, "StatefulSet/store spec.serviceName"),
    ],
    references.scale_targets_exist: [
        ({"HorizontalPodAutoscaler/web spec.scaleTargetRef.name": "absent"}, SAME),
        (
            {"HorizontalPodAutoscaler/web spec.scaleTargetRef.kind": "StatefulSet"},
            "HorizontalPodAutoscaler/web spec.scaleTargetRef.name",
        ),
        ({"ScaledObject/worker spec.scaleTargetRef.name": "absent"}, SAME),
    ],
    references.bound_roles_exist: [
        ({"RoleBinding/worker roleRef.name": "absent"}, SAME),
        ({"RoleBinding/worker roleRef.kind": "ClusterRole"}, "RoleBinding/worker roleRef.name"),
        (
            {"ClusterRoleBinding/worker": {"roleRef": {"kind": "ClusterRole", "name": "absent"}}},
            "ClusterRoleBinding/worker roleRef.name",
        ),
    ],
    references.bound_accounts_exist: [
        (
            {"RoleBinding/worker subjects[1]": {"kind": "ServiceAccount", "name": "absent"}},
            "RoleBinding/worker subjects[absent].name",
        ),
        (
            {"ClusterRoleBinding/all": CLUSTER_VIEW | {"subjects": [{"kind": "ServiceAccount", "name": "absent"}]}},
            "ClusterRoleBinding/all subjects[absent].name",
        ),
        (
            {"RoleBinding/worker subjects[1]": {"kind": "ServiceAccount", "name": "web", "namespace": "other"}},
            "RoleBinding/worker subjects[web].name",
        ),
    ],
    references.trigger_authentications_exist: [
        ({"ScaledObject/worker spec.triggers[0].authenticationRef.name": "absent"}, SAME),
        (
            {"ScaledJob/batch": {"spec": {"triggers": [{"authenticationRef": {"name": "absent"}}]}}},
            "ScaledJob/batch spec.triggers[0].authenticationRef.name",
        ),
    ],
    references.secret_stores_exist: [
        ({"ExternalSecret/synced spec.secretStoreRef.name": "absent"}, SAME),
        ({"ExternalSecret/synced spec.secretStoreRef.kind": REMOVED}, "ExternalSecret/synced spec.secretStoreRef.name"),
    ],
    references.issuers_exist: [
        ({"Certificate/internal spec.issuerRef.name": "absent"}, SAME),
        ({"Ingress/shop metadata.annotations[cert-manager.io/cluster-issuer]": "absent"}, SAME),
        ({"Ingress/shop metadata.annotations[cert-manager.io/issuer]": "public"}, SAME),
    ],
    references.rollouts_name_what_exists: [
        ({"Rollout/front spec.strategy.blueGreen.previewService": "absent"}, SAME),
        ({"Rollout/front spec.strategy.canary.stableService": "absent"}, SAME),
        ({"Rollout/front spec.strategy.canary.canaryService": "absent"}, SAME),
        ({"Rollout/front spec.strategy.blueGreen.prePromotionAnalysis.templates[0].templateName": "absent"}, SAME),
        ({"Rollout/front spec.strategy.blueGreen.prePromotionAnalysis.templates[0].clusterScope": True}, SMOKE),
        *(
            (
                {f"Rollout/front spec.strategy.{path}": {"templates": [{"templateName": "absent"}]}},
                f"Rollout/front spec.strategy.{path}.templates[0].templateName",
            )
            for path in ("blueGreen.postPromotionAnalysis", "canary.analysis")
        ),
        (
            {"Rollout/front spec.strategy.canary.steps": [{"analysis": {"templates": [{"templateName": "absent"}]}}]},
            "Rollout/front spec.strategy.canary.steps[0].analysis.templates[0].templateName",
        ),
        ({"Rollout/front spec.workloadRef.name": "absent"}, SAME),
    ],
    scaling.scaled_workloads_leave_replicas_out: [
        ({"Deployment/web spec.replicas": 3}, SAME),
        ({"Deployment/worker spec.replicas": 3}, SAME),
        ({"Rollout/front spec.replicas": 3}, SAME),
    ],
    scaling.referred_workloads_run_nothing: [
        ({"Deployment/front spec.replicas": 3}, SAME),
        ({"Deployment/front spec.replicas": REMOVED}, "Deployment/front spec.replicas"),
        (
            {"Deployment/front spec.replicas": 1, "Rollout/front spec.workloadRef.scaleDown": "never"},
            "Deployment/front spec.replicas",
        ),
    ],
    scaling.workloads_have_one_scaler: [
        (
            {"HorizontalPodAutoscaler/second": {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "worker"}}}},
            "ScaledObject/worker spec.scaleTargetRef",
        ),
    ],
    scaling.scale_targets_have_their_api: [
        ({"HorizontalPodAutoscaler/front spec.scaleTargetRef.apiVersion": "apps/v1"}, SAME),
    ],
    scaling.scaled_resources_are_requested: [
        (
            {"HorizontalPodAutoscaler/web spec.metrics[0].resource.name": "ephemeral-storage"},
            "HorizontalPodAutoscaler/web spec.metrics[0].resource",
        ),
        (
            {"HorizontalPodAutoscaler/front spec.metrics[0].containerResource.name": "ephemeral-storage"},
            "HorizontalPodAutoscaler/front spec.metrics[0].containerResource",
        ),
        (
            {"HorizontalPodAutoscaler/front spec.metrics[0].containerResource.container": "absent"},
            "HorizontalPodAutoscaler/front spec.metrics[0].containerResource",
        ),
        (
            {"ScaledObject/worker spec.triggers[1].metadata.containerName": "absent"},
            "ScaledObject/worker spec.triggers[1]",
        ),
    ],
    disruption.budgets_let_a_node_drain: [
        ({"PodDisruptionBudget/web spec.maxUnavailable": 0}, SAME),
        ({"PodDisruptionBudget/web spec.maxUnavailable": "0%"}, SAME),
        ({"PodDisruptionBudget/web spec.maxUnavailable": REMOVED}, SAME),
        ({"PodDisruptionBudget/web spec.minAvailable": 2}, SAME),
        ({"PodDisruptionBudget/store spec.minAvailable": 2}, SAME),
        ({"PodDisruptionBudget/store spec.minAvailable": "51%"}, SAME),
        ({"StatefulSet/store spec.replicas": REMOVED}, "PodDisruptionBudget/store spec.minAvailable"),
        (
            {"PodDisruptionBudget/front": {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "front"}}}}},
            "PodDisruptionBudget/front spec.minAvailable",
        ),
    ],
    disruption.replicated_workloads_have_a_budget: [
        ({"ScaledObject/worker spec.minReplicaCount": 2}, "Deployment/worker spec.replicas"),
        ({"HorizontalPodAutoscaler/front spec.minReplicas": 2}, "Deployment/front spec.replicas"),
        (
            {
                "ReplicaSet/old": {
                    "spec": {
                        "replicas": 2,
                        "selector": {"matchLabels": {"app": "old"}},
                        "template": {"metadata": {"labels": {"app": "old"}}, "spec": STILL},
                    }
                }
            },
            "ReplicaSet/old spec.replicas",
        ),
        (
            {
                "PodDisruptionBudget/store spec.selector.matchLabels.app": "worker",
                "ScaledObject/worker spec.minReplicaCount": 2,
            },
            "StatefulSet/store spec.replicas",
        ),
    ],
    disruption.deployments_roll_without_a_gap: [
        ({"Deployment/web spec.strategy.rollingUpdate.maxUnavailable": 1}, SAME),
        (
            {"Deployment/web spec.strategy": REMOVED},
            "Deployment/web spec.strategy.rollingUpdate.maxUnavailable",
        ),
    ],
    storage.single_writer_claims_have_one_pod: [
        ({f"{WEB}.spec.volumes[quick].persistentVolumeClaim.claimName": "archive"}, SAME),
        (
            {
                f"{WEB}.spec.volumes[quick].persistentVolumeClaim.claimName": "archive",
                "HorizontalPodAutoscaler/web spec.maxReplicas": 2,
                "PersistentVolumeClaim/archive spec.accessModes": ["ReadWriteOncePod"],
            },
            SAME,
        ),
        (
            {f"{WORKER}.spec.volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "archive"}}]},
            f"{WORKER}.spec.volumes[a].persistentVolumeClaim.claimName",
        ),
    ],
    names.names_are_valid: [
        ({"ConfigMap/Settings": {}}, "ConfigMap/Settings metadata.name"),
        ({f"ConfigMap/{'a' * 254}": {}}, f"ConfigMap/{'a' * 254} metadata.name"),
        ({f"Role/{'a' * 254}": {}}, f"Role/{'a' * 254} metadata.name"),
        ({f"Job/{LONG}": {}}, f"Job/{LONG} metadata.name"),
        ({f"Service/{LONG}": {"spec": {"type": "ExternalName"}}}, f"Service/{LONG} metadata.name"),
        ({f"CronJob/{LONG[:53]}": {}}, f"CronJob/{LONG[:53]} metadata.name"),
        (
            {f"StatefulSet/{LONG[:53]}": {"spec": {"serviceName": "store"}}},
            f"StatefulSet/{LONG[:53]} metadata.name",
        ),
        ({"Service/1st": {"spec": {"type": "ExternalName"}}}, "Service/1st metadata.name"),
        ({"Role/a%b": {}}, "Role/a%b metadata.name"),
        ({"Namespace/a.b": {}}, "Namespace/a.b metadata.name"),
        ({"ConfigMap/settings": {"metadata": {"namespace": "shop"}}}, "ConfigMap/ metadata.name"),
    ],
    names.names_inside_pods_are_valid: [
        (
            {f"{WORKER}.spec.containers[worker].name": "Worker"},
            f"{WORKER}.spec.containers[Worker]",
        ),
        ({f"{WEB}.spec.volumes[held].name": "Held"}, f"{WEB}.spec.volumes[Held].name"),
        *(
            (
                {f"{WORKER}.spec.containers[worker].ports": [{"name": port, "containerPort": 9000}]},
                f"{WORKER}.spec.containers[worker].ports[{port}].name",
            )
            for port in ("Metrics", "a--b", "9000", "sixteen-letters0")
        ),
    ],
    names.label_and_annotation_keys_are_valid: [
        ({"Deployment/web metadata.labels[-tier]": "front"}, SAME),
        ({"Deployment/web metadata.labels[Shop.example/tier]": "front"}, SAME),
        ({f"Deployment/web metadata.annotations[{LONG}]": "front"}, SAME),
        ({f"{WEB}.metadata.labels[/tier]": "front"}, SAME),
        ({f"{ARCHIVE}.metadata.annotations[a/b/c]": "front"}, SAME),
    ],
    names.label_values_are_valid: [
        ({"Deployment/web metadata.labels[tier]": "front end"}, SAME),
        ({"Deployment/web metadata.labels[tier]": 1}, SAME),
        ({"Deployment/web metadata.labels[tier]": True}, SAME),
        ({f"{WEB}.metadata.labels[tier]": LONG}, SAME),
    ],
    names.annotation_values_are_strings: [
        ({"Deployment/web metadata.annotations[team]": 1}, SAME),
        ({f"{WEB}.metadata.annotations[team]": True}, SAME),
    ],
    names.namespaces_are_named: [
        ({"ConfigMap/stray": {"metadata": {"name": "stray"}}}, "ConfigMap/stray metadata.namespace")
    ],
    names.objects_occur_once: [({"ConfigMap/settings": {"apiVersion": "v1"}}, "ConfigMap/settings metadata.name")],
    secrets.secrets_hold_no_values: [
        ({"Secret/leak": {"data": {"KEY": "dmFsdWU="}}}, "Secret/leak data"),
        ({"Secret/leak": {"stringData": {"KEY": ""}}}, "Secret/leak stringData"),
    ],
}
CASES = [Mistake(fields, rule, where or next(iter(fields))) for rule, of in MISTAKES.items() for fields, where in of]


ROOT = {
    f"{WEB}.spec.containers[api].securityContext.runAsNonRoot": False,
    f"{WEB}.spec.containers[api].securityContext.runAsUser": 0,
    f"{WEB}.spec.containers[api].securityContext.runAsGroup": REMOVED,
}
EXCUSED: dict[str, Mapping[str, Any]] = {
    "root": ROOT,
    "capabilities": {f"{API}.securityContext.capabilities": {"drop": [], "add": ["NET_RAW"]}},
    "privileged": {
        f"{API}.securityContext.privileged": True,
        f"{API}.securityContext.allowPrivilegeEscalation": True,
    },
    "seccomp": {f"{API}.securityContext.seccompProfile": REMOVED},
    "writable-root": {f"{API}.securityContext.readOnlyRootFilesystem": REMOVED},
    "host-network": {f"{WEB}.spec.hostNetwork": True},
    "host-pid": {f"{WEB}.spec.hostPID": True},
    "host-ipc": {f"{WEB}.spec.hostIPC": True},
    "host-path": {f"{WEB}.spec.volumes[quick]": {"name": "quick", "hostPath": {"path": "/proc"}}},
    "host-port": {f"{API}.ports[http].hostPort": 80},
    "service-account-token": {f"{WEB}.spec.automountServiceAccountToken": True},
}

ALLOWED: dict[str, Mapping[str, Any]] = {
    "a digest pins": {f"{API}.image": f"shop/web@sha256:{'0' * 64}"},
    "a digest pins beside a floating tag": {f"{API}.image": f"shop/web:latest@sha256:{'0' * 64}"},
    "a registry may have a port": {f"{API}.image": "registry.example:5000/shop/web:1.0"},
    "a tag may begin like a floating one": {f"{API}.image": "shop/web:main-3f2c"},
    "identity and seccomp may be the pod's": {
        f"{API}.securityContext.runAsNonRoot": REMOVED,
        f"{API}.securityContext.runAsUser": REMOVED,
        f"{API}.securityContext.runAsGroup": REMOVED,
        f"{API}.securityContext.seccompProfile": REMOVED,
        f"{WEB}.spec.securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1,
            "runAsGroup": 0,
            "seccompProfile": {"type": "Localhost"},
        },
    },
    "low ports may be bound": {f"{API}.securityContext.capabilities.add": ["NET_BIND_SERVICE"]},
    "an account of its own may be without a token": {f"{WEB}.spec.automountServiceAccountToken": False},
    "the default account may be without a token": {
        f"{STORE}.spec.automountServiceAccountToken": REMOVED,
        "ServiceAccount/default": {"automountServiceAccountToken": False},
    },
    "an account may have rights in the whole cluster": {
        "RoleBinding/worker subjects": [],
        "ClusterRoleBinding/worker": CLUSTER_VIEW
        | {"subjects": [{"kind": "ServiceAccount", "name": "worker", "namespace": "shop"}]},
    },
    "a request may equal its limit": {f"{API}.resources.requests": {"cpu": "0.2", "memory": "131072Ki"}},
    "what no Service selects needs no probes": {
        f"{WORKER}.spec.containers[worker].ports": [{"name": "metrics", "containerPort": 9000}],
    },
    "a job that a Service selects needs no probes": {
        f"{ARCHIVE}.metadata.labels.app": "archive",
        f"{ARCHIVE}.spec.containers[archive].ports": [{"containerPort": 9000}],
        "Service/archive": {"spec": {"selector": {"app": "archive"}}},
    },
    "a sleep may last as long as the grace": {f"{WEB}.spec.terminationGracePeriodSeconds": 10},
    "workloads of two namespaces may share labels": {
        "Deployment/worker spec.template.metadata.labels.app": "web",
        "Deployment/worker spec.selector.matchLabels.app": "web",
        "Deployment/worker metadata.namespace": "other",
        "ScaledObject/worker metadata.namespace": "other",
        "ServiceAccount/worker metadata.namespace": "other",
        "RoleBinding/worker subjects[worker].namespace": "other",
        "TriggerAuthentication/broker metadata.namespace": "other",
        "NetworkPolicy/web spec.ingress": [],
    },
    "a Service may be a name elsewhere": {"Service/far": {"spec": {"type": "ExternalName", "externalName": "a.b"}}},
    "a Service that is a name elsewhere selects nothing": {
        "Service/far": {"spec": {"type": "ExternalName", "externalName": "a.b", "selector": {"app": "far"}}},
    },
    "endpoints may be given": {"Service/far": {"spec": {"ports": [{"port": 80}]}}, "Endpoints/far": {}},
    "endpoints may be given in slices": {
        "Service/far": {"spec": {"ports": [{"port": 80}]}},
        "EndpointSlice/far-1": {
            "metadata": {"name": "far-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "far"}}
        },
    },
    "a Service of Knative selects nothing": {"Service/fn": {"apiVersion": "serving.knative.dev/v1"}},
    "challenge solvers are not among the objects": {
        "NetworkPolicy/solver": {
            "spec": {"podSelector": {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}}
        },
        "NetworkPolicy/solvers": {
            "spec": {
                "podSelector": {
                    "matchExpressions": [{"key": "acme.cert-manager.io/http01-solver", "operator": "Exists"}]
                }
            }
        },
    },
    "pods of another namespace may be another's": {
        "NetworkPolicy/web spec.egress[0].to[0].podSelector.matchExpressions[0].values": ["dns"],
        "NetworkPolicy/web spec.egress[0].to[0].namespaceSelector": {},
    },
    "peers may be addresses": {"NetworkPolicy/web spec.egress[0].to[0]": {"ipBlock": {"cidr": "10.0.0.0/8"}}},
    "all selector operators": {
        "NetworkPolicy/web spec.podSelector.matchExpressions": [
            {"key": "app", "operator": "Exists"},
            {"key": "tier", "operator": "DoesNotExist"},
            {"key": "app", "operator": "In", "values": ["web"]},
            {"key": "app", "operator": "NotIn", "values": ["store"]},
        ],
    },
    "a target port may be a number": {"Service/web spec.ports[http].targetPort": 8000},
    "optional settings may be absent": {
        f"{API}.env[LEVEL].valueFrom.configMapKeyRef": {"name": "absent", "key": "LEVEL", "optional": True},
        f"{WEB}.spec.volumes[held].secret": {"secretName": "absent", "optional": True},
    },
    "every namespace has the cluster's certificate": {
        f"{API}.env[LEVEL].valueFrom.configMapKeyRef": {"name": "kube-root-ca.crt", "key": "ca.crt"},
    },
    "only a cluster knows what a whole secret syncs": {
        f"{API}.env[USER].valueFrom.secretKeyRef": {"name": "token", "key": "ANYTHING"},
        "ExternalSecret/synced spec.dataFrom": [{"extract": {"key": "shop"}}],
    },
    "only a cluster knows what a template from elsewhere makes": {
        f"{API}.env[USER].valueFrom.secretKeyRef": {"name": "token", "key": "ANYTHING"},
        "ExternalSecret/synced spec.target.template.templateFrom": [{"configMap": {"name": "settings"}}],
    },
    "a map may hold binary data": {
        f"{API}.env[LEVEL].valueFrom.configMapKeyRef.key": "LOGO",
        "ConfigMap/settings binaryData.LOGO": "AA==",
    },
    "a certificate is a secret of three keys": {
        f"{WEB}.spec.volumes[held].secret": {
            "secretName": "internal-tls",
            "items": [{"key": key, "path": key} for key in ("tls.crt", "tls.key", "ca.crt")],
        },
    },
    "an Ingress may ask the namespace's own issuer": {
        "Ingress/shop metadata.annotations[cert-manager.io/cluster-issuer]": REMOVED,
        "Ingress/shop metadata.annotations[cert-manager.io/issuer]": "own",
        "Issuer/own": {},
    },
    "a certificate may come from the namespace's own issuer": {
        "Certificate/internal spec.issuerRef": {"name": "own"},
        "Issuer/own": {},
    },
    "a login may be kept in another namespace": {
        AUTH_SECRET: "other/login",
        "Secret/login": {"metadata": {"name": "login", "namespace": "other"}},
    },
    "classes may be among the objects": {
        "PersistentVolumeClaim/archive spec.storageClassName": "own",
        "Ingress/shop spec.ingressClassName": "own",
        f"{WEB}.spec.priorityClassName": "own",
        "StorageClass/own": {"metadata": {"name": "own"}},
        "IngressClass/own": {"metadata": {"name": "own"}},
        "PriorityClass/own": {"metadata": {"name": "own"}},
    },
    "a StatefulSet's last claim is there": {
        f"{ARCHIVE}.spec.volumes[first].persistentVolumeClaim.claimName": "data-store-1",
    },
    "a StatefulSet has one claim of each template": {
        "StatefulSet/store spec.replicas": REMOVED,
        "PodDisruptionBudget/store spec.minAvailable": 0,
    },
    "a Rollout may refer to a Deployment without its kind": {
        "Rollout/front spec.workloadRef.kind": REMOVED,
    },
    "a Rollout may scale the Deployment down by itself": {
        "Deployment/front spec.replicas": 3,
        "Rollout/front spec.workloadRef.scaleDown": "progressively",
    },
    "an analysis may be of the cluster": {
        "Rollout/front spec.strategy.blueGreen.prePromotionAnalysis.templates[0].clusterScope": True,
        "ClusterAnalysisTemplate/smoke": {"metadata": {"name": "smoke"}},
    },
    "a release may lose no share": {"Deployment/web spec.strategy.rollingUpdate.maxUnavailable": "0%"},
    "a secret may be composed": {
        f"{API}.env[USER].valueFrom.secretKeyRef": {"name": "token", "key": "URL"},
        "ExternalSecret/synced spec.target.template.data": {"URL": "{{ .TOKEN }}"},
    },
    "a secret may be composed beside what is fetched": {
        f"{API}.env[USER].valueFrom.secretKeyRef": {"name": "token", "key": "TOKEN"},
        "ExternalSecret/synced spec.target.template": {"mergePolicy": "Merge", "data": {"URL": "{{ .TOKEN }}"}},
    },
    "a sub-path may be a folder": {
        f"{WEB}.spec.volumes[settings].configMap.items": [{"key": "app.yaml", "path": "shop/app.yaml"}],
        f"{API}.volumeMounts[settings].subPath": "shop",
    },
    "a sub-path may be what the pod tells of itself": {
        f"{WEB}.spec.volumes[mixed].projected.sources[1]": {"downwardAPI": {"items": [{"path": "labels"}]}},
        f"{API}.volumeMounts[mixed].subPath": "labels",
    },
    "a sub-path of a claim is the claim's": {f"{STORE}.spec.containers[store].volumeMounts[data].subPath": "database"},
    "a claim may be bound by hand": {"PersistentVolumeClaim/archive spec.storageClassName": ""},
    "a claim may take the default class": {"PersistentVolumeClaim/archive spec.storageClassName": REMOVED},
    "built-in roles": {"RoleBinding/worker roleRef": {"kind": "ClusterRole", "name": "view"}},
    "built-in priorities": {f"{WEB}.spec.priorityClassName": "system-cluster-critical"},
    "a store may be of the namespace": {
        "ExternalSecret/synced spec.secretStoreRef": {"name": "own"},
        "SecretStore/own": {},
    },
    "a Rollout may have a template": {
        "Rollout/worker": {
            "spec": {
                "selector": {"matchLabels": {"app": "canary"}},
                "template": {
                    "metadata": {"labels": {"app": "canary"}},
                    "spec": {"automountServiceAccountToken": False, "enableServiceLinks": False},
                },
            }
        }
    },
    "a budget may be a share": {"PodDisruptionBudget/web spec.maxUnavailable": "10%"},
    "a budget may keep a share": {"PodDisruptionBudget/store spec.minAvailable": "50%"},
    "a budget may keep none": {"PodDisruptionBudget/store spec.minAvailable": 0},
    "an autoscaler keeps more than a budget": {
        "PodDisruptionBudget/web spec.maxUnavailable": REMOVED,
        "PodDisruptionBudget/web spec.minAvailable": 1,
    },
    "a single replica needs no budget": {
        "StatefulSet/store spec.replicas": 1,
        "PodDisruptionBudget/store spec.selector.matchLabels.app": "worker",
        "PodDisruptionBudget/store spec.minAvailable": 0,
    },
    "one pod may mount a single-writer claim": {
        f"{FRONT}.spec.volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "archive"}}],
        "HorizontalPodAutoscaler/front spec.maxReplicas": 1,
    },
    "one pod of KEDA's may mount a single-writer claim": {
        f"{WORKER}.spec.volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "archive"}}],
        "ScaledObject/worker spec.maxReplicaCount": 1,
    },
    "many pods may mount a shared claim": {
        f"{WEB}.spec.volumes[quick]": {"name": "quick", "persistentVolumeClaim": {"claimName": "archive"}},
        "PersistentVolumeClaim/archive spec.accessModes": ["ReadWriteMany"],
    },
    "the longest names": {
        f"Job/{LONG[:63]}": {},
        f"CronJob/{LONG[:52]}": {},
        **{f"{kind}/shop:{LONG}": CLUSTER_VIEW for kind in ("ClusterRole", "RoleBinding", "ClusterRoleBinding")},
        f"{WORKER}.spec.containers[worker].ports": [{"name": "fifteen-letters", "containerPort": 9000}],
    },
    "a label may be empty": {"Deployment/web metadata.labels[shop.example/tier]": ""},
    "one name in two namespaces and two groups": {
        "ConfigMap/other": {"metadata": {"name": "settings", "namespace": "other"}},
        "ConfigMap/another": {"apiVersion": "example.com/v1", "metadata": {"name": "settings", "namespace": "shop"}},
    },
    "a Secret may wait for its values": {"Secret/later": {"type": "Opaque"}},
}

ADVISING = (
    configuration.configmap_keys_are_provided,
    configuration.secret_keys_are_provided,
    configuration.tls_secrets_are_provided,
    references.service_accounts_exist,
    references.priority_classes_exist,
    references.claims_exist,
    references.storage_classes_exist,
    references.ingress_classes_exist,
    references.ingress_backends_exist,
    references.scale_targets_exist,
    references.bound_roles_exist,
    references.bound_accounts_exist,
    references.trigger_authentications_exist,
    references.secret_stores_exist,
    references.issuers_exist,
    references.rollouts_name_what_exists,
)
ADVISED = re.compile(r"provided-outside/\S+$")
KEY = re.compile(r'has no key "([^"]+)"')
PLACES = {
    "Deployment": "spec.template.spec",
    "StatefulSet": "spec.template.spec",
    "DaemonSet": "spec.template.spec",
    "ReplicaSet": "spec.template.spec",
    "Rollout": "spec.template.spec",
    "Job": "spec.template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
    "ScaledJob": "spec.jobTargetRef.template.spec",
    "AnalysisTemplate": "spec.metrics[].provider.job.spec.template.spec",
    "Pod": "spec",
}
READERS = ("reading", "matching", "providing")
SUBJECTS = [module.name for module in pkgutil.iter_modules(rules.__path__) if module.name not in READERS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.__name__)
def test_a_mistake_is_one_complaint_that_names_object_and_field(case: Mistake) -> None:
    (complaint,) = complaints(changed(case.fields))
    assert complaint.startswith(f"{case.where}: ")
    assert re.fullmatch(r"\w+/\S* \S+: [^\n]+; [^\n]+", complaint)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.__name__)
def test_a_mistake_goes_unseen_without_its_rule(case: Mistake) -> None:
    assert complaints(changed(case.fields), without(case.rule)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_is_needed_for_some_mistake(rule: Rule) -> None:
    assert any(complaints(changed(case.fields), [rule]) for case in CASES if case.rule is rule)


@pytest.mark.parametrize("fields", ALLOWED.values(), ids=ALLOWED)
def test_what_is_right_is_not_complained_about(fields: Mapping[str, Any]) -> None:
    assert complaints(changed(fields)) == []


@pytest.mark.parametrize(("slug", "fields"), EXCUSED.items(), ids=EXCUSED)
def test_an_exception_with_a_reason_excuses_its_pod(slug: str, fields: Mapping[str, Any]) -> None:
    reason = {f"{WEB}.metadata.annotations[security-exception/{slug}]": "reads the node's counters"}
    assert complaints(changed(fields))
    assert complaints(changed({**fields, **reason})) == []


@pytest.mark.parametrize(("slug", "fields"), EXCUSED.items(), ids=EXCUSED)
def test_an_exception_without_a_reason_excuses_nothing(slug: str, fields: Mapping[str, Any]) -> None:
    silence = {f"{WEB}.metadata.annotations[security-exception/{slug}]": " "}
    assert complaints(changed({**fields, **silence})) == complaints(changed(fields))


def test_every_rule_that_is_written_is_in_force() -> None:
    written = [
        function
        for subject in SUBJECTS
        for named, function in inspect.getmembers(importlib.import_module(f"rules.{subject}"), inspect.isfunction)
        if function.__module__ == f"rules.{subject}" and not named.startswith("_")
        if list(inspect.signature(function).parameters) == ["objects"]
    ]
    assert sorted(rule.__name__ for rule in RULES) == sorted(function.__name__ for function in written)


@pytest.mark.parametrize("rule", ADVISING, ids=lambda rule: rule.__name__)
def test_a_declaration_that_a_complaint_advises_settles_it(rule: Rule) -> None:
    for case in [case for case in CASES if case.rule is rule]:
        (complaint,) = complaints(changed(case.fields))
        (advised,) = ADVISED.findall(complaint)
        before = json.loads(CLEAN)[0]["metadata"]["annotations"].get(advised, "")
        declaration = {f"{OUTSIDE}[{advised}]": " ".join([before, *KEY.findall(complaint)])}
        assert complaint not in complaints(changed({**case.fields, **declaration}))


@pytest.mark.parametrize(("kind", "path"), PLACES.items(), ids=PLACES)
def test_pods_are_found_wherever_they_stand(kind: str, path: str) -> None:
    spec: Any = {"containers": [{"name": "api", "image": "shop/api:latest"}]}
    for step in reversed(path.split(".")):
        spec = {step.removesuffix("[]"): [spec] if step.endswith("[]") else spec}
    manifest = {"kind": kind, "metadata": {"name": "api"}} | spec
    (complaint,) = complaints([manifest], [images.images_are_pinned])
    place = path.replace("[]", "[0]")
    assert complaint == (
        f'{kind}/api {place}.containers[api].image: "shop/api:latest" is not pinned; name a version tag or a digest'
    )


def test_a_value_that_is_absent_is_told_as_not_set() -> None:
    (complaint,) = complaints(changed({f"{API}.resources.limits.cpu": REMOVED}))
    assert ": is not set;" in complaint


def test_the_values_of_a_secret_are_provided() -> None:
    use = {f"{API}.env[USER].valueFrom.secretKeyRef": {"name": "own", "key": "KEY"}}
    for field in ("data", "stringData"):
        objects = changed({**use, "Secret/own": {field: {"KEY": ""}}})
        assert complaints(objects, [configuration.secret_keys_are_provided]) == []


@pytest.mark.parametrize("resource", ["cpu", "memory"])
def test_a_trigger_on_a_resource_needs_its_request(resource: str) -> None:
    objects = changed(
        {
            f"{WORKER}.spec.containers[worker].resources.requests.{resource}": REMOVED,
            "ScaledObject/worker spec.triggers[1].type": resource,
        }
    )
    (complaint,) = complaints(objects, [scaling.scaled_resources_are_requested])
    assert complaint.startswith("ScaledObject/worker spec.triggers[1]: ")


def test_a_secret_s_values_are_not_told() -> None:
    (complaint,) = complaints(changed({"Secret/leak": {"stringData": {"KEY": "hunter2"}}}))
    assert "KEY" in complaint
    assert "hunter2" not in complaint


@pytest.mark.parametrize("rubbish", [None, [], [None], {}, "text", 7], ids=repr)
def test_malformed_objects_are_complained_about_or_passed_over(rubbish: object) -> None:
    for field in sorted(set(FIELD.findall(CLEAN))):
        assert isinstance(complaints(json.loads(CLEAN, object_hook=partial(_spoilt, field, rubbish))), list)


def _spoilt(field: str, rubbish: object, mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: rubbish if key == field else value for key, value in mapping.items()}


def test_empty_documents_count_as_no_object() -> None:
    documents: Any = [None, *changed({}), None]
    assert complaints(documents) == []
    assert complaints([]) == []


def test_the_same_platform_in_several_namespaces_draws_no_complaint() -> None:
    objects: list[Manifest] = []
    for number in range(9):
        text = CLEAN.replace('"namespace": "shop"', f'"namespace": "shop-{number}"')
        objects += (o for o in json.loads(text) if number == 0 or o["kind"] not in ("Namespace", "ClusterIssuer"))
    assert complaints(objects) == []
