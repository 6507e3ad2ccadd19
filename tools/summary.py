"""Runs a command and shows what it says; in a job of GitHub's also on that job's page.

`python -m tools.summary TITLE COMMAND...` ends with the command's exit code.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LIMIT = 60_000  # characters of the end that are shown; GitHub takes a mebibyte, and a comment 65,536 characters


def main(arguments: Sequence[str]) -> int:
    if len(arguments) < 2:
        print("usage: python -m tools.summary TITLE COMMAND...", file=sys.stderr)
        return 2
    title, *command = arguments
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as written:
            written.write(shown(title, process.returncode, "".join(said)))
    return process.returncode


def shown(title: str, code: int, text: str) -> str:
    """As Markdown. The fence is longer than any that the text may hold."""
    kept = text[-LIMIT:]
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", kept))])
    left = ["(the beginning is in the log)"] if len(kept) < len(text) else []
    verdict = "fine" if code == 0 else f"exit code {code}"
    return "\n".join([f"### {title}: {verdict}", "", fence + "text", *left, kept.rstrip("\n"), fence, "", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
