"""Every limit of REST and WebSocket, with its unit and what happens at it."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the facade."""

    connections_max: int = 2_048
    """Connections, HTTP and WebSocket; one more is answered 503 and closed."""
    refusals_max: int = 64
    """Connections too many that are being told so; of more, the oldest is closed at once."""
    head_bytes_max: int = 16_384
    """Bytes of request line and headers; more is answered 414 or 431 and closed."""
    body_bytes_max: int = 65_536
    """Bytes of a request body; more is answered 413 and closed."""
    head_deadline_s: float = 10.0
    """Seconds from a request's first byte to the end of its headers; then 408."""
    body_deadline_s: float = 10.0
    """Seconds from there to the end of its body; then 408."""
    idle_deadline_s: float = 75.0
    """Seconds between requests of a connection; then it is closed."""
    write_deadline_s: float = 10.0
    """Seconds that a full write buffer may stay full; then the connection is aborted."""
    linger_deadline_s: float = 1.0
    """Seconds that what a refused client still sends is read and thrown away."""
    linger_bytes_max: int = 131_072
    """Bytes that are thrown away so; then the connection is cut."""
    answer_deadline_s: float = 10.0
    """Seconds that a request waits for the engine; then 503 ``OUTCOME_UNKNOWN``."""
    store_deadline_s: float = 5.0
    """Seconds that a query waits for the recorder; then 503 ``NOT_KNOWN_YET``."""
    queue_bytes_max: int = 4 * 2**20
    """Bytes queued to a slow reader; HTTP is not read further, WebSocket is closed."""
    read_bytes_max: int = 16_384
    """Bytes read of a connection at once; what is not handled yet is read to its end before."""
    unread_bytes_max: int = 65_536
    """Bytes that the system keeps of a connection that is not read; then the client can't send."""
    turn_us_max: int = 250
    """Microseconds of a turn of the loop for what may wait; the rest waits for the next turn."""
    ws_message_bytes_max: int = 4_096
    """Bytes of a WebSocket message from a client; more closes the connection."""
    ws_ping_interval_s: float = 20.0
    """Seconds between pings of a WebSocket client."""
    ws_pong_deadline_s: float = 20.0
    """Seconds without a whole frame after a ping; then the connection is closed."""
    queries_max: int = 256
    """Queries of the store under way; one more is answered 503 ``BUSY``."""
    page_bytes_max: int = 256 * 2**10
    """Bytes of an answer that is a list; a page that would be longer ends earlier."""
    recent_orders_max: int = 131_072
    """The newest orders, kept in memory whatever became of them; rounded up to a power of two."""
    overlay_orders_max: int = 200_000
    """Older orders, closed and kept in memory until the store has them.  Beyond both, closed orders
    go all the same, and who asks for one that is not recorded waits for the recorder."""
    recent_trades_max: int = 1_000
    """Trades of each instrument kept in memory."""
    sweep_interval_s: float = 0.25
    """Seconds between looks at the deadlines: how late one of them may be noticed."""
