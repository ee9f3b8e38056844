"""The journal on Apache Kafka: topics, and the few ways in which an exchange reads and writes them.

One record is one batch, as one row of SQLite's is.  ``topics`` says which there are; ``clients``
makes the library's clients, whose connections ``straight`` uses for the two requests of every
batch; ``fetching`` and ``reader`` read a partition, and ``kept`` does so for code without a loop;
``sending`` sends batches: by it ``appender`` where others send theirs, and ``fenced`` writes a log
that has one writer at a time; ``portions`` are states in a topic, ``snapshots`` those of engines;
``control`` is what is true of the exchange as a whole, ``bases`` where by it each command stands,
``logs`` what is read by that, ``proofs`` what commands are held to, ``halts`` what is said there of
engines that differ and ``referee`` who says it; ``trailing`` is which engine is behind;
``engines_log`` reads back what any engine has told, ``agreed_log`` that on which they agree;
``measured`` is what requests take; ``lane`` is a gateway's way to a partition and back; ``setup``
makes the topics and holds them to what they must be; ``security`` is what brokers are shown, and
``refusal`` says why they let nobody in.

Imports ``core``, ``settings`` and the ports of ``journal``; whoever may import that room may import
this one.
"""

from journal.kafka.agreed_log import AgreedLog
from journal.kafka.appender import Appender, AppendFailed
from journal.kafka.bases import FIRST_OFFSET, NEW, PLAIN, Base, Bases
from journal.kafka.clients import Clients
from journal.kafka.control import (
    Control,
    ControlLost,
    Displaced,
    Forgotten,
    Journal,
    Place,
    Standing,
    StartAgain,
    Tenure,
)
from journal.kafka.engines_log import EnginesLog
from journal.kafka.fenced import Fenced, FencedLog
from journal.kafka.halts import At, Began, Eras, Halt, LogBase, StateHash, Trust, base_record
from journal.kafka.judged import JudgedState, KeptSnapshots
from journal.kafka.kept import KafkaKept, log_record
from journal.kafka.lane import Beginning, KafkaLane
from journal.kafka.logs import Logs
from journal.kafka.measured import Measured, Timed
from journal.kafka.portions import Description, Good, Marked, Portion, Portions, marks_of, state_of
from journal.kafka.proofs import Proof, Proofs, held_to, last_of, lost_commands
from journal.kafka.reader import Damaged, KafkaError, LostEnd, Record, TopicReader
from journal.kafka.referee import NothingToTrust, Referee
from journal.kafka.refusal import Refused
from journal.kafka.security import Unavailable
from journal.kafka.setup import (
    LostCommands,
    Mistake,
    make_topics,
    mend,
    missing_topics,
    mistakes,
    surplus,
)
from journal.kafka.snapshots import KafkaSnapshots
from journal.kafka.topics import Topics
from journal.kafka.trailing import Trailing
from journal.kafka.words import in_words

__all__ = [
    "FIRST_OFFSET",
    "NEW",
    "PLAIN",
    "AgreedLog",
    "AppendFailed",
    "Appender",
    "At",
    "Base",
    "Bases",
    "Began",
    "Beginning",
    "Clients",
    "Control",
    "ControlLost",
    "Damaged",
    "Description",
    "Displaced",
    "EnginesLog",
    "Eras",
    "Fenced",
    "FencedLog",
    "Forgotten",
    "Good",
    "Halt",
    "Journal",
    "JudgedState",
    "KafkaError",
    "KafkaKept",
    "KafkaLane",
    "KafkaSnapshots",
    "KeptSnapshots",
    "LogBase",
    "Logs",
    "LostCommands",
    "LostEnd",
    "Marked",
    "Measured",
    "Mistake",
    "NothingToTrust",
    "Place",
    "Portion",
    "Portions",
    "Proof",
    "Proofs",
    "Record",
    "Referee",
    "Refused",
    "Standing",
    "StartAgain",
    "StateHash",
    "Tenure",
    "Timed",
    "TopicReader",
    "Topics",
    "Trailing",
    "Trust",
    "Unavailable",
    "base_record",
    "held_to",
    "in_words",
    "last_of",
    "log_record",
    "lost_commands",
    "make_topics",
    "marks_of",
    "mend",
    "missing_topics",
    "mistakes",
    "state_of",
    "surplus",
]
