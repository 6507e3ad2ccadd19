"""What keeps a workload's pods running: a Deployment, StatefulSet, DaemonSet, Job or CronJob, as its value says."""

from cdk8s_plus_27 import k8s
from constructs import Construct

from charts.constructs import pods, storage
from charts.constructs.kube import emit, number, selector, tags
from charts.model import Cron, Once, PerNode, Platform, Replicas, Stateful, Workload

OLD_TEMPLATES = 3  # ReplicaSets kept to go back to
SURGE = 1  # pods above the count during a rollout: each room in the quota that a rollout needs is one pod


class Controller(Construct):
    """Runs the workload."""

    def __init__(self, scope: Construct, workload: Workload, platform: Platform) -> None:
        super().__init__(scope, "controller")
        template, newer = pods.template(workload, platform), pods.newer_fields(workload)
        match workload.run:
            case Replicas() as run:
                emit(self, k8s.KubeDeployment, workload, newer=newer, spec=deployment(workload, run, template))
            case Stateful() as run:
                emit(self, k8s.KubeStatefulSet, workload, newer=newer, spec=stateful_set(workload, run, template))
            case PerNode():
                emit(
                    self,
                    k8s.KubeDaemonSet,
                    workload,
                    newer=newer,
                    spec=k8s.DaemonSetSpec(
                        selector=selector(workload), template=template, revision_history_limit=OLD_TEMPLATES
                    ),
                )
            case Once() as run:
                emit(self, k8s.KubeJob, workload, spec=job(run, template))
            case Cron() as run:
                emit(self, k8s.KubeCronJob, workload, spec=cron_job(workload, run, template))  # fmt: skip


def deployment(workload: Workload, run: Replicas, template: k8s.PodTemplateSpec) -> k8s.DeploymentSpec:
    """An autoscaler owns the replicas where there is one."""
    return k8s.DeploymentSpec(
        replicas=None if workload.autoscaled else run.count,
        selector=selector(workload),
        revision_history_limit=OLD_TEMPLATES,
        strategy=k8s.DeploymentStrategy(
            type="RollingUpdate",
            rolling_update=k8s.RollingUpdateDeployment(max_surge=number(SURGE), max_unavailable=number(0)),
        ),
        template=template,
    )


def stateful_set(workload: Workload, run: Stateful, template: k8s.PodTemplateSpec) -> k8s.StatefulSetSpec:
    return k8s.StatefulSetSpec(
        replicas=run.count,
        service_name=workload.name,
        selector=selector(workload),
        revision_history_limit=OLD_TEMPLATES,
        pod_management_policy="Parallel" if run.together else "OrderedReady",
        ordinals=k8s.StatefulSetOrdinals(start=run.first) if run.first else None,
        template=template,
        volume_claim_templates=storage.templates(workload) or None,
    )


def job(run: Once | Cron, template: k8s.PodTemplateSpec) -> k8s.JobSpec:
    return k8s.JobSpec(backoff_limit=run.retries, active_deadline_seconds=run.within, template=template)


def cron_job(workload: Workload, run: Cron, template: k8s.PodTemplateSpec) -> k8s.CronJobSpec:
    return k8s.CronJobSpec(
        schedule=run.schedule,
        suspend=True if run.suspended else None,
        time_zone="Etc/UTC",
        concurrency_policy="Forbid",
        successful_jobs_history_limit=1,
        failed_jobs_history_limit=3,
        job_template=k8s.JobTemplateSpec(metadata=k8s.ObjectMeta(labels=tags(workload)), spec=job(run, template)),
    )
