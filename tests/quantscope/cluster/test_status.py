"""The pages of a role that has no facade, over a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NoReturn

import httpx
import msgspec
import pytest
from prometheus_client.core import Metric

from core import Faults
from facade.models import Health, Readiness
from quantscope.acceptor import PortInUse
from quantscope.cluster.status import StatusPages
from quantscope.metrics.clock import ClockFigures
from quantscope.metrics.exposition import renderer
from quantscope.roles.role import Process
from settings import Config, FacadeSettings, ServerSettings
from testing.parts import system_clock
from testing.requests import parse_metrics

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
QUICK = FacadeSettings(head_deadline_s=0.1, sweep_interval_s=0.02)


class Unreadable:
    """A part whose figures can't be read."""

    def collect(self) -> Iterator[Metric]:
        raise RuntimeError("deliberate")


class Asked:
    """A role's pages, and who asks for them."""

    def __init__(self, config: Config | None = None) -> None:
        self.process = Process(config or Config(), Faults(), system_clock(), 1_000_000)
        self.reasons: list[str] = []
        self.standing: Callable[[], list[str]] = lambda: self.reasons
        self.metrics: Callable[[], bytes] = lambda: b"orders 1\n"
        self.client: httpx.AsyncClient
        self.address = ""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[StatusPages]:
        listening = StatusPages.listening(
            self.process, 0, metrics=lambda: self.metrics(), standing=lambda: self.standing()
        )
        async with listening as pages:
            self.address = pages.address
            async with httpx.AsyncClient(base_url=f"http://{pages.address}") as self.client:
                yield pages


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    one = Asked()
    async with asyncio.timeout(30), one.serving():
        yield one


async def test_a_role_that_works_is_ready(asked: Asked) -> None:
    answer = await asked.client.get("/health")
    assert answer.status_code == 200
    assert msgspec.json.decode(answer.content, type=Health) == Health("ok")
    answer = await asked.client.get("/ready")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert msgspec.json.decode(answer.content, type=Readiness) == Readiness("ready", [])


async def test_a_role_that_does_not_names_every_reason_and_lives(asked: Asked) -> None:
    reasons = ["the engine has not come to the end of the commands", "Kafka is away"]
    asked.reasons += reasons
    answer = await asked.client.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "faults": reasons}
    assert (await asked.client.get("/health")).status_code == 200
    asked.reasons.clear()
    assert (await asked.client.get("/ready")).status_code == 200


async def test_metrics_are_what_the_callable_renders_at_each_scrape(asked: Asked) -> None:
    answer = await asked.client.get("/metrics?now=1")
    assert (answer.status_code, answer.text) == (200, "orders 1\n")
    assert answer.headers["content-type"] == EXPOSITION
    asked.metrics = lambda: b"orders 2\n"
    assert (await asked.client.get("/metrics")).text == "orders 2\n"


async def test_a_metric_that_cannot_be_read_is_left_out_and_counted(asked: Asked) -> None:
    parts = Unreadable(), ClockFigures(asked.process.clock)
    asked.metrics = renderer(parts, asked.process.faults)
    answer = await asked.client.get("/metrics")
    shown = parse_metrics(answer.text)
    assert answer.status_code == 200
    assert shown["quantscope_clock_jumps_total"] == 0
    assert shown['quantscope_faults_total{part="metrics"}'] == 1


@pytest.mark.parametrize("path", ["/metrics", "/ready"])
async def test_a_page_that_fails_says_so_and_the_others_are_served(asked: Asked, path: str) -> None:
    def fails() -> NoReturn:
        raise RuntimeError("deliberate")

    asked.metrics = asked.standing = fails
    answer = await asked.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert asked.process.faults.counts["request"] == 1
    assert (await asked.client.get("/health")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/orders", "/metrics/", "/ready/1", "/docs"])
async def test_there_is_no_other_page(asked: Asked, path: str) -> None:
    for answer in (await asked.client.get(path), await asked.client.post(path, json={})):
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_nothing_is_changed_by_a_page(asked: Asked, path: str) -> None:
    answer = await asked.client.request("DELETE", path)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD"
    head, whole = await asked.client.head(path), await asked.client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


async def test_a_page_is_asked_for_by_a_name_of_ours(asked: Asked) -> None:
    for host, status in (("localhost", 200), ("127.0.0.1", 200), ("engine.example", 403)):
        answer = await asked.client.get("/metrics", headers={"Host": host})
        assert answer.status_code == status
    assert answer.json()["code"] == "FORBIDDEN_ORIGIN"
    config = Config(server=ServerSettings(allowed_hosts=(".example",)))
    async with (other := Asked(config)).serving():
        answer = await other.client.get("/metrics", headers={"Host": "engine.example"})
        assert answer.status_code == 200


async def test_deadlines_of_connections_are_looked_at() -> None:
    async with asyncio.timeout(30), (asked := Asked(Config(facade=QUICK))).serving():
        reader, writer = await asyncio.open_connection(*asked.address.rsplit(":", 1))
        writer.write(b"GET /health HTTP/1.1\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_at_the_end_connections_are_closed_and_the_port_is_free() -> None:
    asked = Asked()
    async with asyncio.timeout(30):
        async with asked.serving():
            host, port = asked.address.rsplit(":", 1)
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET /health HTTP/1.1\r\nHost: x.localhost\r\n\r\n")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, port)


async def test_a_port_in_use_is_told_with_how_to_choose_another(asked: Asked) -> None:
    port = int(asked.address.rpartition(":")[2])
    pages = StatusPages.listening(asked.process, port, metrics=bytes, standing=list)
    with pytest.raises(PortInUse, match=f"port {port} of 127.0.0.1 is in use: .*HTTP_PORT"):
        await pages.__aenter__()
    assert (await asked.client.get("/health")).status_code == 200
