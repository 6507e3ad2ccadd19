"""Releases that start as a whole second copy and get the traffic when they have proved themselves, by Argo Rollouts."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.components import analysis
from charts.constructs import scaling
from charts.constructs.controllers import OLD_TEMPLATES
from charts.constructs.kube import emit, selector
from charts.constructs.network import in_namespace, policy_port, service_port
from charts.folder import Component, Patch, pod_patch
from charts.model import BlueGreen as Release
from charts.model import Platform, Replicas, Workload
from charts.model.names import NAME
from imports.io.argoproj import (
    Rollout,
    RolloutSpec,
    RolloutSpecStrategy,
    RolloutSpecStrategyBlueGreen,
    RolloutSpecStrategyBlueGreenPostPromotionAnalysis,
    RolloutSpecStrategyBlueGreenPostPromotionAnalysisArgs,
    RolloutSpecStrategyBlueGreenPostPromotionAnalysisArgsValueFrom,
    RolloutSpecStrategyBlueGreenPostPromotionAnalysisTemplates,
    RolloutSpecStrategyBlueGreenPrePromotionAnalysis,
    RolloutSpecStrategyBlueGreenPrePromotionAnalysisTemplates,
    RolloutSpecWorkloadRef,
)

CONTROLLER = "argo-rollouts"  # namespace and label of the controller's pods in its own manifests
API = "argoproj.io/v1alpha1"
MARGIN = 60  # seconds that the old copy stays beyond the longest analysis after the switch
ARRIVES_WITHIN = 300  # seconds, judged: a node is added and pulls the image
ABORTED_STAYS = 30  # seconds until a copy that failed goes: meanwhile every node learns whom the Service means again


class BlueGreen(Component):
    """blue-green: a release is a second copy that is smoke-tested, switched to, watched, and left again if it fails;
    needs Argo Rollouts.

    A Rollout takes its pods from the workload's Deployment, which itself runs none: patches of the Deployment go on
    having their effect, a `replicas:` entry of an overlay for it would start a second set of pods. Over what runs it
    is switched on and off in steps: a plain apply stops the old pods before the new ones are there.
    """

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "blue-green", platform)
        released = [workload for workload in platform.base if workload.release]
        for workload in released:
            if isinstance(workload.run, Replicas) and workload.release:
                Released(self, workload, workload.run, workload.release)
                analysis.Smoke(self, workload, workload.release)
                analysis.Watching(self, workload, workload.release, platform)
                Asked(self, workload)
                self.patches.extend(handed_over(workload))
        if released and platform.scraper:
            Read(self, platform[platform.scraper])


def handed_over(workload: Workload) -> list[Patch]:
    """The Deployment keeps the template and runs nothing; the autoscaler scales the Rollout."""
    found = [pod_patch(workload, {}, replicas=0)]
    if workload.autoscaled:
        target = {"spec": {"scaleTargetRef": {"apiVersion": API, "kind": "Rollout", "name": workload.name}}}
        name = scaling.name(workload)
        found.append(Patch(api="autoscaling/v2", kind="HorizontalPodAutoscaler", name=name, change=target))
    return found


class Released(Construct):
    """The Rollout, and the Service of the new copy; the workload's own Service is the one that is switched."""

    def __init__(self, scope: Construct, workload: Workload, run: Replicas, release: Release) -> None:
        super().__init__(scope, f"released-{workload.name}")
        deployment = RolloutSpecWorkloadRef(
            api_version="apps/v1", kind="Deployment", name=workload.name, scale_down="never"
        )
        emit(self, Rollout, workload, spec=RolloutSpec(
            replicas=None if workload.autoscaled else run.count,
            revision_history_limit=OLD_TEMPLATES,
            workload_ref=deployment,
            progress_deadline_seconds=deadline(workload, release),
            progress_deadline_abort=True,
            strategy=RolloutSpecStrategy(blue_green=strategy(workload, release)),
        ))  # fmt: skip
        ports = [service_port(port) for port in workload.ports]
        emit(self, k8s.KubeService, workload, name=workload.preview, spec=k8s.ServiceSpec(
            selector={NAME: workload.name}, ports=ports))  # fmt: skip


