"""The load test of REST, short: every answer a 201, every change told once and in order."""

import pathlib

from benchmarks.recorder import catch_up
from benchmarks.rest import answers_but_201, listening, not_as_told, wrk
from testing.process import ServerProcess


def test_a_thousand_users_hear_every_change_once_under_wrk(tmp_path: pathlib.Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        with listening(exchange.http) as heard:
            result = wrk(exchange.http, 2)
            catch_up(exchange)
        assert result["requests"] > 100
        metrics = exchange.metrics()
        created = metrics['quantscope_rest_answers_total{status="201"}']
        assert created >= result["requests"]
        assert metrics["quantscope_rest_ack_seconds_count"] == created
        assert 0 < metrics["quantscope_rest_ack_seconds_sum"] < created * 10
        assert (result["socket_errors"], answers_but_201(exchange)) == (0, 0)
        assert heard["users"] == 1000
        assert heard["events"]["TRADE"] > 0
        assert not_as_told(heard, exchange) == 0, heard["told"]
