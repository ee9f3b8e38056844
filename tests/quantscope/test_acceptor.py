"""Connections are taken while there are descriptors for them; the others wait for their turn."""

import asyncio
import contextlib
import errno
import gc
import os
import socket
from collections.abc import AsyncIterator

import pytest

from core import Faults, PanicException
from quantscope.acceptor import Acceptor, bind

SECONDS_MAX = 10
CROWD = 64


class Held(asyncio.Protocol):
    """Keeps its transport, and says a byte."""

    def __init__(self, all_of_them: "list[Held]") -> None:
        self.all = all_of_them
        self.transport: asyncio.BaseTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.all.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.all.remove(self)


def after(count: int) -> int:
    """The descriptor that the system gives when it has given so many more."""
    gc.collect()  # what earlier tests have left is not to be given back meanwhile
    given = [os.dup(0) for _ in range(count + 1)]
    for descriptor in given:
        os.close(descriptor)
    return given[-1]


async def until(held: list[Held], count: int) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while len(held) != count:
            await asyncio.sleep(0.005)


async def test_all_of_a_crowd_are_taken(stack: contextlib.AsyncExitStack) -> None:
    held: list[Held] = []
    (listening,) = await bind("127.0.0.1", 0)
    acceptor = Acceptor("test", [listening], lambda: Held(held), 1_000_000)
    await stack.enter_async_context(acceptor)
    crowd = [socket.create_connection(listening.getsockname()) for _ in range(CROWD)]
    await until(held, len(crowd))
    assert acceptor.pauses == 0
    for one in crowd:
        one.close()
    await until(held, 0)


async def test_a_turn_of_the_loop_takes_one_connection(stack: contextlib.AsyncExitStack) -> None:
    """So that a crowd which comes in is no long stop for those who are there."""
    turn = 0
    taken_in: list[int] = []
    held: list[Held] = []

    async def count_turns() -> None:
        nonlocal turn
        while len(taken_in) < CROWD:
            turn += 1
            await asyncio.sleep(0)

    def take() -> Held:
        taken_in.append(turn)
        return Held(held)

    (listening,) = await bind("127.0.0.1", 0)
    for _ in range(CROWD):
        stack.enter_context(socket.create_connection(listening.getsockname()))
    await stack.enter_async_context(Acceptor("test", [listening], take, 1_000_000))
    async with asyncio.timeout(SECONDS_MAX):
        await count_turns()
    assert len(set(taken_in)) == CROWD


async def test_the_last_descriptors_are_for_nobody_and_who_waits_is_taken_later(
    stack: contextlib.AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    held: list[Held] = []
    (listening,) = await bind("127.0.0.1", 0)
    crowd = [stack.enter_context(socket.socket()) for _ in range(20)]
    acceptor = Acceptor("test", [listening], lambda: Held(held), after(7))
    await stack.enter_async_context(acceptor)
    for one in crowd:
        one.connect(listening.getsockname())
    await until(held, 7)
    await asyncio.sleep(0.2)
    assert len(held) == 7
    assert acceptor.pauses == 1  # once for all that time
    (said,) = [record.message for record in caplog.records if "no connection" in record.message]
    assert said.endswith("for a while: all descriptors that connections may have are used")
    for some in (slice(0, 7), slice(7, 14), slice(14, 20)):
        for one in crowd[some]:
            one.close()
    await until(held, 0)
    with socket.create_connection(listening.getsockname()):
        await until(held, 1)


async def test_a_system_without_descriptors_does_not_end_the_listening(
    stack: contextlib.AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop's own server stops for good, and tells nobody."""
    held: list[Held] = []
    (listening,) = await bind("127.0.0.1", 0)
    acceptor = Acceptor("test", [listening], lambda: Held(held), 1_000_000)
    await stack.enter_async_context(acceptor)
    whole = os.dup

    def none_left(_: int) -> int:
        raise OSError(errno.ENFILE, "Too many open files in system")

    monkeypatch.setattr(os, "dup", none_left)
    with socket.create_connection(listening.getsockname()):
        async with asyncio.timeout(SECONDS_MAX):
            while not acceptor.pauses:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.2)
        assert held == []
        monkeypatch.setattr(os, "dup", whole)
        await until(held, 1)


@pytest.mark.parametrize("error", [RuntimeError("deliberate"), PanicException("deliberate")])
async def test_a_connection_that_cannot_be_made_is_closed_and_the_next_is_taken(
    stack: contextlib.AsyncExitStack, error: BaseException
) -> None:
    held: list[Held] = []
    faults, made = Faults(), 0
    (listening,) = await bind("127.0.0.1", 0)

    def make() -> Held:
        nonlocal made
        made += 1
        if made <= 2:
            raise error
        return Held(held)

    acceptor = Acceptor("test", [listening], make, 1_000_000, faults)
    await stack.enter_async_context(acceptor)
    crowd = [socket.create_connection(listening.getsockname()) for _ in range(5)]
    await until(held, 3)
    assert faults.counts["connection"] == 2
    for one in crowd:
        one.close()
    await until(held, 0)


async def test_every_address_of_a_host_listens_on_one_port() -> None:
    sockets = await bind("localhost", 0)
    try:
        assert len({listening.getsockname()[1] for listening in sockets}) == 1
        with pytest.raises(OSError, match="in use"):
            await bind("127.0.0.1", sockets[0].getsockname()[1])
    finally:
        for listening in sockets:
            listening.close()


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    async with contextlib.AsyncExitStack() as stack:
        yield stack
