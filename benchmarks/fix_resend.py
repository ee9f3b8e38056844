"""One FIX session that asks for much once more, while the others trade."""

import collections
import contextlib
import threading
from typing import Self

from benchmarks.binary import CONNECTIONS, RATE
from benchmarks.context import Context, measure
from benchmarks.processes import loading, resident_bytes
from benchmarks.result import Row, figure
from testing.process import ServerProcess

MESSAGES = 100_000
TURNS = 5
WARMUP_S = 5.0
"""The store has recorded by then what the others have filled the log with."""
LOOK_S = 0.01
"""Between two looks at the memory."""
LOOKS = 100
"""Of a second: what the others' orders need grows more slowly."""

RESEND = f"FIX resend of {MESSAGES:,} messages of one of {CONNECTIONS} sessions"
SPEED = figure(
    RESEND,
    f"FIX, {MESSAGES:,} messages of one of {CONNECTIONS} equal sessions told again, beside "
    f"{RATE:,} orders/s of the others",
    "messages/s",
    bar=">= 200000",
)
OTHERS = figure(
    f"{RESEND}, orders of the others, p99",
    "FIX, others' orders while a session is told much again: time to the answer, p99",
    "us",
    bar="<= 2 x baseline",
    baseline="the same without a resend, in turns",
)
GROWTH = figure(
    f"{RESEND}, growth of memory",
    f"FIX, {MESSAGES:,} messages told again {TURNS} times: largest rise of the exchange's memory "
    "within a second",
    "MB",
    bar="<= 32",
)


class Rise:
    """By how many bytes the memory of an exchange rises within a second, at most, in the block."""

    def __init__(self, exchange: ServerProcess) -> None:
        """Nothing is looked at yet."""
        assert exchange.process is not None
        self._pid = exchange.process.pid
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look)
        self.most = 0

    def __enter__(self) -> Self:
        """Look, beside what is done in the block."""
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        """It was looked at."""
        self._over.set()
        self._looking.join()

    def _look(self) -> None:
        found = collections.deque([resident_bytes(self._pid)], maxlen=LOOKS)
        while not self._over.wait(LOOK_S):
            found.append(resident_bytes(self._pid))
            self.most = max(self.most, found[-1] - min(found))


@measure("fix-resend")
def resend(ctx: Context) -> list[Row]:
    """Resends in turns with stretches without, on an exchange that all sessions have filled."""
    messages, turns = (2_000, 1) if ctx.quick else (MESSAGES, TURNS)
    how = ("--connections", CONNECTIONS, "--messages", messages, "--rate", RATE, "--turns", turns)
    command = f"quantscope load resend --protocol fix {' '.join(map(str, how))}"
    speed, others, growth = SPEED.row(command), OTHERS.row(command), GROWTH.row(command)
    for _ in ctx.each_run("fix-resend"):
        with ctx.exchange() as exchange, contextlib.ExitStack() as looking:
            load = loading(
                "resend", "--protocol", "fix", "--port", exchange.fix, *how,
                "--seconds", ctx.seconds(2, 0.3), "--warmup-seconds", ctx.seconds(WARMUP_S, 0),
            )  # fmt: skip
            with load as result:
                rise = looking.enter_context(Rise(exchange))
        for told in result["resends"]:
            speed.samples.append(told["messages"] / told["seconds"])
        others.samples.append(result["beside"]["latency_us"]["p99"])
        others.baseline_samples.append(result["without"]["latency_us"]["p99"])
        growth.samples.append(rise.most / 1e6)
    return [speed, others, growth]
