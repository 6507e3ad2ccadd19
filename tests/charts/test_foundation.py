"""What stands before any workload."""

import yaml

from charts.model import Host, Persistent, Quota, SecretStore, Stateful
from tests.platforms import Synth, Write, platform, serving, workload

OUTSIDE = "provided-outside/"


def test_the_namespace_takes_restricted_pods_alone(synth: Synth) -> None:
    labels = synth(platform(workload()))["Namespace/shop"]["metadata"]["labels"]
    modes = {name.rpartition("/")[2]: level for name, level in labels.items() if name.startswith("pod-security.")}
    assert modes == dict.fromkeys(("enforce", "audit", "warn"), "restricted")


def test_the_namespace_is_bounded(synth: Synth) -> None:
    quota = Quota(requests_cpu="1", requests_memory="2Gi", limits_cpu="3", limits_memory="4Gi", storage="5Gi", pods=6)
    objects = synth(platform(workload(), quota=quota))
    assert objects["ResourceQuota/shop-quota"]["spec"]["hard"] == {
        "requests.cpu": "1",
        "requests.memory": "2Gi",
        "limits.cpu": "3",
        "limits.memory": "4Gi",
        "requests.storage": "5Gi",
        "pods": "6",
    }


def test_a_container_that_asks_for_nothing_gets_little(synth: Synth) -> None:
    [limit] = synth(platform(workload()))["LimitRange/shop-limits"]["spec"]["limits"]
    default = {"cpu": "10m", "memory": "16Mi"}
    assert limit == {
        "type": "Container",
        "default": default,
        "defaultRequest": default,
        "max": {"cpu": "2", "memory": "2Gi"},
    }


def test_what_the_cluster_must_bring_is_said(synth: Synth) -> None:
    volume = Persistent(name="v", mount="/v", size="1Gi", storage_class="shelf", claim="v")
    one = serving(run=Stateful(), host=Host(name="www"), volumes=(volume,))
    annotations = synth(platform(one, store=SecretStore(name="safe", path="shop")))["Namespace/shop"]["metadata"][
        "annotations"
    ]
    assert {name.removeprefix(OUTSIDE) for name in annotations} == {
        "storageclass.shelf",
        "secret.shop-secret",
        "ingressclass.doors",
        "secret.shop-tls",
        "clusterissuer.shop-issuer",
        "clustersecretstore.safe",
    }
    assert annotations[f"{OUTSIDE}secret.shop-secret"] == "PASSWORD"


def test_nothing_is_asked_of_the_cluster_that_nobody_needs(synth: Synth) -> None:
    annotations = synth(platform(serving()))["Namespace/shop"]["metadata"]["annotations"]
    assert {name.removeprefix(OUTSIDE) for name in annotations} == {"secret.shop-secret"}


def test_shared_settings_are_files_that_kustomize_gathers(write: Write) -> None:
    folder = write(platform(serving(host=Host(name="www")))) / "base" / "foundation"
    assert (folder / "shop-settings.env").read_text() == "CURRENCY=EUR\nDOMAIN=shop.example\n"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert kustomization["configMapGenerator"] == [{"name": "shop-settings", "envs": ["shop-settings.env"]}]
