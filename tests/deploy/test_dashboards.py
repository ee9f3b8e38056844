"""The files of Grafana are what the code makes, and each panel says what it shows."""

import re
from typing import Any

import msgspec
import pytest

from deploy.grafana.boards import rendered
from testing.command import ROOT
from tests.deploy.rules import RULES
from tests.deploy.shown import FILES, GRAFANA, dashboards, panels, queries

UNITS = {"s", "bytes", "ops", "percentunit", "short"}


def test_the_files_are_what_the_code_makes() -> None:
    """Else: make dashboards."""
    assert {file.name: file.read_text() for file in FILES} == rendered()


def test_dashboards_are_told_apart_and_lead_to_each_other() -> None:
    found = dashboards()
    assert len({dashboard["uid"] for dashboard in found}) == len(found) == 5
    for dashboard in found:
        assert dashboard["tags"] == dashboard["links"][0]["tags"]
        assert dashboard["description"]


@pytest.mark.parametrize(
    ("title", "panel"), list(panels()), ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_panel_says_what_it_shows(title: str, panel: Any) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["description"].endswith(".")
    assert defaults["unit"] in UNITS
    assert panel["options"]["legend"]["showLegend"]
    legends = [target["legendFormat"] for target in panel["targets"]]
    assert all(legends)
    assert len(set(legends)) == len(legends)
    drawn = defaults["custom"]["thresholdsStyle"]["mode"] != "off"
    assert drawn == (len(defaults["thresholds"]["steps"]) > 1)
    position = panel["gridPos"]
    assert position["x"] + position["w"] <= 24


def test_queries_and_rules_name_metrics_that_the_manual_explains() -> None:
    manual = (ROOT / "docs/operations.md").read_text()
    known = set(re.findall(r"`((?:quantscope|process)_\w+)`", manual))
    asked = " ".join([RULES.read_text(), *(expr for _, expr in queries())])
    named = set(re.findall(r"\b(?:quantscope|process)_[a-z_]+", asked))
    assert len(named) > 60
    bare = {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in named}
    assert bare - known == set()


def test_what_is_provisioned_fits_what_dashboards_ask() -> None:
    folder = GRAFANA / "provisioning"
    (source,) = msgspec.yaml.decode((folder / "datasources/prometheus.yml").read_bytes())[
        "datasources"
    ]
    (provider,) = msgspec.yaml.decode((folder / "dashboards/quantscope.yml").read_bytes())[
        "providers"
    ]
    assert provider["type"] == "file"
    asked = {
        (target["datasource"]["type"], target["datasource"]["uid"])
        for _, panel in panels()
        for target in (panel, *panel["targets"])
    }
    assert asked == {(source["type"], source["uid"])}
