"""What the parts tell each other."""


class Unavailable(Exception):
    """A dependency does not answer, and may tomorrow."""


class Unprocessable(Exception):
    """The message itself is wrong, and will be tomorrow; says what is."""
