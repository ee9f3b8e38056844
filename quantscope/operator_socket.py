"""The operator's socket: who may read the data directory may look at sessions, and end them.

A socket of the system's own kind in the data directory, which only the owner of the directory may
open.  A request is one line of JSON, and so is its answer; then the line is closed.
"""

import asyncio
import contextlib
import logging
import os
import pathlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal

import msgspec

from core import FAULTS, Faults
from gateway.control import NoSuchSession, SessionBusy, SessionControl, SessionRow

log = logging.getLogger("quantscope")

NAME = "operator.sock"
MODE = 0o600
LINE_BYTES_MAX = 4_096
"""Of a request."""
ASKING_MAX = 4
"""Operators that are answered at a time; more wait."""
DEADLINE_S = 30.0
"""For a request and its answer, in seconds."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator asks."""

    do: Literal["list", "reset", "end"]
    name: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of it."""

    error: str = ""
    said: str = ""
    sessions: list[SessionRow] = []


@contextlib.contextmanager
def path_in(directory: pathlib.Path) -> Iterator[str]:
    """The socket's path, however long that of the directory is: a socket's has 108 bytes."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = pathlib.Path("/proc/self/fd") / str(descriptor)
        yield str((short if short.exists() else directory) / NAME)
    finally:
        os.close(descriptor)


class OperatorSocket:
    """Listens in a data directory that this process has."""

    def __init__(self, directory: pathlib.Path, control: SessionControl, faults: Faults) -> None:
        """Listen; what an earlier process has left there is removed."""
        self._control = control
        self._faults = faults
        self._free = asyncio.Semaphore(ASKING_MAX)
        self._directory = directory
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.setblocking(False)
        with path_in(directory) as path:
            pathlib.Path(path).unlink(missing_ok=True)
            self._socket.bind(path)
            # Nobody can connect before it listens.
            os.chmod(path, MODE)
            self._socket.listen(ASKING_MAX)

    async def run(self) -> None:
        """Answer, until canceled."""
        await self._faults.keep("gateway", "the operator's socket", self._take)

    def close(self) -> None:
        """Listen no more; the next start does so under the same name."""
        self._socket.close()
        with contextlib.suppress(OSError), path_in(self._directory) as path:
            pathlib.Path(path).unlink()

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                await self._free.acquire()
                connection, _ = await loop.sock_accept(self._socket)
                group.create_task(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_unix_connection(
                sock=connection, limit=LINE_BYTES_MAX
            )
            try:
                async with asyncio.timeout(DEADLINE_S):
                    answer = await self._answer(await reader.readline())
                    writer.write(msgspec.json.encode(answer) + b"\n")
                    await writer.drain()
            finally:
                writer.close()
        except (OSError, ValueError, TimeoutError) as error:
            log.info("an operator is not answered: %s", error)
        except FAULTS as error:
            self._faults.caught("gateway", "an operator is not answered", error)
        finally:
            self._free.release()

    async def _answer(self, line: bytes) -> Answer:
        try:
            asked = msgspec.json.decode(line, type=Request)
        except msgspec.MsgspecError as error:
            return Answer(error=f"no request: {error}")
        if asked.do == "list":
            return Answer(sessions=self._control.rows())
        log.warning("an operator asks to %s session %s", asked.do, asked.name)
        work: Callable[[str], Awaitable[str]] = self._reset if asked.do == "reset" else self._end
        try:
            return Answer(said=await work(asked.name))
        except (NoSuchSession, SessionBusy) as error:
            return Answer(error=str(error))

    async def _reset(self, name: str) -> str:
        epoch = await self._control.reset(name)
        return f"session {name} is reset, and its numbers begin at 1; epoch {epoch}"

    async def _end(self, name: str) -> str:
        if await self._control.end(name):
            return f"session {name} is ended, and its line is closed; it may log in again"
        return f"nobody is logged in to session {name}"


def ask(directory: pathlib.Path, request: Request) -> Answer:
    """What the exchange that has a data directory answers; ``OSError`` where none does."""
    with path_in(directory) as path, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(DEADLINE_S)
        line.connect(path)
        line.sendall(msgspec.json.encode(request) + b"\n")
        with line.makefile("rb") as answered:
            return msgspec.json.decode(answered.readline(), type=Answer)
