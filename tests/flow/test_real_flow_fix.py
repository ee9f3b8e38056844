"""The real market over FIX: what becomes of it is what becomes of it over the binary protocol."""

from pathlib import Path

import msgspec
import pytest

from testing.process import ServerProcess
from testing.real_flow import FIGURES, first_rows, flow_sent

ROWS = 8_000
WHOLE_SECONDS_MAX = 900


@pytest.mark.timeout(WHOLE_SECONDS_MAX + 300)
def test_the_real_flow_gives_the_same_as_over_the_binary_protocol(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """The beginning of it, or with ``--whole-flow`` all of it; then the journal replays to it."""
    rows = None if pytestconfig.getoption("whole_flow") else first_rows(ROWS, tmp_path)
    with (
        ServerProcess(tmp_path / "binary") as by_binary,
        ServerProcess(tmp_path / "fix") as by_fix,
    ):
        if rows is None:
            wanted = FIGURES
            flow_sent(by_binary.binary)
            found = flow_sent(by_fix.fix, "--protocol", "fix", seconds_max=WHOLE_SECONDS_MAX)
        else:
            wanted = flow_sent(by_binary.binary, orders=rows)
            found = flow_sent(by_fix.fix, "--protocol", "fix", orders=rows)
        assert wanted.trades > 0
        assert msgspec.structs.replace(found, cancel_rejects={}) == msgspec.structs.replace(
            wanted, cancel_rejects={}
        )
        assert set(wanted.cancel_rejects) == {"UNKNOWN_ORDER"}
        # A session's names are remembered: what was open is too late, what never was is unknown.
        assert set(found.cancel_rejects) <= {"TOO_LATE_TO_CANCEL", "UNKNOWN_ORDER"}
        assert sum(found.cancel_rejects.values()) == sum(wanted.cancel_rejects.values())
        for path in ("/orderbook/BTCUSD?depth=10000", "/trades/BTCUSD?limit=1000"):
            assert without_times(by_fix.get(path)) == without_times(by_binary.get(path))
        by_fix.kill()  # a clean stop would take a snapshot, and leave nothing to replay
    assert by_fix.verified().startswith("verified from the ")


def without_times(shown: object) -> object:
    """What REST shows, but for when it happened and the numbers of events."""
    if isinstance(shown, list):
        return [without_times(each) for each in shown]
    if isinstance(shown, dict):
        return {
            name: without_times(value)
            for name, value in shown.items()
            if not name.endswith(("time", "timestamp", "sequence", "_id", "cursor"))
        }
    return shown
