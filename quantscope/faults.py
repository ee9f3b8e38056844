"""The errors that an operator is told in one line, without a traceback."""

from core import DataDirLocked, JournalError, StoreFailed
from engine.recovery import JournalGap, NewerRules, ReplayDiffers
from engine.service import EngineFault
from engine.setup import SetupRefused
from journal.datadir import DataDirDamaged, DataDirLost
from quantscope.acceptor import PortInUse
from quantscope.capacity import TooFewDescriptors
from quantscope.examine import NothingThere, NotSound
from quantscope.journals import StartRefused
from quantscope.recovering import NothingToGoOnFrom
from quantscope.roles.sessions import UnknownUser
from settings import ConfigError

EXPECTED: tuple[type[Exception], ...] = (
    ConfigError,
    DataDirDamaged,
    DataDirLocked,
    DataDirLost,
    EngineFault,
    JournalError,
    JournalGap,
    NewerRules,
    NotSound,
    NothingThere,
    NothingToGoOnFrom,
    PortInUse,
    ReplayDiffers,
    SetupRefused,
    StartRefused,
    StoreFailed,
    TooFewDescriptors,
    UnknownUser,
    OSError,
)


def in_words(error: BaseException) -> str:
    """What went wrong."""
    return str(error) or type(error).__name__
