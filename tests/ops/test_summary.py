"""The summary's row of a workload, read from rendered objects."""

from typing import Any

import pytest

from ops import summary
from tests.ops.check.small import deployment, labels, of


def ingress(service: str, *hosts: str) -> dict[str, Any]:
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    rules = [{"host": host, "http": {"paths": [{"backend": backend}]}} for host in hosts]
    return of("networking.k8s.io/v1", "Ingress", f"to-{service}", spec={"rules": rules})


def route(service: str, *hosts: str) -> dict[str, Any]:
    rules = [{"backendRefs": [{"name": service, "port": 80}]}, {"filters": [{"type": "RequestRedirect"}]}]
    return of(
        "gateway.networking.k8s.io/v1", "HTTPRoute", f"to-{service}", spec={"hostnames": list(hosts), "rules": rules}
    )


@pytest.mark.parametrize(
    ("entrances", "shown"),
    [
        ([], ""),
        ([ingress("web", "a.test", "b.test")], "a.test, b.test"),
        ([route("web", "a.test", "b.test")], "a.test, b.test"),
        ([ingress("web", "a.test"), route("web", "a.test")], "a.test"),
        ([ingress("other", "a.test"), route("other", "b.test")], ""),
        ([route("web")], "any host"),
    ],
    ids=["none", "Ingress", "HTTPRoute", "both", "another's", "without host"],
)
def test_a_workload_has_the_hosts_that_lead_to_it(entrances: list[dict[str, Any]], shown: str) -> None:
    [row] = summary.rows([deployment("web"), *entrances])
    assert row.host == shown


def test_layers_lead_the_rows() -> None:
    first, second = deployment("a"), deployment("z")
    second["metadata"]["labels"] = labels("z") | {"app.kubernetes.io/component": "application"}
    assert [row.workload for row in summary.rows([first, second])] == ["z", "a"]
