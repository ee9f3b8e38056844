"""The two logs of an exchange in this process: opened again and again, to fail and to hold."""

from collections.abc import Iterator
from pathlib import Path

from core import Engine, JournalError, MemoryLog
from engine.recovery import Recovered, recover
from engine.service import Journals
from journal import open_commands, open_events
from settings import JournalSettings
from testing.faulty import FaultyLog, HeldLog
from testing.parts import memory_log, system_clock


class Logs:
    """What an exchange keeps over its lives, on disk or in memory; a service opens it.

    Each time the logs that the service gets are new ones around those that are kept.
    """

    commands: HeldLog
    events: FaultyLog

    def __init__(
        self,
        directory: Path | None = None,
        settings: JournalSettings | None = None,
        *,
        partition: int = 0,
    ) -> None:
        """In memory where no directory is named."""
        self.directory = directory
        self.settings = settings or JournalSettings()
        self.partition = partition
        self.clock = system_clock()
        self.snapshot: bytes | None = None
        """The engine with which the next opening begins, if not with the first command."""
        self.keep_failed = False
        """Whether an append that fails reaches the log that is kept all the same."""
        self.lost = False
        """Whether nothing can be opened."""
        self.memory = memory_log(), memory_log()

    def __call__(self) -> tuple[Journals, Recovered]:
        """Open both, and bring an engine to their end."""
        if self.lost:
            raise JournalError("the logs are lost")
        if self.directory is None:
            commands, events = self.memory
            self.commands = HeldLog(commands, keep_failed=self.keep_failed, lasting=True)
            self.events = FaultyLog(events, lasting=True)
        else:
            on_disk = open_commands(self.directory / "commands.db", self.settings)
            self.commands = HeldLog(on_disk, keep_failed=self.keep_failed)
            self.events = FaultyLog(open_events(self.directory / "events.db", self.settings))
        journals = Journals(self.commands, self.events)
        return journals, recover(self._engines(), self.commands, self.events, self.clock)

    def _engines(self) -> Iterator[Engine]:
        if self.snapshot is not None:
            yield Engine.restore(self.snapshot)
        yield Engine(self.partition)

    @property
    def events_in_memory(self) -> MemoryLog:
        """All events: what a recorder reads."""
        assert self.directory is None
        return self.memory[1]

    def fail(self) -> None:
        """The disk is gone: what is under way fails, and nothing can be opened."""
        self.lost = True
        self.commands.fail_now()

    def mend(self) -> None:
        """The disk is back."""
        self.lost = False
