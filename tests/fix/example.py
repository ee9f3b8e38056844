"""The conversation that ``docs/fix.md`` shows, as it goes with a new exchange.

``python -m tests.fix.example`` writes it there, with times that are the same each time.
"""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from testing.fix_client import Field, FixClient, encoded, fields_of
from testing.process import ServerProcess
from tests.fix.document import PAGE

BEGIN, END = "<!-- an example: begin -->\n", "<!-- an example: end -->\n"
FRAMING = (8, 9, 10)


class Recorded(FixClient):
    """It keeps what goes over its line."""

    def __init__(self, port: int) -> None:
        """Nothing is said yet."""
        super().__init__(port)
        self.lines: list[tuple[str, list[tuple[int, str]]]] = []

    def made(self, msg_type: str, *fields: Field, **named: Any) -> bytes:
        """What is made is said."""
        message = super().made(msg_type, *fields, **named)
        self.lines.append((">", fields_of(message)))
        return message

    async def hear_fields(self) -> list[tuple[int, str]]:
        """What comes is kept."""
        fields = await super().hear_fields()
        self.lines.append(("<", fields))
        return fields


async def converse(port: int) -> list[str]:
    """A session from its Logon to its Logout."""
    async with Recorded(port) as client:
        await client.log_on()
        client.place("buy-1", qty=3, price=50_000)
        await client.hear()
        client.place("sell-1", side=2, qty=1, price=50_000)
        for _ in range(3):
            await client.hear()
        client.amend("buy-2", "buy-1", (38, 5), (44, 49_999))
        await client.hear()
        client.say("H", (11, "buy-2"), (55, "BTCUSD"), (54, 1))
        await client.hear()
        client.cancel("buy-3", "buy-2")
        await client.hear()
        client.cancel("buy-4", "buy-0")
        await client.hear()
        client.say("2", (7, 1), (16, 2))
        for _ in range(2):
            await client.hear()
        client.place("buy-5", price="5e4")
        await client.hear()
        client.say("5")
        await client.hear()
    return list(_shown(client.lines))


def _shown(lines: Iterable[tuple[str, list[tuple[int, str]]]]) -> Iterable[str]:
    """Each message is said a second after the one before, and tells of what happened then.

    Executions are counted from 1: what else the engine has numbered is nothing of theirs.
    """
    told: dict[str, str] = {}
    executions: dict[str, int] = {}
    for second, (way, fields) in enumerate(lines):
        now = f"20260105-09:30:{second:02}.000"
        found = dict(fields)
        first = now if way == ">" else told.setdefault(found[34], now)
        same: dict[int, object] = {52: now, 60: first, 122: now if found[35] == "4" else first}
        if 17 in found:
            same[17] = executions.setdefault(found[17], len(executions) + 1)
        body: list[Field] = [(x, same.get(x, y)) for x, y in fields if x not in FRAMING]
        yield f"{way} " + encoded(found[8], body).decode().replace("\x01", "|")


def shown_in(page: str) -> list[str]:
    """The conversation that a page has."""
    _, rest = page.split(BEGIN + "```text\n")
    return rest.split("```\n" + END)[0].splitlines()


async def recorded() -> list[str]:
    """The conversation with an exchange that nobody has used before."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder) / "data") as exchange,
    ):
        return await converse(exchange.fix)


if __name__ == "__main__":
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    lines = "".join(f"{line}\n" for line in asyncio.run(recorded()))
    PAGE.write_text(head + BEGIN + "```text\n" + lines + "```\n" + END + rest.split(END)[1])
