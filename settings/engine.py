"""What the engine's answers depend on."""

from typing import Annotated

from msgspec import Meta

from settings.values import Bytes, Count, Seconds, Section, about


class EngineSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits that the engine's answers depend on; a change becomes a command."""

    accounts_max: Annotated[Count, about("accounts; an order of one more gets ACCOUNT_LIMIT")] = (
        1_000_000
    )
    client_ids_per_session_max: Annotated[
        Count, about("client order ids remembered per FIX session, beside those of open orders")
    ] = 100_000
    closed_orders_per_session_max: Annotated[
        Count,
        about(
            "closed orders remembered per FIX session, which a status request or a refused change "
            "is answered from; the oldest is forgotten, and is unknown from then on"
        ),
    ] = 10_000
    closed_orders_bytes_max: Annotated[
        Annotated[int, Meta(ge=0, le=2**40)],
        about(
            "bytes of closed orders remembered over all FIX sessions, each 128 and its ClOrdID; "
            "the oldest of all is forgotten"
        ),
    ] = 64 * 2**20
    client_ids_per_account_max: Annotated[
        Count, about("client order ids in text remembered per account; the oldest is forgotten")
    ] = 10_000
    instruments_max: Annotated[
        Annotated[int, Meta(ge=1, le=2**20)],
        about("instruments, and the highest number of one; more are a configuration error"),
    ] = 1_000
    event_batch_bytes_max: Annotated[Bytes, about("bytes after which an event batch is cut")] = (
        2**20
    )
    stamp_ahead_s_max: Annotated[
        Seconds, about("seconds that a gateway's clock may be ahead of the journal's")
    ] = 1.0
    stamp_behind_s_max: Annotated[
        Seconds,
        about("seconds that a batch may be behind the journal's clock; a later one is dropped"),
    ] = 10.0
    gateway_lease_s: Annotated[
        Annotated[float, Meta(ge=3, le=3600)],
        about(
            "seconds after which a gateway that sends nothing, not even a tick, has lost its "
            "sessions"
        ),
    ] = 5.0
    claim_interval_s: Annotated[
        Annotated[float, Meta(ge=0, le=3600)],
        about("seconds after a login in which no other gateway can take the session over"),
    ] = 1.0
    fault_apply_delay_ns: Annotated[
        Annotated[int, Meta(ge=0, le=10**9)],
        about("nanoseconds by which each command batch is slowed, for tests of the benchmarks"),
    ] = 0
