"""A workload's pod: one container, hardened, with what it reads, where it writes and how it is watched."""

from math import ceil
from typing import Any

from cdk8s_plus_27 import k8s

from charts.constructs import config
from charts.constructs.kube import named, quantities, quantity, selector, tags
from charts.model import FromPod, Persistent, Platform, Scratch, Secret, SecretFiles, Shared, Stateful, Workload
from charts.model.environment import Value
from charts.model.network import Command, Http, Probe, Tcp
from charts.model.storage import HostPath
from charts.model.storage import Volume as ModelVolume

EXCEPTION = "security-exception/"
STARTUP_PERIOD = 5  # seconds between startup probes
READINESS_PERIOD = 10  # seconds between readiness probes


def template(workload: Workload, platform: Platform) -> k8s.PodTemplateSpec:
    """The pod template; `newer_fields` has what its types lack."""
    exceptions = {f"{EXCEPTION}{what}": why for what, why in workload.exceptions.items()}
    return k8s.PodTemplateSpec(
        metadata=k8s.ObjectMeta(labels=tags(workload), annotations=exceptions or None),
        spec=k8s.PodSpec(
            service_account_name=workload.name,
            automount_service_account_token=bool(workload.permissions),
            enable_service_links=False,
            host_network="host-network" in workload.exceptions or None,
            host_pid="host-pid" in workload.exceptions or None,
            security_context=k8s.PodSecurityContext(
                run_as_non_root=True,
                run_as_user=workload.identity.uid,
                run_as_group=workload.identity.gid,
                fs_group=workload.identity.fs_group,
                fs_group_change_policy="OnRootMismatch",
                seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
            ),
            containers=[container(workload, platform)],
            volumes=volumes(workload, platform) or None,
            restart_policy="Never" if workload.ends else None,
            termination_grace_period_seconds=workload.shutdown.grace,
            topology_spread_constraints=spread(workload),
            tolerations=[k8s.Toleration(operator="Exists")] if getattr(workload.run, "tolerations", False) else None,
        ),
    )


def newer_fields(workload: Workload, pod: str = "/spec/template/spec") -> dict[str, object]:
    """Fields of the pod at JSON pointer `pod` that the types lack: preStop's `sleep`, on since Kubernetes 1.30."""
    if workload.ends or not workload.ports or not workload.shutdown.drain:
        return {}
    return {f"{pod}/containers/0/lifecycle": {"preStop": {"sleep": {"seconds": workload.shutdown.drain}}}}


def container(workload: Workload, platform: Platform) -> k8s.Container:
    return k8s.Container(
        name=workload.name,
        image=workload.image,
        command=list(workload.command) or None,
        args=list(workload.args) or None,
        env_from=[k8s.EnvFromSource(config_map_ref=k8s.ConfigMapEnvSource(name=config.settings_map(workload)))]
        if workload.settings
        else None,
        env=[variable(name, value, platform) for name, value in workload.environment.items()] or None,
        ports=[
            k8s.ContainerPort(name=port.name, container_port=port.number, protocol=port.protocol)
            for port in workload.ports
        ]
        or None,
        resources=k8s.ResourceRequirements(
            requests=quantities(workload.resources.requests), limits=quantities(workload.resources.limits)
        ),
        security_context=k8s.SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem="writable-root" not in workload.exceptions,
            capabilities=k8s.Capabilities(drop=["ALL"]),
        ),
        volume_mounts=mounts(workload) or None,
        **probes(workload),
    )


def variable(name: str, value: Value, platform: Platform) -> k8s.EnvVar:
    match value:
        case str():
            return k8s.EnvVar(name=name, value=value)
        case Shared(key):
            source = k8s.ConfigMapKeySelector(name=platform.shared(key), key=key)
            return k8s.EnvVar(name=name, value_from=k8s.EnvVarSource(config_map_key_ref=source))
        case Secret(key):
            secret = k8s.SecretKeySelector(name=platform.secret.name, key=key)
            return k8s.EnvVar(name=name, value_from=k8s.EnvVarSource(secret_key_ref=secret))
        case FromPod(field):
            pod = k8s.ObjectFieldSelector(field_path=field)
            return k8s.EnvVar(name=name, value_from=k8s.EnvVarSource(field_ref=pod))


