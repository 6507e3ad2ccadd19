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
        for name, files in config.maps(workload, platform).items():
            self.maps.append(Generated(name=name, files=files))


def compose(scope: Construct, workload: Workload, platform: Platform) -> None:
    """Makes the workload's objects."""
    Account(scope, workload)
    Claims(scope, workload)
    Controller(scope, workload, platform)
    if not workload.at_node:  # a policy has no effect there
        Policy(scope, workload, platform)
    if workload.named:
        ServedPorts(scope, workload)
    match workload.run:
        case Replicas(autoscale=autoscale) as run if autoscale and workload.autoscaled:
            Autoscaler(scope, workload, run, autoscale)
    if isinstance(workload.run, Replicas | Stateful) and workload.run.maximum > 1:
        Budget(scope, workload)
