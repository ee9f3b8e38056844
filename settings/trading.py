"""Who trades, and what is traded."""

from typing import Annotated, Literal

from msgspec import Meta

from settings.values import Decimal, Secret, Section, about


class UserSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A user of binary order entry; its session trades for an account.

    Names are told without case, and stand for the same session however they are written.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,6}$"), about("login name")]
    password: Annotated[Secret, Meta(pattern=r"^[!-~]{1,10}$"), about("login password")]
    account: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,32}$"), about("account; the name when empty")
    ] = ""
    cancel_on_disconnect: Annotated[
        bool, about("cancel the session's open orders when its connection is lost")
    ] = False
    self_trade_prevention: Annotated[
        Literal["NONE", "CANCEL_NEWEST", "CANCEL_OLDEST", "CANCEL_BOTH", "DECREMENT"],
        about("what an order does that names no mode"),
    ] = "NONE"


class InstrumentSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An instrument and its filters.  0 means no limit, but of ``tick`` and ``lot``.

    The quantity of a whole side must be one that the engine can count: ``quantity_max`` times
    ``orders_per_side_max`` below 2^63 in multiples of 10^-8.
    """

    symbol: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}$"), about("name")]
    tick: Annotated[Decimal, about("prices are multiples of it")] = "0.01"
    lot: Annotated[Decimal, about("quantities are multiples of it")] = "0.00000001"
    quantity_min: Annotated[Decimal, about("least quantity of an order")] = "0"
    quantity_max: Annotated[Decimal, about("highest quantity of an order")] = "900000"
    notional_min: Annotated[Decimal, about("least price times quantity")] = "0"
    price_band_bps: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)],
        about("distance of a limit price from the last trade, in hundredths of a percent"),
    ] = 0
    orders_per_side_max: Annotated[
        Annotated[int, Meta(ge=0, le=2**31)], about("orders that rest on one side")
    ] = 100_000
    session_end: Annotated[
        str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), about("when DAY orders expire, UTC")
    ] = "00:00"
    open: Annotated[bool, about("whether orders are taken")] = True


def demo_users() -> tuple[UserSettings, ...]:
    """``demo1`` to ``demo16``, password ``demo``."""
    return tuple(UserSettings(name=f"demo{n}", password="demo") for n in range(1, 17))  # noqa: S106


def default_instruments() -> tuple[InstrumentSettings, ...]:
    """BTCUSD takes the real order flow of the tests whole."""
    return (
        InstrumentSettings(symbol="BTCUSD", tick="0.01"),
        InstrumentSettings(symbol="ETHUSD", tick="0.01"),
        InstrumentSettings(symbol="SOLUSD", tick="0.01"),
        InstrumentSettings(symbol="XRPUSD", tick="0.0001"),
    )
