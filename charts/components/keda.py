"""Scaling on queue lag, by KEDA."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit, selector
from charts.constructs.network import policy_port
from charts.folder import Component, Patch
from charts.model import Platform, Port, Replicas, Workload
from imports.sh.keda import (
    ScaledObject,
    ScaledObjectSpec,
    ScaledObjectSpecFallback,
    ScaledObjectSpecScaleTargetRef,
    ScaledObjectSpecTriggers,
)

OPERATOR = "keda"  # namespace of KEDA's operator in its own manifests and chart


class Keda(Component):
    """keda: replicas follow the consumers' lag; needs KEDA."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "keda", platform)
        for workload in platform.base:
            if workload.lag and isinstance(workload.run, Replicas):
                emit(self, ScaledObject, workload, spec=scaled(workload, workload.run, platform))
                change = {"spec": {"replicas": None}}
                self.patches.append(Patch(api="apps/v1", kind="Deployment", name=workload.name, change=change))
        for broker in brokers(platform):
            Asked(self, broker)


class Asked(Construct):
    """Admits KEDA's operator to the brokers, where it reads the lag."""

    def __init__(self, scope: Construct, broker: Workload) -> None:
        super().__init__(scope, f"asked-{broker.name}")
        operator = k8s.NetworkPolicyPeer(
            namespace_selector=k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": OPERATOR}),
            pod_selector=k8s.LabelSelector(match_labels={"app": "keda-operator"}),
        )
        admitted = k8s.NetworkPolicyIngressRule(from_=[operator], ports=[policy_port(bootstrap(broker))])
        emit(self, k8s.KubeNetworkPolicy, broker, name=f"{broker.name}-from-keda", spec=k8s.NetworkPolicySpec(
            pod_selector=selector(broker), policy_types=["Ingress"], ingress=[admitted]))  # fmt: skip


def scaled(workload: Workload, run: Replicas, platform: Platform) -> ScaledObjectSpec:
    """Between the base's count and its maximum; at the count where the lag cannot be read."""
    lag, autoscale = workload.lag, run.autoscale
    if lag is None or autoscale is None:
        raise ValueError(f"{workload.name}.run.autoscale.lag: the workload does not scale on a queue")
    broker = next(broker for broker in brokers(platform) if lag.topic in {topic.name for topic in broker.topics})
    return ScaledObjectSpec(
        scale_target_ref=ScaledObjectSpecScaleTargetRef(name=workload.name),
        min_replica_count=run.count,
        max_replica_count=autoscale.maximum,
        fallback=ScaledObjectSpecFallback(failure_threshold=3, replicas=run.count),
        triggers=[
            ScaledObjectSpecTriggers(
                type="kafka",
                metadata={
                    "bootstrapServers": f"{broker.name}.{platform.name}.svc:{bootstrap(broker).number}",
                    "consumerGroup": lag.group,
                    "topic": lag.topic,
                    "lagThreshold": str(lag.per_replica),
                    "offsetResetPolicy": "earliest",
                },
            )
        ],
    )


def brokers(platform: Platform) -> list[Workload]:
    return [workload for workload in platform.base if workload.topics]


def bootstrap(broker: Workload) -> Port:
    """The port at which clients ask a broker: its first."""
    return broker.port(None)
