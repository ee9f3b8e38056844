"""Connections to Redis: one that transactions go over, and a client for everything else."""

import asyncio
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError

from core import RedisBuffer
from settings import RedisSettings
from store.redis_access import kind_and_arguments

EXEC = -3
"""Which answer is that to ``EXEC``, or to a script: ``WATCH`` and ``GET`` follow."""


class Refused(Exception):
    """Redis has taken nothing of a transaction."""


class Full(Refused):
    """It has no room."""


class Cut(Exception):
    """The connection was lost while a transaction was under way: it may have been too large."""


class Unwritten(Exception):
    """A transaction was not executed: another has changed the position."""


class Tainted(Exception):
    """Part of a transaction was not executed: a key holds what no recorder wrote."""


def client(settings: RedisSettings, connections_max: int) -> Redis:
    """A client for queries; who finds no connection free waits for one."""
    kind, arguments = kind_and_arguments(settings)
    pool = BlockingConnectionPool(
        max_connections=connections_max,
        timeout=settings.request_deadline_s,
        connection_class=kind,
        **arguments,
    )
    return Redis.from_pool(pool)


def where(settings: RedisSettings) -> str:
    """The server, for who reads of it."""
    return settings.unix_socket or f"{settings.host}:{settings.port}"


class Link:
    """The connection that transactions go over; each ends with a question for the position."""

    def __init__(self, settings: RedisSettings) -> None:
        """Nothing is connected yet."""
        self._settings = settings
        kind, arguments = kind_and_arguments(settings)
        self._connection = kind(**arguments)

    async def __aenter__(self) -> Self:
        """Connect; raises ``RedisError``, ``OSError`` or ``TimeoutError``."""
        seconds = self._settings.connect_deadline_s
        try:
            async with asyncio.timeout(seconds):
                await self._connection.connect()
        except TimeoutError as error:
            raise TimeoutError(
                f"no connection was made within {seconds:g} s (redis.connect_deadline_s)"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of it."""
        await self._connection.disconnect(nowait=True)

    async def begin(self) -> bytes | None:
        """Watch the position from now on: what it is."""
        key = f"{self._settings.key_prefix}position"
        commands = self._connection.pack_commands([("WATCH", key), ("GET", key)])
        answers = await self._exchange(b"".join(commands), 2)
        return self._value(answers[-1])

    async def execute(self, buffer: RedisBuffer) -> bytes | None:
        """Have a transaction executed, and watch the position: what it is now.

        Raises ``Refused`` where nothing was taken, ``Unwritten`` or ``Tainted``.  After any other
        error it may have been executed or not.
        """
        try:
            answers = await self._exchange(buffer.data, buffer.answers)
        except TimeoutError:
            raise
        except (RedisConnectionError, OSError) as error:
            raise Cut(str(error)) from error
        executed = answers[EXEC]
        if isinstance(executed, ResponseError):
            why = next(answer for answer in answers if isinstance(answer, ResponseError))
            raise (Full if isinstance(why, OutOfMemoryError) else Refused)(str(why))
        if executed is None:
            raise Unwritten
        answered = executed if isinstance(executed, list) else []
        failed = [answer for answer in answered if isinstance(answer, Exception)]
        if failed:
            raise Tainted(str(failed[0]))
        return self._value(answers[-1])

    @staticmethod
    def _value(answer: Any) -> bytes | None:
        if isinstance(answer, ResponseError):
            raise answer
        return None if answer is None else bytes(answer)

    async def _exchange(self, data: bytes, count: int) -> list[Any]:
        answers: list[Any] = []
        async with asyncio.timeout(self._settings.request_deadline_s):
            await self._connection.send_packed_command([data], check_health=False)
            for _ in range(count):
                try:
                    answers.append(await self._connection.read_response())
                except ResponseError as error:
                    answers.append(error)
        return answers


__all__ = ["Cut", "Full", "Link", "Refused", "Tainted", "Unwritten", "client", "where"]
