"""The document says what the schema says, and names what the configuration names."""

import re

from protocol.schema import SCHEMA, XML
from settings import Config
from tests.wire.document import PAGE, written


def test_the_tables_of_the_document_are_those_of_the_schema() -> None:
    page = PAGE.read_text()
    assert written(page) == page, "run: python -m tests.wire.document"


def test_the_overview_lists_every_message() -> None:
    page = PAGE.read_text()
    listed = re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (\d+) \| (\w) \|", page, re.MULTILINE)
    assert listed == [(x.name, str(x.template), x.msg_type) for x in SCHEMA.messages]


def test_the_settings_that_the_document_names_exist() -> None:
    page = PAGE.read_text()
    config = Config()
    named = re.findall(r"`(gateway|journal)\.(\w+)`", page)
    assert len(named) > 8
    for section, key in named:
        assert hasattr(getattr(config, section), key), f"{section}.{key}"


def test_comments_of_the_schema_lead_to_the_document() -> None:
    assert "docs/binary-protocol.md" in XML
