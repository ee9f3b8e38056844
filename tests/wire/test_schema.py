"""The schema holds what the draft of the protocol promised, and describes itself."""

import pytest

from protocol.schema import PRIMITIVES, SCHEMA, XML, read_schema

# Name, template id, MsgType and layout of version 0 as `struct` has it: never to change; later
# versions put something behind it.
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


def test_every_message_begins_with_its_promised_layout() -> None:
    begins = []
    for x in SCHEMA.messages:
        first = "<" + "".join(field.format for field in x.fields if not field.since)
        begins.append((x.name, x.template, x.msg_type, first))
        assert x.format.startswith(first)
        assert all(field.optional for field in x.fields if field.since), "null in older versions"
        since = [field.since for field in x.fields]
        assert since == sorted(since)
        assert since[-1] <= SCHEMA.version
    assert begins == PROMISED
    assert (SCHEMA.id, SCHEMA.version) == (100, 1)


# FIX 102 (CxlRejReason), of FIX 5.0 SP2 with its extension packs; None has no use here.
CXL_REJ_REASON = {
    0: "TOO_LATE_TO_CANCEL",
    1: "UNKNOWN_ORDER",
    2: "EXCHANGE_OPTION",
    3: None,  # already pending
    4: None,  # unable to process a mass cancel
    5: None,  # OrigOrdModTime
    6: "DUPLICATE_CLIENT_ORDER_ID",
    7: None,  # the price exceeds the current price
    8: "PRICE_OUTSIDE_BAND",
    18: "PRICE_OFF_TICK",
    99: None,  # other
}
OURS = 100


def test_reasons_of_a_refused_cancel_have_the_numbers_of_their_own_tag() -> None:
    values = {value.code: value.name for value in SCHEMA.types["CxlRejReason"].values}
    assert {code: name for code, name in values.items() if code < OURS} == {
        code: name for code, name in CXL_REJ_REASON.items() if name
    }
    refusals = {value.name: value.code for value in SCHEMA.types["OrdRejReason"].values}
    for code, name in values.items():
        if code >= OURS:
            assert code == refusals[name] + (0 if refusals[name] >= OURS else 200)


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
