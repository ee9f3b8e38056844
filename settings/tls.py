"""TLS of the ports that clients connect to."""

from typing import Annotated, Literal

from settings.values import Count, Seconds, Section, about


class TlsSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether ports are encrypted, and who proves what to whom."""

    certificate_file: Annotated[
        str,
        about(
            "PEM file of this server's certificate, and behind it those of the authorities between "
            "it and the root; empty: no port is encrypted"
        ),
    ] = ""
    key_file: Annotated[
        str, about("its private key, not encrypted; empty where it is in the same file")
    ] = ""
    client_ca_file: Annotated[str, about("certificates that prove clients")] = ""
    client_certificates: Annotated[
        Literal["none", "optional", "required"],
        about("whether clients are asked for a certificate, and whether they must have one"),
    ] = "none"
    minimum_version: Annotated[
        Literal["1.2", "1.3"], about("the oldest version of TLS that is spoken")
    ] = "1.2"
    binary: Annotated[bool, about("whether binary order entry is encrypted")] = True
    fix: Annotated[bool, about("whether FIX order entry is encrypted")] = True
    http: Annotated[bool, about("whether REST, WebSocket and the pages of roles are")] = True
    handshake_deadline_s: Annotated[
        Seconds,
        about("seconds from connection to the end of its handshake; then the connection is cut"),
    ] = 5.0
    handshakes_max: Annotated[
        Count, about("handshakes under way at a port; of more, the oldest is cut")
    ] = 64

    def __post_init__(self) -> None:
        """Hold those to each other that only make sense together."""
        for name in ("key_file", "client_ca_file"):
            if getattr(self, name) and not self.certificate_file:
                raise ValueError(f"{name} is given, and certificate_file is not")
        asks = self.client_certificates != "none"
        if asks and not self.client_ca_file:
            raise ValueError(
                f"client_certificates is {self.client_certificates}, and client_ca_file, which is "
                "to prove them, is not given"
            )
        if self.client_ca_file and not asks:
            raise ValueError("client_ca_file is given, and client_certificates is none")
