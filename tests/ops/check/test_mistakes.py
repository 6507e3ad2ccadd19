"""Deliberate mistakes, each in a small repository of its own: one line that names file, object, field and remedy."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.ops.check import small
from tests.ops.check.small import Files, configmap, deployment, files, of, service, stateful

OVERLAY = "overlay/kustomization.yaml"
BASE = "base/kustomization.yaml"


class Mistake(NamedTuple):
    """A repository as it should be, the mistake in it, and what the one line has to name."""

    right: Files
    make: Callable[[Files], object]
    file: str
    object: str
    field: str
    remedy: str


MISTAKES: dict[str, Mistake] = {}


def mistake(file: str, of: str, field: str, remedy: str, right: Files | None = None) -> Callable[..., None]:
    """Registers a function that makes a mistake in the files that it is given, by its name."""

    def register(make: Callable[[Files], object]) -> None:
        MISTAKES[make.__name__.replace("_", " ")] = Mistake(right or files(), make, file, of, field, remedy)

    return register


def named(held: Files, kind: str, file: str = "base/more.yaml") -> Any:
    return next(each for each in held[file] if each["kind"] == kind)


# Entries of kustomizations


def patching(**target: str) -> dict[str, Any]:
    return {"target": target, "patch": "- {op: add, path: /spec/minReadySeconds, value: 5}"}


@mistake(
    OVERLAY,
    "Deployment/wbe",
    "patches[0].target",
    "write web",
    files(overlay={"patches": [patching(kind="Deployment", name="web")]}),
)
def a_patch_whose_target_is_misspelt(held: Files) -> None:
    held[OVERLAY]["patches"][0]["target"]["name"] = "wbe"


@mistake(
    OVERLAY,
    "Deployment/*[tier=front]",
    "patches[0].target",
    "correct labelSelector",
    files(overlay={"patches": [patching(kind="Deployment", labelSelector="app.kubernetes.io/name in (web, api)")]}),
)
def a_patch_by_labels_that_no_object_has(held: Files) -> None:
    held[OVERLAY]["patches"][0]["target"]["labelSelector"] = "tier=front"


MERGE = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"paused": False},
}


@mistake(
    "overlay/kustomization.yaml",
    "Deployment/web2",
    "patches[0]",
    "write web",
    files(overlay={"patches": [{"path": "merge.yaml"}]}) | {"overlay/merge.yaml": MERGE},
)
def a_patch_of_an_object_that_is_not_there(held: Files) -> None:
    held["overlay/merge.yaml"]["metadata"]["name"] = "web2"


@mistake(
    OVERLAY,
    "Deployment/web",
    "patches[0]",
    "namespace: shop",
    files(overlay={"patches": [{"path": "merge.yaml"}]}) | {"overlay/merge.yaml": MERGE},
)
def a_patch_without_the_namespace_of_its_object(held: Files) -> None:
    del held["overlay/merge.yaml"]["metadata"]["namespace"]


@mistake(
    OVERLAY,
    "Deployment/web",
    "patches[0].patch",
    "correct the path",
    files(overlay={"patches": [patching(kind="Deployment")]}),
)
def a_patch_of_a_path_that_is_not_there(held: Files) -> None:
    held[OVERLAY]["patches"][0]["patch"] = "- {op: replace, path: /spec/template/spec/contaners/0/image, value: x}"


@mistake(
    OVERLAY,
    "image/example.test/wbe",
    "images[example.test/wbe].name",
    "write example.test/web",
    files(overlay={"images": [{"name": "example.test/web", "newTag": "v2"}]}),
)
def an_image_that_nothing_runs(held: Files) -> None:
    held[OVERLAY]["images"][0]["name"] = "example.test/wbe"


@mistake(
    OVERLAY,
    "image/example.test/web",
    "images[example.test/web].name",
    "write mirror.test/web",
    files(
        images=[{"name": "example.test/web", "newName": "mirror.test/web"}],
        overlay={"images": [{"name": "mirror.test/web", "newTag": "v2"}]},
    ),
)
def an_image_that_the_base_has_renamed(held: Files) -> None:
    held[OVERLAY]["images"][0]["name"] = "example.test/web"


@mistake(
    OVERLAY,
    "workload/wbe",
    "replicas[wbe].name",
    "write web",
    files(overlay={"replicas": [{"name": "web", "count": 1}]}),
)
def replicas_of_a_workload_that_is_not_there(held: Files) -> None:
    held[OVERLAY]["replicas"][0]["name"] = "wbe"


COPY = {
    "source": {"kind": "ConfigMap", "name": "settings", "fieldPath": "data.COLOUR"},
    "targets": [
        {"select": {"kind": "Deployment"}, "fieldPaths": ["metadata.annotations.colour"], "options": {"create": True}}
    ],
}


@mistake(
    OVERLAY,
    "Deploymnt/*",
    "replacements[0].targets[0].select",
    "write kind: Deployment",
    files(overlay={"replacements": [COPY]}),
)
def a_replacement_into_nothing(held: Files) -> None:
    held[OVERLAY]["replacements"][0]["targets"][0]["select"]["kind"] = "Deploymnt"


@mistake(
    OVERLAY, "ConfigMap/setings", "replacements[0].source", "write settings", files(overlay={"replacements": [COPY]})
)
def a_replacement_from_nothing(held: Files) -> None:
    held[OVERLAY]["replacements"][0]["source"]["name"] = "setings"


GENERATED = files(
    namespace="shop",
    configMapGenerator=[{"name": "tunables", "literals": ["SPEED=1"]}],
    overlay={"configMapGenerator": [{"name": "tunables", "behavior": "merge", "literals": ["SPEED=2"]}]},
)


@mistake(OVERLAY, "ConfigMap/tunabels", "configMapGenerator[tunabels].behavior", "write tunables", GENERATED)
def a_generator_that_merges_into_nothing(held: Files) -> None:
    held[OVERLAY]["configMapGenerator"][0]["name"] = "tunabels"


@mistake(OVERLAY, "ConfigMap/tunables", "configMapGenerator[tunables].behavior", "write behavior: merge", GENERATED)
def a_generator_that_makes_what_is_there(held: Files) -> None:
    del held[OVERLAY]["configMapGenerator"][0]["behavior"]


PLUGIN = {
    "apiVersion": "builtin",
    "kind": "PatchTransformer",
    "metadata": {"name": "slow"},
    **patching(kind="Deployment"),
}


@mistake(
    "overlay/slow/slow.yaml",
    "StatefulSet/*",
    "target",
    "correct the kind",
    files(overlay={"transformers": ["slow"]})
    | {"overlay/slow/kustomization.yaml": {"resources": ["slow.yaml"]}, "overlay/slow/slow.yaml": PLUGIN},
)
def a_transformer_that_transforms_nothing(held: Files) -> None:
    held["overlay/slow/slow.yaml"]["target"]["kind"] = "StatefulSet"


@mistake(
    OVERLAY,
    "Kustomization/overlay",
    "patchs",
    "write patches",
    files(overlay={"patches": [patching(kind="Deployment")]}),
)
def a_field_that_kustomizations_do_not_have(held: Files) -> None:
    held[OVERLAY]["patchs"] = held[OVERLAY].pop("patches")


@mistake(BASE, "ConfigMap/settings", "resources[2]", "keep one")
def an_object_in_two_files(held: Files) -> None:
    held[BASE]["resources"].append("again.yaml")
    held["base/again.yaml"] = configmap("settings", {"COLOUR": "blue"})


EXCLUDING = {
    "apiVersion": "kustomize.config.k8s.io/v1alpha1",
    "kind": "Component",
    "metadata": {"annotations": {"excludes/second": "both colour"}},
    "commonAnnotations": {"first": "yes"},
}
SECOND = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "commonAnnotations": {"second": "yes"}}


@mistake(
    OVERLAY,
    "Component/first",
    "components",
    "keep one",
    files(overlay={"components": ["../first"]})
    | {"first/kustomization.yaml": EXCLUDING, "second/kustomization.yaml": SECOND},
)
def two_components_that_exclude_each_other(held: Files) -> None:
    held[OVERLAY]["components"].append("../second")


# Schemas


@mistake("web/Service.web.yaml", "Service/web", "spec.ports[http].targetport", "write targetPort")
def a_field_that_is_misspelt(held: Files) -> None:
    port = named(held, "Service", "base/web.yaml")["spec"]["ports"][0]
    port["targetPort"], port["targetport"] = 8080, port["targetPort"]


@mistake(
    "web/Deployment.web.yaml",
    "Deployment/web",
    "spec.template.spec.containers[web].env[DEBUG].value",
    "quote it",
    {**files(), "base/web.yaml": [deployment(env=[{"name": "DEBUG", "value": "1"}]), service()]},
)
def a_number_where_a_text_belongs(held: Files) -> None:
    held["base/web.yaml"][0]["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = 1


@mistake("web/Deployment.web.yaml", "Deployment/web", "spec.minReadySeconds", "without quotes")
def a_text_where_a_number_belongs(held: Files) -> None:
    held["base/web.yaml"][0]["spec"]["minReadySeconds"] = "10"


@mistake(
    "web/Role.reader.yaml",
    "Role/reader",
    "rules[0].verbs",
    "set it",
    files(
        of(
            "rbac.authorization.k8s.io/v1",
            "Role",
            "reader",
            rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        )
    ),
)
def a_field_that_is_required_and_missing(held: Files) -> None:
    del named(held, "Role")["rules"][0]["verbs"]


FLOW = of(
    "flowcontrol.apiserver.k8s.io/v1", "FlowSchema", "calm", spec={"priorityLevelConfiguration": {"name": "exempt"}}
)
del FLOW["metadata"]["namespace"]


@mistake(
    "web/FlowSchema.calm.yaml",
    "FlowSchema/calm",
    "apiVersion",
    "write flowcontrol.apiserver.k8s.io/v1 (1.32 and later)",
    files(FLOW),
)
def a_version_of_an_api_that_is_gone_since_1_32(held: Files) -> None:
    named(held, "FlowSchema")["apiVersion"] = "flowcontrol.apiserver.k8s.io/v1beta3"


@mistake(
    "web/Deployment.web.yaml",
    "Deployment/web",
    "spec.template.spec.containers[web].lifecycle.stopSignal",
    "1.33 and later only (1.30 to 1.32)",
    {**files(), "base/web.yaml": [deployment(lifecycle={"preStop": {"sleep": {"seconds": 5}}}), service()]},
)
def a_field_that_only_newer_versions_know(held: Files) -> None:
    held["base/web.yaml"][0]["spec"]["template"]["spec"]["containers"][0]["lifecycle"]["stopSignal"] = "SIGINT"


@mistake("api/Deploymnt.api.yaml", "Deploymnt/api", "kind", "write Deployment", files(deployment("api")))
def a_kind_that_is_misspelt(held: Files) -> None:
    named(held, "Deployment")["kind"] = "Deploymnt"


@mistake("web/Rocket.apollo.yaml", "Rocket/apollo", "kind", "--crds")
def a_custom_resource_without_its_definition(held: Files) -> None:
    held["base/more.yaml"].append(of("space.test/v1", "Rocket", "apollo", spec={"stages": 3}))


def scaled(**fields: Any) -> dict[str, Any]:
    trigger = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}}
    spec = {
        "scaleTargetRef": {"name": "web"},
        "maxReplicaCount": 1,
        "minReplicaCount": 1,
        "triggers": [trigger],
        **fields,
    }
    return of("keda.sh/v1alpha1", "ScaledObject", "web", spec=spec)


@mistake(
    "web/ScaledObject.web.yaml",
    "ScaledObject/web",
    "spec.pollingIntervall",
    "write pollingInterval",
    files(scaled(pollingInterval=30)),
)
def a_field_of_a_custom_resource_that_is_misspelt(held: Files) -> None:
    spec = named(held, "ScaledObject")["spec"]
    spec["pollingIntervall"] = spec.pop("pollingInterval")


# References


def reading(**source: Any) -> Files:
    return {**files(), "base/web.yaml": [deployment(env=[{"name": "COLOUR", "valueFrom": source}]), service()]}


@mistake(
    "web/Deployment.web.yaml",
    "Deployment/web",
    "containers[web].env[COLOUR].valueFrom.configMapKeyRef.key",
    "add it",
    reading(configMapKeyRef={"name": "settings", "key": "COLOUR"}),
)
def a_key_that_a_configmap_has_not(held: Files) -> None:
    named(held, "ConfigMap")["data"] = {"COLOR": "red"}


@mistake(
    "web/Deployment.web.yaml",
    "Deployment/web",
    "env[COLOUR].valueFrom.secretKeyRef",
    "add it",
    {
        **reading(secretKeyRef={"name": "keys", "key": "COLOUR"}),
        "base/more.yaml": [of("v1", "Secret", "keys", stringData={"COLOUR": "red"}), configmap("settings", {})],
    },
)
def a_secret_that_is_not_there(held: Files) -> None:
    named(held, "Secret")["metadata"]["name"] = "other"


@mistake(
    "web/Deployment.web.yaml",
    "Deployment/web",
    "spec.serviceAccountName",
    "add it",
    {
        **files(of("v1", "ServiceAccount", "web")),
        "base/web.yaml": [deployment(pod={"serviceAccountName": "web"}), service()],
    },
)
def a_service_account_that_is_not_there(held: Files) -> None:
    named(held, "ServiceAccount")["metadata"]["name"] = "web2"


CLAIM = of(
    "v1",
    "PersistentVolumeClaim",
    "data",
    spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
)
VOLUME = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
CLAIMING = {**files(CLAIM), "base/web.yaml": [deployment(pod=VOLUME), service()]}


@mistake(
    "web/Deployment.web.yaml", "Deployment/web", "volumes[data].persistentVolumeClaim.claimName", "add it", CLAIMING
)
def a_claim_that_is_not_there(held: Files) -> None:
    named(held, "PersistentVolumeClaim")["metadata"]["name"] = "date"


BUDGET = of(
    "policy/v1",
    "PodDisruptionBudget",
    "web",
    spec={"selector": {"matchLabels": small.labels("web")}, "maxUnavailable": 1},
)


@mistake(
    "web/Deployment.web.yaml",
    "Deployment/web",
    "volumes[data].persistentVolumeClaim.claimName",
    "run one",
    {**CLAIMING, "base/more.yaml": [CLAIM, BUDGET]},
)
def a_claim_for_one_node_under_two_replicas(held: Files) -> None:
    named(held, "Deployment", "base/web.yaml")["spec"]["replicas"] = 2


@mistake("web/Service.web.yaml", "Service/web", "spec.ports[http].targetPort", "name one of its ports")
def a_port_of_a_service_that_no_pod_has(held: Files) -> None:
    named(held, "Service", "base/web.yaml")["spec"]["ports"][0]["targetPort"] = "grpc"


@mistake(
    "api/Service.api.yaml", "Service/api", "spec.selector", "select the pods", files(deployment("api"), service("api"))
)
def a_service_that_selects_no_pods(held: Files) -> None:
    named(held, "Service")["spec"]["selector"] = small.labels("apii")


INGRESS = of(
    "networking.k8s.io/v1",
    "Ingress",
    "web",
    spec={"defaultBackend": {"service": {"name": "web", "port": {"name": "http"}}}},
)


@mistake("web/Ingress.web.yaml", "Ingress/web", "spec.defaultBackend.service.name", "add it", files(INGRESS))
def an_ingress_to_nowhere(held: Files) -> None:
    named(held, "Ingress")["spec"]["defaultBackend"]["service"]["name"] = "wep"


GATEWAY = of(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    "edge",
    spec={"gatewayClassName": "own", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
)
CLASS = of("gateway.networking.k8s.io/v1", "GatewayClass", "own", spec={"controllerName": "own.test/gateway"})
ROUTE = of(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "web",
    spec={
        "parentRefs": [{"name": "edge", "sectionName": "http"}],
        "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
    },
)
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "annotations": {"provided-outside/gatewayclass.own": "the implementation"}},
}
ROUTED = files(GATEWAY, ROUTE, NAMESPACE)


@mistake("web/HTTPRoute.web.yaml", "HTTPRoute/web", "spec.rules[0].backendRefs[wep].name", "add it", ROUTED)
def a_route_to_a_service_that_is_not_there(held: Files) -> None:
    named(held, "HTTPRoute")["spec"]["rules"][0]["backendRefs"][0]["name"] = "wep"


@mistake("web/HTTPRoute.web.yaml", "HTTPRoute/web", "spec.rules[0].backendRefs[web].port", "write one of 80", ROUTED)
def a_route_to_a_port_that_the_service_has_not(held: Files) -> None:
    named(held, "HTTPRoute")["spec"]["rules"][0]["backendRefs"][0]["port"] = 8080


@mistake("web/HTTPRoute.web.yaml", "HTTPRoute/web", "spec.parentRefs[edge].sectionName", "name one of http", ROUTED)
def a_route_at_a_listener_that_the_gateway_has_not(held: Files) -> None:
    named(held, "HTTPRoute")["spec"]["parentRefs"][0]["sectionName"] = "https"


@mistake(
    "web/HorizontalPodAutoscaler.web.yaml",
    "HorizontalPodAutoscaler/web",
    "spec.scaleTargetRef.name",
    "add it",
    files(
        of(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "web",
            spec={"maxReplicas": 1, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
        )
    ),
)
def an_autoscaler_of_nothing(held: Files) -> None:
    named(held, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] = "wep"


BINDING = of(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    "readers",
    roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
    subjects=[{"kind": "Group", "name": "readers"}],
)
ROLE = of(
    "rbac.authorization.k8s.io/v1",
    "Role",
    "reader",
    rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
)


@mistake("web/RoleBinding.readers.yaml", "RoleBinding/readers", "roleRef.name", "add it", files(BINDING, ROLE))
def a_binding_to_a_role_that_is_not_there(held: Files) -> None:
    named(held, "RoleBinding")["roleRef"]["name"] = "raeder"


SCRAPE = """
scrape_configs:
- job_name: web
  kubernetes_sd_configs:
  - role: pod
    namespaces: {own_namespace: true}
    selectors: [{role: pod, label: app.kubernetes.io/name=web}]
  relabel_configs:
  - {source_labels: [__meta_kubernetes_pod_container_port_name], regex: http, action: keep}
