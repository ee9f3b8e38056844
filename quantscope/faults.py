"""The errors that an operator is told in one line, without a traceback."""

from core import DataDirLocked, JournalError, StoreFailed
from engine.lost_end import NothingLeft
from engine.recovery import JournalGap, NewerRules, ReplayDiffers
from engine.service import EngineFault
from engine.setup import SetupRefused
from journal.datadir import DataDirDamaged, DataDirLost
from journal.kafka import (
    AppendFailed,
    ControlLost,
    Damaged,
    KafkaError,
    LostCommands,
    Unavailable,
)
from quantscope.acceptor import PortInUse
from quantscope.capacity import TooFewDescriptors
from quantscope.cluster.process import Misconfigured
from quantscope.examine import NothingThere, NotSound
from quantscope.journals import StartRefused
from quantscope.recovering import NothingToGoOnFrom
from quantscope.roles.sessions import UnknownUser
from settings import ConfigError

EXPECTED = (
    AppendFailed,
    ConfigError,
    ControlLost,
    Damaged,
    DataDirDamaged,
    DataDirLocked,
    DataDirLost,
    EngineFault,
    JournalError,
    JournalGap,
    KafkaError,
    LostCommands,
    Misconfigured,
    NewerRules,
    NotSound,
    NothingLeft,
    NothingThere,
    NothingToGoOnFrom,
    PortInUse,
    ReplayDiffers,
    SetupRefused,
    StartRefused,
    StoreFailed,
    TooFewDescriptors,
    Unavailable,
    UnknownUser,
    OSError,
)
