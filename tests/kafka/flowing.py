"""Orders without end, as a gateway of REST users sends them."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core import Commands, EventsFollower
from journal.kafka import Appender, TopicReader
from protocol.terms import Gateway
from testing.batches import command
from testing.cluster import Cluster


@asynccontextmanager
async def flow(cluster: Cluster, seed: int) -> AsyncIterator[Callable[[], int]]:
    """Orders of REST users without end, as a gateway sends them; how many batches there were."""
    rng, buffer, sent = random.Random(seed), Commands(), 0

    async def send() -> None:
        nonlocal sent
        nonce, incarnation, number = rng.getrandbits(64), 0, 0
        buffer.gateway_open(Gateway.FACADE, nonce)
        reader = TopicReader(cluster.clients, cluster.topics.events("a"))
        out = Appender(cluster.clients, cluster.topics.commands, deadline_s=60)
        async with out, reader:
            while True:
                for _ in range(20):
                    command(rng, buffer, f"user{rng.randrange(5)}", sent * 10)
                now = cluster.clock.now_ns()
                sealed = buffer.seal(Gateway.FACADE, incarnation, number, now, 100)
                assert sealed is not None
                await out.append([sealed])
                if not incarnation:
                    incarnation = await opened(reader, nonce)
                number += 1
                sent += 1

    sending = asyncio.create_task(send())
    yield lambda: sent
    if sending.done():
        await sending
    sending.cancel()
    await asyncio.wait([sending])


async def opened(events: TopicReader, nonce: int) -> int:
    at, seen = 0, EventsFollower(Gateway.FACADE, None)
    while True:
        found = await events.follow(at, 1)
        at = found[-1].offset + 1 if found else at
        for change in seen.take(b"".join(x.value for x in found)).changes:
            if change.nonce == nonce:
                return change.incarnation


async def grown(sent: Callable[[], int], by: int) -> None:
    wanted = sent() + by
    async with asyncio.timeout(30):
        while sent() < wanted:
            await asyncio.sleep(0.01)
