"""A deployment from its first look to its record, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ops.deploy import record as records
from ops.deploy.difference import Change, change, changes
from ops.deploy.engine import Engine, Failed, stale
from ops.deploy.handover import Handover
from ops.deploy.record import Record
from ops.deploy.release import Release, of_commit
from ops.deploy.smoke import smoke_test
from ops.kubectl import Cluster, title
from ops.places import Refusal
from rules.reading import kind


@dataclass(kw_only=True)
class Outcome:
    """`result`: unchanged, deployed, rolled-back or failed. `reasons`: why it is one of the latter two."""

    environment: str
    commit: str | None
    result: str
    changes: list[Change] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    back_to: str | None = None

    @property
    def fine(self) -> bool:
        return self.result in ("unchanged", "deployed")


def plan(cluster: Cluster, release: Release, record: Record) -> list[Change]:
    """What the release would change. Raises Refusal with what the cluster refuses."""
    handover = Handover(release=release, cluster=cluster)
    handover.look()
    found = changes(cluster, release, handover.fit(release.objects))
    found += [change("changed", each) for each in release.objects if handover.held(each)]
    return found + [change("pruned", each) for each in stale(cluster, release, set(record.kinds))]


def deploy(
    cluster: Cluster,
    release: Release,
    say: Callable[[str], None],
    *,
    within: float,
    show: Callable[[list[Change]], None],
) -> Outcome:
    """Applies, waits, smoke-tests, prunes, records; brings the last good commit back where that fails.

    `within`: seconds for each wave; `show`: shows a person what will change. Raises Refusal before anything changed.
    """
    record = records.read(cluster, release)
    found = plan(cluster, release, record)
    show(found)
    outcome = Outcome(environment=release.environment, commit=release.commit, result="unchanged", changes=found)
    engine = Engine(cluster=cluster, say=say, within=within)
    if record.good and record.good != release.commit:
        of_commit(release.environment, record.good)  # the way back must be there before it is needed
    cluster.apply([each for each in release.objects if kind(each) == "Namespace"])
    record = records.remember_kinds(cluster, release, record)
    try:
        engine.bring(release)
        if found or record.good != release.commit:
            smoke_test(engine, release)
    except (Failed, Refusal) as failed:
        outcome.reasons = str(failed).splitlines()
        return back(engine, release, record, outcome)
    prune(cluster, release, record, say)
    records.remember_good(cluster, release, record)
    outcome.result = "deployed" if found else "unchanged"
    return outcome


def back(engine: Engine, failed: Release, record: Record, outcome: Outcome) -> Outcome:
    """Applies the last good commit, whole, configuration included."""
    outcome.result = "failed"
    if record.good is None or record.good == failed.commit:
        why = "nothing was good before" if record.good is None else "this commit was the last good one"
        outcome.reasons.append(f"{failed.environment}: left as it is, {why}; mend it and deploy again")
        return outcome
    for reason in outcome.reasons:
        engine.say(reason)
    engine.say(f"going back to {record.good[:10]}")
    good = of_commit(failed.environment, record.good)
    try:
        engine.bring(good, mend=True)
        prune(engine.cluster, good, record, engine.say)
    except (Failed, Refusal) as also:
        outcome.reasons += [f"{failed.environment}: the way back to {good.label} failed too", *str(also).splitlines()]
        return outcome
    outcome.result, outcome.back_to = "rolled-back", good.commit
    return outcome


def prune(cluster: Cluster, release: Release, record: Record, say: Callable[[str], None]) -> None:
    gone = stale(cluster, release, set(record.kinds))
    if gone:
        say(f"removing {', '.join(title(each) for each in gone)}")
        cluster.delete(gone)
