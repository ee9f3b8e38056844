"""The command ``quantscope flow``: no other one loads what it needs."""

import pathlib
from typing import Any

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=pathlib.Path)


@click.command(short_help="Send an order flow file through the binary protocol or FIX.")
@click.argument("file", type=FILE)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    show_default="9879, or 9878 for FIX",
    help="Port of the protocol.",
)
@click.option(
    "--protocol",
    type=click.Choice(["binary", "fix"]),
    default="binary",
    show_default=True,
    help="FIX begins its session anew, and needs simplefix.",
)
@click.option("--user", default="demo1", show_default=True)
@click.option("--password", default="demo", show_default=True)
@click.option("--symbol", default="BTCUSD", show_default=True)
@click.option(
    "--in-flight",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="Requests without an answer.",
)
@click.option("--verify", type=FILE, help="The venue's trades, to be compared with ours.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def flow(**terms: Any) -> None:
    """Send the order flow in FILE (.csv or .csv.gz) and print what became of it."""
    from quantscope.flow import run_flow

    run_flow(**terms)
