"""The errors that an operator is told in one line, without a traceback."""

from core import DataDirLocked, JournalError, StoreFailed
from engine.recovery import JournalGap, ReplayDiffers
from engine.service import EngineFault
from engine.setup import SetupRefused
from journal.datadir import DataDirDamaged
from quantscope.capacity import TooFewDescriptors
from quantscope.examine import BadSnapshots, NothingThere
from quantscope.serve import PortInUse

EXPECTED = (
    BadSnapshots,
    DataDirDamaged,
    DataDirLocked,
    EngineFault,
    JournalError,
    JournalGap,
    NothingThere,
    PortInUse,
    ReplayDiffers,
    SetupRefused,
    StoreFailed,
    TooFewDescriptors,
    OSError,
)
