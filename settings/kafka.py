"""Apache Kafka, which carries the journal of a cluster."""

from typing import Annotated, Literal

from msgspec import Meta

from settings.values import Bytes, Seconds, Secret, Section, about

Address = Annotated[str, Meta(pattern=r"^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):\d{1,5}$")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""Without dots: a dot parts the prefix from the topic's own name."""

EVENT_BATCH_OVERSHOOT_BYTES = 1_024
"""By which an event batch may be longer than ``engine.event_batch_bytes_max``: its frame and one
event, for it is cut before an event and never within one."""
COMMAND_BYTES_MAX = 1_024
"""No command is longer: its frame, its fields, and two texts of 255 bytes."""
RECORD_OVERHEAD_BYTES = 512
"""What a broker counts beside a record: the frame of its batch, about 70 bytes, and room."""
_LOGIN = ("sasl_username", "sasl_password", "sasl_password_file")
_TLS = ("ssl_ca_location", "ssl_certificate_location", "ssl_key_location")
_WITHOUT_USE = {"PLAINTEXT": (*_TLS, *_LOGIN), "SSL": _LOGIN, "SASL_SSL": ()}
"""What is not to be given with a ``security_protocol``: who gives it means another."""


class KafkaSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The brokers, the topics on them, and how long is waited for either."""

    bootstrap_servers: Annotated[
        tuple[Address, ...], about("brokers, as HOST:PORT, that are asked for all others")
    ] = ("127.0.0.1:9092",)
    security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_SSL"],
        about(
            "how brokers are talked to: in the clear, encrypted, or encrypted and with a login; "
            "Kafka's security.protocol of that listener"
        ),
    ] = "PLAINTEXT"
    ssl_ca_location: Annotated[
        str, about("file of certificates that prove the brokers; empty for those of the system")
    ] = ""
    ssl_certificate_location: Annotated[
        str, about("file of this client's own certificate, where brokers ask for one")
    ] = ""
    ssl_key_location: Annotated[
        str, about("file of its private key, not encrypted; empty where it is in the same file")
    ] = ""
    sasl_mechanism: Annotated[Literal["SCRAM-SHA-512"], about("how it logs in with SASL_SSL")] = (
        "SCRAM-SHA-512"
    )
    sasl_username: Annotated[str, about("who logs in with SASL_SSL")] = ""
    sasl_password: Annotated[
        Secret,
        about(
            "password; better by the environment (QUANTSCOPE_KAFKA_SASL_PASSWORD) or "
            "sasl_password_file"
        ),
    ] = ""
    sasl_password_file: Annotated[str, about("file whose first line is the password")] = ""
    topic_prefix: Annotated[
        Name, about("what the names of all topics begin with; one for each exchange")
    ] = "quantscope"
    engines: Annotated[
        Annotated[tuple[Name, ...], Meta(min_length=1)],
        about(
            "names of the engines, in the order in which they are preferred; each has a topic of "
            "its own"
        ),
    ] = ("a",)
    trusted_engine: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,100}$")],
        about(
            "engine that is right where two tell otherwise; without one nobody goes on until "
            "quantscope setup --trust names it"
        ),
    ] = ""
    compare_batches: Annotated[
        Annotated[int, Meta(ge=16, le=2**20)],
        about("event batches whose hashes are kept, to be compared with another engine's"),
    ] = 4_096
    replication_factor: Annotated[
        Annotated[int, Meta(ge=1, le=100)], about("brokers that keep each topic")
    ] = 1
    min_insync_replicas: Annotated[
        Annotated[int, Meta(ge=1, le=100)],
        about("brokers that must have a record before it is acknowledged"),
    ] = 1
    message_bytes_max: Annotated[
        Annotated[int, Meta(ge=2**16, le=2**28)],
        about("bytes of a record that topics take; an event batch is never cut in two records"),
    ] = 4 * 2**20
    segment_bytes: Annotated[
        Annotated[int, Meta(ge=2**20, le=2**31 - 1)],
        about("bytes of a topic's file, which is deleted as a whole"),
    ] = 64 * 2**20
    partition_silence_s: Annotated[
        Seconds,
        about(
            "seconds without an event, of which each tick makes one, after which gateways take "
            "nothing; after append_deadline_s they close their lines"
        ),
    ] = 3.0
    request_timeout_s: Annotated[
        Seconds,
        about(
            "seconds that a broker has for an answer; one that hangs holds its partitions up for "
            "as long, so it is above the brokers' broker.session.timeout.ms"
        ),
    ] = 5.0
    retry_interval_s: Annotated[Seconds, about("seconds between attempts to reach a broker")] = 0.3
    start_deadline_s: Annotated[
        Seconds, about("seconds that a start waits for the brokers before it gives up")
    ] = 60.0
    append_deadline_s: Annotated[
        Seconds,
        about(
            "seconds that a batch may take to be in its topic; after that nobody waits for it, and "
            "its gateway begins anew"
        ),
    ] = 5.0
    transaction_timeout_s: Annotated[
        Annotated[float, Meta(ge=10, le=900)],
        about("seconds after which brokers end the transaction of a writer that is gone"),
    ] = 600.0
    transaction_renew_s: Annotated[
        Annotated[float, Meta(ge=1, le=450)],
        about("seconds after which a writer ends its transaction and begins another"),
    ] = 60.0
    read_bytes_max: Annotated[Bytes, about("bytes that a reader asks a broker for at a time")] = (
        4 * 2**20
    )

    def __post_init__(self) -> None:
        """Hold those to each other that only make sense together."""
        if len(set(self.engines)) < len(self.engines):
            raise ValueError("engines names one more than once")
        if self.trusted_engine and self.trusted_engine not in self.engines:
            raise ValueError("trusted_engine is none of engines")
        if self.min_insync_replicas > self.replication_factor:
            raise ValueError("min_insync_replicas is above replication_factor")
        if 2 * self.transaction_renew_s > self.transaction_timeout_s:
            raise ValueError("transaction_renew_s is above half of transaction_timeout_s")
        if self.sasl_password and self.sasl_password_file:
            raise ValueError("sasl_password and sasl_password_file are both given")
        if self.ssl_key_location and not self.ssl_certificate_location:
            raise ValueError("ssl_key_location is given, and ssl_certificate_location is not")
        for name in _WITHOUT_USE[self.security_protocol]:
            if getattr(self, name):
                raise ValueError(
                    f"{name} is given, and security_protocol is {self.security_protocol}"
                )
