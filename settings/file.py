"""Where the configuration comes from: a file, the environment over it, the command line over both.

``QUANTSCOPE_GATEWAY_CONNECTIONS_MAX=64`` and ``--set gateway.connections_max=64`` name the same
setting.  An unknown key is an error.
"""

import ipaddress
import os
import pathlib
import tomllib
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, get_origin, get_type_hints

import msgspec

from settings.config import Config
from settings.fix import FixSettings
from settings.kafka import (
    COMMAND_BYTES_MAX,
    EVENT_BATCH_OVERSHOOT_BYTES,
    RECORD_OVERHEAD_BYTES,
)
from settings.trading import InstrumentSettings, UserSettings
from settings.values import MASK, ConfigError, Section, secrets_of

PREFIX = "QUANTSCOPE_"


def load(
    path: pathlib.Path | None, environment: Mapping[str, str], overrides: Iterable[str] = ()
) -> Config:
    """The configuration in force: ``overrides`` are ``section.key=value``."""
    tree: dict[str, Any] = {}
    if path is not None:
        try:
            tree = tomllib.loads(path.read_bytes().decode())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is no text in UTF-8: {error.reason}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: {error}") from error
    for section, key, value in _from_environment(environment):
        _set(
            tree,
            section,
            key,
            value,
            f"environment variable {PREFIX}{section.upper()}_{key.upper()}",
        )
    for override in overrides:
        name, separator, value = override.partition("=")
        section, _, key = name.partition(".")
        if not separator or not key:
            # What stands behind the name may be a password.
            raise ConfigError(f"--set takes section.key=value, and not what was given for {name!r}")
        _set(tree, section, key, value, f"--set {name}")
    try:
        config = msgspec.convert(tree, Config, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"configuration: {error}") from error
    _check(config)
    return config


def _from_environment(environment: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    sections = {name for name in Config.__struct_fields__ if name not in ("users", "instruments")}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        section, _, key = variable.removeprefix(PREFIX).lower().partition("_")
        if section not in sections or not key:
            raise ConfigError(f"environment variable {variable} names no setting")
        yield section, key, environment[variable]


def _set(tree: dict[str, Any], section: str, key: str, value: str, source: str) -> None:
    kind = get_type_hints(Config).get(section)
    if not (isinstance(kind, type) and issubclass(kind, Section)):
        raise ConfigError(f"{source}: there is no section {section!r}")
    if key not in kind.__struct_fields__:
        raise ConfigError(f"{source}: section {section!r} has no key {key!r}")
    table = tree.setdefault(section, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{source}: the file has {section!r} as a value, not as a section")
    names = get_origin(get_type_hints(kind)[key]) is tuple
    table[key] = value.split(",") if names else value


def _check(config: Config) -> None:
    host = config.server.host
    if not config.server.allow_open and not _is_loopback(host):
        raise ConfigError(
            f"server.host = {host!r} is not a loopback address: REST knows no passwords; "
            "say server.allow_open = true if it may be reached from outside"
        )
    for what, names in (
        ("users", [user.name.lower() for user in config.users]),
        ("instruments", [instrument.symbol for instrument in config.instruments]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"configuration: {what} has {twice[0]!r} more than once")
    accounts = len({(user.account or user.name).lower() for user in config.users})
    for limit, needed, what in (
        ("instruments_max", len(config.instruments), "instruments"),
        ("accounts_max", accounts, "accounts of users"),
    ):
        allowed = getattr(config.engine, limit)
        if needed > allowed:
            raise ConfigError(f"engine.{limit} = {allowed}, and {needed} {what} are configured")
    for name in _masked(config):
        raise ConfigError(
            f"the {name} is {MASK}, which stands for one that was not shown: "
            "`quantscope config --show-secrets` shows them"
        )
    _check_zone(config.fix)
    for instrument in config.instruments:
        _check_steps(instrument)
        _check_side(instrument)
    if config.journal.adapter == "kafka":
        _check_kafka(config)
    elif config.store.adapter == "redis":
        raise ConfigError(
            'store.adapter = "redis" is that of a cluster, and journal.adapter is '
            f'"{config.journal.adapter}": one process keeps its store in a file'
        )


def _masked(config: Config) -> Iterator[str]:
    """Secrets that were not shown where the file was printed."""
    for name in Config.__struct_fields__:
        part: Section | tuple[Section, ...] = getattr(config, name)
        for table in part if isinstance(part, tuple) else (part,):
            of = f"user {table.name}" if isinstance(table, UserSettings) else name
            hidden = (key for key in secrets_of(type(table)) if getattr(table, key) == MASK)
            yield from (f"{key} of {of}" for key in hidden)


def _check_kafka(config: Config) -> None:
    """What one process can do without."""
    engine, kafka = config.engine, config.kafka
    beside = EVENT_BATCH_OVERSHOOT_BYTES + RECORD_OVERHEAD_BYTES
    if engine.event_batch_bytes_max + beside > kafka.message_bytes_max:
        raise ConfigError(
            f"kafka.message_bytes_max = {kafka.message_bytes_max} must hold an event batch, which "
            f"is of engine.event_batch_bytes_max = {engine.event_batch_bytes_max} and up to "
            f"{beside} bytes more"
        )
    commands = config.journal.batch_commands_max * COMMAND_BYTES_MAX + RECORD_OVERHEAD_BYTES
    if commands > kafka.message_bytes_max:
        raise ConfigError(
            f"kafka.message_bytes_max = {kafka.message_bytes_max} must hold a command batch, which "
            f"is of journal.batch_commands_max = {config.journal.batch_commands_max} commands of "
            f"up to {COMMAND_BYTES_MAX} bytes"
        )
    if kafka.append_deadline_s >= engine.stamp_behind_s_max:
        raise ConfigError(
            f"kafka.append_deadline_s = {kafka.append_deadline_s:g} must be below "
            f"engine.stamp_behind_s_max = {engine.stamp_behind_s_max:g}: a batch that is given up "
            "must not count much later"
        )


def _check_zone(fix: FixSettings) -> None:
    """Which zones there are is the machine's affair."""
    try:
        zoneinfo.ZoneInfo(fix.reset_zone)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ConfigError(f"fix.reset_zone = {fix.reset_zone}: there is no such zone") from error


def _check_steps(instrument: InstrumentSettings) -> None:
    """Clients are told what prices and quantities are multiples of: nothing is one of 0."""
    for name in ("tick", "lot"):
        value = getattr(instrument, name)
        if not Decimal(value):
            raise ConfigError(
                f"instrument {instrument.symbol}: {name} = {value} must be above 0; the finest is "
                "0.00000001"
            )


def _check_side(instrument: InstrumentSettings) -> None:
    """One order must not be able to fill what a side can hold: others would be refused for it."""
    quantity = int(Decimal(instrument.quantity_max) * 10**8)
    orders = instrument.orders_per_side_max
    if 0 < quantity * orders < 2**63:
        return
    raise ConfigError(
        f"instrument {instrument.symbol}: quantity_max = {instrument.quantity_max} times "
        f"orders_per_side_max = {orders} must be above 0 and below {2**63 // 10**8}, "
        "which is what a side can hold"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ
