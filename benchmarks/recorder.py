"""How far the recorder is behind, and how long it takes to catch up."""

import time

from benchmarks.processes import BenchError
from testing.process import ServerProcess

LAG = "quantscope_recorder_lag_events"
CATCH_UP_TIMEOUT_S = 300.0
POLL_S = 0.02


def catch_up(exchange: ServerProcess) -> tuple[float, float]:
    """Events not recorded yet, and the seconds until there are none."""
    start = time.monotonic()
    lag = exchange.metrics()[LAG]
    left = lag
    while left > 0:
        if time.monotonic() - start > CATCH_UP_TIMEOUT_S:
            raise BenchError(f"the recorder is still {left:.0f} events behind")
        time.sleep(POLL_S)
        left = exchange.metrics()[LAG]
    return lag, time.monotonic() - start
