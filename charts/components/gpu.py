"""Devices for the workloads that can use them."""

from constructs import Construct

from charts.folder import Component, Patch, pod_patch
from charts.model import Accelerator, Platform, Workload


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
    return pod_patch(workload, pod)
