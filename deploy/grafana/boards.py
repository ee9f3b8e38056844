"""All dashboards, as the files that Grafana reads."""

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana import journal, latency, processes, sessions, trading
from deploy.grafana.panel import build

BOARDS = (trading.BOARD, latency.BOARD, sessions.BOARD, journal.BOARD, processes.BOARD)


def rendered() -> dict[str, str]:
    """The text of each file, by its name."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {f"{board.uid}.json": encoder.encode(build(board)) + "\n" for board in BOARDS}
