"""Certificates of an authority that a test makes, for servers and clients on this machine."""

from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization as key_formats


class Certificates:
    """Files of one authority: its own certificate, a server's, a client's."""

    def __init__(self, directory: Path, *names: str) -> None:
        """``names``: by which the server is known, its address unless told."""
        directory.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.ca = directory / "ca.pem"
        """What proves both."""
        authority.cert_pem.write_to_path(self.ca)
        server = authority.issue_cert(*(names or ("127.0.0.1",)))
        client = authority.issue_cert("client@example.org")
        self.server, self.server_key = _written(directory / "server", server)
        self.client, self.client_key = _written(directory / "client", client)
        self.server_with_key = directory / "server-with-key.pem"
        """Both in one file."""
        self.server_with_key.write_bytes(
            self.server_key.read_bytes() + self.server.read_bytes(),
        )


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
