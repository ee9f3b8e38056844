from collections.abc import Callable
from os import PathLike
from typing import Any, Final, Literal, Protocol, Self, TypeAlias, final

from typing_extensions import disjoint_base

from protocol.fix import Flat
from settings import (
    FacadeSettings,
    FixSettings,
    GatewaySettings,
    JournalSettings,
    ServerSettings,
    StoreSettings,
)

__all__ = [
    "JOURNAL_VERSION",
    "RULES",
    "SHOWN_MAX",
    "SOURCES_HASH",
    "VERSION",
    "AckTimes",
    "Answered",
    "AnsweredByStore",
    "AuditReport",
    "Bar",
    "Beginning",
    "Beginnings",
    "Claimed",
    "Clock",
    "Commands",
    "ConnectionOver",
    "DataDirLock",
    "DataDirLocked",
    "DayEdge",
    "Differs",
    "Engine",
    "EngineLimits",
    "Entry",
    "EventHead",
    "EventsEnd",
    "EventsFollower",
    "Failed",
    "FileIdentity",
    "GatewayChange",
    "GatewayState",
    "HeartbeatDue",
    "Histogram",
    "InMemory",
    "InStore",
    "Instrument",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalFull",
    "JournalMissing",
    "JournalRange",
    "Lane",
    "Log",
    "LogEnds",
    "LogReader",
    "LogRecord",
    "LoginRequested",
    "LogonRequested",
    "LogoutRequested",
    "Malformed",
    "MemoryLog",
    "NotOpen",
    "OrderEntry",
    "OrderEntryConnection",
    "OrderStands",
    "OrdersInMemory",
    "OrdersPage",
    "Over",
    "PanicException",
    "Pipeline",
    "Position",
    "PublishedNumbers",
    "PutOff",
    "ReadFailed",
    "RecentOrders",
    "Recorded",
    "Recorder",
    "RedisBuffer",
    "RedisPlace",
    "RedisRows",
    "RedisSwept",
    "RedisWriter",
    "ReplayPortion",
    "ResendRequested",
    "Routed",
    "SecurityListRequested",
    "Session",
    "SessionIndex",
    "StoreAudit",
    "StoreDamaged",
    "StoreEnd",
    "StoreFailed",
    "StoreReader",
    "StoredOrder",
    "StoredStream",
    "Stretch",
    "Sum",
    "Taken",
    "TakenBack",
    "Tally",
    "TallyRow",
    "Throttled",
    "Trade",
    "TradesPage",
    "Traffic",
    "UpgradedBatch",
    "View",
    "ViewOutput",
    "Wake",
    "cancel_reasons",
    "check_events",
    "delete_after",
    "describe_commands",
    "describe_events",
    "describe_message",
    "event_head",
    "events_told",
    "first_batch_after",
    "huge_pages",
    "load_main",
    "login_accepted",
    "login_rejected",
    "move_store",
    "parse_decimal",
    "published_in",
    "recode_message",
    "recorder_seed",
    "redis_bars",
    "redis_symbol",
    "redis_trades",
    "refusals",
    "shorten_slice",
    "split_batches",
    "store_at_rest",
    "sum_of",
    "take_back",
    "tells",
    "terms",
    "trade_json",
    "upgrade_events",
    "upgrade_snapshot",
    "xxh3_64",
]

JOURNAL_VERSION: Final[int]
"""Version of the journal that this build writes: its logs, and the batches in them."""
RULES: Final[int]
"""Version of the rules by which this build's engine decides."""
SHOWN_MAX: Final[int]
"""Changes and fills that an order shows, the newest ones; all others are asked for page by page."""
VERSION: Final[str]
"""Of the extension, which is that of the package."""
SOURCES_HASH: Final[str]
"""Of the Rust sources that it was built of, in hexadecimal."""

class PanicException(BaseException):
    """A fault of native code, which nobody foresaw."""

# -- the field's numbers, and bytes for people -----------------------------------------------------

def terms() -> dict[str, dict[str, int]]:
    """Return names and numbers of each enumeration of the records, by its name in ``terms``."""

def cancel_reasons() -> list[str]:
    """Return every reason for which an order leaves the book without a trade."""

def refusals() -> list[str]:
    """Return every reason for which the exchange refuses something."""

def xxh3_64(data: bytes) -> int:
    """Return the XXH3 of bytes, 64 bits, without a seed."""

def parse_decimal(text: bytes) -> int:
    """Read a decimal as it stands in JSON, a number or a string, in units of 10^-8.

    Raises ``ValueError``, which says what is wrong with it.
    """

def describe_commands(batch: bytes) -> str:
    """Return a command batch as JSON: its header, and ``commands``.

    Raises ``ValueError`` for bytes that are none.
    """

def describe_events(batches: bytes) -> str:
    """Return event batches as a JSON array: headers, each with its ``events``.

    Raises ``ValueError`` for bytes that are none.
    """

def describe_message(message: bytes) -> str:
    """Return a message of order entry as JSON: its fields, and ``type``.

    Raises ``ValueError`` for bytes that are none.
    """

def recode_message(message: bytes) -> bytes:
    """Read a message of order entry and write it again: what its fields mean, in our bytes.

    Raises ``ValueError`` for bytes that are none.
    """

# -- figures ---------------------------------------------------------------------------------------

@final
class Histogram:
    """What was counted, by size."""

    bounds: Final[list[int]]
    """Upper bounds, rising; times are in ns."""
    counts: Final[list[int]]
    """How many lay in each bound and above the one before; one more, of what is above them all."""
    total: Final[int]
    """The sum of all sizes."""
    def __new__(cls, *, bounds: list[int], counts: list[int], total: int) -> Histogram: ...

@final
class AckTimes:
    """How long requests wait for their answer, where a gateway in Python sends them."""

    def __new__(cls, clock: Clock) -> AckTimes: ...
    def sent(self, num: int) -> None:
        """Note that a request begins to wait; its number is higher than all before."""

    def acknowledged(self, last: int) -> None:
        """Note that all requests up to a number are answered."""

    def forget(self) -> None:
        """Note that nobody waits any more."""

    def latency(self) -> Histogram:
        """Return the times from request to answer, in ns."""

# -- commands --------------------------------------------------------------------------------------

@final
class Commands:
    """A buffer into which commands are written, and from which sealed batches are taken.

    Prices and quantities are multiples of 10^-8.  Whatever is no value of its enumeration, or a
    text of more than 64 bytes, is a ``ValueError``.  The numbers are those of ``protocol.terms``.
    """

    def __new__(cls) -> Commands: ...
    def __len__(self) -> int: ...
    def gateway_open(self, gateway: int, nonce: int) -> None:
        """Begin a new incarnation of a gateway; it is alone in its batch, which has no number.

        ``nonce``, of 64 bits, is chosen at random: one that the engine knows begins nothing.
        """

    def entry_open(
        self,
        kind: int,
        name: str,
        account: str,
        *,
        cancel_on_disconnect: bool = False,
        stp: int = 0,
    ) -> None:
        """Open an entry of an account, or change the settings of one that is open."""

    def entry_claim(self, entry: int) -> None:
        """Ask that commands of an entry count from this gateway's incarnation alone."""

    def entry_closed(self, entry: int) -> None:
        """Say that nobody speaks by an entry any more: its orders may go, as its settings say."""

    def new_order(
        self,
        *,
        side: int,
        ord_type: int,
        tif: int,
        qty: int,
        instrument: int | None = None,
        price: int | None = None,
        exec_inst: int = 0,
        stp: int = ...,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        text: str = "",
    ) -> None:
        """Place an order.

        ``entry`` is the sender, or ``user`` where it came by REST.  ``num`` is its ClOrdID, or the
        number of the request; ``text`` the client's own id.  Without ``stp`` the entry's mode is
        in force.
        """

    def cancel(
        self,
        *,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        orig_num: int = 0,
        text: str = "",
        order_id: int = 0,
        instrument: int | None = None,
        request: str = "",
        poss_resend: bool = False,
    ) -> None:
        """Cancel an order, which is named by its id or by ``orig_num``, its ClOrdID.

        In FIX the order's ClOrdID is ``text``, and the request's own ``request``.
        """

    def replace(
        self,
        *,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        orig_num: int = 0,
        text: str = "",
        order_id: int = 0,
        price: int | None = None,
        qty: int | None = None,
        instrument: int | None = None,
        request: str = "",
        poss_resend: bool = False,
    ) -> None:
        """Amend an order, named as in ``cancel``; what is None stays as it is."""

    def mass_cancel(
        self,
        *,
        kind: int,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        instrument: int | None = None,
        side: int = 0,
        quiet: bool = False,
        prior: int = 0,
        request: str = "",
    ) -> None:
        """Cancel all orders of a sender, or those of an instrument; of one side, unless it is 0.

        Of several partitions all but the last are asked ``quiet``; the last one tells the sum, with
        the ``prior`` ones that the others have canceled.
        """

    def status(
        self,
        *,
        entry: int,
        req_id: int,
        num: int = 0,
        order_id: int = 0,
        instrument: int | None = None,
        text: str = "",
        request: str = "",
    ) -> None:
        """Ask how an order stands; in FIX ``text`` is its ClOrdID, ``request`` OrdStatusReqID."""

    def session_message(
        self,
        *,
        entry: int,
        num: int,
        msg_type: int,
        number: int = 0,
        end: int = 0,
        ref_tag: int = 0,
        reason: int = 0,
        flag: bool = False,
        ref_msg_type: str = "",
        text: str = "",
    ) -> None:
        """Say what a FIX session says that is about no order; ``msg_type`` is MsgType's code."""

    def refuse(self, entry: int, ref_id: int, template: int, reason: int) -> None:
        """Tell a sender that a message was no request."""

    def instrument(
        self,
        instrument: int,
        symbol: str,
        *,
        tick: int,
        lot: int,
        qty_min: int = 0,
        qty_max: int = 0,
        notional_min: int = 0,
        price_band_bps: int = 0,
        orders_per_side_max: int = 0,
        session_end_s: int = 0,
        open: bool = True,
    ) -> None:
        """Open an instrument under a number, or change it; a limit of 0 is none.

        See ``Instrument``.
        """

    def settings(self, limits: EngineLimits) -> None:
        """Change the engine's limits."""

    def rules(self, version: int) -> None:
        """Let the rules of a version decide from here on; it is alone in its batch."""

    def tick(self) -> None:
        """Let engine time go on: orders expire."""

    def raise_numbers(self, *, orders: int = 0, trades: int = 0, events: int = 0) -> None:
        """Go on above numbers that were told."""

    def raise_entry(self, entry: int, entry_seq: int) -> None:
        """Go on above the number of a message that an entry was told."""

    def session_reset(self, entry: int, epoch: int) -> None:
        """Let the numbers of an entry's session begin anew, where ``epoch`` is the one it has."""

    def clear(self) -> None:
        """Forget what waits."""

    def seal(
        self, gateway: int, incarnation: int, number: int, stamp_ns: int, commands_max: int
    ) -> bytes | None:
        """Take up to ``commands_max`` commands as one batch; None when there are none."""

