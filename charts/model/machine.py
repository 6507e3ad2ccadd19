"""What the platform says otherwise where all of it runs on one machine, without Kubernetes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from charts.model import names


@dataclass(frozen=True, kw_only=True)
class Build:
    """How an image is built. `context`, `dockerfile`: paths in the repository; `arguments`: the build's."""

    context: str
    dockerfile: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The command of an image that ends well when a URL, its last word, answers; () where nothing in it can ask."""

    http: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine, and what containers need there.

    `published`: {workload: port at 127.0.0.1} of what people open; `environment`: {workload: {variable: value}} in
    place of the platform's; `left_out`: workloads that make no sense without Kubernetes; `builds`: of our own images;
    `asking`: of images that have neither wget nor curl; `secret_files`: {workload: {variable: the one that names a file
    instead}}, where its image knows such; `owner`: an image with chown, which gives new volumes to their users;
    `addresses`: IPv4 network of which each of the containers' networks gets eight addresses; `secrets`: folder of the
    repository, with a file per key.
    """

    published: Mapping[str, int]
    environment: Mapping[str, Mapping[str, str]]
    left_out: tuple[str, ...]
    builds: Mapping[str, Build]
    asking: Mapping[str, Asking]
    secret_files: Mapping[str, Mapping[str, str]]
    owner: str
    addresses: str
    secrets: str

    def refusals(self) -> Iterator[str]:
        for port in names.repeated(str(port) for port in self.published.values()):
            yield f"machine.published: two workloads have the port {port}"
        for name, number in self.published.items():
            if not 1 <= number <= 65535:
                yield f"machine.published.{name}: must be 1..65535, got {number}"
        try:
            IPv4Network(self.addresses)
        except ValueError as wrong:
            yield f"machine.addresses: {wrong}"
