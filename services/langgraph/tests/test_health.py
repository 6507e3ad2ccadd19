import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
from conftest import Client, fine
from memory import BODY
from prometheus_client.parser import text_string_to_metric_families

import agents
from agents import tracing
from agents.health import EVERY, WITHIN, Monitor
from agents.settings import Settings

HERE = Path(__file__).parents[1]


def environment(**more: str) -> dict[str, str]:
    return {"PYTHONPATH": str(HERE / "src"), "PATH": os.environ["PATH"]} | more


def test_a_loss_shows_within_two_seconds() -> None:
    assert EVERY + WITHIN < 2


async def test_a_lost_database_is_named_and_costs_readiness_alone(client: Client) -> None:
    async def lost() -> None:
        raise OSError

    monitor = Monitor({"database": lost}, every=0.01, within=0.05)
    task = asyncio.create_task(monitor.run())
    await asyncio.sleep(0.05)
    http = client(monitor=monitor)
    health, ready = await http.get("/health"), await http.get("/ready")
    task.cancel()
    assert set(health.json()) == {"status", "timestamp", "version", "services"}
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["services"] == {"database": "unhealthy"}
    assert ready.status_code == 503


async def test_with_its_database_it_is_ready(client: Client) -> None:
    monitor = Monitor({"database": fine}, every=0.01, within=0.05)
    task = asyncio.create_task(monitor.run())
    async with asyncio.timeout(5):
        while not monitor.ready:
            await asyncio.sleep(0.01)
    assert (await client(monitor=monitor).get("/ready")).status_code == 200
    task.cancel()


async def test_requests_and_analyses_are_counted(client: Client) -> None:
    http = client()
    await http.post("/analyze", json=BODY)
    await http.get("/invented")
    text = (await http.get("/metrics")).text
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    requests = {(s.labels["path"], s.labels["status"]) for s in samples if s.name == "http_requests_total"}
    assert {("/analyze", "200"), ("none", "404")} <= requests
    assert any(s.name == "newstalk_analyses_total" and s.labels["category"] == "science" for s in samples)
    assert {s.labels["agent"] for s in samples if s.name == "newstalk_agent_duration_seconds_count"} == {
        "summarize",
        "classify",
        "fact_check",
    }


def test_a_wrong_environment_is_one_line() -> None:
    command = [sys.executable, "-m", "agents"]
    given = environment(PIPELINE_MAX_PROCESSING_TIME="soon")
    ended = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "CHECKPOINT_DATABASE_URL" in ended.stderr
    assert "PIPELINE_MAX_PROCESSING_TIME" in ended.stderr


def test_it_starts_without_its_database_and_ends_when_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = environment(CHECKPOINT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", PORT=str(port))
    process = subprocess.Popen([sys.executable, "-m", "agents"], env=given, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 40
        while True:
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/ready").status_code == 503
                break
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.1)
        answer = httpx.post(f"http://127.0.0.1:{port}/analyze", json=BODY, timeout=20)
        assert (answer.status_code, answer.json()["detail"]) == (503, "database is unavailable")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)  # uvicorn raises the signal again when it is done
    finally:
        process.kill()
        process.wait()


def test_without_both_keys_traces_go_nowhere() -> None:
    assert tracing.exporters(Settings(checkpoint_database_url="d", langfuse_public_key="p")) == []


def test_with_both_keys_langfuse_gets_the_traces_by_the_time_the_service_ends() -> None:
    came = []

    class Langfuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Langfuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_port}/"
        given = Settings(
            checkpoint_database_url="d", langfuse_public_key="p", langfuse_secret_key="s", langfuse_host=host
        )
        traces = tracing.provider(tracing.exporters(given))
        with traces.get_tracer("agents").start_as_current_span("analyze"):
            pass
        tracing.flush(traces)
        server.shutdown()
    assert came == [("/api/public/otel/v1/traces", "Basic " + base64.b64encode(b"p:s").decode())]


def test_the_version_is_the_package_s() -> None:
    assert agents.__version__ == tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]
