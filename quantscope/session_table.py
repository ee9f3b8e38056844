"""Sessions as an operator reads them."""

from collections.abc import Iterable

import click
import msgspec
from rich.console import Console
from rich.table import Table

from gateway.control import SessionRow

COLUMNS = ("session", "protocol", "account", "connected from", "in", "out", "epoch", "heard")


def show(rows: Iterable[SessionRow], *, as_json: bool) -> None:
    """Print them, as a table or as a JSON object each."""
    if as_json:
        for row in rows:
            click.echo(msgspec.json.encode(row))
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for name in ("in", "out", "epoch", "heard"):
        table.columns[COLUMNS.index(name)].justify = "right"
    for row in rows:
        table.add_row(*_cells(row))
    Console().print(table)


def _cells(row: SessionRow) -> tuple[str, ...]:
    heard = "" if row.heard_s is None else f"{row.heard_s:.1f} s ago"
    numbers = (str(row.next_in), str(row.next_out), str(row.epoch))
    return (row.name, row.protocol, row.account, row.peer or "", *numbers, heard)
