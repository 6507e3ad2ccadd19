"""Stand-ins for what a cluster's owners provide, so that a release can be tried on a cluster that has nothing."""

import base64
import re
from collections.abc import Iterator

from ops import secrets
from ops.deploy.release import Release
from ops.kubectl import Cluster, identity
from rules.providing import outside
from rules.reading import Manifest, name

MADE = {  # specs of cluster-scoped kinds that custom resources refer to, with nothing behind them
    "clusterissuer": ("cert-manager.io/v1", "ClusterIssuer", {"selfSigned": {}}),
    "clustersecretstore": ("external-secrets.io/v1", "ClusterSecretStore", {"provider": {"fake": {"data": []}}}),
    "gatewayclass": ("gateway.networking.k8s.io/v1", "GatewayClass", {"controllerName": "example.org/none"}),
    "ingressclass": ("networking.k8s.io/v1", "IngressClass", {"controller": "example.org/none"}),
}


def provide_outside(cluster: Cluster, release: Release) -> None:
    """Makes what is not there; what is there is somebody's, and stays."""
    wanted = list(stand_ins(release))
    there = cluster.live(wanted)
    cluster.apply([each for each in wanted if identity(each) not in there], manager="newstalk-stand-in")


def stand_ins(release: Release) -> Iterator[Manifest]:
    """Namespaces, the Secrets with random values, and whatever else a release declares as provided outside."""
    spaces = release.of_kind("Namespace")
    own = {(str(each["kind"]).lower(), name(each)) for each in release.objects}
    yield from spaces
    for thing, text in outside(spaces).items():
        of, _, called = thing.partition(".")
        if of == "secret":
            values = {key: encoded(secrets.value(key)) for key in re.split(r"[,\s]+", text.strip())}
            metadata = {"name": called, "namespace": release.namespace}
            yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": values}
        elif of in MADE and (of, called) not in own:
            api, kind, spec = MADE[of]
            yield {"apiVersion": api, "kind": kind, "metadata": {"name": called}, "spec": spec}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
