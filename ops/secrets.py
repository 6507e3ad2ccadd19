"""Local secrets: an uncommitted file, made from the committed example."""

import base64
import secrets
from pathlib import Path

LENGTH = 16  # bytes of randomness for each value that the example leaves empty


def value() -> str:
    """Random letters and digits that serve as a password in a URL and, 32 bytes in base64, as a Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_hex(LENGTH).encode()).decode()


def make(overlay: Path) -> bool:
    """Makes `overlay`/secrets.env from secrets.env.example where it is missing, a random value for each empty one.

    Returns whether it made it. A file that is there is never touched.
    """
    example, file = overlay / "secrets.env.example", overlay / "secrets.env"
    if file.exists() or not example.exists():
        return False
    lines = [line + value() if line.endswith("=") else line for line in example.read_text().splitlines()]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")
    return True
