"""A store that is filled from an engine's log on Kafka, as a recorder's process fills it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import MemoryLog, Recorder
from journal.kafka import Clients, KafkaKept, Topics
from testing.parts import memory_log, new_recorder

READ_BYTES = 2**20
PAUSE_S = 0.05


@contextmanager
def recorded(
    clients: Clients, topics: Topics, journal_id: int, path: Path, engine: str = "a"
) -> Iterator[Recorder]:
    """Fill the store at ``path`` until the block ends, which leaves it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log, stop = memory_log(journal_id), threading.Event()
    topic = topics.events(engine)
    copying = threading.Thread(target=_copy, args=(clients, topic, log, stop), daemon=True)
    recorder = new_recorder(path, log, recorder_interval_s=0.02)
    copying.start()
    try:
        yield recorder
    finally:
        stop.set()
        copying.join()
        recorder.stop()


def _copy(clients: Clients, topic: str, log: MemoryLog, stop: threading.Event) -> None:
    with KafkaKept(clients, topic) as kept:
        at = kept.first_offset
        while not stop.is_set():
            kept.look()
            while at < kept.next_offset and (records := kept.read(at, READ_BYTES)):
                log.append(records[0].append_ns, [record.batch for record in records])
                at = records[-1].offset + 1
            stop.wait(PAUSE_S)
