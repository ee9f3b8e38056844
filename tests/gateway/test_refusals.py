"""Logins with wrong passwords, many of them: answered late, told once, and in nobody's way."""

import asyncio
import logging

import pytest

from gateway.connections import NOT_AUTHORIZED
from protocol import soup
from protocol.soup import Kind
from testing.client import Client
from testing.in_process import InProcess, config_of

DELAY_S = 0.3
REFUSED = soup.Packet(Kind.LOGIN_REJECTED, b"A")


def exchange() -> InProcess:
    settings = (f"gateway.refusal_delay_s={DELAY_S}", "gateway.connections_max=16")
    return InProcess(config=config_of(None, *settings))


async def test_a_refusal_comes_late(caplog: pytest.LogCaptureFixture) -> None:
    async with exchange() as served:
        now = asyncio.get_running_loop().time
        begun = now()
        await Client(served.binary, "demo1", "x").expect_rejected_login("A")
        assert now() - begun >= DELAY_S
        assert served.gateway.refusals.waiting == 0


async def test_a_flood_of_wrong_passwords_is_told_once_and_holds_nobody_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "quantscope.gateway")
    async with exchange() as served:
        trader = await Client(served.binary).login()
        told_at = served.gateway.refusals._said_at
        guessing = [asyncio.create_task(_guess(served.binary)) for _ in range(4)]
        while served.gateway.refusals.waiting < 4:
            await asyncio.sleep(0)
        # Beyond a quarter of the lines that there may be nobody waits.
        assert await asyncio.gather(*(_guess(served.binary) for _ in range(6))) == [None] * 6
        await trader.expect_new(trader.place(1))
        assert served.gateway.refusals._said_at > told_at
        assert await asyncio.gather(*guessing) == [REFUSED] * 4
        while served.gateway.connections > 1:
            await asyncio.sleep(0)
        assert served.gateway.rejected_logins[NOT_AUTHORIZED] == 10
        said = [row.getMessage() for row in caplog.records if NOT_AUTHORIZED in row.getMessage()]
        assert len(said) <= 2
        assert said[0].startswith("binary login of 'demo1' from 127.0.0.1:")


async def _guess(port: int) -> soup.Packet | None:
    """What a wrong password is answered; None where the line is closed without an answer."""
    try:
        return await Client(port, "demo1", "x").ask_login()
    except (EOFError, ConnectionError):
        return None
