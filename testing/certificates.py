"""Certificates of an authority that a test makes, for servers and clients on this machine."""

import ssl
from datetime import datetime
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization as key_formats


class Certificates:
    """Files of one authority: its own certificate, a server's, a client's."""

    def __init__(
        self,
        directory: Path,
        *names: str,
        begins: datetime | None = None,
        expires: datetime | None = None,
    ) -> None:
        """``names``: by which the server is known, its address unless told.

        ``begins`` and ``expires`` say for how long its certificate is good.
        """
        directory.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.ca = directory / "ca.pem"
        """What proves both."""
        authority.cert_pem.write_to_path(self.ca)
        named = names or ("127.0.0.1",)
        server = authority.issue_cert(*named, not_before=begins, not_after=expires)
        client = authority.issue_cert("client@example.org")
        self.server, self.server_key = _written(directory / "server", server)
        self.client, self.client_key = _written(directory / "client", client)
        self.server_with_key = directory / "server-with-key.pem"
        """Both in one file."""
        self.server_with_key.write_bytes(
            self.server_key.read_bytes() + self.server.read_bytes(),
        )

    def shown(self) -> ssl.SSLContext:
        """What a server has that proves itself."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        return context

    def known(self, *, own: bool = False) -> ssl.SSLContext:
        """What a client has who knows the authority, with a certificate of its ``own`` or not."""
        context = ssl.create_default_context(cafile=self.ca)
        if own:
            context.load_cert_chain(self.client, self.client_key)
        return context


def _written(path: Path, issued: trustme.LeafCert) -> tuple[Path, Path]:
    """Certificate and key, as files; the key in PKCS 8, which Java reads."""
    certificate, key = path.with_suffix(".pem"), path.with_suffix(".key")
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    loaded = key_formats.load_pem_private_key(issued.private_key_pem.bytes(), None)
    key.write_bytes(
        loaded.private_bytes(
            key_formats.Encoding.PEM,
            key_formats.PrivateFormat.PKCS8,
            key_formats.NoEncryption(),
        )
    )
    return certificate, key
