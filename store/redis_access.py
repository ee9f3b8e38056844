"""How Redis is got into, by TLS and a login; and which setting to look at where that fails."""

import functools
import ssl
from collections.abc import Iterator
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, NoPermissionError

from settings import ConfigError, RedisSettings
from settings.credentials import OTHER_NAME, TlsFiles, secret


def check(settings: RedisSettings) -> None:
    """Raise ``ConfigError`` where what Redis is to be shown can't be had."""
    _password(settings)
    if settings.tls:
        _files(settings).context()


def kind_and_arguments(settings: RedisSettings) -> tuple[type[AbstractConnection], dict[str, Any]]:
    """Which kind of connection it is, and what one is made with."""
    arguments: dict[str, Any] = {
        "db": settings.database,
        "credential_provider": _Login(settings),
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
    return _TlsConnection, {**arguments, "files": _files(settings)}


def look_at(error: BaseException, settings: RedisSettings) -> str:
    """Which setting to look at over an error, to be said behind it; empty where that is unknown."""
    file = "_file" if settings.password_file else ""
    for found in _behind(error):
        match found:
            case NoPermissionError():
                where = "what the user of redis.username may do"
            case AuthenticationError():
                where = f"redis.username and redis.password{file}"
            case ssl.SSLCertVerificationError() if found.verify_code in OTHER_NAME:
                where = "redis.host, which the server's certificate must name"
            case ssl.SSLCertVerificationError():
                where = "redis.tls_ca_file"
            case ssl.SSLError():
                where = "redis.tls_certificate_file"
            case ConnectionResetError() if not settings.tls:
                where = "redis.tls, if the server speaks TLS"
            case TimeoutError() if settings.tls:
                where = "redis.tls, if the server speaks no TLS"
            case _:
                continue
        return f"; look at {where}"
    return ""


def _behind(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it follows from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _password(settings: RedisSettings) -> str:
    return secret("redis.password", settings.password, settings.password_file)


@functools.cache
def _files(settings: RedisSettings) -> TlsFiles:
    return TlsFiles(
        ca=("redis.tls_ca_file", settings.tls_ca_file),
        certificate=("redis.tls_certificate_file", settings.tls_certificate_file),
        key=("redis.tls_key_file", settings.tls_key_file),
    )


class _Login(CredentialProvider):
    """Who logs in, as files say when a connection is made."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str] | None:  # type: ignore[override]
        """Nobody logs in where neither a name nor a password is given."""
        try:
            name, password = self._settings.username, _password(self._settings)
        except ConfigError as error:
            raise AuthenticationError(str(error)) from error
        if name:
            return name, password
        return (password,) if password else None


class _TlsConnection(Connection):
    """Over TLS.

    The library's own has the system's authorities prove a server beside those that are named, and
    reads them from the disk for each connection.
    """

    def __init__(self, files: TlsFiles, **arguments: Any) -> None:
        self._files = files
        super().__init__(**arguments)

    def _connection_arguments(self) -> dict[str, Any]:
        return {**super()._connection_arguments(), "ssl": self._files.context()}
