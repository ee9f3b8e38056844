"""From the configuration's words to what each role takes."""

from core import EngineLimits
from engine.setup import EntrySetup, InstrumentSetup, Setup
from protocol.terms import EntryKind, SelfMatchPreventionInstruction, units
from settings import Config, InstrumentSettings, UserSettings

NS = 1_000_000_000


def seconds_of(time_of_day: str) -> int:
    """``HH:MM`` as seconds after midnight."""
    hours, minutes = time_of_day.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def instrument_setup(section: InstrumentSettings) -> InstrumentSetup:
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


def entry_setup(user: UserSettings) -> EntrySetup:
    """A binary user for the engine."""
    return EntrySetup(
        kind=EntryKind.BINARY,
        name=user.name,
        account=user.account or user.name,
        cancel_on_disconnect=user.cancel_on_disconnect,
        stp=SelfMatchPreventionInstruction[user.self_trade_prevention],
    )


def engine_limits(config: Config) -> EngineLimits:
    """The limits on which the engine's answers depend."""
    engine = config.engine
    return EngineLimits(
        accounts_max=engine.accounts_max,
        client_ids_per_account_max=engine.client_ids_per_account_max,
        instruments_max=engine.instruments_max,
        event_batch_bytes_max=engine.event_batch_bytes_max,
        stamp_ahead_ns_max=int(engine.stamp_ahead_s_max * NS),
        stamp_behind_ns_max=int(engine.stamp_behind_s_max * NS),
        gateway_lease_ns=int(engine.gateway_lease_s * NS),
        handover_grace_ns=int(config.gateway.handover_grace_s * NS),
        claim_interval_ns=int(engine.claim_interval_s * NS),
        client_ids_per_session_max=engine.client_ids_per_session_max,
        closed_orders_per_session_max=engine.closed_orders_per_session_max,
        closed_orders_bytes_max=engine.closed_orders_bytes_max,
    )


def setup(config: Config) -> Setup:
    """Everything that becomes commands at start."""
    return Setup(
        limits=engine_limits(config),
        instruments=tuple(instrument_setup(section) for section in config.instruments),
        entries=tuple(entry_setup(user) for user in config.users),
    )
