"""``quantscope load``: the native load generator and its baselines."""

import signal

import click

from core import load_main
from quantscope.capacity import raise_descriptors


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Measure an exchange with the native load generator.",
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def load(args: tuple[str, ...]) -> None:
    """Run the native load generator; it reads its own options (``--help`` lists them)."""
    # The generator does not come back to Python until it is done: signals must end it all the same.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    raise_descriptors()  # as many connections as the system allows
    raise SystemExit(load_main(["quantscope load", *args]))
