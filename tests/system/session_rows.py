"""What an operator sees of sessions."""

import json
from typing import Any

from testing.command import quantscope
from testing.process import ServerProcess


def rows(exchange: ServerProcess) -> dict[str, dict[str, Any]]:
    """What ``quantscope session list --json`` says, by name."""
    code, out, errors = quantscope(
        "session", "list", "--json", "--data-dir", str(exchange.data_dir)
    )
    assert code == 0, errors
    return {row["name"]: row for row in map(json.loads, out.splitlines())}
