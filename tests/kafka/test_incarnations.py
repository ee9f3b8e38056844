"""What a lane makes of events about its own gateway, without brokers."""

import pytest

from core import Commands, Engine, EventsEnd, EventsFollower
from journal.kafka import Clients, Control, KafkaLane, Tenure, Topics
from protocol.terms import Gateway
from settings import Config, KafkaSettings
from testing.parts import system_clock

SECOND = 10**9


class Story:
    """An engine, and the lane of a gateway that hears of it."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.offset = 0
        self.now = 1
        settings, clock = KafkaSettings(), system_clock()
        clients, topics = Clients(settings), Topics(settings)
        journal = Config().journal
        self.lane = KafkaLane(
            clients,
            topics,
            "a",
            Gateway.BINARY,
            journal,
            clock,
            Tenure(Control(clients, topics, deadline_s=1), "gateway.1", clock),
            engine_behind=lambda _: self.engine,
        )
        self.seen = EventsFollower(Gateway.BINARY, EventsEnd(sequence=0, hash=0))

    def tell(self, events: bytes) -> None:
        """The lane hears of it."""
        self.lane._learn(self.seen.take(events).changes)

    def open(self, nonce: int) -> bytes:
        """A gateway of the lane's number opens."""
        commands = Commands()
        commands.gateway_open(Gateway.BINARY, nonce)
        return self.apply(commands, Gateway.BINARY)

    def silence(self, seconds: int) -> bytes:
        """Time passes, and nobody else is heard."""
        events = b""
        for _ in range(seconds):
            self.now += SECOND
            tick = Commands()
            tick.tick()
            events += self.apply(tick, Gateway.ENGINE)
        return events

    def apply(self, commands: Commands, gateway: int) -> bytes:
        batch = commands.seal(gateway, 0, 0, self.now, 10)
        assert batch is not None
        self.offset += 1
        return self.engine.apply(self.offset, self.now, [batch])


async def test_what_stood_there_before_its_own_opening_is_of_the_past() -> None:
    exchange = Story()
    lane = exchange.lane
    exchange.tell(exchange.open(1) + exchange.open(2))
    assert not lane.ready
    exchange.tell(exchange.open(lane._nonce))
    assert (lane.ready, lane._incarnation) == (True, 3)


async def test_one_that_wakes_after_its_lease_and_its_successor_asks_whose_the_number_is() -> None:
    exchange = Story()
    lane = exchange.lane
    exchange.tell(exchange.open(lane._nonce))
    assert not lane._contested
    exchange.tell(exchange.silence(8) + exchange.open(7))
    assert (lane.ready, lane.outages, lane._contested) == (False, 1, True)


async def test_one_that_only_lost_its_lease_may_open_anew() -> None:
    exchange = Story()
    lane = exchange.lane
    exchange.tell(exchange.open(lane._nonce))
    exchange.tell(exchange.silence(8))
    assert (lane.ready, lane.outages) == (False, 1)
    lane._opened.clear()
    lane._nonce = 99
    exchange.tell(exchange.open(99))
    assert (lane.ready, lane._incarnation) == (True, 2)


async def test_what_ends_while_the_engine_is_silent_has_ended() -> None:
    exchange = Story()
    lane = exchange.lane
    exchange.tell(exchange.open(lane._nonce))
    lane._lane.ready, lane._silent = False, True
    exchange.tell(exchange.silence(8))
    assert (lane.ready, lane.outages, lane._is_open) == (False, 1, False)


async def test_an_opening_that_comes_twice_opens_once() -> None:
    exchange = Story()
    lane = exchange.lane
    exchange.tell(exchange.open(lane._nonce) + exchange.open(lane._nonce))
    assert (lane.ready, lane._incarnation, lane.outages) == (True, 1, 0)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"min_insync_replicas": 2}, "min_insync_replicas is above replication_factor"),
        ({"transaction_timeout_s": 100.0}, "transaction_renew_s is above half"),
    ],
)
def test_settings_that_would_stop_it_are_refused(changed: dict[str, float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        KafkaSettings(**changed)  # type: ignore[arg-type]
