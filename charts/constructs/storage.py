"""Volumes that outlive their pods."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit, quantity, tags
from charts.constructs.pods import per_pod
from charts.model import Persistent, Workload


class Claims(Construct):
    """The claims that a workload names; a StatefulSet makes the others from its `templates`."""

    def __init__(self, scope: Construct, workload: Workload) -> None:
        super().__init__(scope, "claims")
        for volume in workload.volumes:
            if isinstance(volume, Persistent) and volume.claim is not None:
                emit(self, k8s.KubePersistentVolumeClaim, workload, name=volume.claim, spec=claim(volume))


def templates(workload: Workload) -> list[k8s.KubePersistentVolumeClaimProps]:
    """One claim per pod and volume."""
    return [
        k8s.KubePersistentVolumeClaimProps(
            metadata=k8s.ObjectMeta(name=volume.name, labels=tags(workload)), spec=claim(volume)
        )
        for volume in workload.volumes
        if isinstance(volume, Persistent) and per_pod(volume)
    ]


def claim(volume: Persistent) -> k8s.PersistentVolumeClaimSpec:
    return k8s.PersistentVolumeClaimSpec(
        access_modes=[volume.access],
        storage_class_name=volume.storage_class,
        resources=k8s.ResourceRequirements(requests={"storage": quantity(volume.size)}),
    )
