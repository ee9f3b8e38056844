"""Configuration as commands: what differs from the engine's state is journaled like all else."""

from dataclasses import dataclass
from enum import IntEnum

from core import Commands


class EntryKind(IntEnum):
    """The protocol of an entry, with the numbers of the journal's records."""

    REST = 0
    BINARY = 1
    FIX = 2


@dataclass(frozen=True)
class InstrumentSetup:
    """An instrument as it is to be; prices and quantities in multiples of 10^-8, 0 = no limit."""

    symbol: str
    tick: int
    lot: int
    qty_min: int
    qty_max: int
    notional_min: int
    price_band_bps: int
    orders_per_side_max: int
    session_end_s: int
    open: bool


@dataclass(frozen=True)
class EntrySetup:
    """A session of a protocol with logins: ``kind`` is the protocol (see ``EntryKind``)."""

    kind: int
    name: str
    account: str
    cancel_on_disconnect: bool
    stp: int


@dataclass(frozen=True)
class Setup:
    """What the engine's answers depend on, besides the orders."""

    accounts_max: int
    client_ids_per_account_max: int
    instruments_max: int
    event_batch_bytes_max: int
    stamp_ahead_ns_max: int
    instruments: tuple[InstrumentSetup, ...]
    entries: tuple[EntrySetup, ...]

    def commands(self) -> Commands:
        """All of it as commands; the engine makes events of what is new to it."""
        out = Commands()
        out.settings(
            accounts_max=self.accounts_max,
            client_ids_per_account_max=self.client_ids_per_account_max,
            instruments_max=self.instruments_max,
            event_batch_bytes_max=self.event_batch_bytes_max,
            stamp_ahead_ns_max=self.stamp_ahead_ns_max,
        )
        for item in self.instruments:
            out.instrument(
                item.symbol,
                tick=item.tick,
                lot=item.lot,
                qty_min=item.qty_min,
                qty_max=item.qty_max,
                notional_min=item.notional_min,
                price_band_bps=item.price_band_bps,
                orders_per_side_max=item.orders_per_side_max,
                session_end_s=item.session_end_s,
                open=item.open,
            )
        for entry in self.entries:
            out.entry_open(
                entry.kind,
                entry.name,
                entry.account,
                cancel_on_disconnect=entry.cancel_on_disconnect,
                stp=entry.stp,
            )
        return out
