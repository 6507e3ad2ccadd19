"""Platforms of any size: workloads of nine objects and a map of settings, each calling the one before."""

from charts.model import (
    Autoscale,
    ContainerBounds,
    Edge,
    Health,
    Http,
    Identity,
    Permission,
    Persistent,
    Platform,
    Port,
    Quota,
    Replicas,
    Resources,
    SecretKeys,
    Workload,
    writable,
)


def platform(count: int) -> Platform:
    """Its quota holds every workload at its maximum, and one pod more of each."""
    return Platform(
        name="generated",
        workloads=tuple(workload(number) for number in range(count)),
        settings=(),
        secret=SecretKeys(name="generated", keys={}),
        quota=Quota(
            requests_cpu=str(count),
            requests_memory=f"{count}Gi",
            limits_cpu=str(2 * count),
            limits_memory=f"{2 * count}Gi",
            storage=f"{count}Gi",
            pods=6 * count,
        ),
        container_bounds=ContainerBounds(
            default_cpu="100m", default_memory="64Mi", maximum_cpu="4", maximum_memory="8Gi"
        ),
        edge=Edge(
            name="edge",
            tls_secret="tls",
            issuer="issuer",
            contact="nobody@example.org",
            ingress_class="nginx",
            controller_namespace="ingress-nginx",
            body_limit="1m",
            connections=10,
            read_timeout=60,
            headers={},
        ),
    )


def workload(number: int) -> Workload:
    before = number - 1
    return Workload(
        name=f"service-{number}",
        image=f"example/service-{number}:v1.0.0",
        run=Replicas(count=2, autoscale=Autoscale(maximum=5, cpu=70, memory=80)),
        resources=Resources(cpu="100m..200m", memory="128Mi..256Mi"),
        ports=(Port("http", 8000), Port("metrics", 9000)),
        health=Health(alive=Http("/health"), ready=Http("/ready")),
        environment={"NAME": f"service-{number}", "PORT": "8000"},
        settings={"LOG_LEVEL": "info", "TIMEOUT": "30"},
        volumes=(
            Persistent(
                name="data",
                mount="/data",
                size="1Gi",
                storage_class="standard",
                claim=f"service-{number}",
                access="ReadWriteMany",
            ),
            *writable("/tmp"),
        ),
        calls=(f"service-{before}:http",) if number else (),
        permissions=(Permission(resources=("configmaps",), verbs=("get", "list")),),
        identity=Identity(uid=1001, gid=1001, fs_group=1001),
    )
