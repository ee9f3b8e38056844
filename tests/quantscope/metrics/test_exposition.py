"""Parts are put together, and each stands for itself."""

from collections.abc import Iterator

import pytest
from prometheus_client.core import Metric

from core import Faults, PanicException
from quantscope.loop_watch import LoopWatch
from quantscope.metrics.clock import ClockFigures
from quantscope.metrics.exposition import renderer
from quantscope.metrics.families import gauge
from quantscope.metrics.loop import LoopFigures
from testing.parts import system_clock
from testing.requests import parse_metrics


class Breaks:
    """Shows one figure, and fails at the next."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def collect(self) -> Iterator[Metric]:
        yield gauge("quantscope_half", "Half a part.", 1)
        raise self._error


def test_only_what_is_put_in_is_shown_and_the_process_itself() -> None:
    watch = LoopWatch(system_clock())
    watch.saw(3_000_000)
    shown = parse_metrics(renderer([LoopFigures(watch)], Faults())().decode())
    assert shown["quantscope_event_loop_longest_stop_seconds"] == 0.003
    assert shown['quantscope_event_loop_stop_seconds_bucket{le="0.005"}'] == 1
    assert shown['quantscope_faults_total{part="metrics"}'] == 0
    assert shown["process_open_fds"] > 0
    assert "quantscope_clock_jumps_total" not in shown


@pytest.mark.parametrize("error", [RuntimeError("deliberate"), PanicException("deliberate")])
def test_a_part_that_fails_is_left_out_whole_and_counts_in_the_same_scrape(
    error: BaseException,
) -> None:
    faults = Faults()
    render = renderer([Breaks(error), ClockFigures(system_clock())], faults)
    shown = parse_metrics(render().decode())
    assert "quantscope_half" not in shown
    assert shown["quantscope_clock_jumps_total"] == 0
    assert shown['quantscope_faults_total{part="metrics"}'] == 1
    assert parse_metrics(render().decode())['quantscope_faults_total{part="metrics"}'] == 2


def test_faults_that_a_part_counts_itself_stand_beside_the_others() -> None:
    faults = Faults()
    faults.counts["watch"] = 3
    text = renderer([], faults, lambda: {"view": 2})().decode()
    shown = parse_metrics(text)
    assert shown['quantscope_faults_total{part="view"}'] == 2
    assert shown['quantscope_faults_total{part="watch"}'] == 3
