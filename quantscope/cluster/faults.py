"""The errors of a cluster that an operator is told in one line, beside those of one process."""

from engine.lost_end import NothingLeft
from journal.kafka import (
    AppendFailed,
    ControlLost,
    Damaged,
    KafkaError,
    LostCommands,
    Unavailable,
    in_words,
)
from quantscope import faults
from quantscope.cluster.process import Misconfigured

EXPECTED: tuple[type[Exception], ...] = (
    *faults.EXPECTED,
    AppendFailed,
    ControlLost,
    Damaged,
    KafkaError,
    LostCommands,
    Misconfigured,
    NothingLeft,
    Unavailable,
)

__all__ = ["EXPECTED", "in_words"]
