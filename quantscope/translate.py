"""From the configuration's words to what each role takes."""

from decimal import Decimal

from engine.housekeeping import Limits as HousekeepingLimits
from engine.service import Limits as ServiceLimits
from engine.setup import EntryKind, EntrySetup, InstrumentSetup, Setup
from gateway.binary import Limits as GatewayLimits
from quantscope.config import Config, InstrumentSection, User

UNITS = 10**8
"""Prices and quantities are multiples of one over this."""
NS = 1_000_000_000
STP = {"NONE": 0, "CANCEL_NEWEST": 1, "CANCEL_OLDEST": 2, "CANCEL_BOTH": 3, "DECREMENT": 100}
"""Self-trade prevention, with the numbers of the journal's records."""


def units(decimal: str) -> int:
    """A decimal of at most 8 fractional digits as a multiple of 10^-8."""
    return int(Decimal(decimal) * UNITS)


def seconds_of(time_of_day: str) -> int:
    """``HH:MM`` as seconds after midnight."""
    hours, minutes = time_of_day.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def instrument_setup(section: InstrumentSection) -> InstrumentSetup:
    """An instrument for the engine."""
    return InstrumentSetup(
        symbol=section.symbol,
        tick=units(section.tick),
        lot=units(section.lot),
        qty_min=units(section.quantity_min),
        qty_max=units(section.quantity_max),
        notional_min=units(section.notional_min),
        price_band_bps=section.price_band_bps,
        orders_per_side_max=section.orders_per_side_max,
        session_end_s=seconds_of(section.session_end),
        open=section.open,
    )


def entry_setup(user: User) -> EntrySetup:
    """A binary user for the engine."""
    return EntrySetup(
        kind=EntryKind.BINARY,
        name=user.name,
        account=user.account or user.name,
        cancel_on_disconnect=user.cancel_on_disconnect,
        stp=STP[user.self_trade_prevention],
    )


def setup(config: Config) -> Setup:
    """Everything that becomes commands at start."""
    engine = config.engine
    return Setup(
        accounts_max=engine.accounts_max,
        client_ids_per_account_max=engine.client_ids_per_account_max,
        instruments_max=engine.instruments_max,
        event_batch_bytes_max=engine.event_batch_bytes_max,
        stamp_ahead_ns_max=int(engine.stamp_ahead_s_max * NS),
        instruments=tuple(instrument_setup(section) for section in config.instruments),
        entries=tuple(entry_setup(user) for user in config.users),
    )


def service_limits(config: Config) -> ServiceLimits:
    """Bounds of the engine's service."""
    journal, server = config.journal, config.server
    return ServiceLimits(
        batch_commands_max=journal.batch_commands_max,
        group_batches_max=journal.group_batches_max,
        queue_bytes_max=journal.queue_bytes_max // 2,
        tick_interval_s=journal.tick_interval_s,
        retry_interval_s=journal.retry_interval_s,
        clock_step_ns_max=int(server.clock_step_s_max * NS),
        clock_settle_ns=int(server.clock_settle_s * NS),
        clock_ahead_ns=server.clock_ahead_days * 86_400 * NS,
        fault_apply_delay_ns=config.engine.fault_apply_delay_ns,
    )


def housekeeping_limits(config: Config) -> HousekeepingLimits:
    """When snapshots are made."""
    return HousekeepingLimits(
        snapshot_interval_s=config.journal.snapshot_interval_s,
        snapshot_commands_min=config.journal.snapshot_commands_min,
    )


def gateway_limits(config: Config) -> GatewayLimits:
    """Bounds of the binary acceptor."""
    return GatewayLimits(
        connections_max=config.gateway.connections_max,
        unread_bytes_max=config.gateway.unread_bytes_max,
        turn_us_max=config.gateway.turn_us_max,
        queue_bytes_max=config.gateway.queue_bytes_max,
        handover_grace_s=config.gateway.handover_grace_s,
    )
