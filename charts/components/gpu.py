"""Devices for the workloads that can use them."""

from typing import Any

from constructs import Construct

from charts.folder import Component, Patch
from charts.model import Accelerator, Cron, Once, Platform, Stateful, Workload


class Gpu(Component):
    """gpu: workloads with an accelerator run on the nodes that have it; needs its device plugin and labelled nodes.

    Each pod keeps its devices to itself, so an autoscaler's maximum, and one more in a rollout, is what the nodes need.
    """

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "gpu", platform)
        for workload in platform.base:
            if workload.accelerator is not None:
                self.patches.append(accelerated(workload, workload.accelerator))


def accelerated(workload: Workload, accelerator: Accelerator) -> Patch:
    """Asks for the devices, by limit and request, which must be equal, and for nodes with them in spite of their taint.

    kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus
    """
    bounds = ("requests", "limits")
    container = {
        "name": workload.name,
        "resources": {bound: {accelerator.resource: str(accelerator.count)} for bound in bounds},
    }
    pod = {
        "containers": [container],
        "nodeSelector": dict(accelerator.nodes),
        "tolerations": [{"key": accelerator.resource, "operator": "Exists", "effect": "NoSchedule"}],
    }
    template: dict[str, Any] = {"template": {"spec": pod}}
    api, kind, spec = "apps/v1", "Deployment", template
    match workload.run:
        case Stateful():
            kind = "StatefulSet"
        case Once():
            api, kind = "batch/v1", "Job"
        case Cron():
            api, kind, spec = "batch/v1", "CronJob", {"jobTemplate": {"spec": template}}
    return Patch(api=api, kind=kind, name=workload.name, change={"spec": spec})
