"""A recorder of a cluster at work in the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from core import Faults
from journal.kafka import Journal
from quantscope.cluster.recorder import ClusterRecorder
from quantscope.cluster.surroundings import Surroundings
from quantscope.roles.role import Process
from testing.cluster import Cluster

JOURNAL_ID = 7


@asynccontextmanager
async def recording(
    cluster: Cluster, path: Path, journal_id: int = JOURNAL_ID
) -> AsyncIterator[ClusterRecorder]:
    """A recorder at work; at the end it has recorded all that is there."""
    server = msgspec.structs.replace(cluster.config.server, data_dir=str(path))
    config = msgspec.structs.replace(cluster.config, server=server)
    process = Process(config, Faults(), cluster.clock, 1_000)
    async with cluster.control() as control:
        standing = await control.read()
        around = Surroundings(
            process,
            cluster.clients,
            cluster.topics,
            control,
            Journal(journal_id, era=standing.known().era),
            metrics=bytes,
            standing=list,
            eras=standing.eras,
        )
        role, stop = ClusterRecorder(around, "archive"), asyncio.Event()
        try:
            await role.open()
            running = asyncio.create_task(role.run(stop))
            yield role
            stop.set()
            await running
        finally:
            await role.close()
