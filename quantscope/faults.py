"""The errors that an operator is told in one line, without a traceback."""

from core import DataDirLocked, JournalDamaged, JournalFailed
from engine.recovery import JournalGap, ReplayDiffers
from engine.service import EngineFault
from engine.setup import SetupRefused
from quantscope.examine import BadSnapshots, NothingThere
from quantscope.serve import PortInUse

EXPECTED = (
    BadSnapshots,
    DataDirLocked,
    EngineFault,
    JournalDamaged,
    JournalFailed,
    JournalGap,
    NothingThere,
    PortInUse,
    ReplayDiffers,
    SetupRefused,
    OSError,
)