def probes(workload: Workload) -> dict[str, Any]:
    """Startup, liveness and readiness of a container that others rely on."""
    health = workload.health
    if health is None:
        return {}
    alive, ready = action(workload, health.alive), action(workload, health.ready or health.alive)
    return {
        "startup_probe": k8s.Probe(
            **alive,
            period_seconds=STARTUP_PERIOD,
            failure_threshold=ceil(health.starts_within / STARTUP_PERIOD),
            timeout_seconds=health.timeout,
        ),
        "liveness_probe": k8s.Probe(**alive, period_seconds=health.every, timeout_seconds=health.timeout),
        "readiness_probe": k8s.Probe(**ready, period_seconds=READINESS_PERIOD, timeout_seconds=health.timeout),
    }


def action(workload: Workload, probe: Probe) -> dict[str, Any]:
    match probe:
        case Http(path, port):
            return {"http_get": k8s.HttpGetAction(path=path, port=named(workload.port(port).name))}
        case Tcp(port):
            return {"tcp_socket": k8s.TcpSocketAction(port=named(port))}
        case Command(argv):
            return {"exec": k8s.ExecAction(command=list(argv))}


def spread(workload: Workload) -> list[k8s.TopologySpreadConstraint] | None:
    """Over hosts and zones. Voters never share a host: losing it would lose the quorum."""
    if workload.run.maximum < 2:
        return None
    run = workload.run
    apart = isinstance(run, Stateful) and (run.quorum or run.apart)
    strictness = {"kubernetes.io/hostname": apart, "topology.kubernetes.io/zone": False}
    return [
        k8s.TopologySpreadConstraint(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="DoNotSchedule" if strict else "ScheduleAnyway",
            label_selector=selector(workload),
        )
        for key, strict in strictness.items()
    ]


def volumes(workload: Workload, platform: Platform) -> list[k8s.Volume]:
    """The pod's volumes but those that a StatefulSet claims for each pod."""
    configured = [
        k8s.Volume(
            name=files.name,
            config_map=k8s.ConfigMapVolumeSource(
                name=f"{workload.name}-{files.name}", default_mode=0o555 if files.executable else 0o444
            ),
        )
        for files in workload.files
    ]
    return configured + [volume(one, platform) for one in workload.volumes if not per_pod(one)]


def per_pod(volume: ModelVolume) -> bool:
    return isinstance(volume, Persistent) and volume.claim is None


def volume(one: ModelVolume, platform: Platform) -> k8s.Volume:
    match one:
        case Persistent(claim=claim):
            claimed = k8s.PersistentVolumeClaimVolumeSource(claim_name=str(claim))
            return k8s.Volume(name=one.name, persistent_volume_claim=claimed)
        case Scratch():
            medium = "Memory" if one.memory else None
            return k8s.Volume(
                name=one.name, empty_dir=k8s.EmptyDirVolumeSource(size_limit=quantity(one.size), medium=medium)
            )
        case SecretFiles(keys=keys):
            items = [k8s.KeyToPath(key=key, path=key) for key in keys]
            source = k8s.SecretVolumeSource(secret_name=platform.secret.name, items=items, default_mode=0o440)
            return k8s.Volume(name=one.name, secret=source)
        case HostPath(path=path):
            return k8s.Volume(name=one.name, host_path=k8s.HostPathVolumeSource(path=path, type="Directory"))


def mounts(workload: Workload) -> list[k8s.VolumeMount]:
    read_only = [k8s.VolumeMount(name=files.name, mount_path=files.mount, read_only=True) for files in workload.files]
    return read_only + [
        k8s.VolumeMount(
            name=volume.name,
            mount_path=volume.mount,
            read_only=isinstance(volume, SecretFiles | HostPath) or None,
            mount_propagation="HostToContainer" if isinstance(volume, HostPath) else None,
        )
        for volume in workload.volumes
    ]
