"""What a process has logged, as lines of JSON."""

import json
import re
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ALWAYS = {"time", "level", "logger", "process", "message"}
SOMETIMES = {"exception", "stack"}


def lines_of(text: str) -> list[dict[str, Any]]:
    """The objects, one of which each line is, with the fields that they have."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in text.rstrip("\n").split("\n")]
    for row in rows:
        assert row.keys() - SOMETIMES == ALWAYS, row
        assert all(isinstance(value, str) for value in row.values()), row
        assert TIME.fullmatch(row["time"]), row
    return rows
