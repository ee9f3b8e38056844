"""The pipe: bare aiokafka processes that pass frames as the roles of a cluster pass batches.

It is what brokers, client library and machine allow: the same topics and settings, as many writers
and readers, frames of the same sizes, as many in flight or at the same rate, and neither matching
nor sockets.  ``python -m benchmarks.pipe relay`` stands for the engine, ``gateway`` for a gateway,
``reader`` for whoever else reads the events: a facade, a recorder.
"""

import asyncio
import json
import struct
import sys
import time
from collections import deque
from typing import Any

import click
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from journal.kafka import Clients, Topics
from journal.kafka.clients import abandon, stop
from settings import KafkaSettings

HEAD = struct.Struct("<HQQ")
"""Number of the gateway, when it sent the frame, in ns, and which of its frames it is, from 1."""
FOLLOW_S = 0.5
REQUEST_FRAMES_MAX = 2
"""Frames in a request: ``journal.group_batches_max``."""


def settings_of(servers: str, prefix: str) -> KafkaSettings:
    """As the roles have them."""
    return KafkaSettings(bootstrap_servers=tuple(servers.split(",")), topic_prefix=prefix)


async def send(producer: AIOKafkaProducer, topic: str, frames: list[bytes]) -> None:
    """Frames as one request."""
    request = producer.create_batch()
    for frame in frames:
        assert request.append(key=None, value=frame, timestamp=None) is not None
    await (await producer.send_batch(request, topic, partition=0))


async def read(consumer: AIOKafkaConsumer, at: TopicPartition) -> list[bytes]:
    """What has come."""
    found = await consumer.getmany(at, timeout_ms=1_000)
    return [record.value for record in found.get(at, [])]


async def reading(clients: Clients, topic: str) -> tuple[AIOKafkaConsumer, TopicPartition]:
    """A consumer at the end of a topic."""
    consumer, at = await clients.consumer(FOLLOW_S), TopicPartition(topic, 0)
    consumer.assign([at])
    end = await consumer.end_offsets([at])
    consumer.seek(at, end[at])
    return consumer, at


