"""What proves who is who: secrets in files, and certificates.

They are read once at a start, which is refused where they can't be had.  A client reads its own
again for each connection that it makes later, a server where it is told to.
"""

import os
import pathlib
import ssl
from collections.abc import Callable

from settings.values import ConfigError

OTHER_NAME = (62, 64)
"""OpenSSL's codes of a certificate that is not for the name, or the address, that was called."""
MISMATCH = "KEY_VALUES_MISMATCH"
"""What OpenSSL says of a key that is another certificate's."""


def secret(name: str, value: str, file: str) -> str:
    """A secret, or the first line of the file that holds it; ``name`` is that of its setting.

    Raises ``ConfigError`` where the file, which the setting ``name_file`` names, can't be read.
    """
    if not file:
        return value
    try:
        lines = pathlib.Path(file).read_text().splitlines()
    except OSError as error:
        raise ConfigError(f"{name}_file: {file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # The error shows what stands there.
        raise ConfigError(f"{name}_file: {file} is no text in UTF-8") from None
    if not lines or not lines[0]:
        raise ConfigError(f"{name}_file: {file} has no password in its first line")
    return lines[0]


class TlsFiles:
    """The files of a client of TLS, each with the name of its setting; empty where none is given.

    Nothing else proves a server: not the authorities of the system beside a ``ca`` that is given.
    """

    def __init__(
        self,
        *,
        ca: tuple[str, str],
        certificate: tuple[str, str],
        key: tuple[str, str],
    ) -> None:
        """Nothing is read yet."""
        self._ca = ca
        self._certificate = certificate
        self._key = key
        self._made: tuple[list[object], ssl.SSLContext] | None = None

    def context(self) -> ssl.SSLContext:
        """What proves a server, by its name too, and this client to it; raises ``ConfigError``.

        It is made anew only where a file is another: those of the system take long.
        """
        stamps = [_stamp(file) for _, file in (self._ca, self._certificate, self._key)]
        if self._made is None or self._made[0] != stamps:
            self._made = (stamps, self._make())
        return self._made[1]

    def _make(self) -> ssl.SSLContext:
        context = trusting(self._ca, lambda ca: ssl.create_default_context(cafile=ca))
        if self._certificate[1]:
            prove(context, self._certificate, self._key)
        return context


class ServerTlsFiles:
    """The files of a server of TLS, each with the name of its setting; they are read when told."""

    def __init__(
        self, *, certificate: tuple[str, str], key: tuple[str, str], client_ca: tuple[str, str]
    ) -> None:
        """Nothing is read yet; without a ``client_ca`` no client is proven."""
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca

    def context(self, version: ssl.TLSVersion) -> ssl.SSLContext:
        """What proves this server; of an older version nothing is spoken.  ``ConfigError``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = version
        context.options |= ssl.OP_NO_RENEGOTIATION
        prove(context, self._certificate, self._key)
        if self._client_ca[1]:
            trusting(self._client_ca, lambda cafile: _trust(context, cafile))
        return context


def trusting(ca: tuple[str, str], made: Callable[[str | None], ssl.SSLContext]) -> ssl.SSLContext:
    """A context that is ``made`` with a file of authorities; raises ``ConfigError``."""
    name, file = ca
    try:
        return made(file or None)
    except ssl.SSLError as error:
        raise ConfigError(f"{name}: {file} holds no certificate") from error
    except OSError as error:
        raise ConfigError(f"{name}: {file} can't be read: {error.strerror}") from error


def _trust(context: ssl.SSLContext, cafile: str | None) -> ssl.SSLContext:
    context.load_verify_locations(cafile)
    return context


def prove(context: ssl.SSLContext, certificate: tuple[str, str], key: tuple[str, str]) -> None:
    """Give a context the certificate that it shows, and the key of it; raises ``ConfigError``."""
    (name, file), (key_name, key_file) = certificate, key
    said = f"{name}, {key_name}: {file}, {key_file}" if key_file else f"{name}: {file}"
    try:
        # Unless told, it would wait for somebody to type the password of an encrypted key.
        context.load_cert_chain(file, key_file or None, password="")
    except ssl.SSLError as error:
        why = (
            "the key is not that of the certificate"
            if error.reason == MISMATCH
            else "there is no certificate with its key, or the key is encrypted"
        )
        raise ConfigError(f"{said}: {why}") from error
    except OSError as error:
        raise ConfigError(f"{said} can't be read: {error.strerror}") from error


def _stamp(file: str) -> object:
    """What changes with a file; None where there is none."""
    try:
        found = os.stat(file) if file else None
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_ino, found.st_size)
