"""What is true of an exchange as a whole: the newest record of each key in ``control``.

Keys and values are JSON, so that an operator can read them with Kafka's own tools.
"""

import asyncio
import logging
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec

from core import Clock
from journal.kafka.appender import Appender
from journal.kafka.bases import FIRST_OFFSET, Base
from journal.kafka.clients import Clients
from journal.kafka.halts import Began, Eras, Halt, StateHash, Trust
from journal.kafka.reader import KafkaError, TopicReader
from journal.kafka.topics import Topics

log = logging.getLogger("quantscope.kafka")


class Journal(msgspec.Struct, frozen=True, tag="journal"):
    """Which journal the topics hold."""

    journal_id: int
    """Names it, for ever."""
    era: int = 1
    """Of the sessions: those of one era know no other's."""
    era_nonce: str = ""
    """Tells it from the same of a copy that went on elsewhere; the first era has none."""
    bases: tuple[Base, ...] = (Base(0, FIRST_OFFSET),)

    @property
    def key(self) -> str:
        """There is one."""
        return "journal"


class Name(msgspec.Struct, frozen=True, tag="name"):
    """Who has a name of which only one process at a time may have it: the latest."""

    name: str
    """The role and its name in it."""
    nonce: int
    """Tells this process from any other."""
    began_ns: int
    """When it took the name, in ns since the epoch, UTC, by its clock."""

    @property
    def key(self) -> str:
        """One for each name."""
        return f"name.{self.name}"


class Place(msgspec.Struct, frozen=True, tag="place"):
    """How far a reader has come, for whom the topics keep what comes behind."""

    reader: str
    command_offset: int
    """The command all of whose events it has; 0 where it has none."""
    event_seq: int
    at_ns: int
    """When that was said, in ns since the epoch, UTC, by its clock."""

    @property
    def key(self) -> str:
        """One for each reader."""
        return f"place.{self.reader}"


class Forgotten(msgspec.Struct, frozen=True, tag="forgotten"):
    """Nothing is kept for a reader any more."""

    reader: str

    @property
    def key(self) -> str:
        """That of its place, which it takes."""
        return f"place.{self.reader}"


Said = Journal | Name | Place | Forgotten | Halt | Trust | Began | StateHash
_decoder = msgspec.json.Decoder(Said)


class Displaced(Exception):
    """Another process of this name has begun: this one ends, and is not to be started again."""


class StartAgain(Exception):
    """What this process knows is not so any more: its role ends, and is begun anew."""


class ControlLost(Exception):
    """The topic does not say which journal this is."""


@dataclass(frozen=True)
class Standing:
    """What the topic says, up to the end at which it was read."""

    journal: Journal | None = None
    names: dict[str, Name] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    eras: Eras = field(default_factory=Eras)
    hashes: dict[str, StateHash] = field(default_factory=dict)

    def known(self) -> Journal:
        """The journal, in the era that it is in; raises ``ControlLost``."""
        if self.journal is None:
            raise ControlLost(
                "the topic of what is true of the exchange does not say which journal it is: "
                "quantscope setup writes it"
            )
        era = max(self.journal.era, self.eras.era)
        return msgspec.structs.replace(self.journal, era=era)

    @property
    def halt(self) -> Halt | None:
        """Why nobody goes on; None where all do."""
        halt = self.eras.halt
        return halt if halt is not None and halt.era >= self.known().era else None


class Control:
    """Reads and writes ``control``."""

    def __init__(self, clients: Clients, topics: Topics, *, deadline_s: float) -> None:
        """``deadline_s`` is how long a record may take to be there."""
        patience_s = clients.settings.request_timeout_s
        self._reader = TopicReader(clients, topics.control, wait_s=WAIT_S, patience_s=patience_s)
        self._out = Appender(clients, topics.control, deadline_s=deadline_s)
        self._opened = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._standing = Standing()
        self._next = 0
        """Kafka's offset behind what was read."""
        self._doubtful = False
        """Whether the last read has failed: its client may be over."""

    async def __aenter__(self) -> Self:
        """Connect; raises ``Unavailable``."""
        await self._opened.enter_async_context(self._reader)
        # It connects once there is something to say.
        self._opened.push_async_exit(self._out)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the brokers."""
        await self._opened.aclose()

    async def read(self) -> Standing:
        """What is true now; raises ``KafkaError``, ``TimeoutError`` or ``Unavailable``."""
        async with self._turn:
            if self._doubtful:
                await self._reader.reconnect()
            self._doubtful = True
            try:
                standing = await self._read()
            except (KafkaError, TimeoutError):
                # A client whose broker was away may never read on.
                await self._reader.reconnect()
                standing = await self._read()
            self._doubtful = False
            return standing

    async def _read(self) -> Standing:
        first, end = await self._reader.ends()
        # Compaction leaves holes, and a broker that died may name a beginning before the first.
        at = max(first, self._next)
        while records := await self._reader.read(at, end):
            for record in records:
                self._take(record.value)
            at = records[-1].offset + 1
        self._next = max(at, end)
        return self._standing

    def _take(self, value: bytes) -> None:
        try:
            said = _decoder.decode(value)
        except msgspec.MsgspecError as error:
            log.error("a record of the topic control is none: %s", error)
            return
        standing = self._standing
        match said:
            case Journal():
                self._standing = replace(standing, journal=said)
            case Name():
                self._standing = replace(standing, names=standing.names | {said.name: said})
            case Place():
                self._standing = replace(standing, places=standing.places | {said.reader: said})
            case Forgotten():
                places = {k: v for k, v in standing.places.items() if k != said.reader}
                self._standing = replace(standing, places=places)
            case StateHash():
                self._standing = replace(standing, hashes=standing.hashes | {said.engine: said})
            case Halt() | Trust() | Began():
                self._standing = replace(standing, eras=standing.eras.take(said))

    async def say(self, said: Said) -> None:
        """Write it down; raises ``AppendFailed``."""
        await self._out.append([msgspec.json.encode(said)], key=said.key.encode())


class Tenure:
    """A name that this process has until a later one takes it.

    A fence alone proves no later process: brokers also fence whom they have not heard for long.
    """

    def __init__(self, control: Control, name: str, clock: Clock) -> None:
        """It is not taken yet."""
        self._control = control
        self._clock = clock
        self._name = name
        self._nonce = secrets.randbits(63)
        self._taken = False

    async def take(self) -> None:
        """Take it, unless that was done; raises ``AppendFailed``."""
        if not self._taken:
            await self._control.say(Name(self._name, self._nonce, self._clock.now_ns()))
            self._taken = True

    async def check(self) -> None:
        """Raise ``Displaced`` where a later process has it; or ``KafkaError``, ``TimeoutError``."""
        holder = (await self._control.read()).names.get(self._name)
        if self._taken and holder is not None and holder.nonce != self._nonce:
            raise Displaced(f"another {self._name.replace('.', ' ')} has begun: this one ends")


WAIT_S = 0.01
"""Its end is looked at; nobody waits there for what comes next."""