async def relay(settings: KafkaSettings, name: str, event_bytes: int) -> None:
    """Each frame of ``commands`` becomes one of this engine's events."""
    clients, topics = Clients(settings), Topics(settings)
    producer = await clients.fenced_producer(f"{settings.topic_prefix}.relay.{name}")
    await producer.begin_transaction()
    consumer, at = await reading(clients, topics.commands)
    print("ready relay=1", flush=True)
    rest = bytes(event_bytes - HEAD.size)
    while True:
        frames = await read(consumer, at)
        while frames:
            # A request holds as much as fits.
            size = max(1, settings.message_bytes_max // (event_bytes + 512))
            now, frames = frames[:size], frames[size:]
            await send(producer, topics.events(name), [x[: HEAD.size] + rest for x in now])


async def look_on(settings: KafkaSettings, name: str) -> None:
    """Read an engine's events, and do nothing with them."""
    consumer, at = await reading(Clients(settings), Topics(settings).events(name))
    print("ready reader=1", flush=True)
    while True:
        await read(consumer, at)


class PipeGateway:
    """Sends frames, so many in flight or so many a second, and waits for what the relay says."""

    def __init__(self, number: int, command_bytes: int, in_flight: int, rate: float) -> None:
        """A ``rate`` of 0 sends as fast as ``in_flight`` allows."""
        self._number = number
        self._rest = bytes(command_bytes - HEAD.size)
        self._in_flight = in_flight
        self._rate = rate
        self._under_way = 0
        self._sent = 0
        self._seen = 0
        """The last frame that came back, from whichever relay."""
        self._due: deque[int] = deque()
        self._room = asyncio.Event()
        self.counting = False
        self.latencies: list[int] = []

    async def read(self, consumer: AIOKafkaConsumer, at: TopicPartition) -> None:
        """Take what comes back."""
        while True:
            for frame in await read(consumer, at):
                number, sent_ns, count = HEAD.unpack_from(frame)
                if number == self._number and count > self._seen:
                    self._seen = count
                    self._under_way -= 1
                    if self.counting:
                        self.latencies.append(now_ns() - sent_ns)
            self._room.set()

    async def arrive(self) -> None:
        """At a rate, frames come due whatever happens."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += 1 / self._rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._due.append(now_ns())
            self._room.set()

    async def write(self, producer: AIOKafkaProducer, topic: str) -> None:
        """One request at a time."""
        while True:
            sent = self._next()
            if not sent:
                self._room.clear()
                await self._room.wait()
                continue
            self._under_way += len(sent)
            await send(producer, topic, [self._frame(due_ns) for due_ns in sent])

    def _frame(self, due_ns: int) -> bytes:
        self._sent += 1
        return HEAD.pack(self._number, due_ns, self._sent) + self._rest

    def _next(self) -> list[int]:
        """When the frames were due that can go now."""
        if self._rate:
            count = min(len(self._due), REQUEST_FRAMES_MAX)
            return [self._due.popleft() for _ in range(count)]
        return [now_ns()] * min(self._in_flight - self._under_way, REQUEST_FRAMES_MAX)


async def gateway(
    settings: KafkaSettings,
    pipe: PipeGateway,
    relays: tuple[str, ...],
    seconds: float,
    warm: float,
) -> None:
    """Run for so long after warming up, and print what was seen."""
    clients, topics = Clients(settings), Topics(settings)
    producer = await clients.producer()
    logs = [await reading(clients, topics.events(name)) for name in relays]
    work: list[Any] = [pipe.read(consumer, at) for consumer, at in logs]
    work.append(pipe.write(producer, topics.commands))
    if pipe._rate:
        work.append(pipe.arrive())
    tasks = [asyncio.create_task(x) for x in work]
    await asyncio.sleep(warm)
    pipe.counting = True
    begun = time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - begun
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.wait(tasks)
    for consumer, _ in logs:
        await stop(consumer)
    await abandon(producer)
    waits = sorted(pipe.latencies)
    print(
        json.dumps(
            {
                "frames_per_s": len(waits) / took,
                "p50_us": waits[len(waits) // 2] / 1e3,
                "p99_us": waits[len(waits) * 99 // 100] / 1e3,
            }
        )
    )
    sys.stdout.flush()


def now_ns() -> int:
    """For intervals within one process."""
    return time.monotonic_ns()


@click.group()
def main() -> None:
    """Bare processes that pass frames."""


@main.command("relay")
@click.argument("servers")
@click.argument("prefix")
@click.option("--name", default="a", show_default=True)
@click.option("--event-bytes", type=int, required=True)
def relay_command(servers: str, prefix: str, name: str, event_bytes: int) -> None:
    """Pass frames on, until it is ended."""
    uvloop.run(relay(settings_of(servers, prefix), name, event_bytes))


@main.command("reader")
@click.argument("servers")
@click.argument("prefix")
@click.option("--name", default="a", show_default=True)
def reader_command(servers: str, prefix: str, name: str) -> None:
    """Read what comes back, until it is ended."""
    uvloop.run(look_on(settings_of(servers, prefix), name))


@main.command("gateway")
@click.argument("servers")
@click.argument("prefix")
@click.option("--number", type=int, required=True)
@click.option("--command-bytes", type=int, required=True)
@click.option("--reads", multiple=True, default=("a",))
@click.option("--in-flight", type=int, default=1)
@click.option("--rate", type=float, default=0.0)
@click.option("--seconds", type=float, default=10.0)
@click.option("--warmup-seconds", type=float, default=20.0)
def gateway_command(
    servers: str,
    prefix: str,
    number: int,
    command_bytes: int,
    reads: tuple[str, ...],
    in_flight: int,
    rate: float,
    seconds: float,
    warmup_seconds: float,
) -> None:
    """Send frames, and print how many came back and after what time."""
    pipe = PipeGateway(number, command_bytes, in_flight, rate)
    uvloop.run(gateway(settings_of(servers, prefix), pipe, reads, seconds, warmup_seconds))


if __name__ == "__main__":
    main()
