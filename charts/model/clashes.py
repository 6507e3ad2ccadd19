"""Names that two of the platform's objects would share, which no cluster keeps apart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from charts.model.platform import Platform
    from charts.model.workload import Workload

FOLDERS = ("edge", "foundation")
POLICIES = ("acme-solver", "acme-solver-from-gateway-api", "allow-dns", "default-deny")
OWN = "the platform itself"


class Made(NamedTuple):
    """An object that follows from the value at `at`. `kind`: "folder" for a folder of the base."""

    kind: str
    namespace: str
    name: str
    at: str


def clashes(platform: "Platform") -> Iterator[str]:
    """A line for each name that two values would give to objects of one kind."""
    found: dict[tuple[str, str, str], str] = {}
    for made in objects(platform):
        other = found.setdefault(made[:3], made.at)
        if other != made.at:
            yield f'{made.at}: its {made.kind} "{made.name}" would be that of {other} too, name one of them otherwise'


def objects(platform: "Platform") -> Iterator[Made]:
    """The objects that may meet others of their kind, those of components too."""
    space = platform.name
    yield from (Made("folder", space, name, OWN) for name in FOLDERS)
    yield from (Made("NetworkPolicy", space, name, OWN) for name in POLICIES)
    yield Made("ConfigMap", space, f"{space}-headers", OWN)
    yield Made("HTTPRoute", space, f"{platform.edge.name}-redirect", OWN)
    yield from (Made("Role", space, person.role, f"people.{person.role}") for person in platform.people)
    yield from (Made("ConfigMap", space, one.name, f"settings.{one.name}") for one in platform.settings)
    for workload in platform.workloads:
        yield from (made._replace(namespace=workload.namespace or space) for made in of_workload(workload))
        if platform.scraper == workload.name:
            added = ("to-kubelets", "from-argo-rollouts")
            yield from (
                Made("NetworkPolicy", space, f"{workload.name}-{end}", f"{workload.name}.name") for end in added
            )
        if platform.scraper and workload.component and workload.metrics:
            at = f"{workload.name}.metrics"
            yield Made("NetworkPolicy", space, f"{platform.scraper}-to-{workload.name}", at)
            yield Made("Role", workload.namespace or space, f"{workload.name}-{platform.scraper}", at)


def of_workload(workload: "Workload") -> Iterator[Made]:
    """The objects of a workload itself, its namespace left to whoever knows the platform's."""
    name, at, variants = workload.name, f"{workload.name}.name", workload.variants.values()
    if workload.component is None:
        yield Made("folder", "", name, at)
    yield Made("NetworkPolicy", "", name, at)
    if workload.permissions:
        yield Made("Role", "", name, f"{name}.permissions")
    if workload.topics:
        yield Made("NetworkPolicy", "", f"{name}-from-keda", f"{name}.topics")
    if workload.release:
        yield Made("Service", "", workload.preview, f"{name}.run.release")
        policies = (workload.smoke, f"{name}-from-smoke")
        yield from (Made("NetworkPolicy", "", policy, f"{name}.run.release") for policy in policies)
    if workload.named:
        yield Made("Service", "", name, at)
    if workload.host:
        yield Made("HTTPRoute", "", name, f"{name}.host")
        doors = ("f5-nginx", "gateway-api")
        yield from (Made("NetworkPolicy", "", f"{name}-from-{door}", f"{name}.host") for door in doors)
    if workload.settings or any(variant.settings for variant in variants):
        yield Made("ConfigMap", "", f"{name}-config", f"{name}.settings")
    for files in (*workload.files, *(files for variant in variants for files in variant.files)):
        yield Made("ConfigMap", "", f"{name}-{files.name}", f"{name}.files.{files.name}")
