"""What the parts tell the paths about."""


class Unavailable(Exception):
    """A dependency does not answer; `name` is what it is called. The caller may try again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is unavailable")
        self.name = name


class Refused(Exception):
    """The model takes no such article, and will not tomorrow; says why."""
