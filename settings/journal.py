"""The commands log, the events log and the snapshots."""

from typing import Annotated, Literal

from msgspec import Meta

from settings.values import Bytes, Count, Seconds, Section, about


class JournalSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The commands log, the events log and the snapshots."""

    adapter: Annotated[
        Literal["sqlite", "memory", "kafka"],
        about("sqlite is durable; memory forgets all at the end; kafka is that of a cluster"),
    ] = "sqlite"
    batch_commands_max: Annotated[Count, about("commands in one batch")] = 1_000
    group_batches_max: Annotated[
        Count, about("command batches in one commit; what they do is told in one turn of the loop")
    ] = 2
    queue_bytes_max: Annotated[
        Bytes,
        about(
            "bytes that may wait for a log's writer; beyond it no commands are sealed, and should "
            "what is under way then need as much again, the log fails"
        ),
    ] = 128 * 2**20
    events_linger_s: Annotated[
        Annotated[float, Meta(ge=0, le=1)],
        about("seconds between commits of the events log, for which nobody waits"),
    ] = 0.005
    events_linger_bytes_max: Annotated[
        Bytes, about("bytes of events that wait for that; more are committed at once")
    ] = 256 * 2**10
    wal_bytes_max: Annotated[
        Bytes, about("bytes of each write-ahead log, which is written over and over")
    ] = 16 * 2**20
    checkpoint_bytes: Annotated[
        Bytes,
        about("bytes in a write-ahead log after which they are moved to the log's database"),
    ] = 2 * 2**20
    commit_bytes_max: Annotated[
        Bytes, about("bytes of batches in one transaction; one batch goes whatever its size")
    ] = 4 * 2**20
    delete_records_max: Annotated[
        Count,
        about("records that a transaction deletes, where it does not add half as many or more"),
    ] = 64
    verify_bytes_max: Annotated[
        Bytes, about("bytes of a log's newest part that a start reads back and checks")
    ] = 256 * 2**20
    journal_bytes_max: Annotated[
        Bytes, about("bytes of events the recorder has not read; beyond it new orders get BUSY")
    ] = 4 * 2**30
    memory_bytes_max: Annotated[
        Bytes, about("bytes that a memory log keeps; beyond it the oldest go")
    ] = 256 * 2**20
    snapshot_interval_s: Annotated[Seconds, about("seconds between snapshots")] = 60.0
    snapshot_commands_min: Annotated[
        Count, about("no snapshot for fewer command batches than this")
    ] = 100
    snapshots_kept: Annotated[
        Annotated[int, Meta(ge=2, le=100)], about("good snapshots that are kept")
    ] = 2
    tick_interval_s: Annotated[
        Annotated[float, Meta(ge=0.001, le=1)], about("seconds between ticks of engine time")
    ] = 1.0
    retry_interval_s: Annotated[
        Seconds, about("seconds between attempts to open a failed journal again")
    ] = 1.0
