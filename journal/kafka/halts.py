"""What is said when engines tell otherwise of one command, and where an engine's log begins anew.

All engines make the same events of the same commands.  Where two have not, nobody can know who is
right: whoever sees it writes a ``Halt``, and nobody goes on.  An operator, or the configuration,
names the engine that is trusted: a ``Trust`` begins a new era, in which what the others have made
from there on is void.
"""

from typing import NamedTuple

import msgspec

BASE_MAGIC = b"QSB2"
"""What the record of a ``LogBase`` begins with; no batch does."""


class At(NamedTuple):
    """A place: the same in every engine's log."""

    command_offset: int
    part: int
    """Which batch of the command's events."""


class Halt(msgspec.Struct, frozen=True, tag="halt"):
    """Two engines have told otherwise of one place: nobody goes on in this era."""

    era: int
    command_offset: int
    part: int
    engines: tuple[str, ...]
    """Those that differ."""
    seen_by: str
    at_ns: int
    """When it was seen, in ns since the epoch, UTC, by the clock of who saw it."""

    @property
    def key(self) -> str:
        """The newest counts."""
        return "halt"

    def __str__(self) -> str:
        """In one line, with what to do."""
        return (
            f"engines {' and '.join(self.engines)} tell otherwise of command batch "
            f"{self.command_offset}, as {self.seen_by} has seen: nobody goes on; compare their "
            "logs (quantscope journal events), then quantscope setup --trust ENGINE"
        )


class Trust(msgspec.Struct, frozen=True, tag="trust"):
    """A halt is lifted: one engine is right, and what others told from that place on is void."""

    engine: str
    era: int
    """The era that begins with it."""
    command_offset: int
    part: int
    at_ns: int
    """When it was said, in ns since the epoch, UTC."""

    @property
    def key(self) -> str:
        """All of them count."""
        return f"trust.{self.era}"


class LogBase(msgspec.Struct, frozen=True):
    """A record of an engine's log, which goes on from here behind another place than before."""

    era: int
    command_offset: int
    """The command behind which the next events stand."""
    event_seq: int
    event_hash: int


class Began(msgspec.Struct, frozen=True, tag="began"):
    """Where the newest ``LogBase`` of an engine's log stands: before it nothing counts."""

    engine: str
    kafka_offset: int
    era: int
    command_offset: int

    @property
    def key(self) -> str:
        """The newest counts."""
        return f"began.{self.engine}"


class StateHash(msgspec.Struct, frozen=True, tag="state_hash"):
    """What state an engine has behind a command at which a snapshot is due."""

    engine: str
    era: int
    command_offset: int
    state_hash: int

    @property
    def key(self) -> str:
        """The newest counts."""
        return f"state_hash.{self.engine}"


class Eras(msgspec.Struct, frozen=True):
    """What was said of engines, up to now."""

    halt: Halt | None = None
    trusts: tuple[Trust, ...] = ()
    """The oldest first."""
    began: dict[str, Began] = {}

    def take(self, said: "Halt | Trust | Began") -> "Eras":
        """With one thing more."""
        match said:
            case Halt():
                return msgspec.structs.replace(self, halt=said)
            case Trust():
                trusts = {trust.era: trust for trust in (*self.trusts, said)}
                kept = tuple(trusts[era] for era in sorted(trusts))
                return msgspec.structs.replace(self, trusts=kept)
            case Began():
                return msgspec.structs.replace(self, began=self.began | {said.engine: said})

    @property
    def era(self) -> int:
        """The newest that a trust began; 0 where there was none."""
        return self.trusts[-1].era if self.trusts else 0

    def begins(self, engine: str) -> int:
        """Kafka's offset of the first record of an engine's log that counts."""
        began = self.began.get(engine)
        return 0 if began is None else began.kafka_offset + 1

    def void_from(self, engine: str) -> Trust | None:
        """From where on an engine's log is void, until it begins anew; None where it is not."""
        began = self.began.get(engine)
        since = 0 if began is None else began.era
        against = [t for t in self.trusts if t.era > since and t.engine != engine]
        return min(against, key=lambda trust: (trust.command_offset, trust.part), default=None)

    def voids(self, maker: str, era: int, command_offset: int) -> bool:
        """Whether what an engine made in an era, behind a command, is void."""
        return any(
            trust.era > era and trust.engine != maker and command_offset >= trust.command_offset
            for trust in self.trusts
        )


def base_record(base: LogBase) -> bytes:
    """The record of it."""
    return BASE_MAGIC + msgspec.json.encode(base)


def base_in(value: bytes) -> LogBase | None:
    """What a record says, where it is a ``LogBase``; raises ``msgspec.MsgspecError``."""
    if not value.startswith(BASE_MAGIC):
        return None
    return msgspec.json.decode(value[len(BASE_MAGIC) :], type=LogBase)
