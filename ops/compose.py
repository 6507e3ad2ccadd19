"""What the compose file finds on its machine: the local secrets, one file each."""

from pathlib import Path

from ops import secrets

FOLDER = "secrets"


def secret_files(overlay: Path) -> Path:
    """Makes `overlay`/secrets.env where it is missing, and from it a file per key; returns their folder.

    Containers of any user read the files, and on the machine nobody but the folder's owner reaches them. The folder
    ignores itself in git.
    """
    secrets.make(overlay)
    folder = overlay / FOLDER
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    (folder / ".gitignore").write_text("*\n")
    for line in (overlay / secrets.FILE).read_text().splitlines():
        key, equals, value = line.partition("=")
        if not equals or line.startswith("#"):
            continue
        file = folder / key
        if not file.exists() or file.read_text() != value:
            file.unlink(missing_ok=True)
            file.write_text(value)
        file.chmod(0o444)
    return folder


if __name__ == "__main__":
    from ops.places import OVERLAYS

    secret_files(OVERLAYS / "local")
