"""Messages: our codecs in Python and in Rust, and a codec that nobody here wrote, agree."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import sbe as pypi_sbe  # type: ignore[import-untyped]
from bitstring import BitArray
from hypothesis import given, settings
from hypothesis import strategies as st

from core import describe_message, recode_message
from protocol import sbe, terms
from protocol.messages import ExecutionReportReject, Message, NewOrderSingle
from protocol.schema import XML
from tests.wire.strategies import SPECS, any_message, numbers, plain

MANY = settings(max_examples=500, deadline=None)


@pytest.fixture(scope="module")
def stock() -> Iterator[Any]:
    """The PyPI package ``sbe`` with our schema."""
    with pytest.MonkeyPatch.context() as patch:
        # Its one call of `bitstring`, which has renamed that constructor since.
        patch.setattr(pypi_sbe.bitstring, "BitArray", BitArray.from_bools)
        yield pypi_sbe.Schema.parse(io.BytesIO(XML.encode()))


def order(**changes: Any) -> NewOrderSingle:
    whole = NewOrderSingle(
        cl_ord_id=7,
        price=50_000 * terms.PRICE_SCALE,
        order_qty=terms.PRICE_SCALE,
        stop_px=None,
        security_id=1,
        side=terms.Side.BUY,
        ord_type=terms.OrdType.LIMIT,
        time_in_force=terms.TimeInForce.GTC,
        exec_inst=terms.ExecInst.NONE,
        self_match_prevention_instruction=None,
    )
    return whole._replace(**changes)


@MANY
@given(any_message)
def test_a_message_comes_back(message: Message) -> None:
    data = sbe.encode(message)
    assert sbe.decode(data) == message
    spec = SPECS[type(message).__name__]
    assert len(data) == sbe.HEADER.size + spec.block_length


@MANY
@given(any_message)
def test_a_stock_codec_reads_and_writes_our_bytes(stock: Any, message: Message) -> None:
    spec = SPECS[type(message).__name__]
    ours = sbe.encode(message)
    read = stock.decode(ours)
    assert (read.message_name, read.value) == (spec.name, plain(message))
    assert stock.encode(stock.messages[spec.template], plain(message)) == ours


@MANY
@given(any_message)
def test_the_native_codec_reads_and_writes_the_stock_codecs_bytes(
    stock: Any, message: Message
) -> None:
    spec = SPECS[type(message).__name__]
    theirs = stock.encode(stock.messages[spec.template], plain(message))
    seen = json.loads(describe_message(theirs))
    assert seen.pop("type") == spec.name
    kinds = (field.type.primitive for field in spec.fields)
    assert seen == {
        name: _shown(kind, value)
        for kind, (name, value) in zip(kinds, numbers(message).items(), strict=True)
    }
    assert recode_message(theirs) == theirs


def _shown(kind: str, value: Any) -> Any:
    """The native side shows the nulls of prices and instruments as absent."""
    return None if value == {"int64": -(2**63), "uint32": 2**32 - 1}.get(kind) else value


def test_a_longer_block_is_accepted_and_its_tail_ignored() -> None:
    data = sbe.encode(order())
    longer = (41 + 3).to_bytes(2, "little") + data[2:] + b"abc and groups"
    assert sbe.decode(longer) == order()
    assert recode_message(longer) == data


@pytest.mark.parametrize(
    ("length", "order_id", "exec_id"),
    [(23, None, None), (24, None, None), (31, 5, None), (38, 5, None), (39, 5, 6), (40, 5, 6)],
)
def test_what_an_older_version_does_not_have_is_null(
    length: int, order_id: int | None, exec_id: int | None
) -> None:
    reason, side = terms.OrdRejReason.PRICE_OFF_TICK, terms.Side.BUY
    refused = ExecutionReportReject(1, 2, 3, reason, side, 5, 6)
    header, block = sbe.encode(refused)[:8], sbe.encode(refused)[8:] + b"later"
    older = length.to_bytes(2, "little") + header[2:6] + b"\0\0" + block[:length]
    assert sbe.decode(older) == refused._replace(order_id=order_id, exec_id=exec_id)
    with pytest.raises(sbe.DecodeError, match="too short"):
        sbe.decode(b"\x16\0" + header[2:] + block[:22])
    with pytest.raises(sbe.DecodeError, match="too short"):
        sbe.decode(older[:-1])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data[:7], "not even a whole header"),
        (lambda data: b"\x28\x00" + data[2:], "too short"),
        (lambda data: data[:-1], "too short"),
        (lambda data: data[:4] + b"\x01\x00" + data[6:], "schema 1"),
        (lambda data: data[:2] + b"\x01\x00" + data[4:], "unknown template 1"),
    ],
)
def test_what_is_no_message_says_why(change: Any, why: str) -> None:
    bad = change(sbe.encode(order()))
    with pytest.raises(sbe.DecodeError, match=why):
        sbe.decode(bad)
    with pytest.raises(ValueError, match=r"header|short|schema|template"):
        recode_message(bad)


def test_a_number_that_is_not_known_yet_keeps_its_value() -> None:
    data = bytearray(sbe.encode(order()))
    data[8 + 36] = 9
    message = sbe.decode(bytes(data))
    assert isinstance(message, NewOrderSingle)
    assert (message.side.name, message.side.value) == ("UNKNOWN_9", 9)


def test_what_does_not_fit_a_field_is_an_error() -> None:
    with pytest.raises(sbe.EncodeError):
        sbe.encode(order(cl_ord_id=-1))
    with pytest.raises(sbe.EncodeError):
        sbe.encode(order(cl_ord_id=None))


def test_an_enumeration_takes_numbers_only() -> None:
    with pytest.raises(ValueError, match="not a valid Side"):
        terms.Side("BUY")  # type: ignore[arg-type]


@given(st.binary(max_size=150))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    for read in (sbe.decode, recode_message):
        with suppress(ValueError):
            assert read(data)
