"""A real Apache Kafka that is also to be reached over TLS, with and without a login."""

import secrets
from pathlib import Path
from typing import Any

import msgspec

from settings import KafkaSettings
from testing.certificates import Certificates
from testing.kafka import Brokers, free_ports

USER = "exchange"
PASSWORD = "word = of a/user"  # noqa: S105
PROPERTIES = """
listeners={there},SSL://127.0.0.1:{ssl},SASL_SSL://127.0.0.1:{login},ASTRAY://127.0.0.1:{astray}
advertised.listeners={there},SSL://127.0.0.1:{ssl},SASL_SSL://127.0.0.1:{login},ASTRAY://localhost:{astray}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,ASTRAY:SSL
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.ssl.ssl.client.auth=required
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""
"""What is said twice in a file of Java's properties holds as it is said last."""


class SecureBrokers(Brokers):
    """One broker with a listener for each way to reach it."""

    def __init__(self, directory: Path) -> None:
        """Nothing is started yet.  The directory is to be new."""
        super().__init__(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.certificates = Certificates(directory / "certificates")
        self.ssl, self.login, self.astray = free_ports(3)
        """Ports: TLS, with the client's certificate; TLS with a login; TLS, under another name."""
        properties = directory / "more.properties"
        properties.write_text(
            PROPERTIES.format(
                there="PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER_PORT@",
                ssl=self.ssl,
                login=self.login,
                astray=self.astray,
                keystore=self.certificates.server_with_key,
                truststore=self.certificates.ca,
            )
        )
        self.format_env = {
            "KAFKA_PROPERTIES": str(properties),
            "KAFKA_SCRAM": f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]",
        }

    def settings(self, protocol: str, **changed: Any) -> KafkaSettings:
        """How it is reached by a protocol, and gets in; little patience."""
        made, port = self.certificates, {"SSL": self.ssl, "SASL_SSL": self.login}[protocol]
        wanted: dict[str, Any] = {
            "bootstrap_servers": (f"127.0.0.1:{port}",),
            "security_protocol": protocol,
            "ssl_ca_location": str(made.ca),
            "topic_prefix": f"secure-{secrets.token_hex(4)}",
            "request_timeout_s": 3.0,
            "start_deadline_s": 20.0,
        }
        if protocol == "SSL":
            wanted["ssl_certificate_location"] = str(made.client)
            wanted["ssl_key_location"] = str(made.client_key)
        else:
            wanted |= {"sasl_username": USER, "sasl_password": PASSWORD}
        return KafkaSettings(**(wanted | changed))

    def config(self, directory: Path, protocol: str, *lines: str) -> Path:
        """A file of settings, without the password, and with more lines of TOML before them."""
        kafka = self.settings(protocol, sasl_password="")
        given = [
            f"{name} = {msgspec.json.encode(getattr(kafka, name)).decode()}"
            for name in kafka.__struct_fields__
            if getattr(kafka, name)
        ]
        path = directory / f"{kafka.topic_prefix}.toml"
        path.write_text("\n".join([*lines, "[kafka]", *given, ""]))
        return path
