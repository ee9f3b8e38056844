"""What the configuration may need of the machine, and what the machine has of it.

Descriptors, memory and disk.  What can't be kept is said at the start, with numbers: connections
that there are no descriptors for are not promised, and a start that could not take even a few is
refused.  Memory and disk are warned of, for the limits are what is needed at the very most.
"""

import logging
import os
import pathlib
import resource
import shutil
from collections.abc import Iterator
from functools import reduce

import msgspec

from settings import Config

log = logging.getLogger("quantscope")

CONNECTIONS_MIN = 16
"""Connections of each kind without which a start is refused, unless fewer are configured."""
LINE_DESCRIPTORS = 2
"""Descriptors of a line of order entry: reports go past the transport, by one of their own."""
TLS_BYTES = 320 * 2**10
"""Memory of an encrypted connection: 256 KiB that a read may fill, and OpenSSL's own."""
LOGS = 2
"""The commands log and the events log."""

PROTOCOLS = "protocols"
"""How many protocols of order entry there are, each with connections of its own."""
Factor = int | str
"""A number, ``PROTOCOLS``, or the name of a setting."""

MEMORY: dict[str, tuple[Factor, ...]] = {
    "engine.closed_orders_bytes_max": (),
    "journal.queue_bytes_max": (2, LOGS),
    "journal.memory_bytes_max": (LOGS,),
    "gateway.packet_bytes_max": ("gateway.connections_max",),
    "gateway.unread_bytes_max": ("gateway.connections_max", PROTOCOLS),
    "gateway.queue_bytes_max": ("gateway.connections_max", PROTOCOLS),
    "fix.message_bytes_max": ("gateway.connections_max",),
    "fix.gap_bytes_max": ("gateway.connections_max",),
    "facade.read_bytes_max": ("facade.connections_max",),
    "facade.unread_bytes_max": ("facade.connections_max",),
    "facade.head_bytes_max": ("facade.connections_max",),
    "facade.body_bytes_max": ("facade.connections_max",),
    "facade.queue_bytes_max": ("facade.connections_max",),
    "facade.ws_message_bytes_max": ("facade.connections_max",),
    "store.recorder_read_bytes_max": (),
}
"""What may lie in queues and buffers, and how many times."""
DISK: dict[str, tuple[Factor, ...]] = {
    "journal.wal_bytes_max": (2, LOGS),  # each may reach twice as much
    "store.wal_bytes_max": (),
}
"""What is written over and over, and how many times."""
EVENTS = ("journal.journal_bytes_max", "gateway.session_replay_bytes_max")
"""The events log keeps as much as the larger of these: for the recorder, and for the sessions."""
GROWN = ("events.db", "events.db-wal", "commands.db-wal", "store.db-wal")
"""Files whose size is part of what is needed already."""
PIECES = (
    "engine.event_batch_bytes_max",
    "facade.linger_bytes_max",
    "facade.page_bytes_max",
    "gateway.turn_bytes_max",
    "journal.commit_bytes_max",
    "journal.events_linger_bytes_max",
    "journal.verify_bytes_max",
    "kafka.message_bytes_max",
    "kafka.read_bytes_max",
    "redis.redis_bytes_max",
    "redis.redis_transaction_bytes_max",
)
"""Limits of bytes that cut what there is or throw it away, and need nothing more."""


class TooFewDescriptors(Exception):
    """The system gives this process too few descriptors to serve anybody."""


# -- descriptors -----------------------------------------------------------------------------