"""


@mistake(
    "web/ConfigMap.scrape.yaml",
    "ConfigMap/scrape",
    "data[web.yml].scrape_configs[web].relabel_configs",
    "name a port",
    files(configmap("scrape", {"web.yml": SCRAPE})),
)
def a_scrape_of_a_port_that_no_pod_has(held: Files) -> None:
    held["base/more.yaml"][1]["data"]["web.yml"] = SCRAPE.replace("regex: http", "regex: metrics")


@mistake(
    "web/ConfigMap.scrape.yaml",
    "ConfigMap/scrape",
    "data[web.yml].scrape_configs[web].kubernetes_sd_configs",
    "correct it",
    files(configmap("scrape", {"web.yml": SCRAPE})),
)
def a_scrape_of_pods_that_are_not_there(held: Files) -> None:
    held["base/more.yaml"][1]["data"]["web.yml"] = SCRAPE.replace("name=web", "name=wep")


# Clusters of members

LAG: dict[str, Any] = {
    "type": "kafka",
    "metadata": {"bootstrapServers": "kafka.shop.svc:80", "topic": "orders", "consumerGroup": "web"},
}


def kafka(replicas: int = 3, **settings: str) -> list[dict[str, Any]]:
    held = {
        "KAFKA_ZOOKEEPER_CONNECT": "zookeeper-0.zookeeper:80",
        "KAFKA_DEFAULT_REPLICATION_FACTOR": "3",
        "KAFKA_MIN_INSYNC_REPLICAS": "2",
        **settings,
    }
    return [
        *stateful("kafka", replicas, "example.test/kafka:v1", envFrom=[{"configMapRef": {"name": "kafka"}}]),
        {**configmap("kafka", held), "metadata": small.metadata("kafka", "kafka")},
    ]


def zookeeper(replicas: int = 3, listed: int = 3) -> list[dict[str, Any]]:
    servers = ";".join(f"zookeeper-{index}.zookeeper:2888:3888" for index in range(listed))
    return stateful(
        "zookeeper", replicas, "example.test/zookeeper:v1", env=[{"name": "ZOOKEEPER_SERVERS", "value": servers}]
    )


def topic(partitions: int = 6, copies: int = 3) -> dict[str, Any]:
    return configmap(
        "topics", {"topics": f"# what there is to read\norders {partitions} {copies} min.insync.replicas=2\n"}
    )


QUEUED = {"triggers": [LAG], "maxReplicaCount": 4}
CLUSTER = files(*zookeeper(), *kafka(), topic(), scaled(**QUEUED), BUDGET)


def replaced(*objects: dict[str, Any]) -> Callable[[Files], None]:
    """Puts objects in the place of those with their kind and name."""

    def make(held: Files) -> None:
        new = {(each["kind"], each["metadata"]["name"]): each for each in objects}
        held["base/more.yaml"] = [
            new.get((each["kind"], each["metadata"]["name"]), each) for each in held["base/more.yaml"]
        ]

    return make


@mistake(
    "zookeeper/StatefulSet.zookeeper.yaml",
    "StatefulSet/zookeeper",
    "env[ZOOKEEPER_SERVERS].value",
    "list zookeeper-0, zookeeper-1, zookeeper-2",
    CLUSTER,
)
def an_ensemble_that_lists_fewer_than_its_members(held: Files) -> None:
    replaced(*zookeeper(listed=1))(held)


@mistake("zookeeper/StatefulSet.zookeeper.yaml", "StatefulSet/zookeeper", "spec.replicas", "set 3 or 5", CLUSTER)
def an_even_ensemble(held: Files) -> None:
    replaced(*zookeeper(4, 4))(held)


@mistake(
    "kafka/ConfigMap.kafka.yaml", "ConfigMap/kafka", "data[KAFKA_ZOOKEEPER_CONNECT]", "name of zookeeper-0", CLUSTER
)
def a_broker_that_looks_for_a_member_that_is_not_there(held: Files) -> None:
    replaced(*kafka(KAFKA_ZOOKEEPER_CONNECT="zookeeper-3.zookeeper:80"))(held)


@mistake(
    "kafka/ConfigMap.kafka.yaml", "ConfigMap/kafka", "data[KAFKA_DEFAULT_REPLICATION_FACTOR]", "set 3 or fewer", CLUSTER
)
def more_copies_than_brokers(held: Files) -> None:
    replaced(*kafka(KAFKA_DEFAULT_REPLICATION_FACTOR="5"))(held)


@mistake("kafka/ConfigMap.kafka.yaml", "ConfigMap/kafka", "data[KAFKA_MIN_INSYNC_REPLICAS]", "set 2", CLUSTER)
def writes_that_stop_with_one_broker(held: Files) -> None:
    replaced(*kafka(KAFKA_MIN_INSYNC_REPLICAS="3"))(held)


@mistake("web/ConfigMap.topics.yaml", "ConfigMap/topics", "data[topics].orders", "write 3 or fewer", CLUSTER)
def a_topic_with_more_copies_than_brokers(held: Files) -> None:
    replaced(topic(copies=5))(held)


@mistake(
    "web/ScaledObject.web.yaml", "ScaledObject/web", "spec.triggers[0].metadata.topic", "raise the partitions", CLUSTER
)
def more_consumers_than_partitions(held: Files) -> None:
    replaced(topic(partitions=3))(held)


@mistake(
    "web/ScaledObject.web.yaml",
    "ScaledObject/web",
    "spec.triggers[0].metadata.bootstrapServers",
    "write one of its ports",
    CLUSTER,
)
def a_trigger_that_asks_a_port_that_is_not_there(held: Files) -> None:
    other = {**LAG, "metadata": {**LAG["metadata"], "bootstrapServers": "kafka.shop.svc:9092"}}
    replaced(scaled(**{**QUEUED, "triggers": [other]}))(held)


# Releases


def released(address: str = "http://metrics.shop.svc:80", **strategy: Any) -> list[dict[str, Any]]:
    """A Rollout of web's pods, watched at the Service metrics."""
    query = 'sum(rate(errors_total{pod=~"web-{{args.new}}-.+"}[2m]))'
    metric = {"name": "errors", "provider": {"prometheus": {"address": address, "query": query}}}
    after = {"templates": [{"templateName": "watch"}], "args": [{"name": "new", "value": "abc"}], **strategy}
    switch = {"activeService": "web", "previewService": "web-preview", "postPromotionAnalysis": after}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": "never"}
    spec = {"replicas": 1, "workloadRef": reference, "strategy": {"blueGreen": switch}}
    return [
        {**service(), "metadata": small.metadata("web-preview")},
        {**service(), "metadata": small.metadata("metrics")},
        of("argoproj.io/v1alpha1", "Rollout", "web", spec=spec),
        of("argoproj.io/v1alpha1", "AnalysisTemplate", "watch", spec={"args": [{"name": "new"}], "metrics": [metric]}),
    ]


