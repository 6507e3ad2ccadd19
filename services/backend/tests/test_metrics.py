import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

import api

Client = Callable[[], httpx.AsyncClient]
Labels = tuple[tuple[str, str], ...]
HERE = Path(__file__).parents[1]


def samples(text: str) -> dict[tuple[str, Labels], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def worker(folder: Path, code: str) -> str:
    """What another process with the same folder of metrics says."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": str(HERE / "src")}
    command = [sys.executable, "-c", f"from api import metrics\n{code}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


async def test_requests_are_counted_by_route_and_not_by_what_clients_invent(client: Client) -> None:
    async with client() as http:
        for path in ("/articles/00000000-0000-0000-0000-000000000001", "/invented/1", "/invented/2", "/articles"):
            await http.get(path)
        await http.request("INVENT", "/articles")
        found = samples((await http.get("/metrics")).text)
    requests = {labels for name, labels in found if name == "http_requests_total"}
    assert (("method", "GET"), ("path", "/articles/{article_id}"), ("status", "404")) in requests
    assert {dict(labels)["path"] for labels in requests if "invent" in str(labels)} == set()
    assert "other" in {dict(labels)["method"] for labels in requests}
    assert any(name == "http_request_duration_seconds_bucket" for name, _ in found)


def test_workers_are_summed(tmp_path: Path) -> None:
    count = "metrics.ACCEPTED.inc(2); metrics.REQUESTS.labels('/articles', '202', 'POST').inc()"
    worker(tmp_path, count)
    worker(tmp_path, count)
    found = samples(worker(tmp_path, "print(metrics.exposition().decode())"))
    assert found["newstalk_articles_accepted_total", ()] == 4
    assert found["http_requests_total", (("method", "POST"), ("path", "/articles"), ("status", "202"))] == 2


def test_streams_of_workers_that_are_no_more_do_not_count(tmp_path: Path) -> None:
    worker(tmp_path, "metrics.STREAMS.set(7)")
    found = samples(worker(tmp_path, "metrics.begin(); metrics.STREAMS.inc(); print(metrics.exposition().decode())"))
    assert found["newstalk_sse_connections", ()] == 1


def test_a_wrong_environment_is_one_line() -> None:
    environment = {"PYTHONPATH": str(HERE / "src"), "PATH": os.environ["PATH"], "REDIS_URL": "redis://"}
    command = [sys.executable, "-m", "api"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "DATABASE_URL" in ended.stderr
    assert "REDIS_URL" not in ended.stderr


def test_the_version_is_the_package_s() -> None:
    assert api.__version__ == tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]
