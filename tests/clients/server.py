"""The real server, as a process of its own on free ports and a data directory of its own."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

READY = re.compile(rb"^ready http=\S+ binary=\S+:(\d+)$", re.MULTILINE)


class Server:
    """Starts, stops and kills ``quantscope serve``."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self, *settings: str) -> None:
        """Serve; after the first time on the port it had then."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "quantscope.cli", "serve"),
            *("--data-dir", str(self._data_dir)),
            *("--http-port", "0", "--binary-port", str(self.port)),
            *(x for setting in settings for x in ("--set", setting)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        ready = READY.match(line)
        assert ready, line
        self.port = int(ready[1])

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait for its end."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(how)
            async with asyncio.timeout(30):
                await process.wait()


@asynccontextmanager
async def serving(data_dir: Path, *settings: str) -> AsyncIterator[Server]:
    """A server for the time of a test."""
    server = Server(data_dir)
    await server.start(*settings)
    try:
        yield server
    finally:
        await server.stop()
