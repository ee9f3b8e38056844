"""What QuickFIX/J needs to speak TLS; QuickFIX's binding to Python, as it is built, can not."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

PASSWORD = "a word for a file"  # noqa: S105


def tls_settings(authority: Path, store: Path) -> dict[str, str]:
    """Settings by which it trusts the servers of this authority alone; ``store`` is written."""
    certificate = x509.load_pem_x509_certificate(authority.read_bytes())
    trusted = [pkcs12.PKCS12Certificate(certificate, b"authority")]
    encryption = BestAvailableEncryption(PASSWORD.encode())
    store.write_bytes(pkcs12.serialize_java_truststore(trusted, encryption))
    return {
        "SocketUseSSL": "Y",
        "EnabledProtocols": "TLSv1.2,TLSv1.3",
        "EndpointIdentificationAlgorithm": "HTTPS",
        "SocketTrustStore": str(store),
        "SocketTrustStorePassword": PASSWORD,
        "TrustStoreType": "PKCS12",
    }
