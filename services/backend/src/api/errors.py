"""What the parts tell the paths about."""


class Unavailable(Exception):
    """A dependency does not answer; `name` is its name in /health. The caller may try again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is unavailable")
        self.name = name
