"""REST and WebSocket."""

from typing import Annotated

from msgspec import Meta

from settings.values import Bytes, Count, Seconds, Section, about


class FacadeSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """REST and WebSocket."""

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
    store_poll_interval_s: Annotated[
        Seconds,
        about("seconds between looks at how far a store is that another process fills"),
    ] = 0.2
    order_deadline_s: Annotated[
        Seconds,
        about(
            "seconds that a question about an order waits for it where others place orders too: "
            "events may tell of it a little later than whoever placed it"
        ),
    ] = 1.5
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