def raise_descriptors() -> int:
    """Raise the soft limit of descriptors to the hard one; what there is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of descriptors stays at %d, below %d: %s", soft, hard, error)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else soft


def descriptors_needed(config: Config) -> int:
    """Descriptors that the configuration may need."""
    http = config.facade.connections_max + config.facade.refusals_max
    lines = _descriptors_of_each(config) * config.gateway.connections_max
    return http + lines + handshakes(config) + config.server.reserved_descriptors


def protocols(config: Config) -> int:
    """How many protocols of order entry there are: gateways of a cluster have one."""
    return 1 if config.journal.adapter == "kafka" else 2


def _descriptors_of_each(config: Config) -> int:
    """Of one connection of each protocol of order entry."""
    return LINE_DESCRIPTORS * protocols(config)


def encrypted(config: Config) -> tuple[str, ...]:
    """The settings of how many connections there may be, of each port that is encrypted."""
    tls = config.tls
    if not tls.certificate_file:
        return ()
    ports = (
        ("facade.connections_max", tls.http),
        ("gateway.connections_max", tls.binary),
        ("gateway.connections_max", tls.fix and protocols(config) > 1),
    )
    return tuple(name for name, on in ports if on)


def handshakes(config: Config) -> int:
    """Connections whose handshakes may be under way."""
    return len(encrypted(config)) * config.tls.handshakes_max


def fit(config: Config, available: int) -> Config:
    """The configuration, with as many connections as there are descriptors for.

    Where there are too few, order entry keeps its connections as far as half of what is left does,
    and HTTP gets the rest.  Raises ``TooFewDescriptors`` where either kind would get less than a
    few.
    """
    needed = descriptors_needed(config)
    if needed <= available:
        return config
    http, lines, each = (
        config.facade.connections_max,
        config.gateway.connections_max,
        _descriptors_of_each(config),
    )
    kept = config.server.reserved_descriptors + config.facade.refusals_max + handshakes(config)
    left = available - kept
    least_lines, least_http = min(CONNECTIONS_MIN, lines), min(CONNECTIONS_MIN, http)
    share = max(left // 2, left - http, each * least_lines)
    fewer_lines = min(lines, share // each)
    fewer_http = min(http, left - each * fewer_lines)
    if fewer_http < least_http:
        raise TooFewDescriptors(
            f"this process may have {available} descriptors, and needs at least "
            f"{kept + least_http + each * least_lines} to serve anybody: raise the hard limit "
            "(ulimit -Hn, LimitNOFILE= of systemd)"
        )
    log.warning(
        "this process may have %d descriptors, and the configuration may need %d: "
        "facade.connections_max is %d instead of %d, gateway.connections_max %d instead of %d; "
        "a higher hard limit (ulimit -Hn, LimitNOFILE= of systemd) keeps them",
        available,
        needed,
        fewer_http,
        http,
        fewer_lines,
        lines,
    )
    return msgspec.structs.replace(
        config,
        facade=msgspec.structs.replace(config.facade, connections_max=fewer_http),
        gateway=msgspec.structs.replace(config.gateway, connections_max=fewer_lines),
    )


def for_connections(config: Config, available: int) -> int:
    """The first descriptor that no connection gets: half of the reserve always stays free.

    The other half is what logs, store and ports have open all the time.
    """
    return available - config.server.reserved_descriptors // 2


# -- memory and disk -------------------------------------------------------------------------


def value_of(config: Config, factor: Factor) -> int:
    """A number, or what a setting is set to."""
    if isinstance(factor, int):
        return factor
    if factor == PROTOCOLS:
        return protocols(config)
    section, _, key = factor.partition(".")
    value: int = getattr(getattr(config, section), key)
    return value


def product(config: Config, name: str, factors: tuple[Factor, ...]) -> int:
    """A limit, as many times as it may be needed."""
    return reduce(lambda total, factor: total * value_of(config, factor), factors, 1) * value_of(
        config, name
    )


def memory_needed(config: Config) -> dict[str, int]:
    """Bytes of each kind of queue or buffer at the very most, the largest first."""
    durable = config.journal.adapter != "memory"
    rows = {
        " x ".join(map(str, (name, *factors))): product(config, name, factors)
        for name, factors in MEMORY.items()
        if not (durable and name == "journal.memory_bytes_max")
        and not (protocols(config) == 1 and name.startswith("fix."))
    }
    for name in encrypted(config):
        # What is read and not taken lies within the TLS of a connection, too.
        unread = value_of(config, f"{name.partition('.')[0]}.unread_bytes_max")
        row = f"TLS x {name}"
        rows[row] = rows.get(row, 0) + (TLS_BYTES + unread) * value_of(config, name)
    return dict(sorted(rows.items(), key=lambda row: -row[1]))


def disk_needed(config: Config) -> dict[str, int]:
    """Bytes of each kind of file that grows to a limit; the store and the commands have none."""
    if config.journal.adapter == "memory":
        return {"store.wal_bytes_max": config.store.wal_bytes_max}
    larger = max(EVENTS, key=lambda name: value_of(config, name))
    rows = {larger: value_of(config, larger)}
    for name, factors in DISK.items():
        rows[" x ".join(map(str, (name, *factors)))] = product(config, name, factors)
    return rows


def summary(config: Config) -> Iterator[str]:
    """What the limits add up to, as comments of a TOML file."""
    memory, disk = memory_needed(config), disk_needed(config)
    yield "# What these limits may need at the very most; a start compares it with the machine."
    yield f"# Descriptors: {descriptors_needed(config)}"
    yield (
        "#   facade.connections_max + facade.refusals_max + "
        f"{_descriptors_of_each(config)} x gateway.connections_max + server.reserved_descriptors"
        + (f" + {len(encrypted(config))} x tls.handshakes_max" if encrypted(config) else "")
    )
    yield f"# Memory in queues and buffers, beside open orders: {size(sum(memory.values()))}"
    yield from (f"#   {name} = {size(value)}" for name, value in memory.items())
    total = size(sum(disk.values()))
    yield f"# Disk, beside the store and the commands since the last snapshots: {total}"
    yield from (f"#   {name} = {size(value)}" for name, value in disk.items())


def size(value: int) -> str:
    """Bytes for people to read."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if value >= unit:
            return f"{round(value / unit, 1):g} {name}"
    return f"{value} B"


