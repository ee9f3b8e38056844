"""What requests take is counted, and a clock that is off is told from a slow broker."""

import asyncio
import re

import pytest

from core import Clock
from journal.kafka import Appender, Measured, Timed
from journal.kafka.measured import MS_NS, skew_ns
from quantscope.cluster.gateway import ClusterGateway
from settings import ServerSettings
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.waiting import until

S = 10**9


@pytest.mark.parametrize(
    ("begun", "ended", "append", "skew"),
    [
        (1_000, 1_004, 1_002, 0),
        (1_000, 1_000, 1_000, 0),  # within the millisecond that the broker names
        (1_000, 9_000, 5_000, 0),  # it took long, and may have been at any time of it
        (3_000, 3_004, 1_002, 1_997),
        (1_000, 1_004, 3_002, -1_998),
    ],
)
def test_no_more_is_said_of_a_clock_than_is_known(
    begun: int, ended: int, append: int, skew: int
) -> None:
    assert skew_ns(begun * MS_NS, ended * MS_NS, append) == skew * MS_NS


def test_what_did_not_end_is_not_counted() -> None:
    now = [S]
    timed = Timed(Clock(ServerSettings(), monotonic=lambda: now[0]))
    timed.begin()
    now[0] += S
    timed.begin()
    now[0] += 3
    timed.end()
    assert (sum(timed.latency().counts), timed.latency().total) == (1, 3)


@pytest.mark.parametrize("off_s", [-7, 0, 7])
async def test_each_request_to_a_broker_shows_how_far_the_clock_is_off(
    kafka: Brokers, off_s: int
) -> None:
    cluster = await Cluster(kafka).make()

    def wall() -> int:
        return cluster.clock.now_ns() + off_s * S

    clock = Clock(ServerSettings(), wall=wall, boot=cluster.clock.monotonic_ns)
    measured = Measured(clock)
    out = Appender(cluster.clients, cluster.topics.commands, deadline_s=10, measured=measured)
    async with out:
        for count in (1, 2):
            await out.append([b"no batch"])
            assert sum(measured.took.latency().counts) == count
            # A broker's answer takes milliseconds, and this machine may be busy.
            assert abs(measured.skew_ns / S - off_s) <= min(abs(off_s), 1)


@pytest.mark.parametrize(("off_s", "said"), [(-7, "behind that"), (7, "ahead of that")])
async def test_a_gateway_whose_clock_is_off_is_not_ready_and_says_so(
    kafka: Brokers, off_s: int, said: str
) -> None:
    cluster = await Cluster(kafka).make()
    right = cluster.clock
    async with cluster.following():
        cluster.clock = Clock(
            ServerSettings(), wall=lambda: right.now_ns() + off_s * S, boot=right.monotonic_ns
        )
        async with cluster.around() as around, asyncio.TaskGroup() as group:
            stop = asyncio.Event()
            role = ClusterGateway(around, 11)
            await role.open()
            running = group.create_task(role.run(stop))
            await until(lambda: role.lane.ready)
            (fault,) = role.standing()
            # A broker's answer takes a while, which may be the clock's as well.
            assert re.match(rf"the clock is [67]\.\d s {said} of the brokers: ", fault)
            stop.set()
            await running
            await role.close()
