"""Replicas that follow the load."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit
from charts.model import Autoscale, Replicas, Workload


def name(workload: Workload) -> str:
    return f"{workload.name}-hpa"


class Autoscaler(Construct):
    """Adds replicas by utilisation of the requested cpu and memory."""

    def __init__(self, scope: Construct, workload: Workload, run: Replicas, autoscale: Autoscale) -> None:
        super().__init__(scope, "autoscaler")
        target = k8s.CrossVersionObjectReferenceV2(api_version="apps/v1", kind="Deployment", name=workload.name)
        spec = k8s.HorizontalPodAutoscalerSpecV2(
            scale_target_ref=target,
            min_replicas=run.count,
            max_replicas=autoscale.maximum,
            metrics=metrics(autoscale),
        )
        emit(self, k8s.KubeHorizontalPodAutoscalerV2, workload, name=name(workload), spec=spec)


def metrics(autoscale: Autoscale) -> list[k8s.MetricSpecV2]:
    """Memory first: the order in which the API server answers, so that a comparison with git settles."""
    percents = {"memory": autoscale.memory, "cpu": autoscale.cpu}
    return [
        k8s.MetricSpecV2(
            type="Resource",
            resource=k8s.ResourceMetricSourceV2(
                name=name, target=k8s.MetricTargetV2(type="Utilization", average_utilization=percent)
            ),
        )
        for name, percent in percents.items()
        if percent is not None
    ]
