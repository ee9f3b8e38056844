"""Order flow files: rows of a recorded market as requests of the binary protocol.

A file is CSV, plain or gzipped, with the columns of ``tests/data/README.md``.  Rows keep their
order, and the venue's order ids become ClOrdIDs that rise by one with each row.
"""

import csv
import gzip
import io
import pathlib
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from protocol.messages import NewOrderSingle, OrderCancelRequest
from protocol.terms import ExecInst, OrdType, Side, TimeInForce

COLUMNS = ["timestamp_ms", "action", "order_id", "side", "type", "price", "quantity"]
TRADE_COLUMNS = [
    "timestamp_ms",
    "taker_order_id",
    "maker_order_id",
    "taker_side",
    "price",
    "quantity",
]
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
TYPES = {
    "limit": (OrdType.LIMIT, TimeInForce.GTC, ExecInst.NONE),
    "post_only": (OrdType.LIMIT, TimeInForce.GTC, ExecInst.POST_ONLY),
    "market": (OrdType.MARKET, TimeInForce.IOC, ExecInst.NONE),
}
DECIMALS = 8


class FlowFileError(Exception):
    """A file that is no order flow, with the line that shows it."""


class VenueTrade(NamedTuple):
    """A trade as the venue printed it; price and quantity are multiples of 10^-8."""

    taker: str
    maker: str
    price: int
    quantity: int


def scaled(text: str) -> int:
    """A decimal with at most eight digits after the point, as a multiple of 10^-8."""
    whole, _, fraction = text.partition(".")
    if len(fraction) > DECIMALS or not (whole + fraction).isdecimal():
        raise ValueError(f"{text!r} is no decimal with at most {DECIMALS} digits after the point")
    return int(whole + fraction.ljust(DECIMALS, "0"))


def read_text(path: pathlib.Path) -> str:
    """The text of a file, unpacked if its name ends in ``.gz``."""
    data = path.read_bytes()
    try:
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except UnicodeDecodeError as error:
        raise FlowFileError(f"{path} is no text in UTF-8: {error.reason}") from error
    except (EOFError, OSError, zlib.error) as error:
        raise FlowFileError(f"{path} is no whole gzip file: {error}") from error


def _rows(text: str, columns: list[str]) -> list[list[str]]:
    """The rows below the first, which names the columns."""
    reader = csv.reader(io.StringIO(text))
    try:
        if next(reader, None) != columns:
            raise FlowFileError(f"the first line is not {','.join(columns)}")
        return list(reader)
    except csv.Error as error:
        raise FlowFileError(f"line {reader.line_num}: {error}") from error


class FlowFile:
    """The rows of one file, and which ClOrdID each of the venue's orders was given."""

    def __init__(self, text: str) -> None:
        """Take the text of a whole file."""
        self._rows = _rows(text, COLUMNS)
        self.cl_ord_ids: dict[str, int] = {}
        self.venue_ids: dict[int, str] = {}

    def __len__(self) -> int:
        """How many requests it makes."""
        return len(self._rows)

    def requests(
        self, security_id: int, first_cl_ord_id: int
    ) -> Iterator[NewOrderSingle | OrderCancelRequest]:
        """The rows as requests, in order."""
        for row_number, row in enumerate(self._rows):
            try:
                yield self._request(row, security_id, first_cl_ord_id + row_number)
            except (ValueError, KeyError) as error:
                raise FlowFileError(f"line {row_number + 2}: {error}") from error

    def _request(
        self, row: list[str], security_id: int, cl_ord_id: int
    ) -> NewOrderSingle | OrderCancelRequest:
        _, action, order_id, side, kind, price, quantity = row
        if action == "cancel":
            # An order that the file does not hold: the request's own number, which names no order.
            named = self.cl_ord_ids.get(order_id, cl_ord_id)
            return OrderCancelRequest(cl_ord_id, named, None, security_id)
        if action != "new":
            raise ValueError(f"unknown action {action!r}")
        self.cl_ord_ids[order_id] = cl_ord_id
        self.venue_ids[cl_ord_id] = order_id
        ord_type, time_in_force, exec_inst = TYPES[kind]
        return NewOrderSingle(
            cl_ord_id=cl_ord_id,
            price=scaled(price) if price else None,
            order_qty=scaled(quantity),
            stop_px=None,
            security_id=security_id,
            side=SIDES[side],
            ord_type=ord_type,
            time_in_force=time_in_force,
            exec_inst=exec_inst,
            self_match_prevention_instruction=None,
        )


def read_trades(text: str) -> list[VenueTrade]:
    """The trades of a file that has the columns of the venue's trades."""
    trades = []
    for row_number, row in enumerate(_rows(text, TRADE_COLUMNS)):
        try:
            _, taker, maker, _, price, quantity = row
            trades.append(VenueTrade(taker, maker, scaled(price), scaled(quantity)))
        except ValueError as error:
            raise FlowFileError(f"line {row_number + 2}: {error}") from error
    return trades