# -- the journal -----------------------------------------------------------------------------------

class JournalError(Exception):
    """What the journal refuses."""

class JournalDamaged(JournalError):
    """A file of the journal does not hold what was written to it; says which, and where."""

class JournalFailed(JournalError):
    """The log has failed or is closed; drop it and open it afresh."""

class JournalMissing(JournalFailed):
    """There is no log at that path, or nothing was ever appended to it."""

class JournalFull(JournalError):
    """More waits (in memory: is kept) than the log's limit allows."""

class JournalRange(JournalError):
    """The offset was deleted, or is behind the log's end."""

class DataDirLocked(Exception):
    """Another process holds the data directory."""

@final
class LogRecord:
    """A record of a log, as it was written."""

    offset: Final[int]
    """Its offset; offsets rise by one."""
    append_ns: Final[int]
    """When it was appended, in ns since the epoch, UTC."""
    chain: Final[int]
    """Checksum over the chain before it and all of it."""
    batch: Final[bytes]
    """What was appended."""
    def __new__(cls, *, offset: int, append_ns: int, chain: int, batch: bytes) -> LogRecord: ...

@final
class LogEnds:
    """The ends of a log."""

    journal_id: Final[int]
    """Names the log, a new one for each that is made."""
    first: Final[int]
    """First offset that is kept."""
    next: Final[int]
    """The offset that the next batch gets."""
    chain: Final[int]
    """Chain of the last record; of what stood before the first one, where none is kept."""
    def __new__(cls, *, journal_id: int, first: int, next: int, chain: int) -> LogEnds: ...

class _KeptLog(Protocol):
    @property
    def first_offset(self) -> int: ...
    @property
    def written_offset(self) -> int: ...
    def read(self, start: int, bytes_max: int) -> list[LogRecord]: ...

class _NamedLog(_KeptLog, Protocol):
    @property
    def next_offset(self) -> int: ...
    @property
    def journal_id(self) -> int: ...
    def look(self) -> None: ...
    def chain_at(self, offset: int) -> int | None: ...

@final
class Log:
    """A log in a file of its own; see ``journal.port.Log``, which says what is not said here."""

    def __new__(
        cls,
        path: str | PathLike[str],
        settings: JournalSettings,
        *,
        synchronous: Literal["full", "normal"],
        on_damage: Literal["refuse", "drop_tail"],
        journal_id: int | None,
        behind: tuple[int, int] | None,
        settled: bool,
    ) -> Log: ...
    @property
    def settings(self) -> dict[str, int | float]:
        """What it took of the configuration."""

    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """Take batches, and return the first one's offset."""

    @property
    def journal_id(self) -> int:
        """Its name."""

    @property
    def durable_offset(self) -> int:
        """Highest offset that survives the loss of power."""

    @property
    def written_offset(self) -> int:
        """Highest offset that can be read."""

    @property
    def first_offset(self) -> int:
        """First offset that is kept."""

    @property
    def next_offset(self) -> int:
        """The offset that the next batch gets."""

    @property
    def failure(self) -> str | None:
        """Why nothing is taken any more, if it is so."""

    def notify_fd(self) -> int:
        """Return a descriptor that becomes readable after each commit, sync and failure."""

    def clear_notify(self) -> None:
        """Make the descriptor wait for the next one."""

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Return written records from ``start`` on: one at least, if there is one."""

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        """Return batches from ``start`` on that are not written yet."""

    def delete_before(self, offset: int) -> None:
        """Have older records deleted, by and by."""

    def request_sync(self) -> None:
        """Ask that what was appended so far becomes durable."""

    def sync(self) -> None:
        """Wait until what was appended so far is durable."""

    def bytes_used(self) -> int:
        """Return the bytes that are in use."""

    @property
    def queue_bytes(self) -> int:
        """Bytes that wait for the log's writer."""

    def bytes_on_disk(self) -> int:
        """Return the bytes of its files."""

    def stats(self) -> dict[str, int]:
        """Return counters since it was opened, and gauges of now; times are in ns."""

    def commit_buckets(self) -> Histogram:
        """Return the commits by their time, in ns."""

    def records_buckets(self) -> Histogram:
        """Return the commits by the records in them."""

    def close(self) -> None:
        """Commit what waits, and let go of the files."""

@final
class MemoryLog:
    """A log in memory, durable at once, of up to ``bytes_max`` bytes; see ``journal.port.Log``."""

    def __new__(cls, *, journal_id: int, bytes_max: int) -> MemoryLog: ...
    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """Take batches, and return the first one's offset."""

    @property
    def journal_id(self) -> int:
        """Its name."""

    @property
    def durable_offset(self) -> int:
        """Highest offset that survives the loss of power."""

    @property
    def written_offset(self) -> int:
        """Highest offset that can be read."""

    @property
    def first_offset(self) -> int:
        """First offset that is kept."""

    @property
    def next_offset(self) -> int:
        """The offset that the next batch gets."""

    @property
    def failure(self) -> str | None:
        """Why nothing is taken any more, if it is so."""

    def notify_fd(self) -> int:
        """Return a descriptor that becomes readable after each commit, sync and failure."""

    def clear_notify(self) -> None:
        """Make the descriptor wait for the next one."""

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Return written records from ``start`` on: one at least, if there is one."""

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        """Return batches from ``start`` on that are not written yet."""

    def delete_before(self, offset: int) -> None:
        """Have older records deleted, by and by."""

    def request_sync(self) -> None:
        """Ask that what was appended so far becomes durable."""

    def sync(self) -> None:
        """Wait until what was appended so far is durable."""

    def bytes_used(self) -> int:
        """Return the bytes that are in use."""

    @property
    def queue_bytes(self) -> int:
        """Bytes that wait for the log's writer."""

    def bytes_on_disk(self) -> int:
        """Return the bytes of its files."""

    def stats(self) -> dict[str, int]:
        """Return counters since it was opened, and gauges of now; times are in ns."""

    def commit_buckets(self) -> Histogram:
        """Return the commits by their time, in ns."""

    def records_buckets(self) -> Histogram:
        """Return the commits by the records in them."""

    def close(self) -> None:
        """Commit what waits, and let go of the files."""

@final
class LogReader:
    """A log that is only read; another process may be writing it.

    Raises ``JournalMissing``, ``JournalDamaged`` and ``JournalFailed`` where it can't be.
    """

    def __new__(cls, path: str | PathLike[str]) -> LogReader: ...
    @staticmethod
    def at_rest(
        path: str | PathLike[str],
        *,
        on_damage: Literal["refuse", "drop_tail"] = "refuse",
        settled: bool = False,
    ) -> LogReader:
        """Open a log that nobody writes, without a change to its folder.

        ``settled``: read what the disk holds, and not what memory does.
        """

    def ends(self) -> LogEnds:
        """Return where it begins and ends now; the last record is held to its checksum."""

    def version(self) -> int:
        """Return the version of the log: its tables, and the layout of its batches."""

    def chain_at(self, offset: int) -> int:
        """Return the chain of a record, or of what stood before the first.

        Raises ``JournalRange`` where there is no such record.
        """

    def verify(self, bytes_max: int) -> None:
        """Hold the newest records to their checksums, about ``bytes_max`` of them.

        Raises ``JournalDamaged``.
        """

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Return records from ``start`` on: see ``journal.port.KeptLog``."""

def delete_after(path: str | PathLike[str], last: int) -> int:
    """Delete the records of a closed log behind the offset ``last``; return how many there were."""

@final
class FileIdentity:
    """Which file stands under a name: a copy has another."""

    device: Final[int]
    """The file system's number."""
    inode: Final[int]
    """The file's number in it."""
    birth_ns: Final[int]
    """When it was made, in ns since the epoch; 0 where the file system does not tell."""
    def __new__(cls, *, device: int, inode: int, birth_ns: int) -> FileIdentity: ...

@final
class DataDirLock:
    """A data directory that this process alone holds, until it is closed or the process ends.

    Raises ``DataDirLocked``, and ``OSError`` for what is no directory or was let go.
    """

    def __new__(cls, path: str | PathLike[str]) -> DataDirLock: ...
    @staticmethod
    def at_rest(path: str | PathLike[str]) -> DataDirLock:
        """Hold a directory that is only looked at: nothing is made in it."""

    def fd(self) -> int:
        """Return the directory's descriptor, to open files by; it is closed with the lock."""

    def lost(self) -> str | None:
        """Return what has become of the directory; None while all is as it was."""

    def identity(self, name: str) -> FileIdentity | None:
        """Return which file has this name in it; None where there is none."""

    def close(self) -> None:
        """Let go of it."""

