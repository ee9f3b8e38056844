"""The schema holds what the draft of the protocol promised, and describes itself."""

from __future__ import annotations

import pytest

from protocol.schema import PRIMITIVES, SCHEMA, XML, read_schema

# Name, template id, MsgType and layout as `struct` has it: never to change.
PROMISED = [
    ("NewOrderSingle", 100, "D", "<QqqqIBBBBB"),
    ("OrderCancelRequest", 101, "F", "<QQQI"),
    ("OrderCancelReplaceRequest", 102, "G", "<QQQqqI"),
    ("OrderMassCancelRequest", 103, "q", "<QIBB"),
    ("OrderStatusRequest", 104, "H", "<QQQI"),
    ("SecurityListRequest", 105, "x", "<QIB"),
    ("ExecutionReportNew", 200, "8", "<QQQQqqIBBBB"),
    ("ExecutionReportTrade", 201, "8", "<QQQQQqqqqqIIBBB"),
    ("ExecutionReportCancel", 202, "8", "<QQQQQqIBBBB"),
    ("ExecutionReportReplace", 203, "8", "<QQQQQqqqIBB"),
    ("ExecutionReportReject", 204, "8", "<QQIHB"),
    ("OrderCancelReject", 205, "9", "<QQQQIHBB"),
    ("OrderMassCancelReport", 206, "r", "<QQIIBBBB"),
    ("ExecutionReportStatus", 207, "8", "<QQQQqqqqqIBBBB"),
    ("BusinessMessageReject", 208, "j", "<QHH"),
    ("SecurityList", 209, "y", "<QqqqqqIIIII20sBBB"),
]


def test_every_message_has_its_promised_layout() -> None:
    assert [(x.name, x.template, x.msg_type, x.format) for x in SCHEMA.messages] == PROMISED
    assert (SCHEMA.id, SCHEMA.version) == (100, 0)


def test_a_field_means_the_same_in_every_message() -> None:
    tags: dict[str, int] = {}
    widths: dict[str, int] = {}
    for spec in SCHEMA.messages:
        for field in spec.fields:
            assert tags.setdefault(field.name, field.tag) == field.tag
            assert widths.setdefault(field.name, field.width) == field.width
    assert len(set(tags.values())) == len(tags)


def test_everything_is_described_and_every_optional_field_has_a_null() -> None:
    for kind in SCHEMA.types.values():
        assert kind.description
        assert kind.primitive in PRIMITIVES
        assert all(value.description for value in kind.values)
        assert kind.null is None or kind.null not in {value.code for value in kind.values}
    for spec in SCHEMA.messages:
        assert spec.description
        for field in spec.fields:
            assert field.description
            assert not field.optional or field.type.null is not None


def test_a_block_length_that_is_wrong_is_refused() -> None:
    with pytest.raises(ValueError, match="blockLength"):
        read_schema(XML.replace('blockLength="41"', 'blockLength="40"'))
