"""Binary order entry."""

from typing import Annotated

from msgspec import Meta

from settings.values import Bytes, Count, Seconds, Section, about


class GatewaySettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Binary order entry."""

    connections_max: Annotated[
        Count,
        about(
            "TCP connections of each protocol, of two descriptors each; one more is closed at once"
        ),
    ] = 256
    login_deadline_s: Annotated[Seconds, about("seconds from connection to login")] = 5.0
    heartbeat_interval_s: Annotated[Seconds, about("seconds of silence before a heartbeat")] = 1.0
    idle_deadline_s: Annotated[
        Seconds, about("seconds without a whole packet after which the connection is dropped")
    ] = 15.0
    packet_bytes_max: Annotated[
        Annotated[int, Meta(ge=64, le=65535)], about("bytes of one packet; more is malformed")
    ] = 1_024
    queue_bytes_max: Annotated[
        Bytes, about("bytes queued to a slow reader; beyond it the rest is told from the log")
    ] = 8 * 2**20
    write_deadline_s: Annotated[
        Seconds, about("seconds in which a slow reader takes nothing; then the connection is cut")
    ] = 10.0
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
    refusal_delay_s: Annotated[
        Annotated[float, Meta(ge=0, le=60)],
        about("seconds until a login that is not authorized is answered"),
    ] = 1.0
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