# -- batches of events -----------------------------------------------------------------------------

@final
class EventHead:
    """What stands before the events of a batch, and the hash behind them."""

    part: Final[int]
    """Place among the event batches of its command batch, from 0."""
    last: Final[bool]
    """Whether it is the last of them."""
    command_offset: Final[int]
    """The command batch that made it."""
    command_hash: Final[int]
    """The hash of that."""
    time_ns: Final[int]
    """Engine time, in ns since the epoch, UTC."""
    first_seq: Final[int]
    """Number of its first event."""
    last_seq: Final[int]
    """Number of the last event up to here."""
    events: Final[int]
    """How many events it holds."""
    previous_hash: Final[int]
    """Hash of the event batch before."""
    hash: Final[int]
    """Its own."""
    def __new__(
        cls,
        *,
        part: int,
        last: bool,
        command_offset: int,
        command_hash: int,
        time_ns: int,
        first_seq: int,
        last_seq: int,
        events: int,
        previous_hash: int,
        hash: int,
    ) -> EventHead: ...

def event_head(batch: bytes) -> EventHead:
    """Read the head of an event batch; its hash is not held to its bytes.

    Raises ``ValueError`` for bytes that are none.
    """

def events_told(events: _KeptLog, entry: int, start: int, bytes_max: int) -> tuple[bytes, int]:
    """Return what of the event batches from ``start`` on tells an entry, and the offset behind all.

    It stands in batches that hold nothing else.  About ``bytes_max`` bytes are read, one batch at
    least, and fewer where much was found.  Raises what reading the log does.
    """

def first_batch_after(events: _KeptLog, after_command: int, part: int | None = None) -> int:
    """Return the offset of the first event batch that a later command than that made.

    With ``part``: of the first behind that one of the command's own.  It is the offset behind the
    last that can be read where there is none.  Raises what reading the log does.
    """

@final
class StoredStream:
    """Events as they are stored, which those are compared with that the engine makes.

    ``first`` is the head of the first batch that is kept: what is made of the time before it has
    nothing to be compared with.
    """

    def __new__(cls, first: EventHead | None) -> StoredStream: ...
    def __len__(self) -> int: ...
    @property
    def gone_bytes(self) -> int:
        """Bytes that were made of what the log holds no more."""

    def compare(self, made: bytes, more: Callable[[], list[LogRecord]]) -> bytes:
        """Compare event batches with what is stored; return those that are not stored yet.

        ``more`` gives the records that are stored next, none at their end.  Raises ``ValueError``
        with the offset at which they differ.
        """

def split_batches(batches: bytes) -> list[bytes]:
    """Return event batches that stand one after the other, each by itself.

    Raises ``ValueError`` for bytes that are none.
    """

@final
class EventsEnd:
    """Where event batches end."""

    sequence: Final[int]
    """Number of the last event."""
    hash: Final[int]
    """Hash of the batch that ends with it."""
    def __new__(cls, *, sequence: int, hash: int) -> EventsEnd: ...

def check_events(batches: bytes, at: EventsEnd | None) -> EventsEnd | None:
    """Check that event batches are whole and go on from each other; return where they end.

    They have to go on from ``at``, unless it is None.  Raises ``ValueError``, which says of which
    command batch they are, and what is wrong.
    """

@final
class PublishedNumbers:
    """What event batches prove to have been told."""

    orders: Final[int]
    """Highest counter of an order id."""
    trades: Final[int]
    """Highest trade id."""
    given: Final[int]
    """Orders that were given an id."""
    entries: Final[dict[int, int]]
    """Of each entry that was told something, the number of its last message."""
    def __new__(
        cls, *, orders: int, trades: int, given: int, entries: dict[int, int]
    ) -> PublishedNumbers: ...

def published_in(batches: bytes) -> PublishedNumbers:
    """Return what event batches prove to have been told; ``ValueError`` for bytes that are none."""

def tells(batches: bytes, entry: int, number: int) -> bool:
    """Return whether event batches hold a message of an entry.

    Raises ``ValueError`` for bytes that are none.
    """

# -- the engine ------------------------------------------------------------------------------------

@final
class Position:
    """How far an engine has come."""

    @property
    def command_offset(self) -> int:
        """Offset of the last command batch, dropped or not."""

    @property
    def event_seq(self) -> int:
        """Number of the last event; 0 before the first."""

    @property
    def event_hash(self) -> int:
        """Hash of the last event batch; 0 before the first."""

    @property
    def time_ns(self) -> int:
        """Engine time, in ns since the epoch, UTC: it never goes back."""

    @property
    def commands(self) -> int:
        """Commands in the batches that were not dropped."""

@final
class Entry:
    """An entry: the way in by which a client speaks."""

    @property
    def entry(self) -> int:
        """Its number."""

    @property
    def account(self) -> int:
        """The number of its account."""

    @property
    def kind(self) -> int:
        """Its protocol: see ``protocol.terms.EntryKind``."""

    @property
    def name(self) -> str:
        """The name that a client logs in with."""

    @property
    def account_name(self) -> str:
        """The name of its account."""

    @property
    def cancel_on_disconnect(self) -> bool:
        """Whether its orders go when nobody speaks by it any more."""

    @property
    def stp(self) -> int:
        """What its orders do that name no mode of self-trade prevention."""

    @property
    def entry_seq(self) -> int:
        """Number of the last message that it was told."""

    @property
    def last_cl_ord_id(self) -> int:
        """Highest ClOrdID that it has sent; of FIX the last message that is done with."""

    @property
    def epoch(self) -> int:
        """How often its session was reset."""

    @property
    def base(self) -> int:
        """Number of the event at which its session was reset last, or 0."""

@final
class Instrument:
    """An instrument; prices and quantities are multiples of 10^-8, and a limit of 0 is none."""

    number: Final[int]
    """Its number, from 1."""
    symbol: Final[str]
    """Its name."""
    tick: Final[int]
    """Prices are multiples of it."""
    lot: Final[int]
    """Quantities are multiples of it."""
    qty_min: Final[int]
    """Least quantity of an order."""
    qty_max: Final[int]
    """Highest quantity of an order."""
    notional_min: Final[int]
    """Least price times quantity, a multiple of 10^-8."""
    price_band_bps: Final[int]
    """Distance of a limit price from the last trade, in hundredths of a percent."""
    orders_per_side_max: Final[int]
    """Orders that rest on one side."""
    session_end_s: Final[int]
    """When DAY orders expire, in seconds after midnight UTC."""
    open: Final[bool]
    """Whether orders are taken."""
    def __new__(
        cls,
        *,
        number: int,
        symbol: str,
        tick: int,
        lot: int,
        qty_min: int,
        qty_max: int,
        notional_min: int,
        price_band_bps: int,
        orders_per_side_max: int,
        session_end_s: int,
        open: bool,
    ) -> Instrument: ...

@final
class EngineLimits:
    """The limits that are in force."""

    accounts_max: Final[int]
    """Accounts there may be."""
    client_ids_per_account_max: Final[int]
    """Client order ids in text that are remembered of an account."""
    instruments_max: Final[int]
    """Instruments there may be, and the highest number of one."""
    event_batch_bytes_max: Final[int]
    """Bytes of an event batch, about: a command batch that makes more makes several."""
    stamp_ahead_ns_max: Final[int]
    """By how much a stamp may be ahead of the append time, in ns."""
    stamp_behind_ns_max: Final[int]
    """By how much it may be behind: what is later is dropped, and ends its incarnation."""
    gateway_lease_ns: Final[int]
    """How long a gateway may send nothing before its incarnation ends, in ns."""
    handover_grace_ns: Final[int]
    """How long an entry whose owner has ended may be claimed before it counts as closed, in ns."""
    claim_interval_ns: Final[int]
    """How long after a claim no other gateway may claim the entry, in ns."""
    client_ids_per_session_max: Final[int]
    """Client order ids that are remembered per FIX session, beside those of open orders."""
    closed_orders_per_session_max: Final[int]
    """Closed orders that are remembered per FIX session."""
    closed_orders_bytes_max: Final[int]
    """Bytes of closed orders that are remembered of all FIX sessions together."""
    def __new__(
        cls,
        *,
        accounts_max: int,
        client_ids_per_account_max: int,
        instruments_max: int,
        event_batch_bytes_max: int,
        stamp_ahead_ns_max: int,
        stamp_behind_ns_max: int,
        gateway_lease_ns: int,
        handover_grace_ns: int,
        claim_interval_ns: int,
        client_ids_per_session_max: int,
        closed_orders_per_session_max: int,
        closed_orders_bytes_max: int,
    ) -> EngineLimits: ...

@final
class GatewayState:
    """What the engine knows of a gateway."""

    gateway: Final[int]
    """Its number: see ``protocol.terms.Gateway``."""
    incarnation: Final[int]
    """Its incarnation: batches of an older one are dropped."""
    number: Final[int]
    """Number of its last batch."""
    def __new__(cls, *, gateway: int, incarnation: int, number: int) -> GatewayState: ...

