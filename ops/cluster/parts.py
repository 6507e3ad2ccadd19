"""The programs that make up a cluster, and how each is started. All listen on one loopback address of their own."""

import base64
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.places import tool

PORTS = (
    "etcd",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "prometheus",
    "metrics",
)
SERVICES = "10.96.0.0/16"
PODS = "10.244.0.1/16"
LEASE = 40  # seconds; with KWOK's own default nodes were seen to flap on a busy machine

SYNC = (
    2  # seconds between two looks of an autoscaler at what its pods use; 15 by default, which nobody wants to wait for
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A program of the cluster; `health` is the URL that answers 200 once it works."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    health: str | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a cluster lives: its folder, its address, and the port of each part."""

    folder: Path
    address: str
    ports: Mapping[str, int]

    @property
    def server(self) -> str:
        return f"https://{self.at('kube-apiserver')}"

    @property
    def prometheus(self) -> str:
        return f"http://{self.at('prometheus')}"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def certificate(self) -> Path:
        """What the API server signs for itself; its second half is the authority to trust."""
        return self.folder / "pki" / "apiserver.crt"

    def at(self, name: str) -> str:
        return f"{self.address}:{self.ports[name]}"


def site(folder: Path) -> Site:
    """An address that no other cluster has, with ports that are free there.

    All of 127.0.0.0/8 is this machine's on Linux: of 16 million addresses each cluster draws one, so that two do not
    race for a port. Elsewhere there is 127.0.0.1 alone.
    """
    drawn = ".".join(str(1 + secrets.randbelow(253)) for _ in range(3))
    address = f"127.{drawn}" if sys.platform == "linux" else "127.0.0.1"
    held = {name: socket.create_server((address, 0)) for name in PORTS}
    ports = {name: each.getsockname()[1] for name, each in held.items()}
    for each in held.values():
        each.close()
    return Site(folder=folder, address=address, ports=ports)


def write_credentials(place: Site) -> str:
    """The key of service accounts and the administrator's token, which is returned."""
    (place.folder / "pki").mkdir(mode=0o700)
    # An EC private key of P-256 is 32 bytes in a fixed frame (RFC 5915); the first is 0, to be below the curve's order.
    frame = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")
    key = base64.b64encode(frame[0] + b"\0" + secrets.token_bytes(31) + frame[1]).decode()
    (place.folder / "pki" / "accounts.key").write_text(
        f"-----BEGIN EC PRIVATE KEY-----\n{key}\n-----END EC PRIVATE KEY-----\n"
    )
    token = secrets.token_urlsafe()
    (place.folder / "pki" / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    return token


def etcd(place: Site) -> Part:
    client, peer = f"http://{place.at('etcd')}", f"http://{place.at('etcd-peer')}"
    return Part(
        name="etcd",
        command=(
            str(tool("etcd")), "--name=one", f"--data-dir={place.folder / 'etcd'}", "--unsafe-no-fsync",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=one={peer}",
        ),
    )  # fmt: skip


def apiserver(place: Site) -> Part:
    accounts = place.folder / "pki" / "accounts.key"
    return Part(
        name="kube-apiserver",
        command=(
            str(tool("kube-apiserver")), f"--etcd-servers=http://{place.at('etcd')}", "--authorization-mode=RBAC",
            f"--bind-address={place.address}", f"--advertise-address={place.address}",
            f"--secure-port={place.ports['kube-apiserver']}", f"--cert-dir={place.folder / 'pki'}",
            f"--token-auth-file={place.folder / 'pki' / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={accounts}",
            f"--service-account-signing-key-file={accounts}", f"--service-cluster-ip-range={SERVICES}",
            # An endpoint may not be a loopback address, and nothing in the cluster calls the API by its Service.
            "--endpoint-reconciler-type=none",
            "--kubelet-preferred-address-types=InternalIP",
            # It is Pod Security that shall say what may be privileged.
            "--allow-privileged=true",
        ),
        health=f"{place.server}/readyz",
    )  # fmt: skip


def component(place: Site, name: str, *options: str) -> Part:
    return Part(
        name=name,
        command=(
            str(tool(name)), f"--kubeconfig={place.kubeconfig}", "--leader-elect=false",
            f"--bind-address={place.address}", f"--secure-port={place.ports[name]}", *options,
        ),
        health=f"https://{place.at(name)}/healthz",
    )  # fmt: skip


def others(place: Site, stages: Path) -> tuple[Part, ...]:
    """What needs nothing but the API server."""
    return (
        component(place, "kube-scheduler"),
        Part(
            name="kwok",
            command=(
                str(tool("kwok")), f"--kubeconfig={place.kubeconfig}", f"--config={stages}", "--manage-all-nodes",
                f"--cidr={PODS}", f"--node-ip={place.address}", f"--node-port={place.ports['kwok']}",
                f"--server-address={place.at('kwok')}", f"--node-lease-duration-seconds={LEASE}",
            ),
            health=f"http://{place.at('kwok')}/healthz",
        ),
        Part(
            name="stubs",
            command=(sys.executable, "-m", "ops.cluster.stubs", str(place.folder), str(place.ports["metrics"])),
            health=f"{place.prometheus}/-/ready",
        ),
    )  # fmt: skip


def controllers(place: Site) -> tuple[Part, ...]:
    """What learns at its start which kinds there are: every definition comes before it."""
    return (
        component(
            place,
            "kube-controller-manager",
            f"--service-account-private-key-file={place.folder / 'pki' / 'accounts.key'}",
            f"--root-ca-file={place.certificate}",
            f"--cert-dir={place.folder / 'pki'}",
            f"--horizontal-pod-autoscaler-sync-period={SYNC}s",
        ),
        Part(
            name="argo-rollouts",
            # Port 0: it listens on all addresses, where only the kernel knows what is free.
            command=(
                str(tool("argo-rollouts")), f"--kubeconfig={place.kubeconfig}", "--leader-elect=false",
                "--metricsPort=0", "--healthzPort=0",
            ),
            # Every Prometheus that an analysis names is the stub, which therefore is the proxy to all of them.
            environment={"HTTP_PROXY": place.prometheus},
        ),
    )  # fmt: skip
