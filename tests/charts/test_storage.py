"""Volumes that outlive their pods."""

from charts.model import Persistent, Stateful
from tests.platforms import Synth, container, platform, template, workload


def volume(name: str, claim: str | None = None) -> Persistent:
    return Persistent(
        name=name, mount=f"/{name}", size="3Gi", storage_class="shelf", claim=claim, access="ReadWriteMany"
    )


def test_a_named_claim_is_an_object_that_the_pods_name(synth: Synth) -> None:
    objects = synth(platform(workload(volumes=(volume("till", claim="till-claim"),))))
    spec = objects["PersistentVolumeClaim/till-claim"]["spec"]
    assert spec == {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "shelf",
        "resources": {"requests": {"storage": "3Gi"}},
    }
    [mounted] = template(objects["Deployment/web"])["spec"]["volumes"]
    assert mounted == {"name": "till", "persistentVolumeClaim": {"claimName": "till-claim"}}


def test_an_unnamed_claim_is_made_for_each_pod_and_is_no_object(synth: Synth) -> None:
    objects = synth(platform(workload(run=Stateful(count=2), volumes=(volume("till"), volume("book")))))
    manifest = objects["StatefulSet/web"]
    claims = {one["metadata"]["name"]: one["spec"] for one in manifest["spec"]["volumeClaimTemplates"]}
    assert set(claims) == {"till", "book"} == {mount["name"] for mount in container(manifest)["volumeMounts"]}
    assert claims["till"]["storageClassName"] == "shelf"
    assert claims["till"]["resources"] == {"requests": {"storage": "3Gi"}}
    assert "volumes" not in template(manifest)["spec"]
    assert [name for name in objects if name.startswith("PersistentVolumeClaim/")] == []


def test_both_kinds_of_claims_go_together(synth: Synth) -> None:
    objects = synth(platform(workload(run=Stateful(), volumes=(volume("till"), volume("book", claim="books")))))
    manifest = objects["StatefulSet/web"]
    assert [one["metadata"]["name"] for one in manifest["spec"]["volumeClaimTemplates"]] == ["till"]
    assert [one["name"] for one in template(manifest)["spec"]["volumes"]] == ["book"]
    assert "PersistentVolumeClaim/books" in objects
