"""Redis, which holds the orders of a cluster."""

from typing import Annotated

from msgspec import Meta

from settings.values import Bytes, Count, HostName, Port, Seconds, Secret, Section, about


class RedisSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where Redis is, and how much of it is used."""

    host: Annotated[HostName, about("name or address of the server")] = "127.0.0.1"
    port: Annotated[Port, about("its port")] = 6379
    unix_socket: Annotated[
        str, about("path of its socket, which is taken instead of host and port where it is given")
    ] = ""
    database: Annotated[Annotated[int, Meta(ge=0, le=2**16)], about("number of its database")] = 0
    username: Annotated[str, about("who logs in; empty for the default user")] = ""
    password: Annotated[
        Secret,
        about("password; better by the environment (QUANTSCOPE_REDIS_PASSWORD) or password_file"),
    ] = ""
    password_file: Annotated[str, about("file whose first line is the password")] = ""
    tls: Annotated[
        bool, about("whether connections are encrypted, and the server proves itself")
    ] = False
    tls_ca_file: Annotated[
        str, about("certificates that prove the server; empty for those of the system")
    ] = ""
    tls_certificate_file: Annotated[
        str, about("this client's own certificate, where the server asks for one")
    ] = ""
    tls_key_file: Annotated[
        str, about("its private key, not encrypted; empty where it is in the same file")
    ] = ""
    key_prefix: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")],
        about("what all keys begin with; one for each exchange"),
    ] = "quantscope:"
    redis_connections_max: Annotated[
        Count, about("connections for queries; who finds none waits for one")
    ] = 16
    redis_bytes_max: Annotated[
        Bytes,
        about(
            "bytes of memory that Redis uses in all, above which the oldest closed orders are "
            "deleted; below Redis' own maxmemory"
        ),
    ] = 2 * 2**30
    redis_transaction_bytes_max: Annotated[
        Bytes, about("about how many bytes of events a transaction records; halved when refused")
    ] = 2**20
    transaction_orders_max: Annotated[
        Count, about("orders that a transaction changes; a batch of events is never cut")
    ] = 2_000
    connect_deadline_s: Annotated[
        Seconds, about("seconds that a connection may take to be made")
    ] = 2.0
    request_deadline_s: Annotated[
        Seconds, about("seconds that Redis has for the answer to a transaction or a query")
    ] = 5.0

    def __post_init__(self) -> None:
        """Hold those to each other that only make sense together."""
        if self.password and self.password_file:
            raise ValueError("password and password_file are both given")
        for name in ("tls_ca_file", "tls_certificate_file", "tls_key_file"):
            if getattr(self, name) and not self.tls:
                raise ValueError(f"{name} is given, and tls is false")
        if self.tls_key_file and not self.tls_certificate_file:
            raise ValueError("tls_key_file is given, and tls_certificate_file is not")
        if self.unix_socket and self.tls:
            raise ValueError("tls is for host and port, and unix_socket is given")
