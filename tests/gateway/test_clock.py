"""Order entry goes by the clock that it was given: a test moves it, and waits for nothing."""

from core import AckTimes, Clock, ConnectionOver, OrderEntry
from settings import GatewaySettings, ServerSettings

S = 10**9


def test_a_line_without_a_login_is_cut_when_the_clock_says_so() -> None:
    now, settings = [0], GatewaySettings()
    clock = Clock(ServerSettings(), monotonic=lambda: now[0])
    order_entry = OrderEntry(settings, clock)
    number = order_entry.connected(-1, lambda _: None)
    now[0] = int(settings.login_deadline_s * S) - 1
    assert order_entry.tick() == []
    now[0] += 2
    (due,) = order_entry.tick()
    assert isinstance(due, ConnectionOver)
    assert due.connection == number
    assert "login" in due.reason


def test_a_latency_is_what_the_clock_says() -> None:
    now = [5 * S]
    ack_times = AckTimes(Clock(ServerSettings(), monotonic=lambda: now[0]))
    ack_times.sent(1)
    now[0] += 3 * S
    ack_times.acknowledged(1)
    assert ack_times.latency().total == 3 * S
