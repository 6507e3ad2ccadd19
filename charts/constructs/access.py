"""Who may do what at the API server."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs.kube import emit
from charts.model import Permission, Person, Workload

RBAC = "rbac.authorization.k8s.io"


class Account(Construct):
    """The identity of a workload's pods; without permissions it is a name and no more."""

    def __init__(self, scope: Construct, workload: Workload) -> None:
        super().__init__(scope, "account")
        emit(self, k8s.KubeServiceAccount, workload, automount_service_account_token=False)
        if workload.permissions:
            emit(self, k8s.KubeRole, workload, rules=[rule(permission) for permission in workload.permissions])
            emit(
                self,
                k8s.KubeRoleBinding,
                workload,
                role_ref=k8s.RoleRef(api_group=RBAC, kind="Role", name=workload.name),
                subjects=[k8s.Subject(kind="ServiceAccount", name=workload.name)],
            )


class People(Construct):
    """A role of persons and the group that has it."""

    def __init__(self, scope: Construct, person: Person, folder: str) -> None:
        super().__init__(scope, person.role)
        rules = [k8s.PolicyRule(api_groups=list(g), resources=list(r), verbs=list(v)) for g, r, v in person.rules]
        emit(self, k8s.KubeRole, folder, name=person.role, rules=rules)
        emit(
            self,
            k8s.KubeRoleBinding,
            folder,
            name=person.role,
            role_ref=k8s.RoleRef(api_group=RBAC, kind="Role", name=person.role),
            subjects=[k8s.Subject(api_group=RBAC, kind="Group", name=person.group)],
        )


def rule(permission: Permission) -> k8s.PolicyRule:
    return k8s.PolicyRule(
        api_groups=list(permission.groups), resources=list(permission.resources), verbs=list(permission.verbs)
    )
