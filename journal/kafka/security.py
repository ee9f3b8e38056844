"""What clients of brokers are given to get in: encryption, certificates, a login."""

from typing import Any

from settings import KafkaSettings
from settings.credentials import TlsFiles, secret
from settings.values import ConfigError


class Unavailable(Exception):
    """No broker answers."""


class NothingToShow(Unavailable):
    """What brokers are to be shown can't be had."""


class Security:
    """What clients of some brokers are given to get in."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Nothing is read yet."""
        self._settings = settings
        self._files = TlsFiles(
            ca=("kafka.ssl_ca_location", settings.ssl_ca_location),
            certificate=("kafka.ssl_certificate_location", settings.ssl_certificate_location),
            key=("kafka.ssl_key_location", settings.ssl_key_location),
        )

    def arguments(self) -> dict[str, Any]:
        """For a client of the library, as files say now; raises ``NothingToShow``."""
        try:
            return self.check()
        except ConfigError as error:
            raise NothingToShow(str(error)) from error

    def check(self) -> dict[str, Any]:
        """The same for whoever begins; raises ``ConfigError``."""
        settings = self._settings
        given: dict[str, Any] = {"security_protocol": settings.security_protocol}
        if settings.security_protocol == "PLAINTEXT":
            return given
        given["ssl_context"] = self._files.context()
        if settings.security_protocol == "SASL_SSL":
            given |= {
                "sasl_mechanism": settings.sasl_mechanism,
                "sasl_plain_username": settings.sasl_username,
                "sasl_plain_password": self._password(),
            }
        return given

    def _password(self) -> str:
        settings = self._settings
        password = secret(
            "kafka.sasl_password", settings.sasl_password, settings.sasl_password_file
        )
        for name, value in (("sasl_username", settings.sasl_username), ("sasl_password", password)):
            if not value:
                raise ConfigError(
                    f"kafka.{name} is empty, and kafka.security_protocol = SASL_SSL needs one"
                )
        return password
