"""A proxy before a server on this machine: it delays, cuts, silences or half-opens on demand.

It lives in a thread of its own, so that processes go on through it while a test waits.
"""

import asyncio
import ssl
import threading
from enum import Enum
from typing import Self

from testing.kafka import free_ports

READ_BYTES = 2**16


class Trouble(Enum):
    """What becomes of what goes through."""

    NONE = "goes through"
    DELAY = "comes late"
    CUT = "is cut, and connections are refused"
    HANG = "stays where it is, until it goes through again"
    HALF_OPEN = "is lost, and neither side is told"
    """Connections of that time are dead for good; new ones of later are not."""


class Passage:
    """One connection with the server."""

    def __init__(self, proxy: "LinkProxy", client: asyncio.StreamWriter) -> None:
        """Not connected yet."""
        self._proxy = proxy
        self.dead = False
        """Whether what is written to it is lost."""
        self.writers = [client]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on both ways until one side closes."""
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._proxy.target)
        except OSError:
            writer.transport.abort()
            return
        self.writers.append(forth)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(reader, forth))
            group.create_task(self._pass(back, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                due, data = await late.get()
                await asyncio.sleep(max(0.0, due - now()))
                await self._proxy.flows.wait()
                if self.dead:
                    continue
                if not data:
                    return
                writer.write(data)
                await writer.drain()

        async def read() -> None:
            while data := await reader.read(READ_BYTES):
                late.put_nowait((now() + self._proxy.delay_s, data))
            late.put_nowait((now() + self._proxy.delay_s, b""))

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(read())
                group.create_task(write())
        except* OSError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Both sides are told that it is over."""
        for writer in self.writers:
            writer.transport.abort()


class LinkProxy:
    """Listens on a port of its own, before the server at ``target``."""

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        """Nothing listens yet; the port is known.  With ``tls`` clients speak TLS with it."""
        self.target = target
        self._tls = tls
        self.port = free_ports(1)[0]
        self.delay_s = 0.0
        self.flows: asyncio.Event
        self._trouble = Trouble.NONE
        self._pipes: set[Passage] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._server: asyncio.Server

    def __enter__(self) -> Self:
        """Let all through."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        """Cut what there is, and listen no more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def make(self, trouble: Trouble, *, delay_s: float = 0.0) -> None:
        """From now on this becomes of what goes through; ``delay_s`` is for ``DELAY``."""
        done = threading.Event()

        def change() -> None:
            self._change(trouble, delay_s)
            done.set()

        self._loop.call_soon_threadsafe(change)
        done.wait()

    def heal(self) -> None:
        """What is not dead goes through again."""
        self.make(Trouble.NONE)

    def _change(self, trouble: Trouble, delay_s: float) -> None:
        self._trouble = trouble
        self.delay_s = delay_s if trouble is Trouble.DELAY else 0.0
        if trouble is Trouble.HANG:
            self.flows.clear()
        else:
            self.flows.set()
        for pipe in tuple(self._pipes):
            if trouble is Trouble.CUT:
                pipe.abort()
            elif trouble is Trouble.HALF_OPEN:
                pipe.dead = True

    async def _listen(self) -> None:
        self.flows = asyncio.Event()
        self.flows.set()
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )

    async def _close(self) -> None:
        self._server.close()
        for pipe in tuple(self._pipes):
            pipe.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._trouble is Trouble.CUT:
            writer.transport.abort()
            return
        pipe = Passage(self, writer)
        pipe.dead = self._trouble is Trouble.HALF_OPEN
        self._pipes.add(pipe)
        try:
            await pipe.serve(reader, writer)
        finally:
            self._pipes.discard(pipe)
            pipe.abort()
