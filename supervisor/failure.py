"""What an operator is told in one line."""


class Failure(Exception):
    """A cluster that can't be started, or can't go on, in one sentence."""
