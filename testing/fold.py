"""What the store should hold: a plain fold over described events, in Python."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from core import SHOWN_MAX, describe_events

Json = dict[str, Any]

# What REST calls two of the reasons.
SHOWN = {"MASS": "MASS_CANCEL", "DISCONNECT": "DISCONNECTED"}


def decimal(units: int) -> str:
    """Multiples of 10^-8 as the exchange writes them."""
    text = f"{Decimal(units).scaleb(-8):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def price(units: int | None) -> str | None:
    """A price that may be absent."""
    return None if units is None else decimal(units)


def moment(time_ns: int) -> str:
    """RFC 3339 with microseconds."""
    seconds, rest = divmod(time_ns, 10**9)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{rest // 1000:06}Z"


def shown(order: Json) -> Json:
    """An order as it is shown: with the newest of its fills and its history."""
    newest: Json = dict(order)
    for name in ("fills", "status_history"):
        newest[name] = order[name][-SHOWN_MAX:]
        newest[f"{name}_count"] = len(order[name])
        newest[f"{name}_truncated"] = len(order[name]) > SHOWN_MAX
    return newest


class Fold:
    """Orders and trades as the events tell them."""

    def __init__(self) -> None:
        self.orders: dict[int, Json] = {}
        self.trades: dict[int, list[Json]] = defaultdict(list)
        self.sequence = 0
        self._entries: dict[int, Json] = {}
        self._accounts: dict[int, str] = {}
        self._symbols: dict[int, str] = {}

    def account(self, number: int) -> str | None:
        """The name of an account."""
        return self._accounts.get(number)

    def add(self, batches: bytes) -> None:
        """Add the events of some batches."""
        for batch in msgspec.json.decode(describe_events(batches)):
            for event in batch["events"]:
                self.sequence = event["seq"]
                handler = getattr(self, "_" + event["type"].lower(), None)
                if handler is not None and not event.get("copy"):
                    handler(event, batch["time_ns"])

    def _entry_opened(self, event: Json, _: int) -> None:
        self._entries[event["entry"]] = event
        self._accounts[event["account"]] = event["account_name"]

    def _instrument_set(self, event: Json, _: int) -> None:
        self._symbols[event["instrument"]] = event["symbol"]

    def _client_order_id(self, event: Json) -> str | None:
        binary = self._entries.get(event["entry"], {}).get("kind") == "BINARY"
        return event["text"] or (str(event["num"]) if binary else None)

    def _begin(self, event: Json, time_ns: int, status: str, leaves: int) -> Json:
        number = event["account"]
        instrument = event["instrument"]
        named = self._symbols.get(instrument, f"#{instrument}")
        symbol = None if instrument is None else named
        order = {
            "order_id": str(event["order_id"]),
            "client_order_id": self._client_order_id(event),
            "user_id": event.get("user") or self._accounts.get(number, f"#{number}"),
            "symbol": symbol,
            "side": event["side"],
            "order_type": event["ord_type"],
            "time_in_force": event["tif"],
            "price": price(event["price"]),
            "quantity": decimal(event["qty"]),
            "status": status,
            "filled_quantity": "0",
            "remaining_quantity": decimal(leaves),
            "average_price": None,
            "timestamp": moment(time_ns),
            "updated_at": moment(time_ns),
            "reason": event.get("reason"),
            "fills": [],
            "status_history": [],
        }
        self.orders[event["order_id"]] = order
        return order

    def _note(self, order: Json, time_ns: int, shown: str, reason: str | None) -> None:
        order["updated_at"] = moment(time_ns)
        order["status_history"].append(
            {
                "status": shown,
                "timestamp": moment(time_ns),
                "price": order["price"],
                "quantity": order["quantity"],
                "filled_quantity": order["filled_quantity"],
                "remaining_quantity": order["remaining_quantity"],
                "reason": reason,
            }
        )

    def _progress(self, order: Json, status: str, cum: int, leaves: int, average: int) -> None:
        order["status"] = status
        order["filled_quantity"] = decimal(cum)
        order["remaining_quantity"] = decimal(leaves)
        order["average_price"] = decimal(average) if cum else None

    def _accepted(self, event: Json, time_ns: int) -> None:
        order = self._begin(event, time_ns, "NEW", event["qty"])
        self._note(order, time_ns, "NEW", None)

    def _rejected(self, event: Json, time_ns: int) -> None:
        if event["order_id"]:
            order = self._begin(event, time_ns, "REJECTED", 0)
            self._note(order, time_ns, "REJECTED", event["reason"])

    def _trade(self, event: Json, time_ns: int) -> None:
        base = {
            "price": decimal(event["price"]),
            "quantity": decimal(event["qty"]),
            "timestamp": moment(time_ns),
        }
        trade_id = str(event["trade_id"])
        public = {"id": trade_id, **base, "taker_side": event["taker_side"]}
        self.trades[event["instrument"]].insert(0, public)
        for leg in ("taker", "maker"):
            order = self.orders[event[f"{leg}_order_id"]]
            leaves = event[f"{leg}_leaves"]
            status = "PARTIALLY_FILLED" if leaves else "FILLED"
            self._progress(order, status, event[f"{leg}_cum"], leaves, event[f"{leg}_avg_px"])
            order["fills"].append({"trade_id": trade_id, **base, "liquidity": leg.upper()})
            self._note(order, time_ns, status, None)

    def _canceled(self, event: Json, time_ns: int) -> None:
        order = self.orders[event["order_id"]]
        # Only a session is told that what is new was replaced.
        status = "NEW" if event["status"] == "REPLACED" else event["status"]
        self._progress(order, status, event["cum"], event["leaves"], event["avg_px"])
        reason, shown = SHOWN.get(event["reason"], event["reason"]), status
        if reason == "DECREMENTED":
            order["quantity"], shown = decimal(event["cum"] + event["leaves"]), "REDUCED"
        else:
            order["reason"] = reason
        self._note(order, time_ns, shown, reason)

    def _replaced(self, event: Json, time_ns: int) -> None:
        order = self.orders[event["order_id"]]
        order["price"], order["quantity"] = price(event["price"]), decimal(event["qty"])
        if event["request"]:
            order["client_order_id"] = event["request"]
        elif not event["text"]:
            # That of REST stays.
            order["client_order_id"] = self._client_order_id(event)
        self._progress(order, event["status"], event["cum"], event["leaves"], event["avg_px"])
        self._note(order, time_ns, "REPLACED", None)
