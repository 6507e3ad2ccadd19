"""Local secrets are made once, at random, and never touched again."""

import base64
import stat
from pathlib import Path
from urllib.parse import urlparse

import pytest

from ops import secrets


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    (tmp_path / "secrets.env.example").write_text("# comment\nGIVEN=none\nFIRST=\nSECOND=\nTHIRD_FERNET_KEY=\n")
    return tmp_path


def values(overlay: Path) -> dict[str, str]:
    lines = (overlay / "secrets.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_empty_values_become_random_and_given_ones_stay(overlay: Path) -> None:
    assert secrets.make(overlay)
    made = values(overlay)
    assert made["GIVEN"] == "none"
    assert len({made["FIRST"], made["SECOND"], ""}) == 3


def test_a_value_stands_in_a_url_as_it_is_and_is_long_enough_to_sign_with(overlay: Path) -> None:
    secrets.make(overlay)
    value = values(overlay)["FIRST"]
    assert value.isalnum()
    assert urlparse(f"redis://:{value}@redis:6379/0").password == value
    assert len(value) >= 64


def test_a_fernet_key_is_32_bytes_in_base64(overlay: Path) -> None:
    secrets.make(overlay)
    assert len(base64.urlsafe_b64decode(values(overlay)["THIRD_FERNET_KEY"])) == 32


def test_a_file_that_is_there_is_never_touched(overlay: Path) -> None:
    (overlay / "secrets.env").write_text("FIRST=mine\n")
    assert not secrets.make(overlay)
    assert values(overlay) == {"FIRST": "mine"}


def test_only_its_owner_may_read_it(overlay: Path) -> None:
    secrets.make(overlay)
    assert stat.S_IMODE((overlay / "secrets.env").stat().st_mode) == 0o600


def test_the_example_has_every_key_of_the_platform_s_secret() -> None:
    from catalog.shared import SECRET
    from ops.places import OVERLAYS

    lines = (OVERLAYS / "local" / "secrets.env.example").read_text().splitlines()
    assert {line.split("=")[0] for line in lines if not line.startswith("#")} == set(SECRET.keys)
