"""What a command says reaches the log, and the page of the job."""

import re
import sys
from pathlib import Path

import pytest

from tools import summary


def speak(text: str, code: int = 0) -> list[str]:
    return [sys.executable, "-c", f"import sys; sys.stdout.write({text!r}); sys.exit({code})"]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    return tmp_path / "page.md"


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_s_words_and_exit_code_are_passed_on(
    code: int, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert summary.main(["Check", *speak("one\ntwo\n", code)]) == code
    assert capsys.readouterr().out == "one\ntwo\n"
    assert "one\ntwo\n" in page.read_text()
    assert ("fine" in page.read_text()) == (code == 0)


def test_the_page_keeps_what_was_on_it(page: Path) -> None:
    for title in ("First", "Second"):
        summary.main([title, *speak("said\n")])
    assert re.findall(r"^### (\w+)", page.read_text(), re.MULTILINE) == ["First", "Second"]


def test_a_page_stays_below_what_a_comment_holds_and_ends_as_the_log_does(page: Path) -> None:
    summary.main(["Long", *speak("x" * 70_000 + "\nthe end\n")])
    assert len(page.read_text()) < 65_536
    assert "the end\n```" in page.read_text()
    assert "beginning is in the log" in page.read_text()


def test_what_is_said_cannot_end_its_own_block(page: Path) -> None:
    summary.main(["Check", *speak("````\n# heading\n")])
    (opening, closing) = re.findall(r"^(`{5,})(?:text)?$", page.read_text(), re.MULTILINE)
    assert opening == closing


def test_without_a_page_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert summary.main(["Check", *speak("said\n")]) == 0
    assert (capsys.readouterr().out, list(tmp_path.iterdir())) == ("said\n", [])
