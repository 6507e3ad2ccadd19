"""Who may do what at the API server."""

from charts.model import Permission, Person
from tests.platforms import Synth, platform, workload


def test_a_workload_without_permissions_has_a_name_and_no_more(synth: Synth) -> None:
    objects = synth(platform(workload()))
    assert objects["ServiceAccount/web"]["automountServiceAccountToken"] is False
    assert [name for name in objects if name.startswith(("Role", "ClusterRole"))] == []


def test_permissions_are_a_role_that_the_workloads_account_alone_has(synth: Synth) -> None:
    permissions = (
        Permission(resources=("pods",), verbs=("get", "list")),
        Permission(groups=("apps",), resources=("deployments",), verbs=("list",)),
    )
    objects = synth(platform(workload(permissions=permissions), workload("other")))
    assert objects["Role/web"]["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
    ]
    binding = objects["RoleBinding/web"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "web"}]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "web"}
    assert "Role/other" not in objects


def test_a_person_role_is_bound_to_its_group(synth: Synth) -> None:
    person = Person(role="clerk", group="shop-clerks", rules=((("", "apps"), ("pods",), ("get",)),))
    objects = synth(platform(workload(), people=(person,)))
    assert objects["Role/clerk"]["rules"] == [{"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get"]}]
    binding = objects["RoleBinding/clerk"]
    assert binding["roleRef"]["name"] == "clerk"
    [group] = binding["subjects"]
    assert (group["kind"], group["name"]) == ("Group", "shop-clerks")