RELEASED = files(*released())
RELEASED["base/web.yaml"][0]["spec"]["replicas"] = 0


@mistake("web/Deployment.web.yaml", "Deployment/web", "spec.replicas", "set 0", RELEASED)
def a_count_that_starts_a_second_set_of_pods(held: Files) -> None:
    held[OVERLAY]["replicas"] = [{"name": "web", "count": 3}]


@mistake("web/Rollout.web.yaml", "Rollout/web", "blueGreen.postPromotionAnalysis.args", "give it", RELEASED)
def an_argument_that_nobody_gives(held: Files) -> None:
    replaced(*released(args=[{"name": "old", "value": "abc"}]))(held)


@mistake("web/AnalysisTemplate.watch.yaml", "AnalysisTemplate/watch", "spec.args", "list it", RELEASED)
def an_argument_that_a_template_does_not_take(held: Files) -> None:
    del named(held, "AnalysisTemplate")["spec"]["args"]


@mistake(
    "web/AnalysisTemplate.watch.yaml", "AnalysisTemplate/watch", "prometheus.address", "one of its ports", RELEASED
)
def an_analysis_that_asks_a_port_that_is_not_there(held: Files) -> None:
    replaced(*released("http://metrics.shop.svc:9090"))(held)


@mistake("web/Rollout.web.yaml", "Rollout/web", "blueGreen.previewService", "add it", RELEASED)
def a_new_copy_without_a_service(held: Files) -> None:
    named(held, "Rollout")["spec"]["strategy"]["blueGreen"]["previewService"] = "web-previw"


