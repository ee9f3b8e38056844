"""Limits and times of a client over FIX."""

from dataclasses import dataclass

from clients.connection import Options


@dataclass(frozen=True)
class FixOptions(Options):
    """Limits and times of a client over FIX; times in seconds."""

    heartbeat_s: float = 30.0
    """HeartBtInt (108), whole seconds; 1.2 of silence get a TestRequest, 2.4 are the end."""
    reset: bool = False
    """Whether the first Logon lets numbers begin anew (141=Y)."""
    next_expected: bool = False
    """Whether Logons say which number is expected (789, of 4.4)."""
    sending_time_s_max: float = 120.0
    """How far the exchange's clock may be from ours."""
    logout_s_max: float = 2.0
    """How long the answer to a Logout is waited for."""
    orders_max: int = 100_000
    """Orders of which instrument and side are remembered."""
