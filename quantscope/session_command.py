"""The command ``quantscope session``: an operator's look at the sessions of a running exchange."""

import pathlib
from typing import Any, Literal

import click

from quantscope.options import Failure, configured, flags_of, load

DATA_DIR = click.option(
    "--data-dir", metavar="DIR", help="Directory of the exchange, as it was started with."
)


@click.group()
def session() -> None:
    """Look at the sessions of order entry, reset or end one.

    The exchange runs on this machine, in one process (`quantscope serve`), and its data directory
    belongs to who asks.
    """


@session.command("list")
@configured
@DATA_DIR
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, a line each.")
def show(*, as_json: bool, **where: Any) -> None:
    """Print all sessions: who is connected, numbers, and when each was heard last."""
    from quantscope import session_table

    rows = _ask("list", "", **where).sessions
    session_table.show(rows, as_json=as_json)


@session.command()
@configured
@DATA_DIR
@click.argument("name")
def reset(name: str, **where: Any) -> None:
    """Let the numbers of session NAME begin at 1 again.

    What was asked is answered, then its line is closed (Logout of FIX, End of Session of the binary
    protocol). What it has missed is not told any more. A binary session gets a new id.
    """
    click.echo(_ask("reset", name, **where).said)


@session.command()
@configured
@DATA_DIR
@click.argument("name")
def end(name: str, **where: Any) -> None:
    """Close the line of session NAME, by Logout or End of Session.

    What was asked is answered first. Its numbers stay, and it may log in again.
    """
    click.echo(_ask("end", name, **where).said)


def _ask(
    do: Literal["list", "reset", "end"],
    name: str,
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    data_dir: str | None,
) -> Any:
    from quantscope.operator_socket import Request, ask

    config = load(config_file, [*overrides, *flags_of({"server.data_dir": data_dir})])
    directory = pathlib.Path(config.server.data_dir).expanduser()
    try:
        answer = ask(directory, Request(do, name))
    except OSError as error:
        raise Failure(f"no exchange answers for {directory}: {error.strerror or error}") from error
    except ValueError as error:
        raise Failure(f"the exchange on {directory} has ended meanwhile") from error
    if answer.error:
        raise Failure(answer.error)
    return answer
