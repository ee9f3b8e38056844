"""Why brokers let nobody in, in a sentence that names the setting to look at.

The library says of a broker that refuses its client only that none answers.  So whoever can't begin
knocks once more, and looks at what becomes of it.
"""

import asyncio
import logging
import ssl
from asyncio import IncompleteReadError
from dataclasses import dataclass
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.admin import SaslHandShakeRequest
from aiokafka.protocol.metadata import MetadataRequest

from journal.kafka.security import NothingToShow, Security, Unavailable
from settings import KafkaSettings
from settings.credentials import OTHER_NAME

log = logging.getLogger("quantscope.kafka")

Address = tuple[str, int]

KNOCK_S = 2.0
"""How long a broker has to answer a knock, in seconds."""
HANG_UP_S = 0.5
"""How long the end of a connection is waited for, in seconds."""
ALERT = 0x15
"""First byte of what a server of TLS says to whoever does not speak it."""


class Refused(Unavailable):
    """Brokers answer, and don't let this client in."""


@dataclass(frozen=True)
class Knocked:
    """What became of knocking at all brokers."""

    let_in: bool
    """Whether one of them does, under the name by which it wants to be called."""
    refused: tuple[str, ...]
    """Why others do not; nothing is said of those that don't answer."""


class Doors:
    """The brokers' doors, as one process has met them."""

    def __init__(self, settings: KafkaSettings, security: Security) -> None:
        """Nobody has knocked yet."""
        self._settings = settings
        self._security = security
        self.let_in = False
        """Whether a client was ever let in: whoever refuses later is waited for."""

    async def why(self) -> str:
        """Why none answers, where that is because they refuse; raises ``Refused`` at a start."""
        try:
            knocked = await self._knock()
        except NothingToShow as error:
            return f": {error}"
        if not knocked.refused:
            return ""
        if not self.let_in:
            raise Refused(knocked.refused[0])
        return f": {knocked.refused[0]}"

    async def look(self) -> None:
        """See at a start whether clients are let in by the names that brokers have themselves.

        Raises ``Refused``.  One that refuses, of several, does not keep a process from starting.
        """
        if not self.let_in and self._settings.security_protocol != "PLAINTEXT":
            knocked = await self._knock()
            if knocked.refused and not knocked.let_in:
                raise Refused(knocked.refused[0])
            for why in knocked.refused:
                log.error("%s", why)
        self.let_in = True

    async def _knock(self) -> Knocked:
        """Knock at the brokers that are configured, and at those that these name."""
        settings = self._settings
        door = _Door(settings, self._security.arguments())
        configured = {(host, port) for host, port, _ in collect_hosts(settings.bootstrap_servers)}
        refused: dict[Address, str] = {}
        open_at, named = await door.knock(configured, refused)
        further, _ = await door.knock(named - configured, refused)
        return Knocked(bool((open_at | further) & named), tuple(refused.values()))


class _Door:
    def __init__(self, settings: KafkaSettings, arguments: dict[str, Any]) -> None:
        self._settings = settings
        self._arguments = arguments

    async def knock(
        self, at: set[Address], refused: dict[Address, str]
    ) -> tuple[set[Address], set[Address]]:
        """Which of these let this client in, and all brokers that they name."""
        open_at: set[Address] = set()
        named: set[Address] = set()
        for address in sorted(at):
            try:
                named |= await self._brokers(address)
                open_at.add(address)
            except (OSError, KafkaError, TimeoutError) as error:
                if why := await self._why(address, error):
                    host, port = address
                    refused[address] = f"the broker {host}:{port} {why}"
        return open_at, named

    async def _brokers(self, address: Address) -> set[Address]:
        answer = await self._ask(address, MetadataRequest([]), self._arguments)
        return {(host, port) for _, host, port, *_ in answer.brokers}

    async def _ask(self, address: Address, request: Any, arguments: dict[str, Any]) -> Any:
        line = await create_conn(*address, request_timeout_ms=int(KNOCK_S * 1_000), **arguments)
        try:
            return await line.send(request)
        finally:
            await asyncio.wait([line.close()], timeout=HANG_UP_S)

    async def _why(self, address: Address, error: BaseException) -> str | None:
        """Why it refuses, after its own name; None where it is only away, or that is not known."""
        tls = error if isinstance(error, ssl.SSLError) else error.__cause__
        if isinstance(tls, ssl.SSLCertVerificationError):
            return self._unproven(tls)
        if isinstance(tls, ssl.SSLError):
            return self._ended_tls(tls)
        return self._no_login(error) or await self._other_protocol(address, error)

    def _no_login(self, error: BaseException) -> str | None:
        settings = self._settings
        match error:
            case SaslAuthenticationFailed():
                file = "_file" if settings.sasl_password_file else ""
                return (
                    f"refuses the login of {settings.sasl_username}: look at kafka.sasl_username "
                    f"and kafka.sasl_password{file}"
                )
            case UnsupportedSaslMechanismError():
                return (
                    f"takes no login by {settings.sasl_mechanism}: look at kafka.sasl_mechanism, "
                    "and at the broker's sasl.enabled.mechanisms"
                )
            case IllegalSaslStateError():
                return "asks for no login there: look at kafka.security_protocol, which is SASL_SSL"
        return None

    async def _other_protocol(self, address: Address, error: BaseException) -> str | None:
        """Whether the broker speaks another protocol on that port."""
        protocol, cause = self._settings.security_protocol, error.__cause__
        said = None
        if protocol == "PLAINTEXT":
            # What it says is taken for the length of an answer.
            if isinstance(cause, IncompleteReadError) and (cause.expected or 0) >> 24 == ALERT:
                said = "speaks TLS"
        elif await self._answers(address, {}):
            said = "speaks no TLS"
        elif protocol == "SSL" and await self._answers(address, self._arguments):
            said = "asks for a login"
        look = f"look at kafka.security_protocol, which is {protocol}"
        return said and f"{said} there: {look}"

    def _unproven(self, error: ssl.SSLCertVerificationError) -> str:
        said = error.verify_message
        if error.verify_code in OTHER_NAME:
            return (
                f"has a certificate that is not for this name ({said}): look at "
                "kafka.bootstrap_servers, and at the broker's advertised.listeners"
            )
        return f"has a certificate that is not proven ({said}): look at kafka.ssl_ca_location"

    def _ended_tls(self, error: ssl.SSLError) -> str:
        said = (error.reason or str(error)).replace("_", " ").lower()
        if self._settings.ssl_certificate_location:
            where = "which certificate it takes: look at kafka.ssl_certificate_location"
        else:
            where = "whether it asks for a certificate: look at kafka.ssl_certificate_location"
        return f"ended the connection over TLS ({said}); see {where}"

    async def _answers(self, address: Address, arguments: dict[str, Any]) -> bool:
        """Whether it takes the beginning of a login, or in the clear anything at all."""
        mechanism = self._settings.sasl_mechanism
        try:
            answer = await self._ask(address, SaslHandShakeRequest(mechanism), arguments)
        except (OSError, KafkaError, TimeoutError):
            return False
        return not arguments or answer.error_code != IllegalSaslStateError.errno
