"""Where the exchange listens and keeps its data, and how it takes the time."""

from typing import Annotated, Literal

from msgspec import Meta

from settings.values import HostName, Port, Seconds, Section, about


class ServerSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the exchange listens and keeps its data."""

    data_dir: Annotated[
        Annotated[str, Meta(min_length=1)],
        about("directory of the journal, the snapshots and the store"),
    ] = "quantscope-data"
    host: Annotated[str, about("address to listen on")] = "127.0.0.1"
    http_port: Annotated[Port, about("port of REST and WebSocket; 0 takes a free one")] = 8080
    binary_port: Annotated[Port, about("port of binary order entry; 0 takes a free one")] = 9879
    fix_port: Annotated[Port, about("port of FIX order entry; 0 takes a free one")] = 9878
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
    log_format: Annotated[
        Literal["text", "json"],
        about("lines of the log: for who reads them, or a JSON object each, for a program"),
    ] = "text"
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
