"""What answers in place of Prometheus and of a metrics server, with what a test tells it.

`PUT /answers` to Prometheus' address sets both: `{"queries": {"part of a query": 0.01}, "usage": 0.5}`. A query gets
the value of the first part that it contains, or silence, an empty vector; every running container uses that share of
its requests.
"""

import base64
import json
import ssl
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from ops.cluster import state
from rules.reading import quantity

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
WINDOW = "1s"  # an autoscaler trusts a pod that has been ready for so long


@dataclass
class Answers:
    queries: Mapping[str, float] = field(default_factory=dict)
    usage: float = 0.5


answers = Answers()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Silence: it is polled all the time."""

    def body(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def reply(self, content: Mapping[str, Any] | None) -> None:
        """JSON; None is "not found"."""
        text = json.dumps(content or {}).encode()
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Prometheus(Handler):
    """As itself, and as the HTTP proxy to a Prometheus of any name, whose requests carry the whole address."""

    def do_GET(self) -> None:
        self.answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self.answer(self.body())

    def do_PUT(self) -> None:
        global answers  # noqa: PLW0603
        answers = Answers(**json.loads(self.body()))
        self.reply({"status": "success"})

    def answer(self, form: str) -> None:
        match urlsplit(self.path).path:
            case "/-/ready" | "/-/healthy":
                self.reply({"status": "success"})
            case "/api/v1/query":
                self.reply(vector(parse_qs(form).get("query", [""])[0]))
            case _:
                self.reply(None)


def vector(query: str) -> Mapping[str, Any]:
    value = next((value for part, value in answers.queries.items() if part in query), None)
    result = [] if value is None else [{"metric": {}, "value": [time.time(), str(value)]}]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


class Metrics(Handler):
    """The metrics API of pods, read from the API server at each request."""

    api: "Api"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        match asked.path.strip("/").split("/")[1:]:
            case [_, _]:
                verbs, pods = (
                    ["get", "list"],
                    {"name": "pods", "kind": "PodMetrics", "singularName": "", "namespaced": True},
                )
                resources = [{**pods, "verbs": verbs}]
                self.reply({"kind": "APIResourceList", "groupVersion": f"{GROUP}/{VERSION}", "resources": resources})
            case [_, _, "pods"]:
                self.reply(listed(self.api.get(f"/api/v1/pods?{asked.query}")))
            case [_, _, "namespaces", namespace, "pods"]:
                self.reply(listed(self.api.get(f"/api/v1/namespaces/{namespace}/pods?{asked.query}")))
            case [_, _, "namespaces", namespace, "pods", name]:
                self.reply(measured(self.api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")))
            case _:
                self.reply(None)


def listed(pods: Mapping[str, Any]) -> Mapping[str, Any]:
    running = [pod for pod in pods["items"] if pod.get("status", {}).get("phase") == "Running"]
    return {
        "kind": "PodMetricsList",
        "apiVersion": f"{GROUP}/{VERSION}",
        "metadata": {},
        "items": [*map(measured, running)],
    }


def measured(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "kind": "PodMetrics",
        "apiVersion": f"{GROUP}/{VERSION}",
        "metadata": {name: pod["metadata"].get(name) for name in ("name", "namespace", "labels", "creationTimestamp")},
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "window": WINDOW,
        "containers": [
            {"name": each["name"], "usage": {name: used(each, name) for name in ("cpu", "memory")}}
            for each in pod["spec"]["containers"]
        ],
    }


def used(container: Mapping[str, Any], name: str) -> str:
    requested = quantity(container.get("resources", {}).get("requests", {}).get(name, 0)) or Decimal(0)
    return f"{requested * Decimal(str(answers.usage)):.3f}"


class Api:
    """The API server, by the kubeconfig of the cluster."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server, self.token = cluster["server"], user["token"]
        self.context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
        )

    def get(self, path: str) -> Mapping[str, Any]:
        request = urllib.request.Request(self.server + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10, context=self.context) as answer:  # nosec B310
            found: Mapping[str, Any] = json.load(answer)
            return found


def main(folder: Path, metrics: int) -> None:
    prometheus = urlsplit(state.read(folder).prometheus)
    address, certificate = prometheus.hostname or "", folder / "pki" / "apiserver.crt"
    Metrics.api = Api(folder / "kubeconfig")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server = ThreadingHTTPServer((address, metrics), Metrics)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ThreadingHTTPServer((address, prometheus.port or 0), Prometheus).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
