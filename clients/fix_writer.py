"""What goes out in a FIX session: each message numbered, stamped and kept."""

from collections.abc import Callable, Sequence
from itertools import chain

from clients.fix_message import Field, Message, decode, encode, read_time, write_time
from clients.fix_rules import Names
from clients.fix_store import Store

_WRITTEN_ANEW = frozenset((8, 9, 10, 34, 35, 43, 49, 52, 56, 122))


class Writer:
    """Numbers come from the store, times from ``wall_ns``; ``take`` has the bytes to send."""

    def __init__(self, names: Names, store: Store, wall_ns: Callable[[], int]) -> None:
        """Nothing is to be sent."""
        self._names, self._store, self._wall_ns = names, store, wall_ns
        self._bytes = bytearray()

    def take(self) -> bytes:
        """What is to be sent by now, in order."""
        out = bytes(self._bytes)
        self._bytes.clear()
        return out

    def forget(self) -> None:
        """The connection for which this was written is gone; application messages are kept."""
        self._bytes.clear()

    def say(self, msg_type: str, fields: Sequence[Field] = ()) -> int:
        """An administrative message, which is never sent again; its number."""
        return self._write(msg_type, fields, kept=False)

    def send(self, msg_type: str, fields: Sequence[Field]) -> int:
        """An application message; its number."""
        return self._write(msg_type, fields, kept=True)

    def _write(self, msg_type: str, fields: Sequence[Field], *, kept: bool) -> int:
        number = self._store.next_out
        message = self._encode(msg_type, number, fields)
        self._store.sent(message if kept else None)
        self._bytes += message
        return number

    def resend(self, begin: int, end: int, resent_from: int) -> list[Message]:
        """Send these numbers again: application messages, and a GapFill for each run of others.

        Those before ``resent_from`` are filled over too, and given back.
        """
        withheld: list[Message] = []
        gap_begin = begin
        for number in range(begin, end + 1):
            kept = self._store.message(number)
            if kept is None:
                continue
            message = decode(kept)
            if number < resent_from:
                withheld.append(message)
                continue
            self._fill(gap_begin, number)
            self._again(number, message)
            gap_begin = number + 1
        self._fill(gap_begin, end + 1)
        return withheld

    def _fill(self, number: int, new: int) -> None:
        """SequenceReset-GapFill in place of messages from ``number`` to before ``new``."""
        if number < new:
            original = self._wall_ns()
            fields = ((123, "Y"), (36, new))
            self._bytes += self._encode("4", number, fields, original)

    def _again(self, number: int, message: Message) -> None:
        original = read_time(message.text(52))
        fields = [field for field in message.fields if field[0] not in _WRITTEN_ANEW]
        self._bytes += self._encode(message.msg_type, number, fields, original)

    def _encode(
        self, msg_type: str, number: int, fields: Sequence[Field], original_ns: int | None = None
    ) -> bytes:
        now_ns = self._wall_ns()
        header: list[Field] = [
            (34, number),
            (49, self._names.target),
            (52, write_time(now_ns)),
            (56, self._names.sender),
        ]
        if original_ns is not None:
            # The clock may have been set back since then.
            header += [(43, "Y"), (122, write_time(min(original_ns, now_ns)))]
        return encode(self._names.begin_string, msg_type, list(chain(header, fields)))