def strategy(workload: Workload, release: Release) -> RolloutSpecStrategyBlueGreen:
    new = RolloutSpecStrategyBlueGreenPostPromotionAnalysisArgs(
        name=analysis.NEW,
        value_from=RolloutSpecStrategyBlueGreenPostPromotionAnalysisArgsValueFrom(pod_template_hash_value="Latest"),
    )
    before = RolloutSpecStrategyBlueGreenPrePromotionAnalysisTemplates(template_name=workload.smoke)
    after = RolloutSpecStrategyBlueGreenPostPromotionAnalysisTemplates(template_name=analysis.watching(workload))
    return RolloutSpecStrategyBlueGreen(
        active_service=workload.name,
        preview_service=workload.preview,
        auto_promotion_enabled=True,
        pre_promotion_analysis=RolloutSpecStrategyBlueGreenPrePromotionAnalysis(templates=[before]),
        post_promotion_analysis=RolloutSpecStrategyBlueGreenPostPromotionAnalysis(templates=[after], args=[new]),
        scale_down_delay_seconds=kept(release),
        scale_down_delay_revision_limit=1,  # of copies that wait to go: the quota holds two copies, not three
        abort_scale_down_delay_seconds=ABORTED_STAYS,
    )


def kept(release: Release) -> int:
    """Seconds that the old copy stays after the switch: were it to go before the analysis ends, that would be
    cancelled, and there would be nothing to go back to."""
    return analysis.watched_at_most(release) + MARGIN


def deadline(workload: Workload, release: Release) -> int:
    """Seconds without progress after which a release is aborted. Neither readiness of the new copy nor a look at its
    figures counts as progress, so it holds the longer of what comes before the switch and what comes after it."""
    starts_within = workload.health.starts_within if workload.health else 0
    return max(ARRIVES_WITHIN + starts_within + analysis.SMOKE_WITHIN + MARGIN, kept(release))


class Asked(Construct):
    """Lets the smoke test ask the pods of both copies, at the port that it asks."""

    def __init__(self, scope: Construct, workload: Workload) -> None:
        super().__init__(scope, f"asked-{workload.name}")
        port, asking = policy_port(workload.port(None)), k8s.LabelSelector(match_labels={NAME: workload.smoke})
        by, to = (k8s.NetworkPolicyPeer(pod_selector=pods) for pods in (asking, selector(workload)))
        emit(self, k8s.KubeNetworkPolicy, workload, name=f"{workload.name}-from-smoke", spec=k8s.NetworkPolicySpec(
            pod_selector=selector(workload),
            policy_types=["Ingress"],
            ingress=[k8s.NetworkPolicyIngressRule(from_=[by], ports=[port])],
        ))  # fmt: skip
        emit(self, k8s.KubeNetworkPolicy, workload, name=workload.smoke, spec=k8s.NetworkPolicySpec(
            pod_selector=asking,
            policy_types=["Egress"],
            egress=[k8s.NetworkPolicyEgressRule(to=[to], ports=[port])],
        ))  # fmt: skip


class Read(Construct):
    """Admits the Rollouts controller to the scraper, whose figures it asks for."""

    def __init__(self, scope: Construct, scraper: Workload) -> None:
        super().__init__(scope, "read")
        controller = k8s.NetworkPolicyPeer(
            namespace_selector=in_namespace(CONTROLLER),
            pod_selector=k8s.LabelSelector(match_labels={NAME: CONTROLLER}),
        )
        admitted = k8s.NetworkPolicyIngressRule(from_=[controller], ports=[policy_port(scraper.port(None))])
        emit(self, k8s.KubeNetworkPolicy, scraper, name=f"{scraper.name}-from-{CONTROLLER}", spec=k8s.NetworkPolicySpec(
            pod_selector=selector(scraper), policy_types=["Ingress"], ingress=[admitted]))  # fmt: skip
