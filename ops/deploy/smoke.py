"""The smoke test: a Job of the suspended CronJob `smoke-test`, where a release has one."""

from ops.deploy.engine import Engine
from ops.deploy.release import Release
from rules.reading import Manifest, at, mapping, name

NAME = "smoke-test"
MANAGER = "newstalk-smoke-test"  # not the one that applies releases: the next one's pruning leaves the last Job to read


def smoke_test(engine: Engine, release: Release) -> None:
    """Runs it anew and waits for its end. Raises Failed with its last words."""
    for job in (job_of(each) for each in release.of_kind("CronJob") if name(each) == NAME and at(each, "spec.suspend")):
        engine.say("smoke test")
        engine.cluster.delete([job], wait=True)
        engine.cluster.apply([job], manager=MANAGER)
        engine.wait([job], release, mend=False)


def job_of(cron_job: Manifest) -> Manifest:
    template = mapping(cron_job, "spec.jobTemplate")
    metadata = {"name": NAME, "namespace": at(cron_job, "metadata.namespace")}
    metadata |= {"labels": dict(mapping(template, "metadata.labels"))}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
