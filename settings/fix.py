"""FIX order entry."""

from typing import Annotated, Literal

from msgspec import Meta

from settings.values import Bytes, Count, Seconds, Section, ZoneName, about


class FixSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """FIX order entry; what it shares with other order entry over TCP stands in ``gateway``."""

    comp_id: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,32}$")],
        about("the exchange's CompID: TargetCompID of what clients send"),
    ] = "QUANTSCOPE"
    open: Annotated[
        bool,
        about("take any SenderCompID as the account of that name, without a password"),
    ] = False
    message_bytes_max: Annotated[
        Annotated[int, Meta(ge=256, le=65535)], about("bytes of one message; more is garbled")
    ] = 8_192
    sending_time_s_max: Annotated[
        Seconds, about("seconds that SendingTime (52) may be away from the time now")
    ] = 120.0
    heartbeat_s_max: Annotated[
        Annotated[int, Meta(ge=1, le=3_600)], about("longest HeartBtInt (108), in seconds")
    ] = 3_600
    gap_messages_max: Annotated[
        Count, about("messages behind a gap that wait for it; more are asked for again")
    ] = 10_000
    gap_bytes_max: Annotated[Bytes, about("bytes of these messages")] = 4 * 2**20
    resend_deadline_s: Annotated[
        Seconds,
        about("seconds without anything of a gap, after which it is asked for again, then ended"),
    ] = 10.0
    allow_user_tags: Annotated[
        bool, about("take user-defined tags (5000 and above) that the dictionary does not have")
    ] = False
    reset_time: Annotated[
        Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")],
        about("time of day at which all sessions are reset, HH:MM; empty: never"),
    ] = ""
    reset_zone: Annotated[
        ZoneName, about("time zone of that, as the system's zone database calls it")
    ] = "UTC"
    reset_day: Annotated[
        Literal["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        about("day of the week of that; empty: every day"),
    ] = ""
    sub_ids: Annotated[
        bool,
        about("tell sessions apart by SenderSubID (50), too; what they are told has it in 57"),
    ] = False
    probe_s: Annotated[
        Seconds,
        about("seconds of silence after which a second Logon has the first line tested"),
    ] = 5.0
