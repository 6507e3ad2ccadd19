"""How Argo CD brings the environments from git to their clusters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from charts.model import names

REPOSITORY = re.compile(r"(https|ssh)://\S+|[\w.-]+@[\w.-]+:\S+")
FOLDER = re.compile(r"[\w.-]+(/[\w.-]+)*")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One environment's. `cluster`: the name by which Argo CD knows it; `revision`: the branch or tag that is
    followed; `heal`: what somebody changes by hand is put back at once, and not only by the next commit."""

    cluster: str
    heal: bool
    revision: str = "main"


@dataclass(frozen=True, kw_only=True)
class Gitops:
    """`repository`: its address; `deliveries`: by environment, so none is delivered that is not named; `folder`: of
    the rendered environments, from the repository's root; `namespace`: Argo CD's own."""

    repository: str
    deliveries: Mapping[str, Delivery]
    folder: str = "dist/environments"
    namespace: str = "argocd"

    def refusals(self, at: str) -> Iterator[str]:
        if not REPOSITORY.fullmatch(self.repository):
            yield f'{at}.repository: write https://..., ssh://... or user@host:path, got "{self.repository}"'
        if not FOLDER.fullmatch(self.folder) or ".." in self.folder.split("/"):
            yield f'{at}.folder: must be a path below the root of the repository, got "{self.folder}"'
        if not self.deliveries:
            yield f"{at}.deliveries: name at least one environment, got none"
        yield from names.label(f"{at}.namespace", self.namespace)
        for environment, delivery in self.deliveries.items():
            yield from names.label(f"{at}.deliveries", environment)
            for field in ("cluster", "revision"):
                if not getattr(delivery, field).strip():
                    yield f'{at}.deliveries.{environment}.{field}: must not be empty, got ""'
