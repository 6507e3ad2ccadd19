"""The chart of one workload: all its objects, as its value asks."""

from constructs import Construct

from charts.constructs import config
from charts.constructs.access import Account
from charts.constructs.controllers import Controller
from charts.constructs.disruption import Budget
from charts.constructs.network import Policy, ServedPorts
from charts.constructs.scaling import Autoscaler
from charts.constructs.storage import Claims
from charts.folder import Folder, Generated
from charts.model import Platform, Replicas, Stateful, Workload


class WorkloadChart(Folder):
    """The workload's folder."""

    def __init__(self, scope: Construct, workload: Workload, platform: Platform) -> None:
        super().__init__(scope, workload.name, platform)
        compose(self, workload, platform)


def compose(folder: Folder, workload: Workload, platform: Platform) -> None:
    """Puts the workload's objects and configuration into a folder."""
    Account(folder, workload)
    Claims(folder, workload)
    Controller(folder, workload, platform)
    if "host-network" not in workload.exceptions:  # a policy has no effect on a pod at its node's address
        Policy(folder, workload, platform)
    if workload.serves:
        ServedPorts(folder, workload)
    match workload.run:
        case Replicas(autoscale=autoscale) as run if autoscale and workload.autoscaled:
            Autoscaler(folder, workload, run, autoscale)
    if isinstance(workload.run, Replicas | Stateful) and workload.run.maximum > 1:
        Budget(folder, workload)
    for name, files in config.maps(workload, platform).items():
        folder.maps.append(Generated(name=name, files=files, namespace=workload.namespace))
