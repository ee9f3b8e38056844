"""The library's clients: whoever no longer waits for one leaves nothing behind."""

import asyncio
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from testing.cluster import Cluster
from testing.kafka import Brokers


async def test_who_is_canceled_while_it_connects_leaves_no_connection(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(kafka)
    asked, connections = asyncio.Event(), set[AIOKafkaConnection]()
    send = AIOKafkaConnection.send

    async def late(self: AIOKafkaConnection, request: Any, *how: Any, **named: Any) -> Any:
        connections.add(self)
        if isinstance(request, MetadataRequest):
            asked.set()
            await asyncio.sleep(0.2)
        return await send(self, request, *how, **named)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(AIOKafkaConnection, "send", late)
    starting = asyncio.create_task(cluster.clients.consumer(0.5))
    await asked.wait()
    starting.cancel()
    await asyncio.wait([starting])
    assert starting.cancelled()
    assert connections
    assert not any(connection.connected() for connection in connections)
