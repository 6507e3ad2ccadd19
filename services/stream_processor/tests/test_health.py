import json
import os
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import stream_processor
from stream_processor.health import Monitor, serve

HERE = Path(__file__).parents[1]


class Servers:
    """Answer unless they are lost."""

    def __init__(self) -> None:
        self.lost: set[str] = set()

    def check(self, name: str) -> None:
        if name in self.lost:
            raise OSError(name)


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def monitor(servers: Servers) -> Monitor:
    checks = {name: lambda name=name: servers.check(name) for name in ("database", "kafka", "langgraph")}
    return Monitor(checks, ("database", "kafka"), stuck_after=60)


@pytest.fixture
def address(monitor: Monitor) -> Iterator[str]:
    server = serve(monitor, port=0)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def asked(monitor: Monitor) -> Monitor:
    for name in monitor.well:
        monitor.ask(name)
    return monitor


def test_health_names_what_is_lost_and_answers_all_the_same(monitor: Monitor, servers: Servers, address: str) -> None:
    servers.lost = {"kafka"}
    asked(monitor)
    status, body = get(f"{address}/health")
    assert status == 200
    assert json.loads(body)["services"] == {"database": "healthy", "kafka": "unhealthy", "langgraph": "healthy"}
    assert set(json.loads(body)) == {"status", "timestamp", "version", "services"}


@pytest.mark.parametrize(("lost", "status"), [("", 200), ("database", 503), ("kafka", 503), ("langgraph", 200)])
def test_ready_while_it_can_read_and_store(
    monitor: Monitor, servers: Servers, address: str, lost: str, status: int
) -> None:
    servers.lost = {lost}
    asked(monitor)
    assert get(f"{address}/ready")[0] == status


def test_nothing_is_known_to_be_well_at_first(address: str) -> None:
    assert get(f"{address}/ready")[0] == 503


def test_a_stuck_loop_is_not_alive(servers: Servers) -> None:
    monitor = asked(Monitor({"kafka": lambda: None}, (), stuck_after=-1))
    server = serve(monitor, port=0)
    status, body = get(f"http://127.0.0.1:{server.server_port}/health")
    server.shutdown()
    server.server_close()
    assert (status, json.loads(body)["status"]) == (503, "stuck")


def test_the_pipeline_s_figures_are_there_from_the_start(address: str) -> None:
    _, text = get(f"{address}/metrics")
    for name in ("newstalk_articles_processed_total 0", "newstalk_articles_dead_letter_total 0", "process_cpu_seconds"):
        assert name in text


def test_a_wrong_environment_is_one_line() -> None:
    environment = {"PYTHONPATH": str(HERE / "src"), "PATH": os.environ["PATH"], "PIPELINE_MAX_PROCESSING_TIME": "soon"}
    command = [sys.executable, "-m", "stream_processor"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "PIPELINE_MAX_PROCESSING_TIME" in ended.stderr
    assert "DATABASE_URL" in ended.stderr


def test_the_version_is_the_package_s() -> None:
    expected = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]
    assert stream_processor.__version__ == expected
