"""Publishes snapshots of an engine beside the one that serves: that is never held up.

Of several engines each tells the hash of its state at a place, and the last one in their order that
lives publishes the state, once it is the same for all that live.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from core import Engine, JournalError, Position
from engine.recovery import ReplayDiffers
from engine.replica import replica
from engine.twins import OnDiffers, Twins
from journal.kafka import (
    AppendFailed,
    At,
    Control,
    Journal,
    KafkaError,
    KafkaSnapshots,
    Logs,
    StateHash,
    Unavailable,
    in_words,
)

log = logging.getLogger("quantscope.engine")

TROUBLE = (AppendFailed, JournalError, KafkaError, TimeoutError, Unavailable)
HASH_WAIT_S = 20.0
"""How long another engine may take to tell its hash of a state, in seconds."""
LOOK_S = 0.2


class SnapshotKeeper:
    """Those of one engine."""

    def __init__(self, name: str, control: Control) -> None:
        """Nothing is due."""
        self._name = name
        self._control = control
        self._logs: Logs
        self._snapshots: KafkaSnapshots
        self._due: Position | None = None
        self._wake = asyncio.Event()
        # Always the same thread: what it needs another engine for stays with its allocator.
        self._thread = ThreadPoolExecutor(1, "snapshots")
        self.written = 0
        """How many this engine has published."""
        self.agreed = 0
        """How often another engine had the same state."""

    def read_by(self, logs: Logs, snapshots: KafkaSnapshots) -> None:
        """From now on by these."""
        self._logs, self._snapshots = logs, snapshots

    def ask(self, at: Position) -> None:
        """One is due at this place; of several that wait the newest is made."""
        self._due = at
        self._wake.set()

    async def run(self, journal: Journal, twins: Twins, on_differs: OnDiffers) -> None:
        """Publish what is due until canceled; who makes another state is told of."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            at, self._due = self._due, None
            if at is None:
                continue
            try:
                state = await self._made(at)
                if await self._is_ours(journal, at, state, twins, on_differs):
                    await self._written(journal, at, state)
            except (*TROUBLE, ValueError, ReplayDiffers) as error:
                log.error("engine %s: no snapshot: %s", self._name, in_words(error))

    async def publish(self, journal: Journal, at: Position) -> None:
        """Publish one of this place at once; raises as ``KafkaSnapshots.publish`` does."""
        await self._written(journal, at, await self._made(at))

    async def _written(self, journal: Journal, at: Position, state: bytes) -> None:
        await self._snapshots.publish(self._name, journal, at, state)
        self.written += 1
        log.info(
            "engine %s: snapshot at command batch %d, %d bytes",
            self._name,
            at.command_offset,
            len(state),
        )

    async def _made(self, at: Position) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._state, at)

    def _state(self, at: Position) -> bytes:
        with self._logs.commands() as commands:
            return replica(self._snapshots, commands, at).snapshot()

    async def _is_ours(
        self, journal: Journal, at: Position, state: bytes, twins: Twins, on_differs: OnDiffers
    ) -> bool:
        """Whether this engine is to publish the state, and all that live have the same."""
        if not twins.others:
            return True
        own = await asyncio.to_thread(Engine.hash_of, state)
        await self._control.say(StateHash(self._name, journal.era, at.command_offset, own))
        if twins.living()[-1] != self._name:
            return False
        deadline = asyncio.get_running_loop().time() + HASH_WAIT_S
        for other in twins.others:
            found = await self._told(other, journal.era, at.command_offset, twins, deadline)
            if found is not None and found != own:
                log.error(
                    "engine %s has another state than %s behind command batch %d",
                    other,
                    self._name,
                    at.command_offset,
                )
                await on_differs(other, At(at.command_offset + 1, 0))
                return False
            self.agreed += found is not None
        return True

    async def _told(
        self, other: str, era: int, command: int, twins: Twins, deadline: float
    ) -> int | None:
        """The hash that another engine tells of a place; None where it lives no more."""
        while other in twins.living():
            said = (await self._control.read()).hashes.get(other)
            if said is not None and said.era == era and said.command_offset == command:
                return said.state_hash
            is_further = said is not None and said.command_offset > command
            if is_further or asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(
                    f"engine {other} does not tell what state it has behind command batch {command}"
                )
            await asyncio.sleep(LOOK_S)
        return None
