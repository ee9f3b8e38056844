"""How a program is seen to be ready."""

import asyncio
import json
from dataclasses import dataclass
from typing import Protocol

from quantscope.ready import ask

DEADLINE_S = 3.0
"""How long an answer may take, in seconds."""


class Probe(Protocol):
    """A question to a program."""

    async def fault(self) -> str | None:
        """Why it is not ready; None where it is."""


@dataclass(frozen=True)
class Page:
    """A page over HTTP that is answered 200."""

    port: int
    path: str = "/ready"

    async def fault(self) -> str | None:
        """See ``Probe``."""
        try:
            status, body = await asyncio.to_thread(ask, self.port, self.path, DEADLINE_S)
        except (OSError, ValueError) as error:
            return str(error)
        return None if status == 200 else _faults_in(body)


@dataclass(frozen=True)
class Answer:
    """A server of lines that answers a word with another; with an empty one, whoever listens."""

    port: int
    word: bytes = b""
    wanted: bytes = b""

    async def fault(self) -> str | None:
        """See ``Probe``."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    return await self._asked(reader, writer)
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            return str(error) or "no answer"

    async def _asked(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str | None:
        if not self.word:
            return None
        writer.write(self.word + b"\r\n")
        said = (await reader.readline()).strip()
        return None if said == self.wanted else said.decode(errors="replace")


def _faults_in(body: str) -> str:
    """What the page of a role says in ``faults``; another's page as it is."""
    try:
        return "; ".join(json.loads(body)["faults"])
    except (ValueError, KeyError, TypeError):
        return body.strip()[:200]
