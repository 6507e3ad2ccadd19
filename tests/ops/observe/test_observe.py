"""`newstalk observe` asks Prometheus and fails above a bound; the load run has the same bounds."""

import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
from typer.testing import CliRunner

from ops import cli
from ops.graph.command import platform
from ops.kubectl import Cluster
from ops.observe import prometheus
from ops.observe.command import observe
from ops.options import Ending, register
from ops.places import ROOT, Refusal
from tests.ops.shape import conforms, documented


@dataclass
class Prometheus:
    """Answers each query with the samples of the first text that it contains, and with silence otherwise."""

    address: str = ""
    samples: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, query: str) -> Mapping[str, Any]:
        self.asked.append(query)
        values = next((values for part, values in self.samples.items() if part in query), [])
        return {"data": {"result": [{"metric": {}, "value": [0, value]} for value in values]}}


@pytest.fixture
def server() -> Iterator[Prometheus]:
    stub = Prometheus()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Silence."""

        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            self.send_response(200 if path == "/api/v1/query" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(stub.answer(query["query"][0])).encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        stub.address = f"http://127.0.0.1:{listening.server_port}"
        yield stub
        listening.shutdown()


app = typer.Typer(cls=Ending)
register(app, observe)
app.callback()(lambda: None)


def told(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    done = CliRunner().invoke(app, ["observe", "production", *arguments], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


WATCHES = prometheus.watches(platform())


def test_every_watch_of_a_release_is_asked_for_all_pods_of_its_workload(server: Prometheus) -> None:
    assert told("--prometheus", server.address)[0] == 0
    assert len(server.asked) == len(WATCHES) > 1
    for (workload, watch), query in zip(WATCHES, server.asked, strict=True):
        assert query == watch.query.replace("$pods", f"{workload}-.+")


@pytest.mark.parametrize("samples", [[], ["NaN"]], ids=["none", "0/0"])
def test_silence_is_good(samples: list[str], server: Prometheus) -> None:
    server.samples = {"": samples}
    code, _, complaints = told("--prometheus", server.address)
    assert (code, complaints) == (0, "")


@pytest.mark.parametrize(("workload", "watch"), WATCHES, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("above", [0, 0.5])
def test_a_figure_above_its_bound_and_no_other_is_a_line_and_exit_code_1(
    workload: str, watch: Any, above: float, server: Prometheus
) -> None:
    server.samples = {watch.query.replace("$pods", f"{workload}-.+"): ["0", str(watch.most + above)]}
    code, _, complaints = told("--prometheus", server.address)
    assert code == int(above > 0)
    assert [line.split(":")[1].strip() for line in complaints.splitlines()] == [workload] * int(above > 0)
    assert watch.name in complaints or not above


def test_json_has_the_documented_shape(server: Prometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "observe", observe, raising=False)
    server.samples = {"http_requests_total": ["1.5"]}
    code, out, _ = told("--prometheus", server.address, "--json")
    document = json.loads(out)
    conforms(documented("observe"), document)
    assert code == 0
    assert {figure["value"] for figure in document["figures"]} == {1.5, None}


@pytest.mark.parametrize("address", ["{}/elsewhere", "http://127.0.0.1:1"], ids=["another program", "no program"])
def test_no_answer_is_one_line_with_the_address_and_exit_code_1(address: str, server: Prometheus) -> None:
    address = address.format(server.address)
    code, out, complaints = told("--prometheus", address)
    (line,) = complaints.splitlines()
    assert (code, out) == (1, "")
    assert line.startswith(f"{address}: ")


def test_an_address_that_is_no_http_is_wrong_use() -> None:
    code, _, complaints = told("--prometheus", "file:///etc/passwd")
    assert code == 2
    assert "--prometheus" in complaints


KUBECTL = """#!{python}
import pathlib, sys, time
pathlib.Path({seen!r}).write_text(" ".join(sys.argv[1:]))
print("Forwarding from {address} -> 9090", flush=True) if {works} else sys.exit("error: unable to forward port")
time.sleep(60)
"""


def kubectl(place: Path, monkeypatch: pytest.MonkeyPatch, address: str, works: bool) -> Path:
    """A kubectl that says that it forwards to an address, or fails; the file in which it leaves its arguments."""
    program, seen = place / "kubectl", place / "seen"
    program.write_text(KUBECTL.format(python=sys.executable, seen=str(seen), address=address, works=works))
    program.chmod(0o755)
    monkeypatch.setattr(prometheus, "tool", lambda name: place / name)
    return seen


def test_without_an_address_the_environment_s_own_prometheus_is_reached_by_port_forward(
    server: Prometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = kubectl(tmp_path, monkeypatch, server.address.removeprefix("http://"), works=True)
    code, out, _ = told("--context", "far", "--json")
    assert code == 0
    assert [figure["value"] for figure in json.loads(out)["figures"]] == [None] * len(server.asked)
    forwarded = "--context=far port-forward --namespace=newstalk-ai service/prometheus :9090"
    assert seen.read_text() == forwarded


def test_a_port_that_cannot_be_forwarded_is_refused_with_kubectl_s_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl(tmp_path, monkeypatch, "", works=False)
    with (
        pytest.raises(Refusal, match=r"^far: service/prometheus in shop: unable to forward port$"),
        prometheus.forwarded(Cluster(context="far"), "shop", "prometheus", 9090),
    ):
        pass


LOAD = (ROOT / "ops" / "observe" / "load.js").read_text()


def test_the_load_run_has_the_bounds_of_the_backend_s_watches() -> None:
    most = {watch.name: watch.most for workload, watch in WATCHES if workload == "fastapi-backend"}
    (share,) = re.findall(r'http_req_failed: \["rate<=([\d.]+)"\]', LOAD)
    (milliseconds,) = re.findall(r'http_req_duration: \["p\(95\)<=(\d+)"\]', LOAD)
    assert (float(share) * 100, int(milliseconds) / 1000) == (most["errors"], most["latency"])


def test_the_load_run_stays_below_what_the_edge_lets_one_address_ask() -> None:
    backend = platform()["fastapi-backend"]
    (rate,) = re.findall(r"rate: (\d+),\s+timeUnit: \"1m\"", LOAD)
    assert backend.host is not None
    assert backend.host.requests_per_minute is not None
    assert 0 < int(rate) < backend.host.requests_per_minute