def machine_memory(
    root: pathlib.Path = pathlib.Path("/sys/fs/cgroup"),
    of: pathlib.Path = pathlib.Path("/proc/self/cgroup"),
) -> int:
    """Bytes of memory that this process may use: the machine's, or less in a control group."""
    found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        # Version 2 has one line: 0::/the/group.
        group = next(
            line[3:].strip("/") for line in of.read_text().splitlines() if line.startswith("0::")
        )
    except (OSError, StopIteration):
        return found
    folder = root / group
    for above in (folder, *folder.parents):
        if above.is_relative_to(root):
            found = min(found, _limit(above / "memory.max", found))
    return found


def _limit(path: pathlib.Path, otherwise: int) -> int:
    try:
        return int(path.read_text())  # "max" is none
    except (OSError, ValueError):
        return otherwise


def compare(config: Config, directory: pathlib.Path) -> None:
    """Warn of what memory or disk may not hold; the directory is there."""
    memory, has = memory_needed(config), machine_memory()
    total = sum(memory.values())
    if total > has:
        largest = next(iter(memory))
        log.warning(
            "queues and buffers may take %s at the very most, and there are %s of memory; the "
            "largest part is %s = %s; `quantscope config` adds it up",
            size(total),
            size(has),
            largest,
            size(memory[largest]),
        )
    disk = disk_needed(config)
    total, free = sum(disk.values()), shutil.disk_usage(directory).free
    files = (directory / name for name in GROWN)
    kept = sum(file.stat().st_size for file in files if file.exists())
    if total > free + kept:
        largest = max(disk, key=lambda name: disk[name])
        log.warning(
            "the logs may need %s of disk, and %s has %s free beside the %s that they have; the "
            "largest part is %s = %s; at a full disk nothing is acknowledged",
            size(total),
            directory,
            size(free),
            size(kept),
            largest,
            size(disk[largest]),
        )
