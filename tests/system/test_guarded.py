"""Something unforeseen in each of the parts of a whole exchange: the smallest one suffers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from core import Bar, PanicException, ReadFailed, Sum, faults
from facade import connection as http
from protocol import messages as m
from testing.client import Client
from testing.waiting import until
from tests.system.within import Within, within

ERRORS = [RuntimeError("deliberate"), PanicException("deliberate")]
QUICK = (
    "journal.tick_interval_s=0.05",
    "journal.snapshot_interval_s=0.1",
    "journal.snapshot_commands_min=1",
)


@pytest.fixture(params=ERRORS, ids=["exception", "panic"])
def error(request: pytest.FixtureRequest) -> BaseException:
    """What goes wrong."""
    wrong: BaseException = request.param
    return wrong


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Within]:
    """An exchange that must be whole in the end, whatever went wrong."""
    monkeypatch.setattr(faults, "RESTART_S", 0.2)
    async with within(tmp_path / "data", *QUICK) as served:
        yield served
        monkeypatch.undo()
        await served.until_ready()
        await served.place()
        line = await Client(served.binary, "demo16").login()
        line.place(1, price=1)
        await line.expect_new(1)


class Broken:
    """Fails when called, so many times; then it is what it was."""

    def __init__(self, error: BaseException, callee: Any, times: int) -> None:
        self._error = error
        self._callee = callee
        self.left = times

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.left:
            self.left -= 1
            raise type(self._error)(*self._error.args)
        return self._callee(*args, **kwargs)


def broken(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: BaseException, times: int = 1
) -> Broken:
    """Break something that is called by this name."""
    breaks = Broken(error, getattr(owner, name), times)
    monkeypatch.setattr(owner, name, breaks)
    return breaks


LOOPS: dict[str, tuple[Callable[[Within], tuple[Any, str]], str, str]] = {
    "deadlines": (
        lambda served: (served.exchange.facade.rest.server, "sweep"),
        "facade",
        "the deadlines of connections failed: deliberate",
    ),
    "late answers": (
        lambda served: (served.exchange.facade.rest.trading, "expire"),
        "facade",
        "giving up on late answers failed: deliberate",
    ),
    "lag": (
        lambda served: (served.exchange.recorder.lag, "bytes"),
        "watch",
        "the look at the recorder's lag failed: deliberate",
    ),
    "directory": (
        lambda served: (served.exchange.engine.directory, "missing"),
        "watch",
        "the look at the data directory failed: deliberate",
    ),
}


@pytest.mark.parametrize("name", list(LOOPS))
async def test_a_loop_that_fails_shows_and_is_begun_again(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException, name: str
) -> None:
    where, part, said = LOOPS[name]
    breaks = broken(monkeypatch, *where(served), error, 2)
    await until(lambda: said in served.exchange.faults.standing.values())
    assert (await served.get("/ready", 503))["faults"] == [said]
    await served.place()
    await until(lambda: not breaks.left)
    await served.until_ready()
    assert (await served.faults())[part] >= 2


async def test_the_deadlines_of_sessions_are_looked_at_again(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    order_entry = served.exchange.gateway.binary.order_entry

    class Failing:
        tick = Broken(error, None, 1_000)

        def __getattr__(self, name: str) -> Any:
            return getattr(order_entry, name)

    line = await Client(served.binary).login()
    monkeypatch.setattr(served.exchange.gateway.binary, "order_entry", Failing())
    said = "the deadlines of sessions failed: deliberate"
    await until(lambda: said in served.exchange.faults.standing.values())
    line.place(1)
    await line.expect_new(1)


async def test_figures_that_cannot_be_read_are_left_out(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(served.exchange.recorder.service, "stats", Broken(error, None, 1))
    text = (await served.client.get("/metrics")).text
    assert "quantscope_recorder_transactions_total" not in text
    assert "quantscope_orders_total" in text
    assert 'quantscope_faults_total{part="metrics"} 1.0' in text


async def test_a_snapshot_that_fails_is_made_later(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    breaks = broken(monkeypatch, served.exchange.engine.snapshots, "offsets", error, 2)
    await until(lambda: not breaks.left)
    newest = max(served.exchange.engine.snapshots.offsets(), default=0)
    await until(lambda: max(served.exchange.engine.snapshots.offsets(), default=0) > newest)
    assert (await served.faults())["snapshots"] == 2


async def test_nobody_misses_that_something_was_recorded(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    breaks = broken(monkeypatch, served.exchange.recorder.service, "_on_recorded", error)
    await served.place()
    await until(lambda: not breaks.left)
    await served.place()
    facade = served.exchange.facade.rest
    await until(lambda: facade.archive._recorded == facade.view.sequence)
    assert (await served.faults())["recorder"] == 1


async def test_a_recorder_that_cannot_begin_again_is_tried_again(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    recording = served.exchange.recorder.service
    recording._retry_s = 0.05
    breaks = broken(monkeypatch, recording, "_prepare", error, 3)
    recording._fail("for a test")
    recording._ended.set()
    await until(lambda: not breaks.left)
    await served.place()
    await until(lambda: recording.restarts == 1)
    assert (await served.faults())["recorder"] == 3


@pytest.mark.parametrize(
    ("path", "owner", "name"),
    [
        ("/ticker/BTCUSD", "queries", "_ticker"),
        ("/ticker", "queries", "_asked_for"),
        ("/orderbook/BTCUSD", "origins", "check"),
    ],
)
async def test_a_request_that_fails_is_answered_500_and_the_next_one_is_not(
    served: Within,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    path: str,
    owner: str,
    name: str,
) -> None:
    await served.place()
    breaks = broken(monkeypatch, getattr(served.exchange.facade.rest, owner), name, error)
    assert (await served.get(path, 500))["code"] == "INTERNAL"
    assert not breaks.left
    await served.get(path)
    assert (await served.faults())["request"] == 1


async def test_a_panic_in_native_code_is_answered_500(served: Within) -> None:
    """A real one: two sums of trades that are too many to count."""
    view, count = served.exchange.facade.rest.view, 2**64 - 1
    minute = view.time_ns // (60 * 10**9)
    total = Sum(open=1, high=1, low=1, close=1, quantity=1, quote=1, count=count)
    bars = [
        Bar(minute=at, first_ns=at * 60 * 10**9, last_ns=0, sum=total)
        for at in (minute - 2, minute - 1)
    ]
    view.fill("BTCUSD", bars)
    assert (await served.get("/ticker/BTCUSD", 500))["code"] == "INTERNAL"
    assert (await served.faults())["request"] == 1
    await served.get("/ticker/ETHUSD")


async def test_a_read_that_failed_cuts_its_line_alone(served: Within) -> None:
    """What native code says of a panic over what a line has sent; see crates/gateway/tests."""
    line = await Client(served.binary).login()
    (connection,) = served.exchange.gateway.binary._connections.values()
    other = await Client(served.binary, "demo2").login()
    connection.decide(ReadFailed(reason="panic: deliberate"))
    await line.expect_closed()
    other.place(1)
    await other.expect_new(1)
    assert (await served.faults())["connection"] == 1


async def test_an_answer_that_cannot_be_sent_cuts_its_connection(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    broken(monkeypatch, http, "encode", error)
    with pytest.raises(httpx.RemoteProtocolError):
        await served.client.get("/health")
    assert (await served.get("/health"))["status"] == "ok"
    assert (await served.faults())["connection"] == 1


async def test_of_those_who_are_answered_and_told_together_one_fails_alone(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    url = f"ws://127.0.0.1:{served.http}/ws/notifications?user_id=rest"
    async with websockets.connect(url) as first, websockets.connect(url) as second:
        for listener in (first, second):
            await listener.recv()
        facade = served.exchange.facade.rest
        socket = next(iter(facade.notifications.sockets.values()))
        broken(monkeypatch, socket, "send", error)
        broken(monkeypatch, facade, "_tell", error)
        one, other = await asyncio.gather(
            *(served.client.post("/orders", json=ORDER) for _ in range(2)), return_exceptions=True
        )
        answers = [x for x in (one, other) if isinstance(x, httpx.Response)]
        assert [answer.status_code for answer in answers] == [201]
        with pytest.raises(websockets.ConnectionClosedError):
            await first.recv()
        await second.recv()
    assert (await served.faults())["connection"] == 2


ORDER = {
    "symbol": "BTCUSD",
    "side": "BUY",
    "order_type": "LIMIT",
    "price": "100",
    "quantity": "1",
    "user_id": "rest",
}


async def test_a_source_that_fails_over_all_it_is_told_is_asked_again(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    url = f"ws://127.0.0.1:{served.http}/ws/notifications?user_id=rest"
    async with websockets.connect(url) as listener:
        await listener.recv()
        broken(monkeypatch, served.exchange.facade.rest.notifications, "send", error)
        await served.place()
        await served.place()
        await listener.recv()
    assert (await served.faults())["callback"] == 1


@pytest.mark.parametrize("name", ["login", "security_list"])
async def test_a_line_that_fails_is_closed_and_another_is_not(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException, name: str
) -> None:
    other = await Client(served.binary, "demo2").login()
    line = await Client(served.binary).login()
    broken(monkeypatch, served.exchange.gateway.binary, name, error)
    if name == "login":
        failing = Client(served.binary, "demo3")
        with pytest.raises((EOFError, ConnectionError)):
            await failing.ask_login()
    else:
        line.ask_instruments(1)
        await line.expect_closed()
    other.place(1)
    await other.expect_new(1)
    counts = await served.faults()
    assert counts.get("connection", 0) + counts.get("callback", 0) == 1
    if name == "login":
        await Client(served.binary, "demo3").login()


async def test_a_replay_that_fails_cuts_its_line_and_the_next_one_is_served(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    line = await Client(served.binary).login()
    line.place(1)
    await line.expect_new(1)
    await line.logout()
    broken(monkeypatch, served.exchange.gateway.binary._replayer, "_events", error)
    line = await Client(served.binary).login("", 1)
    await line.expect_closed()
    line = await Client(served.binary).login("", 1)
    await line.expect_new(1)
    assert (await served.faults())["connection"] == 1


async def test_a_line_that_cannot_be_written_to_is_cut_and_others_hear_all(
    served: Within, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    gateway = served.exchange.gateway.binary
    lines = [await Client(served.binary, f"demo{n}").login() for n in (1, 2)]
    for number in gateway._connections:
        gateway.order_entry.set_direct(number, direct=False)
    for line in lines:
        line.place(1)
        await line.expect_new(1)
    broken(monkeypatch, gateway, "_check_unread", error)
    # A mass of trades tells both, one after the other.
    await served.place(side="SELL", quantity="2")
    await until(lambda: len(gateway._connections) == 1)
    (kept,) = gateway._connections.values()
    (left,) = (
        x for x in lines if "{}:{}".format(*x.writer.get_extra_info("sockname")) == kept.peer
    )
    await left.expect(m.ExecutionReportTrade)
    left.place(2)
    await left.expect_new(2)
    assert (await served.faults())["connection"] == 1
