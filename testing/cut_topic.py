"""A broker's disk that has lost what was written last: the end of a partition's files."""

import struct

from testing.kafka import Brokers

HEAD = struct.Struct(">qi")
"""Before each batch of Kafka's: its first offset, and the length of what follows."""
DELTA_AT = 23
"""Where in it the number of its last record stands, counted from its first."""
DERIVED = (".index", ".timeindex", ".txnindex", ".snapshot")
"""What a broker makes again of the records."""


def cut_topic(brokers: Brokers, topic: str, records: int, node: int = 1) -> int:
    """Take about so many of the newest records away, of a node that is down; where it ends now.

    What was sent together goes together.
    """
    assert not brokers.runs(node)
    folder = brokers.directory / str(node) / "data" / f"{topic}-0"
    (log,) = folder.glob("*.log")
    batches = _batches(log.read_bytes())
    end = batches[-1][1] - records
    kept = [(at, behind) for at, behind in batches if behind <= end]
    assert kept, "there are no more"
    cut_at = next(at for at, behind in batches if behind > end)
    with log.open("r+b") as file:
        file.truncate(cut_at)
    for path in folder.iterdir():
        if path.suffix in DERIVED:
            path.unlink()
    return kept[-1][1]


def _batches(data: bytes) -> list[tuple[int, int]]:
    """Where each batch begins in the file, and the offset behind its last record."""
    found, at = [], 0
    while at + HEAD.size <= len(data):
        first, length = HEAD.unpack_from(data, at)
        (last,) = struct.unpack_from(">i", data, at + DELTA_AT)
        found.append((at, first + last + 1))
        at += HEAD.size + length
    return found
