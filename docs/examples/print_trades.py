"""Print the trades of an exchange on this machine: those that its events log keeps, then new ones.

``python docs/examples/print_trades.py quantscope-data`` takes its data directory; Ctrl-C ends it.
The log is opened for each look: who keeps it open keeps the exchange from opening it again.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import LogReader, describe_events
from protocol.terms import decimal


def events(log: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each event of the log, and each that is appended to it, with its time in nanoseconds."""
    offset = LogReader(log).ends().first
    while True:
        entries = LogReader(log).read(offset, 1 << 20)
        for batch in json.loads(describe_events(b"".join(entry.batch for entry in entries))):
            yield from ((batch["time_ns"], event) for event in batch["events"])
        offset += len(entries)
        time.sleep(0 if entries else 0.05)


symbols: dict[int, str] = {}
with suppress(KeyboardInterrupt):
    for time_ns, event in events(Path(sys.argv[1]) / "events.db"):
        if event["type"] == "INSTRUMENT_SET":
            symbols[event["instrument"]] = event["symbol"]
        elif event["type"] == "TRADE":
            when = datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds")
            price, quantity = (decimal(event[field]).normalize() for field in ("price", "qty"))
            symbol = symbols.get(event["instrument"], event["instrument"])
            print(when, symbol, event["taker_side"], f"{quantity:f} @ {price:f}", flush=True)
