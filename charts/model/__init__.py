"""The platform as values: frozen, keyword-only, without cdk8s."""

from charts.model.environment import FromPod, Secret, Shared
from charts.model.gitops import Delivery, Gitops
from charts.model.network import Command, Health, Host, Http, Metrics, Outside, Port, Tcp
from charts.model.platform import (
    ContainerBounds,
    Edge,
    EdgeController,
    ModelError,
    Person,
    Platform,
    Quota,
    SecretKeys,
    SecretStore,
    Settings,
)
from charts.model.quantity import Quantity
from charts.model.release import BlueGreen, Watch
from charts.model.resources import Accelerator, Resources
from charts.model.run import Autoscale, Cron, Once, PerNode, QueueLag, Replicas, Stateful
from charts.model.storage import ConfigFiles, HostPath, Persistent, Scratch, SecretFiles, shared_memory
from charts.model.variant import Variant
from charts.model.workload import Identity, Permission, Shutdown, Size, Topic, Workload, writable

__all__ = [
    "Accelerator", "Autoscale", "BlueGreen", "Command", "ConfigFiles", "ContainerBounds", "Cron", "Delivery", "Edge",
    "EdgeController", "FromPod", "Gitops", "Health", "Host", "HostPath", "Http", "Identity", "Metrics", "ModelError",
    "Once", "Outside", "PerNode", "Permission", "Persistent", "Person", "Platform", "Port", "Quantity", "QueueLag",
    "Quota", "Replicas", "Resources", "Scratch", "Secret", "SecretFiles", "SecretKeys", "SecretStore", "Settings",
    "Shared", "Shutdown", "Size", "Stateful", "Tcp", "Topic", "Variant", "Watch", "Workload", "shared_memory",
    "writable",
]  # fmt: skip
