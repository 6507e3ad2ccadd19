"""Every volume on the storage class that each cluster has."""

from typing import Any

from constructs import Construct

from charts.constructs.kube import tags
from charts.constructs.pods import per_pod
from charts.folder import Component, Patch
from charts.foundation import PROVIDED
from charts.model import Persistent, Platform, Workload

STANDARD = "standard"  # the class of kind and minikube


class StandardStorage(Component):
    """standard-storage: every volume on the storage class "standard", which kind and minikube bring."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "standard-storage", platform)
        declared = {f"{PROVIDED}storageclass.{STANDARD}": "kind and minikube"}
        change = {"metadata": {"name": platform.name, "annotations": declared}}
        self.patches.append(Patch(api="v1", kind="Namespace", name=platform.name, change=change))
        for workload in platform.base:
            for volume in persistent(workload):
                if volume.claim and volume.storage_class != STANDARD:
                    spec: dict[str, Any] = {"storageClassName": STANDARD}
                    kind = "PersistentVolumeClaim"
                    self.patches.append(Patch(api="v1", kind=kind, name=volume.claim, change={"spec": spec}))
            templates = [volume for volume in persistent(workload) if per_pod(volume)]
            if any(volume.storage_class != STANDARD for volume in templates):
                spec = {"volumeClaimTemplates": [claim(workload, volume) for volume in templates]}
                patch = Patch(api="apps/v1", kind="StatefulSet", name=workload.name, change={"spec": spec})
                self.patches.append(patch)


def persistent(workload: Workload) -> list[Persistent]:
    return [volume for volume in workload.volumes if isinstance(volume, Persistent)]


def claim(workload: Workload, volume: Persistent) -> dict[str, Any]:
    """The whole template: kustomize replaces the list of them, it does not merge it."""
    return {
        "metadata": {"name": volume.name, "labels": tags(workload)},
        "spec": {
            "accessModes": [volume.access],
            "resources": {"requests": {"storage": volume.size}},
            "storageClassName": STANDARD,
        },
    }
