"""Ports that are encrypted: their handshakes, and how long the certificate is good."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from quantscope.metrics.families import counter, labeled
from quantscope.tls import Tls


class TlsFigures:
    """All encrypted ports of a process."""

    def __init__(self, tls: Tls) -> None:
        """Read from ``tls``."""
        self._tls = tls

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        ports = self._tls.handshakes
        done = sum(port.done for port in ports.values())
        failed = sum(port.failed for port in ports.values())
        yield counter("quantscope_tls_handshakes", "TLS handshakes that were done.", done)
        title = "TLS handshakes that failed, or were cut."
        yield counter("quantscope_tls_handshake_failures", title, failed)
        expires_s = self._tls.expires_s
        known = {} if expires_s is None else dict.fromkeys(ports, expires_s)
        title = "When the certificate of a port expires, in seconds since the epoch."
        yield labeled("quantscope_tls_certificate_expiry_timestamp_seconds", title, "port", known)
