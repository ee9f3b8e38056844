"""The journal on Apache Kafka: topics, and the few ways in which an exchange reads and writes them.

One record is one batch, as one row of SQLite's is.  ``topics`` says which there are; ``clients``
makes the library's clients; ``reader`` reads a partition, and ``kept`` does so for code without a
loop; ``appender`` sends batches where others send theirs, ``fenced`` writes a log that has one
writer at a time; ``snapshots`` are the engines' states; ``lane`` is a gateway's way to a
partition and back; ``setup`` makes the topics and holds them to what they must be.

Imports ``core``, ``settings`` and the ports of ``journal``; whoever may import that room may import
this one.
"""

from journal.kafka.appender import Appender, AppendFailed
from journal.kafka.clients import Clients, Unavailable
from journal.kafka.fenced import Fenced, FencedLog
from journal.kafka.kept import KafkaKept, log_record
from journal.kafka.lane import Displaced, KafkaLane
from journal.kafka.reader import Damaged, TopicReader
from journal.kafka.setup import Mistake, make_topics, missing_topics, mistakes
from journal.kafka.snapshots import Good, KafkaSnapshots, KeptSnapshots, Portion
from journal.kafka.topics import FIRST_OFFSET, Topics

__all__ = [
    "FIRST_OFFSET",
    "AppendFailed",
    "Appender",
    "Clients",
    "Damaged",
    "Displaced",
    "Fenced",
    "FencedLog",
    "Good",
    "KafkaKept",
    "KafkaLane",
    "KafkaSnapshots",
    "KeptSnapshots",
    "Mistake",
    "Portion",
    "TopicReader",
    "Topics",
    "Unavailable",
    "log_record",
    "make_topics",
    "missing_topics",
    "mistakes",
]
