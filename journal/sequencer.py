"""What stands between those who send commands and the engine: the two sides of one small contract.

A role that sends commands (the gateway, the facade) is a :class:`CommandSource`.  It never sends by
itself: it says ``wake()``, and what waits is sealed into a batch when the commands log can take
one, so that what came in during one turn of the loop travels in one batch.  (A single
request of ``OrderEntry`` passes at once, without a turn of the loop in between.)  What follows from
durable commands is given to every source's reader, in order, all gateways' events together, and
what the reader makes of it to the source.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from core import Commands, Engine, OrderEntry, View


class CommandSource(Protocol):
    """A role that sends commands and reads events."""

    gateway: int
    """The number (``protocol.terms.Gateway``) under which its batches travel."""

    @property
    def commands(self) -> Commands | OrderEntry:
        """Where its commands wait, the same object for good: native code seals them."""

    @property
    def reader(self) -> OrderEntry | View | None:
        """What reads the events in native code, the same object for good.

        Without one, ``on_output`` is given the event batches as they are, one after the other.
        """

    def on_ready(self) -> None:
        """Commands are taken (again), under a new incarnation."""

    def on_output(self, output: Any) -> None:
        """What its reader made of events that follow from durable commands.

        A text says that the reader failed, and passes all events over until it is made again.
        """

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

    def at_rest(self) -> AbstractAsyncContextManager[Engine]:
        """Within it nothing is told, and what the engine knows has all been told: the engine.

        So a reader that failed can begin again where the engine stands.
        """
