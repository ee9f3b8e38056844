"""Half an hour of a real market goes in over TCP and comes out as the venue's own trades."""

import pathlib

import pytest

from testing.process import ServerProcess
from testing.real_flow import (
    assert_the_book_is_the_same_over_rest,
    assert_the_trades_are_the_venue_s_over_rest,
    send_the_flow,
)


@pytest.mark.timeout(600)
def test_the_real_flow_gives_the_venue_s_trades(tmp_path: pathlib.Path) -> None:
    """Durable, over TCP; the same over REST; then the journal replays to the same events."""
    with ServerProcess(tmp_path / "data") as exchange:
        send_the_flow(exchange.binary)
        assert_the_book_is_the_same_over_rest(exchange)
        assert_the_trades_are_the_venue_s_over_rest(exchange)
        exchange.kill()  # a clean stop would take a snapshot, and leave nothing to replay
    assert exchange.verified().startswith("verified from the first command")
