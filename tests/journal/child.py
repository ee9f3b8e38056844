"""A process that writes a log and says on its standard output what is durable.

Arguments: path, bytes of a batch, and words: ``normal`` for a log of events, ``reopen`` to go on
with a log opened afresh after a failure, ``delete`` to keep the newest 100 entries only.
Lines: ``durable N``, ``failed WHAT``, ``opened N`` (the next offset).
"""

import os
import select
import sys
import time
from pathlib import Path

from journal import JournalError, Log, open_commands, open_events
from settings import JournalSettings
from tests.journal.content import batch

SETTINGS = JournalSettings(wal_bytes_max=1 << 20, checkpoint_bytes=1 << 18)


def say(what: str) -> None:
    os.write(1, f"{what}\n".encode())


def reopened(path: Path, normal: bool) -> Log:
    """Open, again and again if need be."""
    while True:
        try:
            log = (open_events if normal else open_commands)(path, SETTINGS)
        except JournalError as error:
            say(f"refused {error}")
            time.sleep(0.05)
        else:
            say(f"opened {log.next_offset}")
            return log


def write(log: Log, size: int, normal: bool, delete: bool) -> None:
    """Append until the log fails."""
    told = 0
    while log.failure is None:
        for _ in range(3):
            log.append(1, [batch(log.next_offset, size)])
        if normal:
            log.request_sync()
        select.select([log.notify_fd()], [], [], 1)
        log.clear_notify()
        if log.durable_offset > told:
            told = log.durable_offset
            say(f"durable {told}")
        if delete and told > 100:
            log.delete_before(told - 100)
    say(f"failed {log.failure}")


def main() -> None:
    """Write until killed, or until the log fails."""
    path, size, words = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    while True:
        log = reopened(path, "normal" in words)
        try:
            write(log, size, "normal" in words, "delete" in words)
        except JournalError as error:
            say(f"failed {error}")
        log.close()
        if "reopen" not in words:
            return


if __name__ == "__main__":
    main()
