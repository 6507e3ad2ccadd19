"""How many pods a node's maintenance may take at a time."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit, number, selector
from charts.model import Workload


class Budget(Construct):
    """Lets a node drain: one pod at a time."""

    def __init__(self, scope: Construct, workload: Workload) -> None:
        super().__init__(scope, "budget")
        emit(self, k8s.KubePodDisruptionBudget, workload, spec=k8s.PodDisruptionBudgetSpec(
            max_unavailable=number(1), selector=selector(workload)))  # fmt: skip
