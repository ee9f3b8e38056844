"""Connections to Redis: one that transactions go over, and a client for everything else."""

import asyncio
import pathlib
import ssl
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError

from core import RedisBuffer, StoreFailed
from settings import RedisSettings

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


def _kind_and_arguments(settings: RedisSettings) -> tuple[type[AbstractConnection], dict[str, Any]]:
    arguments: dict[str, Any] = {
        "db": settings.database,
        "username": settings.username or None,
        "password": _password(settings) or None,
        "socket_connect_timeout": settings.connect_deadline_s,
        # Whoever asks tries again, or has a deadline.
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    if settings.unix_socket:
        return UnixDomainSocketConnection, {**arguments, "path": settings.unix_socket}
    arguments |= {"host": settings.host, "port": settings.port}
    if not settings.tls:
        return Connection, arguments
    trusted = {"ssl_ca_certs": settings.tls_ca_file} if settings.tls_ca_file else {}
    return SSLConnection, {
        **arguments,
        **trusted,
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
    }


def _password(settings: RedisSettings) -> str:
    if not settings.password_file:
        return settings.password
    try:
        said = pathlib.Path(settings.password_file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreFailed(f"redis.password_file {settings.password_file}: {error}") from error
    return said[0] if said else ""


def client(settings: RedisSettings, connections_max: int) -> Redis:
    """A client for queries; who finds no connection free waits for one."""
    kind, arguments = _kind_and_arguments(settings)
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
        kind, arguments = _kind_and_arguments(settings)
        self._connection = kind(**arguments)

    async def __aenter__(self) -> Self:
        """Connect; raises ``RedisError``, ``OSError`` or ``TimeoutError``."""
        async with asyncio.timeout(self._settings.connect_deadline_s):
            await self._connection.connect()
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
