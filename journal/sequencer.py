"""What stands between those who send commands and the engine: the two sides of one small contract.

A role that sends commands (the gateway, the facade) is a :class:`CommandSource`.  It never sends by
itself: it says ``wake()``, and is asked for a sealed batch when the commands log can take one, so
that what came in during one turn of the loop travels in one batch.  What follows from durable
commands comes back to every source as event batches, in order, all gateways' together.
"""

from typing import Protocol


class CommandSource(Protocol):
    """A role that sends commands and reads events."""

    gateway: int
    """The gateway number under which its batches travel."""

    def seal(self, incarnation: int, number: int, stamp_ns: int, commands_max: int) -> bytes | None:
        """The next command batch, of at most ``commands_max`` commands; None when there is none."""

    def on_ready(self) -> None:
        """Commands are taken (again): the source has its incarnation."""

    def on_events(self, batches: bytes) -> None:
        """Event batches, one after the other, that follow from durable commands."""

    def on_outage(self) -> None:
        """The journal failed: the outcome of whatever is unanswered is unknown."""


class Sequencer(Protocol):
    """Where sources say that they have something to send."""

    @property
    def ready(self) -> bool:
        """Whether commands are taken."""

    @property
    def busy(self) -> bool:
        """Whether new orders are to be refused with BUSY: the recorder is too far behind."""

    def wake(self) -> None:
        """A source has commands; they are sealed at the end of the loop's turn."""