@final
class Engine:
    """The matching engine of one partition; one thread owns it.

    Bytes that are no batch are passed over and counted.  ``ValueError`` where newer rules decide
    than are known here.  A panic inside leaves it poisoned: every later call is a ``RuntimeError``,
    and the process is to end.
    """

    def __new__(cls, partition: int = 0) -> Engine:
        """Make an engine with nothing in it; ``ValueError`` for a partition above 127."""

    @staticmethod
    def restore(snapshot: bytes) -> Engine:
        """Return the engine of a snapshot; ``ValueError`` where it is damaged, or too new."""

    @staticmethod
    def hash_of(snapshot: bytes) -> int:
        """Return the hash of the state in a snapshot, which is not restored.

        Raises ``ValueError`` where its bytes are not those that were written.
        """

    def apply(self, first_offset: int, append_ns: int, batches: list[bytes]) -> bytes:
        """Apply command batches that stand at ``first_offset`` and after; return their events."""

    def replay(self, records: list[LogRecord]) -> bytes:
        """Apply records of the commands log; return the event batches that they make.

        It stops before the first that newer rules decide.  Raises ``ValueError`` where all are so.
        """

    def snapshot(self) -> bytes:
        """Return the state as bytes, which ``restore`` takes."""

    def state_hash(self) -> int:
        """Return the hash of the state."""

    def validate(self) -> None:
        """Raise ``RuntimeError`` where the state contradicts itself."""

    def position(self) -> Position:
        """Return how far it has come."""

    def entries(self) -> list[Entry]:
        """Return every entry, by number."""

    def instruments(self) -> list[Instrument]:
        """Return every instrument, by number."""

    def rules(self) -> int:
        """Return the version of the rules that decide; 0 where no command has set any."""

    def settings(self) -> EngineLimits:
        """Return the limits that are in force."""

    def gateways(self) -> list[GatewayState]:
        """Return what is known of each gateway."""

    def batch_sizes(self) -> Histogram:
        """Return the command batches that were applied, by the commands in them."""

    def counts(self) -> dict[str, int]:
        """Return how much there is of everything, by name."""

# -- order entry -----------------------------------------------------------------------------------

@final
class LoginRequested:
    """A client asks for a session; what it has sent after that waits for the decision."""

    user: Final[str]
    """The name, as it was sent."""
    password: Final[str]
    """The password, as it was sent; it is not shown."""
    session: Final[str]
    """The session's id, or blank for the one of now."""
    sequence: Final[int]
    """The first message that is wanted; 0 for the newest."""
    def __new__(
        cls, *, user: str, password: str, session: str, sequence: int
    ) -> LoginRequested: ...

@final
class SecurityListRequested:
    """A client asks for instruments."""

    req_id: Final[int]
    """The number of its question."""
    instrument: Final[int | None]
    """The one it asks for; None for all."""
    def __new__(cls, *, req_id: int, instrument: int | None) -> SecurityListRequested: ...

@final
class PutOff:
    """More was read than one turn of the loop may take: do not read on, ask for the rest later."""

    def __new__(cls) -> PutOff: ...

@final
class Throttled:
    """As many requests are unanswered as may be: read on when it is resumed (``Routed``)."""

    def __new__(cls) -> Throttled: ...

@final
class LogoutRequested:
    """The client ends the connection."""

    def __new__(cls) -> LogoutRequested: ...

@final
class Malformed:
    """Bytes that are not of this protocol: it is to be closed, with what is in its buffer."""

    reason: Final[str]
    """What is wrong with them."""
    def __new__(cls, *, reason: str) -> Malformed: ...

@final
class ReadFailed:
    """The read ended in a fault of ours: this connection is to go, and no other."""

    reason: Final[str]
    """What failed."""
    def __new__(cls, *, reason: str) -> ReadFailed: ...

@final
class Wake:
    """Several requests wait: they go together at the end of this turn of the loop."""

    def __new__(cls) -> Wake: ...

@final
class LogonRequested:
    """A client asks for a session by a FIX Logon; fields are empty where it has none."""

    begin_string: Final[str]
    """BeginString (8)."""
    sender_comp_id: Final[str]
    """SenderCompID (49): who the client says it is."""
    target_comp_id: Final[str]
    """TargetCompID (56): ours."""
    sender_sub_id: Final[str]
    """SenderSubID (50)."""
    reset: Final[bool]
    """ResetSeqNumFlag (141)."""
    username: Final[str]
    """Username (553)."""
    password: Final[str]
    """Password (554), in FIX.4.2 RawData (96)."""
    def __new__(
        cls,
        *,
        begin_string: str,
        sender_comp_id: str,
        target_comp_id: str,
        sender_sub_id: str,
        reset: bool,
        username: str,
        password: str,
    ) -> LogonRequested: ...

@final
class ResendRequested:
    """A client asks to be told messages again, by a FIX ResendRequest."""

    first: Final[int]
    """BeginSeqNo (7)."""
    last: Final[int]
    """EndSeqNo (16); 0 is the newest."""
    def __new__(cls, *, first: int, last: int) -> ResendRequested: ...

@final
class Over:
    """The connection is over: it is to be closed, with what is in its buffer."""

    reason: Final[str]
    """Why."""
    def __new__(cls, *, reason: str) -> Over: ...

_ReadAsks: TypeAlias = (
    LoginRequested
    | SecurityListRequested
    | LogonRequested
    | ResendRequested
    | Over
    | PutOff
    | Throttled
    | LogoutRequested
    | Malformed
    | ReadFailed
    | Wake
)

@final
class HeartbeatDue:
    """A connection has a heartbeat in its buffer, which is to be written."""

    connection: Final[int]
    """The connection's number."""
    def __new__(cls, *, connection: int) -> HeartbeatDue: ...

@final
class ConnectionOver:
    """A connection is to be closed."""

    connection: Final[int]
    """The connection's number."""
    reason: Final[str]
    """Which deadline it has missed."""
    def __new__(cls, *, connection: int, reason: str) -> ConnectionOver: ...

@final
class Claimed:
    """A session was asked for at this gateway."""

    session: Final[int]
    """The session's number."""
    granted: Final[bool]
    """Whether it is this gateway's now; it is not where another has claimed it just before."""
    def __new__(cls, *, session: int, granted: bool) -> Claimed: ...

@final
class Routed:
    """What events say of connections and sessions, besides the reports, which are written."""

    resumed: Final[list[int]]
    """The connections whose sockets may be read again."""
    claimed: Final[list[Claimed]]
    """Answers to the claims of this gateway."""
    moved: Final[list[int]]
    """The connections whose sessions were logged in to elsewhere: they are to be closed."""
    ended: Final[list[tuple[int, str]]]
    """The connections that were told the last message of their sessions, and why they close."""
    behind: Final[list[int]]
    """The connections that are to be told messages again, by ``replay``."""
    opened: Final[list[tuple[int, str]]]
    """Entries of FIX that were opened: number and name."""
    def __new__(
        cls,
        *,
        resumed: list[int],
        claimed: list[Claimed],
        moved: list[int],
        ended: list[tuple[int, str]],
        behind: list[int],
        opened: list[tuple[int, str]],
    ) -> Routed: ...

@final
class ReplayPortion:
    """Messages were made again."""

    at: Final[int]
    """Where in the event batches to go on."""
    live: Final[bool]
    """Whether the connection is told what happens now."""
    elsewhere: Final[bool]
    """Whether it is to be told others first: see ``OrderEntry.replay_command``."""
    def __new__(cls, *, at: int, live: bool, elsewhere: bool) -> ReplayPortion: ...

@final
class Failed:
    """A reader of events failed, and knows nothing any more."""

    reason: Final[str]
    """What failed."""
    def __new__(cls, *, reason: str) -> Failed: ...

@final
class Session:
    """How a session stands."""

    entry: Final[int]
    """Its entry's number in the engine."""
    sent: Final[int]
    """Number of the last message that there is."""
    oldest: Final[int]
    """Oldest message that the events log keeps; ``sent + 1`` where it keeps none."""
    last_cl_ord_id: Final[int]
    """Highest ClOrdID that was passed on, of the binary protocol."""
    next_in: Final[int]
    """MsgSeqNum that is expected next, of FIX."""
    epoch: Final[int]
    """How often it was reset."""
    heard_ns: Final[int]
    """When its client was last heard, on the monotonic clock; 0 where it was not since a start."""
    connection: Final[int | None]
    """The connection that is logged in."""
    def __new__(
        cls,
        *,
        entry: int,
        sent: int,
        oldest: int,
        last_cl_ord_id: int,
        next_in: int,
        epoch: int,
        heard_ns: int,
        connection: int | None,
    ) -> Session: ...

@final
class SessionIndex:
    """Where the sessions' messages stand in the events log."""

    next_offset: Final[int]
    """The event batch that is seen next: all of this is of those before it."""
    entries: Final[int]
    """The highest number of an entry that there was."""
    sessions: Final[list[tuple[int, list[tuple[int, int]]]]]
    """Number of an entry, and its (message number, command offset) pairs, rising."""
    def __new__(
        cls,
        *,
        next_offset: int,
        entries: int,
        sessions: list[tuple[int, list[tuple[int, int]]]],
    ) -> SessionIndex: ...

@final
class Traffic:
    """What went through order entry since it began."""

    requests: Final[int]
    """Requests that were received."""
    reports: Final[int]
    """Messages that were sent to sessions."""
    garbled: Final[int]
    """Bytes of FIX that were no message, by whole stretches of them."""
    resends: Final[int]
    """How often a client of FIX asked to be told again."""
    gaps: Final[int]
    """How often messages of a client of FIX were missing, and were asked for."""
    def __new__(
        cls, *, requests: int, reports: int, garbled: int, resends: int, gaps: int
    ) -> Traffic: ...

@final
class TallyRow:
    """How often something happened, of all gateways."""

    name: Final[str]
    """What."""
    reason: Final[str]
    """Why; empty where there is but one."""
    count: Final[int]
    """How often."""
    def __new__(cls, *, name: str, reason: str, count: int) -> TallyRow: ...

