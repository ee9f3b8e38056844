"""The store and its recorder."""

from typing import Annotated, Literal

from msgspec import Meta

from settings.values import Bytes, Count, Seconds, Section, about


class StoreSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The store and its recorder."""

    adapter: Annotated[
        Literal["sqlite", "redis"],
        about("sqlite is a file; redis is that of a cluster, and forgets the oldest orders"),
    ] = "sqlite"
    backup_dir: Annotated[
        str,
        about(
            "directory of copies of a cluster's archive (*.db), the newest of which is taken where "
            "the archive recorded what is void; empty for backup/ beside it"
        ),
    ] = ""
    recorder_read_bytes_max: Annotated[
        Bytes, about("bytes of events that the recorder reads from the journal at once")
    ] = 4 * 2**20
    recorder_transaction_events_max: Annotated[
        Count, about("events recorded in one transaction")
    ] = 200_000
    recorder_interval_s: Annotated[
        Seconds, about("seconds after which the recorder looks for new events")
    ] = 0.1
    recorder_interval_busy_s: Annotated[
        Seconds, about("what that grows to while there is much to record, in seconds")
    ] = 1.0
    wal_bytes_max: Annotated[
        Bytes, about("bytes of the store's write-ahead log at which it is checkpointed")
    ] = 64 * 2**20
    checkpoint_interval_s: Annotated[
        Seconds, about("seconds after which what is recorded is made durable, when idle")
    ] = 10.0
    recorder_retry_interval_s_max: Annotated[
        Seconds, about("seconds that the pauses between attempts grow to, after a failure")
    ] = 5.0
    recorder_nice: Annotated[
        Annotated[int, Meta(ge=0, le=19)],
        about("nice value of the recorder's thread: the higher, the more it yields"),
    ] = 19
