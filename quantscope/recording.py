"""A recorder at work on a store, and what is said where it can't be."""

import pathlib

from core import MemoryLog, Recorder, StoreDamaged, StoreFailed
from engine.plan import MOVE_STORE
from journal.port import NamedLog
from settings import StoreSettings


def recorder_on(
    path: pathlib.Path,
    events: pathlib.Path | MemoryLog | NamedLog,
    settings: StoreSettings,
    seed: bytes | None,
) -> Recorder:
    """One more recorder at work on the store of this path; it blocks.

    Raises ``StoreFailed``, which says what to do.
    """
    try:
        return Recorder(path, events, settings, seed)
    except StoreDamaged as error:
        raise StoreFailed(f"{path} can't be used: {error}: {MOVE_STORE}") from error
    except StoreFailed as error:
        raise StoreFailed(f"{path} can't be used: {error}") from error
