"""The dashboards as they stand in the files that Grafana reads."""

import json
from collections.abc import Iterator
from typing import Any

from testing.command import ROOT

GRAFANA = ROOT / "deploy/grafana"
FILES = sorted((GRAFANA / "dashboards").iterdir())


def dashboards() -> list[Any]:
    """All of them."""
    return [json.loads(file.read_text()) for file in FILES]


def panels() -> Iterator[tuple[str, Any]]:
    """Each panel, with the title of its dashboard and its own."""
    for dashboard in dashboards():
        for panel in dashboard["panels"]:
            yield f"{dashboard['title']}, {panel['title']}", panel


def queries() -> Iterator[tuple[str, str]]:
    """Each query of a panel, with the titles, and those of what is drawn over panels."""
    for title, panel in panels():
        for target in panel["targets"]:
            yield title, target["expr"]
