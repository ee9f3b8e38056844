"""Every rule fires at its cause, after its time, alone; and while all is well none does."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from settings import Config
from testing.command import ROOT
from tests.deploy.rules import CAUSES, FOLDER, RULES, Cause, alerts

LOOK_S = 5
"""How often rules are looked at."""
STEP_S = 15
"""How often there is a value."""
CAUSE_STEPS = 48
"""After so many all causes set in; what was well was so for longer than the longest range."""
CAUSE_S = CAUSE_STEPS * STEP_S
LATE_S = CAUSE_S + 1_020
"""Also what looks back, and then waits, has fired by then."""
LOOKS_BACK = {"CommandsSlow", "ProcessRestarts", "RestErrors", "SnapshotsMissing"}
"""They fire where a cause has lasted."""
OF_ALL = {"RoleMissing", "SnapshotsMissing"}
"""They are about no process."""
TARGETS = '[{"targets": ["127.0.0.1:9"], "labels": {"role": "engine", "name": "engine-a"}}]'


def waits() -> dict[str, int]:
    """How long the cause of each alert has to stand, in seconds."""
    units = {"s": 1, "m": 60}
    told = {name: rule.get("for", "0s") for name, rule in alerts().items()}
    return {name: int(value[:-1]) * units[value[-1]] for name, value in told.items()}


def promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def series_of(name: str, cause: Cause) -> Iterator[dict[str, str]]:
    """The series of a cause, in promtool's words; each cause is of an instance of its own."""
    for what, before in cause.before.items():
        metric, _, labels = what.partition("{")
        more = f", {labels.rstrip('}')}" if labels else ""
        then = cause.then.get(what)
        if then == "stale":
            values = f"{before}x{CAUSE_STEPS - 1} stale"
        elif then is None:
            values = f"{before}x{4 * CAUSE_STEPS}"
        else:
            values = f"{before}x{CAUSE_STEPS - 1} {then}x{3 * CAUSE_STEPS}"
        yield {"series": f'{metric}{{instance="{name}"{more}}}', "values": values}


def expected(state: str, of: set[str], names: set[str], at: int) -> dict[str, Any]:
    """Of some alerts exactly these are in a state at a second, each at its cause alone."""
    one_of = "|".join(sorted(of))
    labels = {
        name: f'{{alertname="{name}"}}'
        if name in OF_ALL
        else f'{{alertname="{name}", instance="{name}"}}'
        for name in sorted(names)
    }
    alert = f'ALERTS{{alertstate="{state}", alertname=~"{one_of}"}}'
    return {
        "expr": f"count by (alertname, instance) ({alert})",
        "eval_time": f"{at}s",
        "exp_samples": [{"labels": label, "value": 1} for label in labels.values()],
    }


def moments() -> Iterator[dict[str, Any]]:
    """What is so before the causes, right before and after each time to wait, and at the end."""
    everything, quick = set(CAUSES), set(CAUSES) - LOOKS_BACK
    for at in range(LOOK_S, CAUSE_S, 90):
        yield expected("firing", everything, set(), at)
        yield expected("pending", everything, set(), at)
    for wait_s in sorted({waits()[name] for name in quick}):
        for later_s in (wait_s - LOOK_S, wait_s):
            firing = {name for name in quick if waits()[name] <= later_s}
            at = CAUSE_S + later_s
            yield expected("firing", quick, firing, at)
            yield expected("pending", quick, quick - firing if later_s >= 0 else set(), at)
    yield expected("firing", LOOKS_BACK, LOOKS_BACK, LATE_S)


def test_promtool_finds_nothing_wrong(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "rules.yml"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets/some.json").write_text(TARGETS)
    promtool("check", "config", str(tmp_path / "prometheus.yml"))
    promtool("check", "rules", str(RULES))


def test_every_alert_fires_at_its_cause_alone_and_none_while_all_is_well(tmp_path: Path) -> None:
    assert CAUSES.keys() == alerts().keys()
    others = Cause(
        {}, {f'up{{role="{role}"}}': "1+0" for role in ("engine", "gateway", "recorder")}
    )
    given = [
        one for name, cause in (*CAUSES.items(), ("", others)) for one in series_of(name, cause)
    ]
    test = {
        "interval": f"{STEP_S}s",
        "input_series": given,
        "promql_expr_test": list(moments()),
    }
    rules = {"rule_files": [str(RULES)], "evaluation_interval": f"{LOOK_S}s", "tests": [test]}
    file = tmp_path / "tests.yml"
    file.write_bytes(msgspec.json.encode(rules))
    promtool("test", "rules", str(file))


@pytest.mark.parametrize("name", sorted(alerts()))
def test_an_alert_says_what_is_wrong_and_what_to_do(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    told = rule["annotations"]
    assert set(told) == {"summary", "description", "runbook"}
    assert "\n" not in told["description"]
    page, _, anchor = told["runbook"].partition("#")
    assert (page, anchor) == ("docs/operations.md", "alarms")
    manual = (ROOT / page).read_text().partition("\n## Alarms\n")[2].partition("\n## ")[0]
    (row,) = re.findall(rf"^\| `{name}` \|(.*)\|$", manual, re.MULTILINE)
    assert len(row.split(" | ")) == 2


def test_rules_name_settings_that_there_are() -> None:
    named = set(re.findall(r"\b([a-z]+)\.([a-z_]+_(?:max|s|min))\b", RULES.read_text()))
    assert len(named) > 8
    for section, key in named:
        assert hasattr(getattr(Config(), section), key), f"{section}.{key}"
