"""Local secrets: an uncommitted file, made from the committed example."""

import base64
import secrets
from pathlib import Path

FILE = "secrets.env"


def value(key: str) -> str:
    """A random value for a key: 64 letters and digits, which stand in a URL as they are and are long enough to sign
    with; for a Fernet key, 32 bytes in base64."""
    if key.endswith("FERNET_KEY"):
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(32)


def make(overlay: Path) -> bool:
    """Makes `overlay`/secrets.env from secrets.env.example where it is missing, a random value for each empty one.

    Returns whether it made it. A file that is there is never touched.
    """
    example, file = overlay / f"{FILE}.example", overlay / FILE
    if file.exists() or not example.exists():
        return False
    lines = [line + value(line[:-1]) if line.endswith("=") else line for line in example.read_text().splitlines()]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")
    return True
