"""``docs/fix.md`` says what dictionaries, code and tests say."""

import ast
import inspect
import re
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from binance_fix_connector.fix_connector import BinanceFixConnector

from settings import Config
from testing.command import ROOT
from testing.fix_client import SOH, fields_of
from testing.foreign_fix.engines import quickfix, quickfixj
from testing.foreign_fix.orders import new_order
from testing.foreign_fix.session import BinanceSession, ForeignSession
from testing.process import ServerProcess
from tests.fix.document import PAGE, VERSIONS, placed, written
from tests.fix.example import recorded, shown_in
from tests.fix.notes import NOTES

TEXT = PAGE.read_text()
TESTS = ROOT / "tests"
ACCEPTOR = [f"fix/test_session_{part}.py" for part in ("cases", "fields", "recovery")]


def section(title: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level = title.partition(" ")[0]
    found = re.search(rf"^{title}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", TEXT, re.M | re.S)
    assert found, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of its tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not row[0].startswith(("case", "4.4", "58", "373", "380"))]


def source(name: str) -> str:
    """A file of the native code."""
    return (ROOT / "crates" / name).read_text()


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def shown(value: object) -> str:
    """A setting as TOML has it, without a point that says nothing."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def names_of(*files: str) -> set[str]:
    """The tests of these files, by what follows ``test_``."""
    texts = [(TESTS / file).read_text() for file in files]
    return {name for text in texts for name in re.findall(r"def test_(\w+)\(", text)}


# Dictionaries and terms


def test_its_tables_are_those_of_the_dictionaries() -> None:
    assert written(TEXT) == TEXT, "run: python -m tests.fix.document"


def test_each_message_that_is_read_or_told_is_described() -> None:
    defined = {x.name for v in VERSIONS for x in v.messages.values() if x.members}
    assert defined | {"StandardHeader", "StandardTrailer"} == set(NOTES)


def test_notes_are_about_fields_and_values_that_there_are() -> None:
    for name, notes in NOTES.items():
        places = [placed(version, name) for version in VERSIONS]
        for tag, noted in notes.fields.items():
            found = [place[tag].field for place in places if tag in place]
            assert found, f"{name} {tag}"
            assert set(noted.values) <= {x for field in found for x in field.values}, (name, tag)


def test_fields_that_are_required_are_described() -> None:
    for name, notes in NOTES.items():
        for version in VERSIONS:
            required = {tag for tag, x in placed(version, name).items() if x.required}
            assert required <= set(notes.fields), name


# Settings and errors


def test_the_settings_that_it_names_exist_and_have_these_defaults() -> None:
    config = Config()
    named = set(re.findall(r"`(fix|gateway|engine)\.(\w+)", TEXT))
    assert len(named) > 10
    for part, key in named:
        assert hasattr(getattr(config, part), key), f"{part}.{key}"
    for name, default, _ in rows(section("## Limits"))[1:]:
        part, key = name.strip("`").split(".")
        assert default == shown(getattr(getattr(config, part), key)), name


def test_what_a_reject_says_is_what_the_code_says() -> None:
    code = source("wire/src/fix/admin.rs")
    listed = re.search(r"fn reject_text.*?^}", code, re.M | re.S)
    assert listed
    said = re.findall(r'(\d+) => "(.*)",', listed[0])
    assert rows(section("### Reject")) == [[x, f"`{y}`".replace('\\"', '"')] for x, y in said]


def test_what_a_business_reject_says_is_what_the_code_says() -> None:
    code = source("wire/src/fix/admin.rs")
    listed = re.search(r"fn business_text.*?^}", code, re.M | re.S)
    assert listed
    said = re.findall(r'=> "(.*)",', listed[0])
    never = {"not available now, try again later", "refused"}
    assert [x for row in rows(section("### BusinessMessageReject")) for x in quoted(row[1])] == [
        x for x in said if x not in never
    ]


def test_what_a_logout_says_is_what_the_code_says() -> None:
    code = source("gateway/src/fix/machine.rs") + source("gateway/src/fix/logon.rs")
    calls = re.findall(r'(?:leave|outside|format!)\(\s*"([^"]+)"', code)
    own = {re.sub(r"\{\w+\}", "*", text) for text in calls}
    own |= {"CompID problem", "SendingTime accuracy problem"}
    # The dictionary has refused it before.
    own.remove("HeartBtInt (108) is missing or no number")
    said = [x for row in rows(section("### Logout")) for x in quoted(row[0])]
    assert {re.sub(r"\b[NM]\b", "*", text) for text in said} == own


def test_why_orders_are_canceled_is_what_the_code_says() -> None:
    code = source("wire/src/record/terms.rs")
    listed = re.search(r"impl CancelReason.*?fn name.*?^    }", code, re.M | re.S)
    assert listed
    (line,) = [x for x in TEXT.splitlines() if x.startswith("58 of what was canceled")]
    assert set(quoted(line)) == set(re.findall(r'=> "(\w+)"', listed[0]))


# Tests


@pytest.mark.parametrize(
    ("title", "column", "files"),
    [
        ("## The session test cases", 2, ACCEPTOR),
        ("## The session test cases", 3, ["clients/test_fix_cases.py"]),
        ("## The order state change matrices", 3, ["fix/test_state_matrices.py"]),
    ],
)
def test_the_tests_that_it_names_exist_and_there_are_no_others(
    title: str, column: int, files: list[str]
) -> None:
    names = [x for row in rows(section(title)) for x in quoted(row[column])]
    tests = names_of(*files)
    for name in names:
        assert any(test.startswith(f"{name}_") for test in tests), name
    begins = tuple(f"{name}_" for name in names)
    numbered = {x for x in tests if re.match(r"\d|[a-z]_\d", x)}
    assert {test for test in numbered if not test.startswith(begins)} == set()


# The example


async def test_the_example_goes_as_it_stands_there() -> None:
    assert await recorded() == shown_in(TEXT), "run: python -m tests.fix.example"


def test_the_example_has_no_field_that_is_not_described() -> None:
    version = VERSIONS[0]
    common = set(NOTES["StandardHeader"].fields) | set(NOTES["StandardTrailer"].fields)
    for line in shown_in(TEXT):
        fields = fields_of(line[2:].encode().replace(b"|", SOH))
        message = version.messages[dict(fields)[35]]
        unknown = {tag for tag, _ in fields} - common - set(NOTES[message.name].fields)
        assert not unknown, line


# Engines


@dataclass(frozen=True)
class Documented(ForeignSession):
    """QuickFIX as the document configures it."""

    def settings(self) -> dict[str, Any]:
        """Its own port and store."""
        found = ConfigParser()
        found.optionxform = str  # type: ignore[assignment, method-assign]
        (block,) = re.findall(r"```ini\n(.*?)```", TEXT, re.S)
        found.read_string(block)
        own = {"SocketConnectPort": str(self.port), "FileStorePath": str(self.store)}
        return {**found["SESSION"], **own}


@pytest.mark.parametrize("engine", [quickfix, quickfixj])
def test_quickfix_trades_with_these_settings(
    shared: ServerProcess, engine: Any, tmp_path: Path
) -> None:
    name = engine.__name__
    with engine(Documented(port=shared.fix, store=tmp_path)) as client:
        client.send("D", *new_order(name))
        client.wait({35: "8", 11: name, 39: 0})
    assert not client.rejects()


def test_binance_s_connector_takes_these_arguments() -> None:
    (call,) = re.findall(r"^BinanceFixConnector\(.*?^\)", TEXT, re.M | re.S)
    parsed = ast.parse(call, mode="eval").body
    assert isinstance(parsed, ast.Call)
    given = {x.arg: x.value for x in parsed.keywords if x.arg}
    inspect.signature(BinanceFixConnector).bind(**given)
    used = BinanceSession(9878, api_key="any").settings()
    assert {k: ast.literal_eval(v) for k, v in given.items() if k != "private_key"} == used
