"""Volumes fit their readers."""

from collections.abc import Iterator, Sequence

from rules.matching import replicas
from rules.reading import Manifest, items, name, namespace, of_kind, pods, state

SINGLE_NODE = {"ReadWriteOnce", "ReadWriteOncePod"}


def single_writer_claims_have_one_pod(objects: Sequence[Manifest]) -> Iterator[str]:
    bounds = replicas(objects)
    single = {
        (namespace(claim), name(claim))
        for claim in of_kind(objects, "PersistentVolumeClaim")
        if set(map(str, items(claim, "spec.accessModes"))) <= SINGLE_NODE
    }
    for pod in pods(objects):
        most = bounds.get(pod.key, (1, 1))[1]
        for where, claim in pod.find("spec.volumes[].persistentVolumeClaim.claimName"):
            if most > 1 and (pod.namespace, str(claim)) in single:
                yield f"{where}: {state(claim)}, a single-node claim under {most} replicas; run one, or a claim each"
