"""Who logs on where: the settings of a foreign engine's session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Configured(Protocol):
    """What a driver is given in its first line."""

    @property
    def begin_string(self) -> str:
        """Which FIX it speaks."""

    def settings(self) -> dict[str, Any]:
        """The engine's own settings."""

    def logon(self) -> list[tuple[int, str]]:
        """Tags that each Logon has besides."""


@dataclass(frozen=True)
class ForeignSession:
    """One session of an initiator; QuickFIX and QuickFIX/J have the same names for its settings."""

    port: int
    store: Path
    """Where the engine keeps numbers and messages, from one start to the next."""
    sender: str = "demo1"
    password: str | None = "demo"  # noqa: S105
    """None: the Logon has no name and no password."""
    username: str | None = None
    """The sender's name unless told."""
    target: str = "QUANTSCOPE"
    begin_string: str = "FIX.4.4"
    host: str = "127.0.0.1"
    heartbeat_s: int = 30
    reset_on_logon: bool = False
    validate: bool = True
    """Holds what comes to the engine's own dictionary."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Settings of the engine by their own names, which win."""

    def settings(self) -> dict[str, Any]:
        """What the engine is configured with."""
        return {
            "ConnectionType": "initiator",
            "BeginString": self.begin_string,
            "SenderCompID": self.sender,
            "TargetCompID": self.target,
            "SocketConnectHost": self.host,
            "SocketConnectPort": str(self.port),
            "SocketNodelay": "Y",
            "SocketTcpNoDelay": "Y",
            "NonStopSession": "Y",
            "HeartBtInt": str(self.heartbeat_s),
            "ReconnectInterval": "1",
            "FileStorePath": str(self.store),
            "ResetOnLogon": "Y" if self.reset_on_logon else "N",
            "UseDataDictionary": "Y" if self.validate else "N",
            **self.more,
        }

    def logon(self) -> list[tuple[int, str]]:
        """Tags that each Logon has besides: FIX.4.2 knows no 553 and 554."""
        if self.password is None:
            return []
        if self.begin_string == "FIX.4.2":
            return [(95, str(len(self.password))), (96, self.password)]
        return [(553, self.username or self.sender), (554, self.password)]


@dataclass(frozen=True)
class BinanceSession:
    """A session of Binance's connector: over TLS alone, and each Logon begins with number 1."""

    port: int
    sender: str = "demo1"
    """At most 8 characters."""
    target: str = "QUANTSCOPE"
    begin_string: str = "FIX.4.4"
    host: str = "127.0.0.1"
    heartbeat_s: int = 30
    api_key: str = "a key of an account"
    """It goes out in 553; the signature in 96 is of a key that the driver makes."""

    def settings(self) -> dict[str, Any]:
        """The arguments of its class, as its order entry has them."""
        return {
            "endpoint": f"tcp+tls://{self.host}:{self.port}",
            "api_key": self.api_key,
            "sender_comp_id": self.sender,
            "target_comp_id": self.target,
            "fix_version": self.begin_string,
            "heart_bt_int": self.heartbeat_s,
            "reset_seq_num_flag": "Y",
            "message_handling": 2,
            "response_mode": 1,
            "drop_copy_flag": "N",
        }

    def logon(self) -> list[tuple[int, str]]:
        """The connector writes its Logon by itself."""
        return []
