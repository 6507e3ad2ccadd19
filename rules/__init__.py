"""What must hold of a set of Kubernetes objects: each rule takes the objects and yields complaints, one line each.

A complaint names the object, the field, what is wrong and what to do. `rules.providing` says how to declare what is
provided outside the objects, `rules.security` how a pod states an exception.
"""

from collections.abc import Mapping, Sequence

from rules import (
    configuration,
    disruption,
    images,
    names,
    probes,
    references,
    resources,
    scaling,
    secrets,
    security,
    selectors,
    services,
    storage,
)
from rules.reading import Manifest, Rule

__all__ = ["RULES", "Manifest", "Rule", "complaints"]

RULES: tuple[Rule, ...] = (
    images.images_are_pinned,
    security.containers_refuse_root,
    security.users_are_numbers_above_zero,
    security.groups_are_set,
    security.capabilities_are_dropped,
    security.no_capabilities_are_added,
    security.containers_are_unprivileged,
    security.privileges_do_not_grow,
    security.system_calls_are_filtered,
    security.root_filesystems_are_read_only,
    security.host_network_is_not_shared,
    security.host_processes_are_not_shared,
    security.host_memory_is_not_shared,
    security.host_files_are_not_mounted,
    security.host_ports_are_not_taken,
    security.tokens_are_mounted_where_they_are_used,
    security.exceptions_excuse_something,
    resources.requests_and_limits_are_set,
    resources.requests_stay_within_limits,
    probes.serving_containers_have_probes,
    probes.probed_ports_exist,
    probes.grace_covers_the_sleep_before_the_end,
    selectors.selectors_match_their_own_pods,
    selectors.selectors_match_no_other_pods,
    selectors.services_select_one_workload,
    selectors.budgets_select_one_workload,
    selectors.policies_select_pods,
    selectors.policy_peers_are_pods,
    services.target_ports_exist,
    services.services_without_selector_have_endpoints,
    services.pods_get_no_service_variables,
    configuration.configmap_keys_are_provided,
    configuration.secret_keys_are_provided,
    configuration.tls_secrets_are_provided,
    configuration.mounted_files_exist,
    configuration.mounted_volumes_exist,
    references.service_accounts_exist,
    references.priority_classes_exist,
    references.claims_exist,
    references.storage_classes_exist,
    references.ingress_classes_exist,
    references.ingress_backends_exist,
    references.ingress_ports_exist,
    references.stateful_sets_have_a_headless_service,
    references.scale_targets_exist,
    references.bound_roles_exist,
    references.bound_accounts_exist,
    references.trigger_authentications_exist,
    references.secret_stores_exist,
    references.issuers_exist,
    references.rollouts_name_what_exists,
    scaling.scaled_workloads_leave_replicas_out,
    scaling.referred_workloads_run_nothing,
    scaling.workloads_have_one_scaler,
    scaling.scale_targets_have_their_api,
    scaling.scaled_resources_are_requested,
    disruption.budgets_let_a_node_drain,
    disruption.replicated_workloads_have_a_budget,
    disruption.deployments_roll_without_a_gap,
    storage.single_writer_claims_have_one_pod,
    names.names_are_valid,
    names.names_inside_pods_are_valid,
    names.label_and_annotation_keys_are_valid,
    names.label_values_are_valid,
    names.annotation_values_are_strings,
    names.namespaces_are_named,
    names.objects_occur_once,
    secrets.secrets_hold_no_values,
)


def complaints(objects: Sequence[Manifest], rules: Sequence[Rule] = RULES) -> list[str]:
    """What the rules find wrong with these objects, rule by rule; empty documents count as no object."""
    manifests = [manifest for manifest in objects if isinstance(manifest, Mapping)]
    return [complaint for rule in rules for complaint in rule(manifests)]