@final
class Tally:
    """Counts events as order entry does, for who has none that sees them all."""

    def __new__(cls) -> Tally: ...
    def take(self, batches: bytes) -> None:
        """Count event batches that stand one after the other; ``ValueError`` counts none."""

    def rows(self) -> list[TallyRow]:
        """Return what was counted, as ``OrderEntry.tally`` does."""

@final
class OrderEntry:
    """Every connection and session of order entry by one protocol, without I/O.

    One thread owns it.

    A fault in it is no fault of the exchange: it is told once, as ``Failed``, and its state is
    thrown away; it goes on without sessions until ``begin_again``.  A call that fails is a
    ``RuntimeError``, ``ValueError`` is for bytes that are no event batches.
    """

    def __new__(
        cls,
        settings: GatewaySettings,
        clock: Clock,
        fix: FixSettings | None = None,
        dictionaries: list[tuple[str, Flat]] | None = None,
    ) -> OrderEntry:
        """Make that of the binary protocol, or with ``fix`` that of FIX.

        ``dictionaries``: BeginString, and what messages of that version may hold.
        """

    @property
    def settings(self) -> dict[str, int | float]:
        """What it took of the configuration."""

    @property
    def fault(self) -> str | None:
        """Why it does not work now, until it is whole again."""

    @property
    def faults(self) -> int:
        """How often it has failed."""

    def take_fault(self) -> str | None:
        """Return why it has failed, if nobody was told yet."""

    def begin_again(self, of: OrderEntry, next_offset: int) -> None:
        """Go on with another's sessions, as they stand before the event batch ``next_offset``."""

    def complete(self, of: OrderEntry) -> None:
        """Take over where the older messages stand that another has found: it is whole again."""

    def add_session(self, entry: int, sent: int, base: int, epoch: int, last_cl_ord_id: int) -> int:
        """Add a session of the binary protocol that was told ``sent`` messages; return its slot.

        ``base`` is the number of the message at which it was reset last, ``epoch`` how often.
        """

    def add_fix_session(
        self,
        entry: int,
        *,
        sent: int,
        base: int,
        epoch: int,
        last_num: int,
        begin_string: str,
        sender_comp_id: str,
        target_comp_id: str,
        sender_sub_id: str,
        target_sub_id: str,
        account: str,
    ) -> int:
        """Add a session of FIX, whose names are those of what it is told; return its slot."""

    def open_fix_entry(self, name: str, account: str, cancel_on_disconnect: bool, stp: int) -> None:
        """Open the entry of a session of FIX; ``Routed`` has it then."""

    def logon(self, connection: int, session: int) -> int | None:
        """Accept a connection's Logon for a session; return the MsgSeqNum that is next."""

    def refuse_logon(self, connection: int) -> None:
        """Refuse a connection's Logon: what is to be said stands in its buffer."""

    def probe(self, connection: int) -> None:
        """Somebody else wants the session of a connection of FIX: where it is silent it is tested.

        One that does not answer is over soon.
        """

    def end_session(self, connection: int, why: str) -> bool:
        """End a connection's session on it, once all that was asked is answered.

        False while that has to wait, and is to be asked for again.  Of FIX the connection is told
        as over when it was told; else what is to be said stands in its buffer.
        """

    def tell_again(self, connection: int, first: int, last: int) -> bool:
        """Tell messages again, from the first to the last (0: the newest).

        Return whether ``replay`` is to be given them now.
        """

    def session(self, slot: int) -> Session:
        """Return how a session stands; ``ValueError`` where there is none."""

    def learn_instruments(self, engine: Engine) -> None:
        """Take instruments and the number of entries, as an engine has them."""

    def security_list(self, req_id: int, instrument: int | None) -> bytes:
        """Return the answer to a SecurityListRequest: the instrument asked for, or all."""

    def set_busy(self, busy: bool) -> None:
        """Refuse new orders, or no longer."""

    def set_next_offset(self, offset: int) -> None:
        """Say which event batch will be seen next."""

    def connected(self, socket: int, write: Callable[[bytes], object]) -> int:
        """Open a connection on a socket (a descriptor, -1 for none); return its number.

        What the socket does not take is given to ``write``.  As soon as that holds something back,
        ``set_direct`` has to be told, so that nothing overtakes it.
        """

    def set_direct(self, connection: int, direct: bool) -> None:
        """Say whether the connection's socket takes what it can first."""

    def disconnected(self, connection: int) -> int | None:
        """Close a connection; return the slot of the session that it was logged in to."""

    @property
    def waiting(self) -> int:
        """Requests that are not sealed yet."""

    def is_crowded(self, connection: int) -> bool:
        """Return whether it has to wait for others; it is then resumed (``Routed``)."""

    def claim(self, entry: int) -> None:
        """Ask the engine for the session of an entry; the answer is in ``Routed``."""

    def entry_closed(self, entry: int) -> None:
        """Tell the engine that nobody speaks by an entry any more."""

    def login(self, connection: int, session: int, sequence: int) -> int | None:
        """Log a connection in; return the number of the first message that it will get.

        None where ``sequence`` lies beyond the next message, and the login is to be refused.
        """

    def replay_command(self, connection: int) -> int | None:
        """Return the command from whose events on it needs old messages; None where it is live."""

    def fall_behind(self, connection: int) -> bool:
        """Tell a connection what ``replay`` is given from now on; False where that is so."""

    def replay(self, connection: int, batches: bytes, at: int, messages_max: int) -> ReplayPortion:
        """Make a connection's messages again from event batches that begin ``at`` so many bytes.

        At most ``messages_max``.
        """

    def scan(self, batches: bytes) -> None:
        """Learn from event batches of before where the sessions' messages stand."""

    def take_out(self, connection: int) -> bytes:
        """Take what is in a connection's buffer."""

    def tick(self) -> list[HeartbeatDue | ConnectionOver]:
        """Look at heartbeats and deadlines."""

    def index(self) -> SessionIndex:
        """Return what is known of where the sessions' messages stand."""

    def restore_index(self, entries: int, rows: list[tuple[int, list[tuple[int, int]]]]) -> bool:
        """Take it over, as ``SessionIndex`` has it; false where it lacks a session of then."""

    def forget_before(self, first_command: int) -> None:
        """Say with which command's events the log begins now."""

    def needs_command(self, messages: int) -> int | None:
        """Return the oldest command whose events the sessions' last ``messages`` messages need."""

    def outage(self) -> None:
        """Drop what waits, for the journal failed; its owner closes every connection."""

    def counts(self) -> Traffic:
        """Return what went through so far."""

    def tally(self) -> list[TallyRow]:
        """Return what the events say, of all gateways."""

    def latency(self) -> Histogram:
        """Return the times from socket read to answer, in ns."""

@disjoint_base
class OrderEntryConnection:
    """The part of a protocol of the event loop that runs for every read.

    What order entry asks because of a read is given to ``decide`` of the class that inherits.
    """

    number: int
    """The number that order entry gave; -1 before that, and the connection is not read."""
    def __new__(cls, order_entry: OrderEntry) -> Self: ...
    def data_received(self, data: bytes) -> None:
        """Take a socket read: one request passes at once, several at the end of the loop's turn."""

    def receive(self, data: bytes) -> _ReadAsks | None:
        """Take bytes that were read, after those that wait; return what they ask."""

def login_accepted(session: str, sequence: int, debug: str) -> bytes:
    """Return a Login Accepted packet, and a Debug packet behind it."""

def login_rejected(authorized: bool) -> bytes:
    """Return a Login Rejected packet: not authorized, or else no such session."""

# -- the facade's memory ---------------------------------------------------------------------------

@final
class Sum:
    """The sum of a row of trades; prices are multiples of 10^-8."""

    open: Final[int]
    """Price of the first."""
    high: Final[int]
    """Highest price."""
    low: Final[int]
    """Lowest price."""
    close: Final[int]
    """Price of the last."""
    quantity: Final[int]
    """A multiple of 10^-8."""
    quote: Final[int]
    """Price times quantity, a multiple of 10^-16."""
    count: Final[int]
    """How many trades."""
    def __new__(
        cls,
        *,
        open: int,
        high: int,
        low: int,
        close: int,
        quantity: int,
        quote: int,
        count: int,
    ) -> Sum: ...

@final
class Bar:
    """The trades of a minute."""

    minute: Final[int]
    """Minutes since the epoch, UTC."""
    first_ns: Final[int]
    """Time of its first trade, in ns since the epoch."""
    last_ns: Final[int]
    """Time of its last one."""
    sum: Final[Sum]
    """The sum of its trades."""
    def __new__(cls, *, minute: int, first_ns: int, last_ns: int, sum: Sum) -> Bar: ...

@final
class Beginning:
    """The beginning of an order, and how much has happened to it."""

    order_id: Final[int]
    """The order."""
    created_ns: Final[int]
    """Time of its first event, in ns since the epoch."""
    history: Final[int]
    """Entries of its history."""
    fills: Final[int]
    """Its fills."""
    def __new__(cls, *, order_id: int, created_ns: int, history: int, fills: int) -> Beginning: ...

@final
class Beginnings:
    """Beginnings of orders, as they stood at an event."""

    orders: Final[list[Beginning]]
    """Those that are kept, of those that were asked for."""
    sequence: Final[int]
    """The event's number."""
    def __new__(cls, *, orders: list[Beginning], sequence: int) -> Beginnings: ...

@final
class Answered:
    """A request has been answered."""

    num: Final[int]
    """The request's number."""
    status: Final[int]
    """HTTP status."""
    body: Final[bytes]
    """JSON."""

@final
class NotOpen:
    """A request would change an order, and the engine has no such order that is open.

    Where there was one it is closed: how it ended, memory or the store knows.
    """

    num: Final[int]
    """The request's number."""
    status: Final[int]
    """HTTP status, where there was none."""
    body: Final[bytes]
    """JSON, where there was none."""

@final
class AnsweredByStore:
    """A request has been answered with an order that the store alone has."""

    num: Final[int]
    """The request's number."""
    status: Final[int]
    """HTTP status."""
    order_id: Final[int]
    """The order."""
    def __new__(cls, *, num: int, status: int, order_id: int) -> AnsweredByStore: ...

_Reply: TypeAlias = Answered | NotOpen | AnsweredByStore

@final
class ViewOutput:
    """What became of requests, and what those hear who listen."""

    replies: Final[list[_Reply]]
    """Requests of this facade, in the order of their numbers.  Each look makes a list."""
    frames: Final[list[tuple[int, bytes]]]
    """Number of a connection, and frames of WebSocket.  Each look makes a list."""

@final
class InMemory:
    """An order is whole in memory."""

    json: Final[bytes]
    """The order."""

@final
class InStore:
    """An order is to be had of the store."""

    sequence: Final[int]
    """The event that the store must have to tell of it."""
    def __new__(cls, *, sequence: int) -> InStore: ...

@final
class TradesPage:
    """A page of trades, as far as memory goes."""

    trades: Final[list[tuple[int, bytes]]]
    """Trade ids and JSON, the newest first.  Each look makes a list."""
    next: Final[int | None]
    """The cursor of the next page, where this one ends here and there is one."""
    store_needs: Final[int | None]
    """The event that the store must have, where the page goes on there."""

@final
class RecentOrders:
    """Orders of a user that are whole in memory."""

    orders: Final[list[tuple[int, bytes]]]
    """Order ids and JSON, the newest first.  Each look makes a list."""
    down_to: Final[int]
    """Memory was looked through down to this order id."""

@final
class DayEdge:
    """The part of a minute that belongs to the rolling day, at its edge."""

    after_ns: Final[int]
    """Trades are later than this, in ns since the epoch."""
    before_ns: Final[int]
    """And before this."""
    def __new__(cls, *, after_ns: int, before_ns: int) -> DayEdge: ...

@final
class OrderStands:
    """How an order stands."""

    status: Final[str]
    """FIX 39, as REST names it."""
    filled_quantity: Final[str]
    """A decimal."""
    def __new__(cls, *, status: str, filled_quantity: str) -> OrderStands: ...

@final
class OrdersInMemory:
    """How many orders there are in memory."""

    kept: Final[int]
    """Open ones, and recent ones."""
    dropped: Final[int]
    """Closed ones that had to go before the store had them."""
    def __new__(cls, *, kept: int, dropped: int) -> OrdersInMemory: ...

@final
class View:
    """What the facade keeps in memory: books, trades, orders, who listens.  One thread owns it.

    ``gateway`` is the facade's number.  A fault in it is no fault of the exchange: it is told once,
    as ``Failed``, and events are passed over until ``begin_again``.  A call that fails is a
    ``RuntimeError``.
    """

    def __new__(cls, gateway: int, settings: FacadeSettings) -> View: ...
    @staticmethod
    def restore(engine: Engine, gateway: int, settings: FacadeSettings) -> View:
        """Return a view that begins where a restored engine stands."""

    @property
    def settings(self) -> dict[str, int]:
        """What it took of the configuration."""

    @property
    def trade_id(self) -> int:
        """The last trade that it knows of; 0 before the first."""

    def fill(self, symbol: str, bars: list[Bar]) -> None:
        """Put bars before those of the trades that were seen."""

    @property
    def sequence(self) -> int:
        """Number of the last event that was taken."""

    @property
    def newest_order(self) -> int:
        """The highest order id of which it knows."""

    @property
    def time_ns(self) -> int:
        """Engine time of it, in ns since the epoch, UTC."""

    @property
    def fault(self) -> str | None:
        """Why it knows nothing any more, until it begins again."""

    def begin_again(self, engine: Engine) -> None:
        """Begin where an engine stands of which every event has been told; nobody listens."""

    @property
    def counts(self) -> OrdersInMemory:
        """How many orders there are."""

    def apply(self, batches: bytes) -> ViewOutput | Failed:
        """Take event batches; return who is told what."""

    def recorded(self, sequence: int) -> None:
        """Say that the store has every event up to this one."""

    def listen(self, connection: int, user: str) -> None:
        """Let a connection hear of a user from now on."""

    def unlisten(self, connection: int, user: str) -> None:
        """Let it hear no more."""

    def instruments(self) -> list[tuple[int, str]]:
        """Return number and symbol of every instrument, by number."""

    def instrument_json(self, instrument: int) -> bytes | None:
        """Return an instrument; None where there is none."""

    def book_json(self, symbol: str, depth: int) -> bytes | None:
        """Return the best ``depth`` levels of each side; None where there is no such instrument."""

    def trades(self, symbol: str, *, before: int, limit: int, bytes_max: int) -> TradesPage:
        """Return trades below the id ``before``, the newest first, as far as memory goes."""

    def ticker_edge(self, symbol: str, now_ns: int) -> DayEdge | None:
        """Return what of the rolling day memory has no sum of; None where that is nothing."""

    def ticker_json(
        self,
        symbol: str,
        now_ns: int,
        edge: Sum | None = None,
        complete_since: int | None = None,
    ) -> bytes | None:
        """Return the rolling day, with the sum of its edge; None for an unknown instrument.

        ``complete_since``, in ns, says from when on nothing is missing in it.
        """

    def find(self, order_id: int) -> InMemory | InStore | None:
        """Return where an order is; None where no order has this id."""

    def store_needs(self, order_id: int) -> int | None:
        """Return the event that the store must have to know all that happened to an order.

        None where no order has this id.
        """

    def recent(
        self,
        user: str,
        *,
        before: int,
        limit: int,
        bytes_max: int,
        status: str | None = None,
        symbol: str | None = None,
    ) -> RecentOrders:
        """Return orders of a user below the id ``before`` that are whole in memory.

        Raises ``ValueError`` for what is no status.
        """

    def account(self, user: str) -> int | None:
        """Return the number of a user's account; None for who has none."""

    def keeps(self, order_id: int) -> bool:
        """Return whether an order is whole in memory."""

    def stands(self, order_id: int) -> OrderStands | None:
        """Return how an order stands that memory holds, whole or not."""

    def exists(self, order_id: int) -> bool:
        """Return whether this id was ever given to an order."""

    def lacks_entry(self, user: str) -> bool:
        """Return whether a user has no entry of REST yet."""

    def user(self, user: str) -> str:
        """Return the user that a user id stands for, which is told without case."""

    def wait_for_user(self, user: str) -> int:
        """Return the event that the store must have to tell of a user's orders; 0 for none."""

    def lacking(self, most: int) -> list[int]:
        """Return up to ``most`` open orders of which memory lacks the beginning, each once."""

    def set_beginnings(self, beginnings: Beginnings) -> None:
        """Take what the store knows of the beginnings of orders."""

# -- the store -------------------------------------------------------------------------------------

class StoreFailed(Exception):
    """What the store refuses, and why."""

class StoreDamaged(StoreFailed):
    """The store holds what was never written: trying again does not help."""

@final
class Recorded:
    """How far the recorder has come; zeros where nothing is recorded."""

    offset: Final[int]
    """Offset in the events log."""
    sequence: Final[int]
    """Number of the last event."""
    command_offset: Final[int]
    """The command batch that made it."""
    def __new__(cls, *, offset: int, sequence: int, command_offset: int) -> Recorded: ...

@final
class Recorder:
    """A thread that writes what the events log holds into the store.

    ``seed`` is what the engine knows of the time before the log begins: ``recorder_seed``.  Raises
    ``StoreFailed`` where it can't begin.
    """

    def __new__(
        cls,
        path: str | PathLike[str],
        events: str | PathLike[str] | MemoryLog | _NamedLog,
        settings: StoreSettings,
        seed: bytes | None,
    ) -> Recorder: ...
    @property
    def settings(self) -> dict[str, int | float]:
        """What it took of the configuration."""

    def wake(self) -> None:
        """Let it look at the log now."""

    def stop(self) -> None:
        """Let it record what it has read, and wait for its end."""

    def notify_fd(self) -> int:
        """Return a descriptor that becomes readable after each transaction and failure."""

    def clear_notify(self) -> None:
        """Make the descriptor wait for the next one; to be called before the rest is read."""

    def position(self) -> Recorded:
        """Return up to where everything is recorded."""

    def durable(self) -> Recorded:
        """Return up to where no power cut takes it back: the log may delete up to here."""

    @property
    def failure(self) -> str | None:
        """Why it can't record now, and tries again; or why it has ended."""

    @property
    def halted(self) -> bool:
        """Whether it has ended."""

    @property
    def notice(self) -> str | None:
        """What was remarkable about the store when it began."""

    def stats(self) -> dict[str, int]:
        """Return counters since it began; ``lag_entries`` and ``cpu_ns`` are of now."""

@final
class TakenBack:
    """What a store has taken back."""

    orders: Final[int]
    """Orders that had begun, and are nobody's now."""
    changed: Final[int]
    """Older ones that stand as they did before."""
    trades: Final[int]
    """Trades."""
    def __new__(cls, *, orders: int, changed: int, trades: int) -> TakenBack: ...

def take_back(
    path: str | PathLike[str], lost: bytes, seed: bytes, to: LogRecord, journal_id: int
) -> TakenBack:
    """Make a store that nobody else writes what it was behind a record of its log.

    ``lost`` are the event batches behind that, up to the store's last; ``seed`` is what an engine
    knows that stands there.  Raises ``StoreFailed`` where these are not of the store.
    """

def recorder_seed(engine: Engine) -> bytes:
    """Return what an engine knows of entries, instruments and open orders, as a ``seed``."""

@final
class StoreEnd:
    """What a store at rest proves to have been told, as far as it has come."""

    offset: Final[int]
    """Offset in the events log."""
    sequence: Final[int]
    """Number of the last event."""
    hash: Final[int]
    """Hash of the event batch that ends with it."""
    command_offset: Final[int]
    """The command batch that made it."""
    part: Final[int]
    """Its index among the event batches of that one."""
    journal_id: Final[int]
    """Names the events log."""
    chain: Final[int]
    """Chain of the events log there."""
    orders: Final[int]
    """Highest counter of an order id."""
    trades: Final[int]
    """Highest trade id."""
    first_sequence: Final[int]
    """The first event that it has."""
    late_ns: Final[int | None]
    """When that was, in ns, 0 where it is not known; None where it has all."""
    def __new__(
        cls,
        *,
        offset: int,
        sequence: int,
        hash: int,
        command_offset: int,
        part: int,
        journal_id: int,
        chain: int,
        orders: int,
        trades: int,
        first_sequence: int,
        late_ns: int | None,
    ) -> StoreEnd: ...

def store_at_rest(path: str | PathLike[str], *, settled: bool = False) -> StoreEnd | None:
    """Return what a store that nobody writes has been told; None when nothing is recorded in it.

    With ``settled`` it is what the disk holds, and not what memory does.  Raises ``StoreFailed``.
    """

def move_store(path: str | PathLike[str], hash: int, chain: int) -> None:
    """Write another hash and chain of its last event batch into a store that nobody else writes.

    Raises ``StoreFailed``.
    """

# -- version 1 -------------------------------------------------------------------------------------

@final
class UpgradedBatch:
    """An event batch of version 1 in this version's layout."""

    batch: Final[bytes]
    """All of it."""
    hash: Final[int]
    """The hash at its end."""
    hash_before: Final[int]
    """The hash at the end of the batch that it was."""

def upgrade_events(batch: bytes, previous_hash: int | None = None) -> UpgradedBatch:
    """Return one event batch of version 1 in this version's layout, chained to the one before.

    The first one keeps the hash that it names.  ``ValueError`` says what is wrong with it.
    """

def upgrade_snapshot(snapshot: bytes, event_hash: int) -> bytes:
    """Return an engine's snapshot of version 1 in this version's layout, which can be restored.

    ``event_hash`` is that of the last event batch as it was upgraded.  ``ValueError`` says what is
    wrong with it.
    """

@final
class AuditReport:
    """What was found out about a store."""

    findings: Final[list[str]]
    """What is wrong, a line each."""
    more: Final[int]
    """Findings that have no line."""
    orders: Final[int]
    """Orders that were read."""
    trades: Final[int]
    """Trades that were read."""
    events: Final[tuple[int, int] | None]
    """First and last event that they were compared with; None where there were none."""
    def __new__(
        cls,
        *,
        findings: list[str],
        more: int,
        orders: int,
        trades: int,
        events: tuple[int, int] | None,
    ) -> AuditReport: ...

@final
class StoreAudit:
    """A store at rest that is compared with the events it was made from.

    ``scratch`` is a store that is made meanwhile.  Raises ``StoreFailed``, and ``ValueError`` when
    the store was looked at already.
    """

    def __new__(cls, path: str | PathLike[str], scratch: str | PathLike[str]) -> StoreAudit: ...
    def take(self, batches: bytes) -> None:
        """Take events, in order, as whole batches."""

    def look(self, engine: Engine, progress: Callable[[int, int], object]) -> AuditReport:
        """Compare; ``progress`` is told how many rows of how many were read."""

@final
class StoredOrder:
    """An order of the store."""

    json: Final[bytes]
    """The order, with its newest changes."""
    open: Final[bool]
    """Whether more may happen to it, as far as the store knows."""
    def __new__(cls, *, json: bytes, open: bool) -> StoredOrder: ...

@final
class Stretch:
    """A page of what happened to an order, the oldest first."""

    json: Final[bytes]
    """An array."""
    count: Final[int]
    """How many there are in it."""
    of: Final[int | None]
    """How many there are in all; None where there were others before those that are kept."""
    next: Final[int | None]
    """How many stand before the next page; None where there is none."""
    def __new__(cls, *, json: bytes, count: int, of: int | None, next: int | None) -> Stretch: ...

@final
class OrdersPage:
    """A page of an account's orders."""

    orders: Final[list[tuple[int, bytes]]]
    """Order ids and JSON, the newest first.  Each look makes a list."""
    next: Final[int | None]
    """The cursor of the next page, when there may be one."""
    def __new__(cls, *, orders: list[tuple[int, bytes]], next: int | None) -> OrdersPage: ...

@final
class Trade:
    """A trade; price and quantity are multiples of 10^-8."""

    trade_id: Final[int]
    """Its number."""
    time_ns: Final[int]
    """When it was, in ns since the epoch."""
    price: Final[int]
    """Its price."""
    quantity: Final[int]
    """Its quantity."""
    taker_side: Final[int]
    """The taker's side: see ``protocol.terms.Side``."""
    def __new__(
        cls, *, trade_id: int, time_ns: int, price: int, quantity: int, taker_side: int
    ) -> Trade: ...

@final
class StoreReader:
    """A connection for queries of the store, one at a time: see ``store.port.Store``.

    Raises ``StoreFailed`` where it can't be read, and ``ValueError`` for what is no status.
    """

    def __new__(cls, path: str | PathLike[str]) -> StoreReader: ...
    def position(self) -> Recorded:
        """Return up to where all is recorded."""

    def journal_id(self) -> int | None:
        """Return of which journal it is; None where nothing is recorded."""

    def order(self, order_id: int) -> StoredOrder | None:
        """Return an order; None where it is not kept."""

    def history(self, order_id: int, *, after: int, limit: int, bytes_max: int) -> Stretch | None:
        """Return a page of an order's history, behind the first ``after``."""

    def fills(self, order_id: int, *, after: int, limit: int, bytes_max: int) -> Stretch | None:
        """Return a page of an order's fills, behind the first ``after``."""

    def beginnings(self, order_ids: list[int]) -> Beginnings:
        """Return the beginnings of those orders that are kept from their beginning on."""

    def account(self, name: str) -> int | None:
        """Return the number of the account of this name."""

    def complete_since(self) -> int | None:
        """Return from when on everything is recorded, in ns; None where all that ever was is."""

    def orders(
        self,
        account: int,
        *,
        before: int | None = None,
        limit: int = 100,
        bytes_max: int = ...,
        status: str | None = None,
        instrument: int | None = None,
    ) -> OrdersPage:
        """Return an account's orders below the id ``before``, the newest first."""

    def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, bytes]]:
        """Return ids and JSON of trades below the id ``before``, the newest first."""

    def trades_between(
        self, instrument: int, from_ns: int, to_ns: int, *, after: int = 0, limit: int = 1_000
    ) -> list[Trade]:
        """Return trades of ``from_ns <= time < to_ns`` after the id ``after``, oldest first."""

    def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        """Return the sum of the trades later than ``after_ns`` and before ``before_ns``."""

    def bars(self, instrument: int, from_ns: int) -> list[Bar]:
        """Return the minutes in which an instrument traded, from that of ``from_ns`` on."""

    def instruments(self) -> list[tuple[int, str]]:
        """Return number and symbol of every instrument that is recorded."""

@final
class RedisPlace:
    """How far a recorder on Redis has come, and which one: what ``P position`` holds."""

    life: Final[int]
    """How many recorders have taken it over, this one among them."""
    nonce: Final[int]
    """Which of them this is."""
    offset: Final[int]
    """Offset in the events log; 0 where nothing is recorded."""
    sequence: Final[int]
    """Number of the last event."""
    command_offset: Final[int]
    """The command batch that made it."""
    part: Final[int]
    """Which of that one's event batches it stands in."""
    journal_id: Final[int]
    """Names the journal."""
    chain: Final[int]
    """Of the log, at the offset."""
    complete_since: Final[int | None]
    """From when on everything is kept, in ns; None where all that ever was is."""
    deleted_ns: Final[int]
    """Latest change of an order that was deleted, in ns; 0 for none."""
    swept: Final[int | None]
    """The first chunk of which nothing was deleted; None where no order has begun."""
    last: Final[int]
    """The last chunk in which an order has begun."""
    def __new__(cls, value: bytes) -> RedisPlace: ...

@final
class RedisBuffer:
    """A transaction for Redis, and how much it has."""

    data: Final[bytes]
    """The commands; the last answer is what ``P position`` holds."""
    answers: Final[int]
    """So many commands there are."""
    place: Final[bytes]
    """What that is, where the transaction was executed."""
    events: Final[int]
    """Events."""
    orders: Final[int]
    """Orders that began."""
    trades: Final[int]
    """Trades."""

@final
class RedisWriter:
    """Event batches in, transactions for Redis out; it goes on from a value of ``P position``.

    ``before`` is the value that stands there, where it is not gone on from.
    Raises ``StoreFailed`` for what does not follow, and is of no more use then.
    """

    full: bool
    """Whether what was taken is a whole transaction."""
    empty: bool
    """Whether nothing was taken."""
    def __new__(
        cls,
        prefix: str,
        value: bytes | None,
        *,
        before: bytes,
        life: int,
        nonce: int,
        journal_id: int,
        bars: dict[int, bytes],
        orders_max: int,
        bytes_max: int,
    ) -> RedisWriter: ...
    def take(self, records: list[LogRecord]) -> int:
        """Take the first of them, up to a whole transaction; return how many."""

    def seal(self) -> RedisBuffer:
        """Return what was taken."""

    def seed(self, seed: bytes, time_ns: int) -> list[RedisBuffer]:
        """Return what was before the log began at this time: see ``recorder_seed``."""

    def delete(self, commands: list[list[bytes]], *, swept: int, deleted_ns: int) -> RedisBuffer:
        """Return a transaction of these commands, which delete."""

@final
class RedisSwept:
    """What is left of a chunk of orders without its closed ones."""

    left: Final[bytes]
    """What the open ones are; empty where there is none."""
    deleted: Final[int]
    """How many were closed."""
    deleted_ns: Final[int]
    """Latest change of one of those, in ns."""
    accounts: Final[list[int]]
    """Whose orders there were."""
    def __new__(cls, chunk: bytes) -> RedisSwept: ...

@final
class RedisRows:
    """Those orders of some chunks that are named, or an account's; the newest first."""

    heads: list[tuple[int, str, int]]
    """Order id, status and instrument of each."""
    needs: tuple[list[int], list[int], list[int]]
    """The accounts, entries and instruments whose values it is to ``learn``."""
    def __new__(
        cls,
        chunks: list[bytes | None],
        *,
        order_ids: list[int] | None = None,
        account: int | None = None,
    ) -> RedisRows: ...
    def learn(
        self,
        accounts: list[bytes | None],
        entries: list[bytes | None],
        instruments: list[bytes | None],
    ) -> None:
        """Take the values of what it needs, in that order."""

    def order(self, at: int) -> StoredOrder:
        """Return one of them, by its place among the heads."""

    def stretch(self, *, fills: bool, after: int, limit: int, bytes_max: int) -> Stretch | None:
        """Return a page of the history of the first, or of its fills."""

    def beginnings(self, sequence: int) -> Beginnings:
        """Return the beginnings of those that are kept from their beginning on."""

def redis_trades(block: bytes) -> list[Trade]:
    """Return the trades of a block, the oldest first."""

def redis_bars(value: bytes) -> list[Bar]:
    """Return the bars of a day, or of one value, the oldest first."""

def redis_symbol(number: int, value: bytes) -> str:
    """Return the symbol in a value of ``P instruments``."""

def trade_json(trade: Trade) -> bytes:
    """Return a trade as REST shows it."""

def sum_of(trades: list[Trade]) -> Sum | None:
    """Return the sum of trades, the oldest first; None where there are none."""

# -- the pipeline, the clock, the process ----------------------------------------------------------

@final
class Clock:
    """The exchange's time: the system's UTC, held to the time since the system's start.

    ``wall`` and ``boot``, both or none, and ``monotonic`` are asked instead of the system, in ns,
    for tests.
    """

    def __new__(
        cls,
        settings: ServerSettings,
        *,
        wall: Callable[[], int] | None = None,
        boot: Callable[[], int] | None = None,
        monotonic: Callable[[], int] | None = None,
    ) -> Clock: ...
    ahead_ns: int
    """What is added to the time, in ns."""
    @property
    def held_ns(self) -> int:
        """By how much the system's clock is away, in ns, while that is not taken; else 0."""

    @property
    def steps_refused(self) -> int:
        """Steps that were not taken when they were seen."""

    @property
    def steps_taken(self) -> int:
        """Steps that were not taken first, and then were."""

    @property
    def last_taken_ns(self) -> int:
        """The last of those, in ns."""

    def now_ns(self) -> int:
        """Return the time, in ns since the epoch, UTC; to be asked every second by who stamps."""

    def monotonic_ns(self) -> int:
        """Return a time to measure by, in ns."""

    def take(self) -> bool:
        """Take the system's clock as it is now; return whether that changes the time."""

@final
class Lane:
    """The sources of one gateway and the readers beside them, where the engine is elsewhere.

    ``on_waiting`` is called when a source has something to send, ``on_undelivered`` with what a
    source made of what it was given.
    """

    ready: bool
    """Whether commands are taken."""
    under_way: bool
    """Whether a request is under way: what comes meanwhile gathers."""
    @property
    def sealed(self) -> int:
        """Number of the last batch that was sealed, in this incarnation."""

    def __new__(
        cls,
        gateway: int,
        clock: Clock,
        settings: JournalSettings,
        *,
        on_waiting: Callable[[], object],
        on_undelivered: Callable[[BaseException], object],
    ) -> Lane: ...
    def attach(
        self,
        source: Commands | OrderEntry,
        reader: OrderEntry | View | None,
        on_output: Callable[[Any], object],
    ) -> None:
        """Ask ``source`` for commands and let ``reader`` read events: see ``Pipeline``."""

    def opened(self, incarnation: int) -> None:
        """Seal under this incarnation from now on, and count batches from 1; it is ready."""

    def tick(self) -> None:
        """Let each source that has nothing to say send a tick, so that its lease goes on."""

    def seal(self) -> list[bytes]:
        """Return what waits as sealed batches, up to ``group_batches_max``; stamped now."""

    def tell(self, batches: bytes) -> None:
        """Give event batches, one after the other, to all readers."""

    def close(self) -> None:
        """Let go of all who stand at its ends and are called: it is over."""

@final
class GatewayChange:
    """What became of an incarnation of a gateway."""

    incarnation: Final[int]
    """Which one; 0 where none has begun, for its opening was too late."""
    nonce: Final[int | None]
    """The nonce of its opening; ``None`` where it has ended, or was too late to begin."""
    def __new__(cls, *, incarnation: int, nonce: int | None) -> GatewayChange: ...

@final
class Differs:
    """Two logs hold other events at one place."""

    command_offset: Final[int]
    """The command batch whose events they are."""
    part: Final[int]
    """Which batch of these."""
    taken: Final[int]
    """Hash of the one that was taken."""
    other: Final[int]
    """Hash of the other."""
    def __new__(cls, *, command_offset: int, part: int, taken: int, other: int) -> Differs: ...

@final
class Taken:
    """What of some batches is new."""

    fresh: Final[bytes]
    """The new ones."""
    end: Final[int]
    """Where they end, in bytes: what stands behind does not follow yet."""
    changes: Final[list[GatewayChange]]
    """What they say of the gateway's incarnations."""
    differs: Final[Differs | None]
    """Where one is another than was taken; nothing is taken from there on."""
    def __new__(
        cls, *, fresh: bytes, end: int, changes: list[GatewayChange], differs: Differs | None
    ) -> Taken: ...

@final
class EventsFollower:
    """Takes the first copy of each event batch from several logs, and compares the others with it.

    ``end`` is where they stand before the first batch, if that is known, and ``command_offset`` the
    command batch that made the last event there. The newest ``held_to`` are compared;
    without any there is one log, which has to go on from batch to batch.
    """

    def __new__(
        cls,
        gateway: int,
        end: EventsEnd | None,
        command_offset: int = 0,
        held_to: int = 0,
    ) -> EventsFollower: ...
    def take(self, batches: bytes) -> Taken:
        """Take batches of one log, one after the other.

        An incarnation has ended whose lease is lost, or of whose batches the engine has dropped one
        for another reason than that it was there already.  Raises ``ValueError``, as
        ``check_events``; nothing more is to be taken then.
        """

    @property
    def end(self) -> EventsEnd | None:
        """Where they end; ``None`` where that is not known."""

    @property
    def command_offset(self) -> int:
        """The command batch that made the last of them; 0 before the first."""

    @property
    def whole(self) -> bool:
        """Whether all events of that command batch are there."""

    @property
    def answered(self) -> int:
        """Number of the gateway's last batch that they follow from, in its incarnation."""

@final
class Pipeline:
    """Everything between the sources of commands and the readers of events; one thread owns it.

    ``system`` are the engine's own commands.  ``on_fault`` is called with what went wrong under
    way, ``on_undelivered`` with what a source made of what it was given; ``on_congested`` when
    nothing is sealed for a while; ``on_more`` when ``advance`` is to be called in the next turn.
    """

    def __new__(
        cls,
        system: Commands,
        clock: Clock,
        settings: JournalSettings,
        *,
        on_fault: Callable[[BaseException], object],
        on_undelivered: Callable[[BaseException], object],
        on_congested: Callable[[], object],
        on_more: Callable[[], object],
        apply_delay_ns: int,
    ) -> Pipeline: ...
    @property
    def settings(self) -> dict[str, int]:
        """What it took of the configuration."""
    delivered: int
    """Offset of the last command batch of which the readers know."""
    ready: bool
    """Whether commands are taken."""
    resting: bool
    """Nothing more is sealed, so that soon nothing is under way."""
    @property
    def under_way(self) -> bool:
        """Whether a commit is waited for."""

    def begin(self, engine: Engine, commands: Any, events: Any) -> None:
        """Go on with an engine and two logs (``journal.port.Log``) with nothing under way."""

    def attach(
        self,
        gateway: int,
        source: Commands | OrderEntry,
        reader: OrderEntry | View | None,
        on_output: Callable[[Any], object],
    ) -> None:
        """Ask ``source`` for commands and let ``reader`` read events from now on.

        ``on_output`` is given what the reader makes of them, or the batches where there is none.
        Raises ``ValueError`` when the engine does not know the gateway.
        """

    def close(self) -> None:
        """Let go of all who stand at its ends and are called: it is over."""

    def forget(self) -> None:
        """Forget engine, logs, and all that is under way: the journal failed."""

    def advance(self) -> None:
        """Let commands and events pass as far as they can."""

    def tick(self) -> None:
        """Let each source that has nothing to say send a tick, so that its lease goes on."""

    def publish(self, batches: bytes) -> None:
        """Deliver event batches to all readers."""

def huge_pages(allowed: bool) -> bool:
    """Allow pages of 2 MiB to this process, or forbid them; return whether the system takes it."""

def shorten_slice() -> bool:
    """Ask for short slices of a processor for this thread; return whether the system has them."""

def load_main(args: list[str]) -> int:
    """Run the generator's command line, the program's name first; return the exit code."""