@mistake("web/Rollout.web.yaml", "Rollout/web", "workloadRef.name", "add it", RELEASED)
def a_rollout_of_nothing(held: Files) -> None:
    named(held, "Rollout")["spec"]["workloadRef"]["name"] = "wep"


@pytest.mark.parametrize("name", MISTAKES)
def test_one_line_names_file_object_field_and_remedy(name: str, tmp_path: Path) -> None:
    made = MISTAKES[name]
    wrong = deepcopy(made.right)
    made.make(wrong)
    code, lines = small.check(small.write(tmp_path, wrong) / "overlay")
    assert (code, len(lines)) == (1, 1), lines
    file, rest = lines[0].removeprefix(f"{tmp_path / 'overlay'}: ").split(": ", 1)
    assert (file, rest.split(" ")[0]) == (made.file, made.object)
    assert f"{made.field}: " in rest
    assert made.remedy in rest.rpartition("; ")[2]


RIGHT = {str(list(made.right.values())): name for name, made in MISTAKES.items()}


@pytest.mark.parametrize("name", sorted(RIGHT.values()))
def test_without_the_mistake_there_is_no_line(name: str, tmp_path: Path) -> None:
    assert small.check(small.write(tmp_path, MISTAKES[name].right) / "overlay") == (0, [])


def test_idle_consumers_that_are_wanted_are_no_mistake(tmp_path: Path) -> None:
    idle = {**LAG, "metadata": {**LAG["metadata"], "allowIdleConsumers": "true"}}
    held = deepcopy(CLUSTER)
    replaced(topic(partitions=3), scaled(**{**QUEUED, "triggers": [idle]}))(held)
    assert small.check(small.write(tmp_path, held) / "overlay") == (0, [])
