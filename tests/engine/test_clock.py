"""The exchange's UTC: no jump of the system's clock moves it, but a step that is right does."""

import logging
import time
from collections.abc import Callable

import msgspec
import pytest

from core import Clock
from engine.clock_watch import DAY_NS, ClockWatch, moment, span
from engine.recovery import Recovered, recover
from engine.service import Journals, Service
from engine.setup import InstrumentSetup, Setup
from journal.memory import open_memory
from settings import JournalSettings, ServerSettings
from testing.parts import engine_limits

S = 1_000_000_000
BEGIN = 1_750_000_000 * S
BOUND, SETTLE = 5 * S, 300 * S
SERVER = ServerSettings(clock_step_s_max=BOUND / S, clock_settle_s=SETTLE / S)
HOURS_25 = 25 * 3600 * S
YEARS_70 = 70 * 365 * DAY_NS


class Sky:
    """Both clocks of a system: time passes for both, and somebody sets one of them."""

    def __init__(self) -> None:
        self.wall_ns = BEGIN
        self.boot_ns = 1_000 * S
        self.between: Callable[[], None] = lambda: None
        """What happens between a look at the one clock and a look at the other."""
        self.clock = Clock(SERVER, wall=self.wall, boot=self.boot)

    def wall(self) -> int:
        seen = self.wall_ns
        between, self.between = self.between, lambda: None
        between()
        return seen

    def boot(self) -> int:
        return self.boot_ns

    def passes(self, ns: int, step_ns: int = S) -> None:
        """Time passes, and the clock is looked at all the while."""
        for _ in range(ns // step_ns):
            self.wall_ns += step_ns
            self.boot_ns += step_ns
            self.clock.now_ns()

    def right(self, ns: int) -> bool:
        """Whether the clock shows what has passed since the beginning."""
        return self.clock.now_ns() == BEGIN + ns


@pytest.fixture
def sky() -> Sky:
    return Sky()


def steps(clock: Clock) -> tuple[int, int]:
    return clock.steps_refused, clock.steps_taken


def test_time_is_the_system_s(sky: Sky) -> None:
    assert sky.right(0)
    sky.passes(10 * S)
    assert sky.right(10 * S)
    assert (steps(sky.clock), sky.clock.held_ns) == ((0, 0), 0)


@pytest.mark.parametrize("step_ns", [BOUND, -BOUND, 1, -S])
def test_a_small_step_is_taken_at_once(sky: Sky, step_ns: int) -> None:
    sky.wall_ns += step_ns
    assert sky.right(step_ns)
    sky.passes(S)
    assert sky.right(S + step_ns)
    assert steps(sky.clock) == (0, 0)


@pytest.mark.parametrize("jump_ns", [BOUND + 1, -BOUND - 1, HOURS_25, -HOURS_25, YEARS_70])
def test_a_jump_is_not_taken_and_is_over_when_the_clock_is_back(sky: Sky, jump_ns: int) -> None:
    sky.passes(10 * S)
    sky.wall_ns += jump_ns
    assert sky.right(10 * S)
    assert sky.clock.held_ns == jump_ns
    sky.passes(SETTLE - S)
    assert sky.right(9 * S + SETTLE)
    sky.wall_ns -= jump_ns
    assert sky.right(9 * S + SETTLE)
    assert (steps(sky.clock), sky.clock.held_ns) == ((1, 0), 0)


@pytest.mark.parametrize("jump_ns", [HOURS_25, -HOURS_25, YEARS_70])
def test_a_jump_that_stands_is_taken(sky: Sky, jump_ns: int) -> None:
    """A clock that was wrong when the system started is put right once, and for good."""
    sky.wall_ns += jump_ns
    sky.passes(SETTLE)
    assert sky.right(SETTLE)
    sky.passes(S)
    assert sky.right(SETTLE + S + jump_ns)
    assert (steps(sky.clock), sky.clock.last_taken_ns) == ((1, 1), jump_ns)
    assert sky.clock.held_ns == 0


def test_a_jump_that_changes_is_another_one(sky: Sky) -> None:
    for number in range(1, 6):
        sky.wall_ns += HOURS_25
        sky.passes(SETTLE - S)
        assert sky.right(number * (SETTLE - S))
        assert steps(sky.clock) == (number, 0)


def test_an_operator_takes_it_at_once(sky: Sky) -> None:
    assert sky.clock.take() is False
    sky.wall_ns += HOURS_25
    assert sky.right(0)
    assert sky.clock.take() is True
    assert sky.right(HOURS_25)
    assert (steps(sky.clock), sky.clock.last_taken_ns) == ((1, 1), HOURS_25)


def test_many_small_steps_make_no_large_one(sky: Sky) -> None:
    for _ in range(100):
        sky.wall_ns += BOUND // 2
        sky.passes(S // 100, S // 100)
    assert sky.clock.now_ns() < BEGIN + S + BOUND + S
    assert sky.clock.steps_refused > 0


def test_steps_that_a_drift_needs_are_taken_for_ever(sky: Sky) -> None:
    """A second every five minutes: what NTP does to a bad clock."""
    for number in range(1, 30):
        sky.passes(SETTLE, SETTLE // 10)
        sky.wall_ns += S
        assert sky.right(number * (SETTLE + S))
    assert steps(sky.clock) == (0, 0)


def test_a_clock_that_stands_still_is_left_behind(sky: Sky) -> None:
    sky.boot_ns += BOUND
    assert sky.right(0)
    sky.boot_ns += S
    assert sky.clock.held_ns == 0
    assert sky.right(S)
    assert sky.clock.held_ns == -S
    sky.wall_ns += BOUND + S
    assert sky.right(BOUND + S)
    assert steps(sky.clock) == (1, 0)


def test_a_suspended_system_is_no_jump(sky: Sky) -> None:
    sky.wall_ns += HOURS_25
    sky.boot_ns += HOURS_25
    assert sky.right(HOURS_25)
    assert steps(sky.clock) == (0, 0)


def test_a_process_that_stood_between_its_two_looks_is_no_jump(sky: Sky) -> None:
    def stand() -> None:
        sky.wall_ns += HOURS_25
        sky.boot_ns += HOURS_25

    sky.between = stand
    assert sky.right(HOURS_25)
    assert steps(sky.clock) == (0, 0)


def test_no_time_of_a_clock_is_too_much(sky: Sky) -> None:
    for wall_ns in (0, -(2**62), 2**62, 2**63 - 1):
        sky.wall_ns = wall_ns
        assert sky.right(0)
        sky.clock.take()
        assert sky.clock.now_ns() == max(wall_ns, 0)
        sky.wall_ns = BEGIN
        sky.clock.take()


def test_the_system_s_own_clocks_are_asked() -> None:
    clock = Clock(SERVER)
    before = time.time_ns()
    assert before <= clock.now_ns() <= time.time_ns()


# -- what is said of it ------------------------------------------------------------------------


def watch(clock: Clock, ahead_days: int = 0) -> ClockWatch:
    return ClockWatch(clock, msgspec.structs.replace(SERVER, clock_ahead_days=ahead_days))


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    texts = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    caplog.clear()
    return texts


def test_a_jump_is_said_once_with_its_size_and_so_is_its_end(
    sky: Sky, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen = watch(sky.clock)
    seen.begin(BEGIN)
    assert said(caplog) == []
    sky.wall_ns += HOURS_25
    for _ in range(5):
        sky.passes(S)
        seen.look(sky.clock.now_ns())
    (text,) = said(caplog)
    assert text.startswith("WARNING the system's clock jumped, and is 1 day, 1:00:00 ahead: ")
    assert "stood for 300 s (server.clock_settle_s), or at SIGUSR1" in text
    sky.wall_ns -= HOURS_25
    for _ in range(2):
        seen.look(sky.clock.now_ns())
    assert said(caplog) == ["INFO the system's clock is back where it was"]


def test_a_jump_between_two_looks_is_said_too(sky: Sky, caplog: pytest.LogCaptureFixture) -> None:
    seen = watch(sky.clock)
    sky.wall_ns -= HOURS_25
    sky.clock.now_ns()
    sky.wall_ns += HOURS_25
    seen.look(sky.clock.now_ns())
    assert said(caplog) == ["WARNING the system's clock jumped for a moment, which was not taken"]


def test_a_jump_that_is_taken_is_said(sky: Sky, caplog: pytest.LogCaptureFixture) -> None:
    seen = watch(sky.clock)
    sky.wall_ns += HOURS_25
    sky.passes(S)
    seen.look(BEGIN)
    sky.passes(SETTLE)
    seen.look(sky.clock.now_ns())
    assert said(caplog)[1:] == ["WARNING the system's clock is taken, 1 day, 1:00:00 ahead"]


def test_a_journal_that_is_ahead_of_the_clock_is_said_with_what_follows(
    sky: Sky, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen = watch(sky.clock)
    ahead = BEGIN + HOURS_25
    seen.begin(ahead)
    (text,) = said(caplog)
    assert text.startswith("WARNING the journal is ahead of the clock by 1 day, 1:00:00: until ")
    assert f"until {moment(ahead)} engine time stands still" in text
    assert "DAY orders do not expire" in text
    assert seen.ahead_ns == HOURS_25
    sky.passes(10 * S)
    seen.look(ahead)
    assert said(caplog) == []
    sky.passes(HOURS_25, HOURS_25 // 10)
    seen.look(sky.clock.now_ns())
    assert said(caplog) == ["INFO the clock has caught up with the journal: engine time goes on"]
    assert seen.ahead_ns == 0


def test_a_clock_goes_ahead_where_that_is_needed_and_only_there(
    sky: Sky, caplog: pytest.LogCaptureFixture
) -> None:
    seen = watch(sky.clock, 2)
    seen.begin(BEGIN + HOURS_25)
    (text,) = said(caplog)
    assert "goes 2 days, 0:00:00 ahead of the system's (server.clock_ahead_days)" in text
    assert sky.right(2 * DAY_NS)
    seen.begin(BEGIN)
    (text,) = said(caplog)
    assert "server.clock_ahead_days is not needed any more, and passed over" in text
    assert sky.right(0)


def test_a_clock_that_does_not_go_far_enough_ahead_is_said(
    sky: Sky, caplog: pytest.LogCaptureFixture
) -> None:
    watch(sky.clock, 1).begin(BEGIN + HOURS_25)
    _, text = said(caplog)
    assert "the journal is ahead of the clock by 1:00:00: until 2025-06-15 16:06:40 UTC" in text


def test_times_are_for_people_to_read() -> None:
    assert span(1_500_000_000) == "1.5 s"
    assert span(3_600 * S) == "1:00:00"
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(2**64 - 1) == "2554-07-21 23:34:33 UTC"


# -- the engine's owner ------------------------------------------------------------------------

JOURNAL = JournalSettings(tick_interval_s=0.05, retry_interval_s=0.05)
BTC = InstrumentSetup("BTCUSD", 1, 1, 0, 0, 0, 0, 0, 0, True)
SETUP = Setup(engine_limits(), (BTC,), ())


def test_engine_time_follows_the_clock_and_no_jump(sky: Sky) -> None:
    journals = Journals(open_memory(1, 1 << 20), open_memory(1, 1 << 20))

    def recovered() -> tuple[Journals, Recovered]:
        return journals, recover(iter(()), journals.commands, journals.events, sky.clock)

    service = Service(recovered, SETUP, JOURNAL, SERVER, sky.clock)
    service.start()
    assert service.engine.position().time_ns == BEGIN
    sky.passes(10 * S)
    sky.wall_ns += YEARS_70
    service.start()
    assert service.engine.position().time_ns == BEGIN + 10 * S
    service.take_clock()
    service.start()
    assert service.engine.position().time_ns == BEGIN + 10 * S + YEARS_70
    service.close()
