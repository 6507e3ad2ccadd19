"""A job of GitHub's signs in to an API server with a token of its own."""

import io
import json
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

from tools import github_token


def test_the_token_of_the_job_is_asked_for_with_the_audience_and_handed_to_kubectl(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = list[urllib.request.Request]()

    def urlopen(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        asked.append(request)
        return io.BytesIO(json.dumps({"value": "header.payload.signature"}).encode())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setenv(github_token.URL, "https://tokens.test/issue?api-version=2")
    monkeypatch.setenv(github_token.TOKEN, "of-the-job")
    assert github_token.main(["cluster a&b"]) == 0
    credential = json.loads(capsys.readouterr().out)
    assert (credential["kind"], credential["status"]) == ("ExecCredential", {"token": "header.payload.signature"})
    assert asked[0].get_header("Authorization") == "Bearer of-the-job"
    assert parse_qs(urlsplit(asked[0].full_url).query) == {"api-version": ["2"], "audience": ["cluster a&b"]}


def test_a_job_without_the_permission_is_told_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(github_token.URL, raising=False)
    assert github_token.main(["cluster"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "id-token: write" in line


def test_a_token_is_asked_for_over_https_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(github_token.URL, "file:///etc/passwd?")
    monkeypatch.setenv(github_token.TOKEN, "of-the-job")
    assert github_token.main(["cluster"]) == 1
    assert "https://" in capsys.readouterr().err
