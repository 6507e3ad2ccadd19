"""What decides over a release: AnalysisTemplates that ask the new copy before the switch, and Prometheus after it."""

from typing import Any

from constructs import Construct

from charts.constructs.kube import emit, tags
from charts.model import Platform, Resources, Watch, Workload
from charts.model.release import INTERVAL, PODS, BlueGreen
from imports.io.argoproj import (
    AnalysisTemplate,
    AnalysisTemplateSpec,
    AnalysisTemplateSpecArgs,
    AnalysisTemplateSpecMetrics,
    AnalysisTemplateSpecMetricsConsecutiveErrorLimit,
    AnalysisTemplateSpecMetricsCount,
    AnalysisTemplateSpecMetricsFailureLimit,
    AnalysisTemplateSpecMetricsProvider,
    AnalysisTemplateSpecMetricsProviderJob,
    AnalysisTemplateSpecMetricsProviderJobSpec,
    AnalysisTemplateSpecMetricsProviderJobSpecTemplate,
    AnalysisTemplateSpecMetricsProviderJobSpecTemplateMetadata,
    AnalysisTemplateSpecMetricsProviderPrometheus,
)

NEW = "new"  # the argument that has the hash of the new copy's pod template
RETRY = 10  # seconds after which Argo Rollouts asks again what gave an error, analysis/analysis.go
ERRORS = 3  # of those in a row are borne: Prometheus may restart
TIMEOUT = 5  # seconds for an answer of Prometheus
BAD_LOOKS = 1  # are borne: one may be a spike
SMOKE_WITHIN = 60  # seconds, the tries of RETRIES included
RETRIES = 2  # a Service that has just been given its pods may be a moment late
SMOKE_SIZE = Resources(cpu="50m..250m", memory="64Mi..128Mi")  # judged: an interpreter that sends a few requests


def watched_at_most(release: BlueGreen) -> int:
    """Seconds of the analysis after the switch if every look comes after as many errors as are borne."""
    return release.looks * (INTERVAL + TIMEOUT + ERRORS * (RETRY + TIMEOUT))


def watching(workload: Workload) -> str:
    """The name of the template of the analysis after the switch; that before it is named as who asks."""
    return f"{workload.name}-watch"


class Smoke(Construct):
    """Asks the new copy by its preview Service, from a Job."""

    def __init__(self, scope: Construct, workload: Workload, release: BlueGreen) -> None:
        super().__init__(scope, f"smoke-{workload.name}")
        labels = tags(workload) | tags(workload.smoke)
        spec = AnalysisTemplateSpecMetricsProviderJobSpec(
            backoff_limit=RETRIES,
            active_deadline_seconds=SMOKE_WITHIN,
            template=AnalysisTemplateSpecMetricsProviderJobSpecTemplate(
                metadata=AnalysisTemplateSpecMetricsProviderJobSpecTemplateMetadata(labels=labels),
                spec=pod(workload, release),
            ),
        )
        job = AnalysisTemplateSpecMetricsProviderJob(spec=spec)
        emit(self, AnalysisTemplate, workload, name=workload.smoke, spec=AnalysisTemplateSpec(metrics=[
            metric("smoke", AnalysisTemplateSpecMetricsProvider(job=job), count=1, failures=0)]))  # fmt: skip


class Watching(Construct):
    """Asks Prometheus for the figures of the new copy."""

    def __init__(self, scope: Construct, workload: Workload, release: BlueGreen, platform: Platform) -> None:
        super().__init__(scope, f"watch-{workload.name}")
        emit(self, AnalysisTemplate, workload, name=watching(workload), spec=AnalysisTemplateSpec(
            args=[AnalysisTemplateSpecArgs(name=NEW)],
            metrics=[
                metric(
                    watch.name,
                    AnalysisTemplateSpecMetricsProvider(prometheus=asked(workload, watch, platform)),
                    count=release.looks,
                    failures=BAD_LOOKS,
                    interval=f"{INTERVAL}s",
                    initial_delay=f"{INTERVAL}s",
                    # No sample, and the 0/0 of a copy that nobody asks, are silence.
                    success_condition=f"len(result) == 0 || isNaN(result[0]) || result[0] <= {watch.most}",
                )
                for watch in release.watches
            ],
        ))  # fmt: skip


def metric(
    name: str, provider: AnalysisTemplateSpecMetricsProvider, *, count: int, failures: int, **fields: Any
) -> AnalysisTemplateSpecMetrics:
    return AnalysisTemplateSpecMetrics(
        name=name,
        provider=provider,
        count=AnalysisTemplateSpecMetricsCount.from_number(count),
        failure_limit=AnalysisTemplateSpecMetricsFailureLimit.from_number(failures),
        consecutive_error_limit=AnalysisTemplateSpecMetricsConsecutiveErrorLimit.from_number(ERRORS),
        **fields,
    )


def asked(workload: Workload, watch: Watch, platform: Platform) -> AnalysisTemplateSpecMetricsProviderPrometheus:
    scraper = platform[str(platform.scraper)]
    return AnalysisTemplateSpecMetricsProviderPrometheus(
        address=f"http://{scraper.name}.{platform.name}.svc:{scraper.port(None).number}",
        query=watch.query.replace(PODS, f"{workload.name}-{{{{args.{NEW}}}}}-.+"),
        timeout=TIMEOUT,
    )


def pod(workload: Workload, release: BlueGreen) -> dict[str, Any]:
    """A hardened pod of the workload's own image, which is there with the release."""
    at = f"http://{workload.preview}:{workload.port(None).number}"
    bounds = {"requests": SMOKE_SIZE.requests, "limits": SMOKE_SIZE.limits}
    return {
        "restartPolicy": "Never",
        "serviceAccountName": workload.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": workload.identity.uid,
            "runAsGroup": workload.identity.gid,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "smoke",
                "image": workload.image,
                "command": [*release.asks, *(f"{at}{path}" for path in release.smoke)],
                "resources": {
                    bound: {name: amount.text for name, amount in amounts.items()} for bound, amounts in bounds.items()
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }
