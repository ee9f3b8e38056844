"""The configuration: every setting with its unit, its default and what it is for.

One TOML file; the environment goes over it (``QUANTSCOPE_GATEWAY_CONNECTIONS_MAX=64``), and the
command line over both (``--set gateway.connections_max=64``).  An unknown key is an error.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1, le=2**31)]
Bytes = Annotated[int, Meta(ge=1, le=2**50)]
Seconds = Annotated[float, Meta(ge=0.001, le=1e9)]
"""At least a millisecond: what is done in an interval of nothing is done without end."""
HostName = Annotated[str, Meta(pattern=r"^\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
Decimal = Annotated[str, Meta(pattern=r"^\d{1,10}(\.\d{1,8})?$")]


def about(text: str) -> Meta:
    """What a setting is for, with its unit: it is shown by ``quantscope config``."""
    return Meta(description=text)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file."""


class Server(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the exchange listens and keeps its data."""

    data_dir: Annotated[
        Annotated[str, Meta(min_length=1)],
        about("directory of the journal, the snapshots and the store"),
    ] = "quantscope-data"
    host: Annotated[str, about("address to listen on")] = "127.0.0.1"
    http_port: Annotated[Port, about("port of REST and WebSocket; 0 takes a free one")] = 8080
    binary_port: Annotated[Port, about("port of binary order entry; 0 takes a free one")] = 9879
    allow_open: Annotated[
        bool, about("listen on other addresses than loopback, though REST knows no passwords")
    ] = False
    allowed_hosts: Annotated[
        tuple[HostName, ...],
        about(
            "names, beside localhost and addresses, by which REST may be asked (.example.org: all "
            "below it); allow_open without any takes all"
        ),
    ] = ()
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], about("least level that is logged")
    ] = "INFO"
    huge_pages: Annotated[
        bool,
        about("take memory 2 MiB at a time: clearing so much holds up whoever needs it first"),
    ] = False
    stop_deadline_s: Annotated[Seconds, about("seconds that a clean stop may take")] = 10.0
    clock_step_s_max: Annotated[
        Seconds,
        about(
            "seconds by which the system's clock may be set; more is a jump, and not taken at once"
        ),
    ] = 5.0
    clock_settle_s: Annotated[
        Seconds, about("seconds that a jump of the system's clock has to stand before it is taken")
    ] = 300.0
    clock_ahead_days: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)],
        about("days that time goes ahead of the system's clock, while the journal is ahead of it"),
    ] = 0
    reserved_descriptors: Annotated[
        Annotated[int, Meta(ge=96, le=2**20)],
        about("descriptors for logs, snapshots, store and ports, which connections never get"),
    ] = 128


class JournalSection(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The commands log, the events log and the snapshots."""

    adapter: Annotated[
        Literal["sqlite", "memory"], about("sqlite is durable; memory forgets all at the end")
    ] = "sqlite"
    batch_commands_max: Annotated[Count, about("commands in one batch")] = 1_000
    group_batches_max: Annotated[
        Count, about("command batches in one commit; what they do is told in one turn of the loop")
    ] = 2
    queue_bytes_max: Annotated[
        Bytes, about("bytes that may wait for a log's writer; beyond it no commands are sealed")
    ] = 256 * 2**20
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


class EngineSection(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits that the engine's answers depend on; a change becomes a command."""

    accounts_max: Annotated[Count, about("accounts; an order of one more gets ACCOUNT_LIMIT")] = (
        1_000_000
    )
    client_ids_per_account_max: Annotated[
        Count, about("client order ids in text remembered per account; the oldest is forgotten")
    ] = 10_000
    instruments_max: Annotated[Count, about("instruments")] = 1_000
    event_batch_bytes_max: Annotated[Bytes, about("bytes after which an event batch is cut")] = (
        2**20
    )
    stamp_ahead_s_max: Annotated[
        Seconds, about("seconds that a gateway's clock may be ahead of the journal's")
    ] = 1.0
    fault_apply_delay_ns: Annotated[
        Annotated[int, Meta(ge=0, le=10**9)],
        about("nanoseconds by which each command batch is slowed, for tests of the benchmarks"),
    ] = 0


class GatewaySection(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Binary order entry."""

    connections_max: Annotated[
        Count, about("TCP connections, of two descriptors each; one more is closed at once")
    ] = 256
    login_deadline_s: Annotated[Seconds, about("seconds from connection to login")] = 5.0
    heartbeat_interval_s: Annotated[Seconds, about("seconds of silence before a heartbeat")] = 1.0
    idle_deadline_s: Annotated[
        Seconds, about("seconds without a whole packet after which the line is dropped")
    ] = 15.0
    packet_bytes_max: Annotated[
        Annotated[int, Meta(ge=64, le=65535)], about("bytes of one packet; more is malformed")
    ] = 1_024
    queue_bytes_max: Annotated[
        Bytes, about("bytes queued to a slow reader; beyond it the connection is closed")
    ] = 8 * 2**20
    requests_in_flight_max: Annotated[
        Count, about("unanswered requests of a connection; beyond it the socket is not read")
    ] = 10_000
    turn_bytes_max: Annotated[
        Bytes,
        about(
            "bytes of a connection that are handled in one turn of the event loop; what it has "
            "sent beyond waits its turn, and its socket is not read"
        ),
    ] = 8_192
    unread_bytes_max: Annotated[
        Bytes,
        about(
            "bytes that the system keeps of a connection that is not read; beyond it the client "
            "can't send"
        ),
    ] = 131_072
    turn_us_max: Annotated[
        Count, about("microseconds of each turn of the event loop for those who wait their turn")
    ] = 250
    requests_waiting_max: Annotated[
        Count,
        about(
            "orders that wait for a commit (a question, a repeat, or one that is refused counts as "
            "500); beyond it those who wait their turn wait for the commit"
        ),
    ] = 16_000
    handover_grace_s: Annotated[
        Annotated[float, Meta(ge=0, le=3600)],
        about("seconds to reconnect before cancel on disconnect takes effect"),
    ] = 0.0
    session_replay_messages_min: Annotated[
        Count, about("sequenced messages kept for replay per session")
    ] = 1_000_000
    session_replay_bytes_max: Annotated[
        Bytes, about("bytes of events kept for that; beyond it the oldest go all the same")
    ] = 8 * 2**30


class FacadeSection(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """REST and WebSocket; the limits of ``facade.limits.Limits``."""

    connections_max: Annotated[
        Count, about("connections, HTTP and WebSocket; one more is answered 503 and closed")
    ] = 2_048
    refusals_max: Annotated[
        Count, about("connections too many that are being told so; of more, the oldest is closed")
    ] = 64
    head_bytes_max: Annotated[
        Bytes, about("bytes of request line and headers; more is answered 414 or 431, and closed")
    ] = 16_384
    body_bytes_max: Annotated[
        Bytes, about("bytes of a request body; more is answered 413 and closed")
    ] = 65_536
    head_deadline_s: Annotated[
        Seconds, about("seconds from a request's first byte to the end of its headers; then 408")
    ] = 10.0
    body_deadline_s: Annotated[
        Seconds, about("seconds from there to the end of its body; then 408")
    ] = 10.0
    idle_deadline_s: Annotated[
        Seconds, about("seconds between requests of a connection; then it is closed")
    ] = 75.0
    write_deadline_s: Annotated[
        Seconds,
        about("seconds that a full write buffer may stay full; then the connection is aborted"),
    ] = 10.0
    linger_deadline_s: Annotated[
        Seconds, about("seconds that what a refused client still sends is read and thrown away")
    ] = 1.0
    linger_bytes_max: Annotated[
        Bytes, about("bytes that are thrown away so; then the connection is cut")
    ] = 131_072
    answer_deadline_s: Annotated[
        Seconds, about("seconds that a request waits for the engine; then 503 OUTCOME_UNKNOWN")
    ] = 10.0
    store_deadline_s: Annotated[
        Seconds, about("seconds that a query waits for the recorder; then 503 NOT_KNOWN_YET")
    ] = 5.0
    queue_bytes_max: Annotated[
        Bytes, about("bytes queued to a slow reader; HTTP is not read further, WebSocket is closed")
    ] = 4 * 2**20
    read_bytes_max: Annotated[
        Bytes,
        about("bytes read of a connection at once; while some wait their turn no more are read"),
    ] = 16_384
    unread_bytes_max: Annotated[
        Bytes,
        about(
            "bytes that the system keeps of a connection that is not read; beyond it the client "
            "can't send"
        ),
    ] = 65_536
    turn_us_max: Annotated[
        Count,
        about(
            "microseconds of each turn of the event loop for questions, frames and whatever else "
            "is sent without waiting for the answer; the rest waits for the next turn"
        ),
    ] = 250
    ws_message_bytes_max: Annotated[
        Bytes, about("bytes of a WebSocket message from a client; more closes the connection")
    ] = 4_096
    ws_ping_interval_s: Annotated[Seconds, about("seconds between pings of a WebSocket client")] = (
        20.0
    )
    ws_pong_deadline_s: Annotated[
        Seconds, about("seconds without a whole frame after a ping; then the connection is closed")
    ] = 20.0
    queries_max: Annotated[
        Count, about("queries of the store under way; one more is answered 503 BUSY")
    ] = 256
    page_bytes_max: Annotated[
        Annotated[int, Meta(ge=2**16, le=2**30)],
        about("bytes of an answer that is a list; a page that would be longer ends earlier"),
    ] = 256 * 2**10
    recent_orders_max: Annotated[
        Count,
        about(
            "the newest orders, kept in memory whatever became of them; rounded up to a power of "
            "two"
        ),
    ] = 131_072
    overlay_orders_max: Annotated[
        Count,
        about(
            "older orders, closed and kept in memory until the store has them; beyond both the "
            "oldest go, and who asks for one waits for the recorder"
        ),
    ] = 200_000
    recent_trades_max: Annotated[Count, about("trades of each instrument kept in memory")] = 1_000
    sweep_interval_s: Annotated[
        Seconds,
        about("seconds between looks at the deadlines: how late one of them may be noticed"),
    ] = 0.25


class StoreSection(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The store and its recorder."""

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
    recorder_nice: Annotated[
        Annotated[int, Meta(ge=0, le=19)],
        about("nice value of the recorder's thread: the higher, the more it yields"),
    ] = 19


class User(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A user of binary order entry; its session trades for an account.

    Names are told without case, and stand for the same session however they are written.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,6}$"), about("login name")]
    password: Annotated[str, Meta(pattern=r"^[!-~]{1,10}$"), about("login password")]
    account: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,32}$"), about("account; the name when empty")
    ] = ""
    cancel_on_disconnect: Annotated[
        bool, about("cancel the session's open orders when its line is lost")
    ] = False
    self_trade_prevention: Annotated[
        Literal["NONE", "CANCEL_NEWEST", "CANCEL_OLDEST", "CANCEL_BOTH", "DECREMENT"],
        about("what an order does that names no mode"),
    ] = "NONE"


class InstrumentSection(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An instrument and its filters.  0 means no limit.

    The quantity of a whole side must be one that the engine can count: ``quantity_max`` times
    ``orders_per_side_max`` below 2^63 in multiples of 10^-8.
    """

    symbol: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}$"), about("name")]
    tick: Annotated[Decimal, about("prices are multiples of it")] = "0.01"
    lot: Annotated[Decimal, about("quantities are multiples of it")] = "0.00000001"
    quantity_min: Annotated[Decimal, about("least quantity of an order")] = "0"
    quantity_max: Annotated[Decimal, about("highest quantity of an order")] = "900000"
    notional_min: Annotated[Decimal, about("least price times quantity")] = "0"
    price_band_bps: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)],
        about("distance of a limit price from the last trade, in hundredths of a percent"),
    ] = 0
    orders_per_side_max: Annotated[
        Annotated[int, Meta(ge=0, le=2**31)], about("orders that rest on one side")
    ] = 100_000
    session_end: Annotated[
        str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), about("when DAY orders expire, UTC")
    ] = "00:00"
    open: Annotated[bool, about("whether orders are taken")] = True


def demo_users() -> tuple[User, ...]:
    """``demo1`` to ``demo16``, password ``demo``."""
    return tuple(User(name=f"demo{n}", password="demo") for n in range(1, 17))  # noqa: S106


def default_instruments() -> tuple[InstrumentSection, ...]:
    """BTCUSD takes the real order flow of the tests whole."""
    return (
        InstrumentSection(symbol="BTCUSD", tick="0.01"),
        InstrumentSection(symbol="ETHUSD", tick="0.01"),
        InstrumentSection(symbol="SOLUSD", tick="0.01"),
        InstrumentSection(symbol="XRPUSD", tick="0.0001"),
    )


class Config(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it."""

    server: Server = Server()
    journal: JournalSection = JournalSection()
    engine: EngineSection = EngineSection()
    gateway: GatewaySection = GatewaySection()
    facade: FacadeSection = FacadeSection()
    store: StoreSection = StoreSection()
    users: tuple[User, ...] = msgspec.field(default_factory=demo_users)
    instruments: tuple[InstrumentSection, ...] = msgspec.field(default_factory=default_instruments)
