"""The certificate of a process, and which of its ports show it."""

import logging
import ssl
from functools import partial

from core import Clock
from quantscope.handshakes import Handshakes, Limits
from settings import Config, ConfigError
from settings.credentials import ServerTlsFiles

log = logging.getLogger("quantscope")

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
CLIENTS = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
PROTOCOLS = {"http": ["http/1.1"]}
"""What a port speaks within TLS, by the names of ALPN, where these have one for it."""
NO_CHECK_TIME = 0x200000
"""OpenSSL's flag X509_V_FLAG_NO_CHECK_TIME: a certificate that has expired can be read."""
SOON_S = 14 * 24 * 3600.0
"""Who has so little time left to exchange a certificate is warned, in seconds."""
NS = 10**9


class Tls:
    """What proves this process; nothing does where the configuration names no certificate."""

    def __init__(self, config: Config, clock: Clock) -> None:
        """Read the files; raises ``ConfigError`` where they are not what they are to be."""
        self._config = config
        self._clock = clock
        settings = config.tls
        self._files = ServerTlsFiles(
            certificate=("tls.certificate_file", settings.certificate_file),
            key=("tls.key_file", settings.key_file),
            client_ca=("tls.client_ca_file", settings.client_ca_file),
        )
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.handshakes: dict[str, Handshakes] = {}
        """Those of each port that has begun to listen."""
        self.expires_s: float | None = None
        """When the certificate expires, in seconds since the epoch; None where that is unknown."""
        self.reload()

    @property
    def encrypted(self) -> tuple[str, ...]:
        """The ports that are encrypted, by the names of the ready line."""
        settings = self._config.tls
        if not settings.certificate_file:
            return ()
        return tuple(name for name in ("http", "binary", "fix") if getattr(settings, name))

    def said(self) -> str:
        """The end of the ready line."""
        return f" tls={','.join(self.handshakes)}" if self.handshakes else ""

    def reload(self) -> None:
        """Read the files again, for who connects from now on.

        Raises ``ConfigError``, and then all is as it was.
        """
        contexts = {name: self._context(name) for name in self.encrypted}
        if not contexts:
            return
        self._contexts.update(contexts)
        self._look_at_dates(next(iter(contexts.values())))

    def port(self, name: str) -> Handshakes | None:
        """The handshakes of a port that begins to listen; None where it is not encrypted."""
        if name not in self.encrypted:
            return None
        if name not in self.handshakes:
            context = partial(self._contexts.__getitem__, name)
            self.handshakes[name] = Handshakes(name, context, self._limits(name))
        return self.handshakes[name]

    def _context(self, name: str) -> ssl.SSLContext:
        settings = self._config.tls
        context = self._files.context(VERSIONS[settings.minimum_version])
        context.verify_mode = CLIENTS[settings.client_certificates]
        if name in PROTOCOLS:
            context.set_alpn_protocols(PROTOCOLS[name])
        return context

    def _limits(self, name: str) -> Limits:
        config = self._config
        gateway, facade = config.gateway, config.facade
        http = name == "http"
        return Limits(
            deadline_s=config.tls.handshake_deadline_s,
            handshakes_max=config.tls.handshakes_max,
            close_s=facade.linger_deadline_s if http else gateway.write_deadline_s,
            unread_bytes_max=facade.unread_bytes_max if http else gateway.unread_bytes_max,
        )

    def _look_at_dates(self, context: ssl.SSLContext) -> None:
        """Warn of a certificate that clients won't take; the exchange serves all the same."""
        file = self._config.tls.certificate_file
        try:
            begins_s, self.expires_s = dates(context, file)
        except (ssl.SSLError, ValueError) as error:
            self.expires_s = None
            why = getattr(error, "verify_message", "") or str(error)
            log.warning("tls.certificate_file: %s: clients may refuse it: %s", file, why)
            return
        left_s = self.expires_s - self._clock.now_ns() / NS
        if self._clock.now_ns() / NS < begins_s:
            log.warning("tls.certificate_file: %s is not valid yet: clients refuse it", file)
        elif left_s < 0:
            log.warning("tls.certificate_file: %s has expired: clients refuse it", file)
        elif left_s < SOON_S:
            log.warning("tls.certificate_file: %s expires in %.1f days", file, left_s / 86_400)
        else:
            log.info("tls.certificate_file: %s expires in %d days", file, left_s // 86_400)


def dates(context: ssl.SSLContext, certificate_file: str) -> tuple[float, float]:
    """When the certificate of a server begins to be valid, and expires: seconds since the epoch.

    A client who knows that very certificate looks at it in a handshake within this process: nothing
    else in the standard library reads one.  Raises ``ssl.SSLError`` where it would not take it.
    """
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.load_verify_locations(certificate_file)
    asking.verify_flags = ssl.VerifyFlags(
        asking.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    )
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    found = client.getpeercert() or {}
    begins, expires = found.get("notBefore"), found.get("notAfter")
    if not isinstance(begins, str) or not isinstance(expires, str):
        raise ValueError("it could not be looked at")
    return ssl.cert_time_to_seconds(begins), ssl.cert_time_to_seconds(expires)


def reload(tls: Tls) -> None:
    """Read the files again, as SIGHUP asks for, and say what came of it."""
    if not tls.encrypted:
        return
    try:
        tls.reload()
    except ConfigError as error:
        log.error("the certificate is not read again: %s", error)
    else:
        log.info("the certificate was read again: it is shown to who connects from now on")
