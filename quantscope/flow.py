"""``quantscope flow``: half an hour of a real market, sent through the binary protocol or FIX."""

import asyncio
import pathlib
from collections.abc import Awaitable, Callable

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from protocol.schema import SCHEMA
from protocol.terms import Side
from quantscope.flow_file import DECIMALS, FlowFile, FlowFileError, read_text, read_trades
from quantscope.flow_session import FlowError, FlowSession
from quantscope.flow_state import ENDS, FlowState

UNIT = 10**DECIMALS
CONNECT_TIMEOUT_S = 10.0
PORTS = {"binary": 9879, "fix": 9878}
"""Where each protocol is by default."""


class Result(msgspec.Struct, frozen=True):
    """What became of a flow; ``trades_equal`` is there where it was compared with the venue's."""

    requests: int
    trades: int
    order_rejects: dict[str, int]
    cancel_rejects: dict[str, int]
    cancel_rejects_of: dict[str, int]
    resting: int
    resting_max: int
    bid_levels: int
    ask_levels: int
    best_bid: str | None
    best_ask: str | None
    trades_equal: int | None = None


async def send_flow(
    flow: FlowFile,
    *,
    host: str,
    port: int,
    user: str,
    password: str,
    symbol: str,
    in_flight_max: int,
    progress: Progress | None = None,
    protocol: str = "binary",
) -> FlowState:
    """Send a flow on one session and gather what its reports say."""
    bar = progress.add_task(symbol, total=len(flow)) if progress else None

    def show(answered: int) -> None:
        if progress and bar is not None:
            progress.update(bar, completed=answered)

    if protocol == "fix":
        return await _fix()(
            flow,
            host=host,
            port=port,
            user=user,
            password=password,
            symbol=symbol,
            in_flight_max=in_flight_max,
            progress=show,
        )
    state = FlowState(flow.venue_ids)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            session = FlowSession(*await asyncio.open_connection(host, port))
    except TimeoutError:
        raise FlowError(f"no connection to {host} within {CONNECT_TIMEOUT_S:g} s") from None

    try:
        await session.log_in(user, password)
        security_id = await session.security_id(symbol)
        await session.send(flow, state, security_id, in_flight_max, show)
    finally:
        await session.log_out()
    return state


def _fix() -> Callable[..., Awaitable[FlowState]]:
    """What sends by FIX, which is there only where the clients' packages are installed."""
    try:
        from quantscope.flow_fix import send_by_fix
    except ModuleNotFoundError as error:
        raise FlowError(f"FIX needs {error.name}: install quantscope[clients]") from error
    return send_by_fix


def result_of(state: FlowState, trades_equal: int | None) -> Result:
    """The figures of a flow."""
    bids, asks = state.levels(Side.BUY), state.levels(Side.SELL)
    return Result(
        requests=state.answered,
        trades=len(state.trades),
        order_rejects=dict(state.order_rejects.most_common()),
        cancel_rejects=dict(state.cancel_rejects.most_common()),
        cancel_rejects_of=dict(state.cancel_rejects_of.most_common()),
        resting=len(state.open),
        resting_max=max(state.open_max, len(state.open)),
        bid_levels=len(bids),
        ask_levels=len(asks),
        best_bid=_decimal(bids),
        best_ask=_decimal(asks),
        trades_equal=trades_equal,
    )


def _decimal(prices: list[int]) -> str | None:
    """The first price as a decimal, exactly, as REST shows it."""
    if not prices:
        return None
    whole, fraction = divmod(prices[0], UNIT)
    return f"{whole}.{fraction:0{DECIMALS}}".rstrip("0").rstrip(".")


def _reasons(*types: str) -> dict[str, str]:
    """The reasons of these enumerations, as the schema says them."""
    values = (value for name in types for value in SCHEMA.types[name].values)
    return {value.name: value.description for value in values}


ABOUT = {
    "requests": "Rows of the file; each was answered.",
    "trades": "Each once, though both sides are told of it.",
    "resting": "Orders in the book at the end.",
    "resting_max": "Most orders in the book at once.",
    "trades_equal": "Trades that the venue printed too.",
}
"""What a figure says, where its name is not enough."""
REASONS = {
    "order_rejects": _reasons("BusinessRejectReason", "OrdRejReason"),
    "cancel_rejects": _reasons("CxlRejReason"),
    "cancel_rejects_of": ENDS,
}
"""What a reason says, of the figures that are counted by reason."""


def show_table(result: Result, console: Console) -> None:
    """Print the figures for people, and what they mean."""
    table = Table(title="Order flow")
    for column in ("figure", "value"):
        table.add_column(column, no_wrap=True)
    table.add_column("what it means")
    for name, value in msgspec.structs.asdict(result).items():
        figure, about = name.replace("_", " "), ABOUT.get(name, "")
        if isinstance(value, dict):
            for reason, count in value.items():
                about = REASONS[name].get(reason, "")
                table.add_row(figure, f"{reason} {count:,}", about)
                figure = ""
        elif value is not None:
            table.add_row(figure, f"{value:,}" if isinstance(value, int) else value, about)
    console.print(table)


def run_flow(
    *,
    file: pathlib.Path,
    host: str,
    port: int | None,
    protocol: str,
    user: str,
    password: str,
    symbol: str,
    in_flight: int,
    verify: pathlib.Path | None,
    as_json: bool,
) -> None:
    """Send the order flow in a file and print what became of it; see ``flow_command``."""
    console = Console(stderr=as_json)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        rows = FlowFile(read_text(file))
        # Also what is needed at the end: nothing is sent where it can't be used.
        venue = read_trades(read_text(verify)) if verify else None
        with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
            state = asyncio.run(
                send_flow(
                    rows,
                    host=host,
                    port=port or PORTS[protocol],
                    user=user,
                    password=password,
                    symbol=symbol,
                    in_flight_max=in_flight,
                    progress=progress,
                    protocol=protocol,
                )
            )
    except (FlowFileError, FlowError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    equal = None if venue is None else state.equal_trades(venue)
    result = result_of(state, equal)
    if as_json:
        click.echo(msgspec.json.encode(result).decode())
    else:
        show_table(result, console)
