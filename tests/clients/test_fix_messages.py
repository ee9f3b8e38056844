"""FIX messages as the client reads and writes them: fields, reports, and what answers what."""

import pytest

from clients import fix_reports as f
from clients.errors import RejectedError
from clients.fix_message import FaultError, Message, decode, encode, read_time, write_amount
from clients.fix_orders import Orders
from clients.fix_readers import readers
from clients.fix_requests import FixRequests
from protocol import terms as t
from tests.clients.fix_talk import Fields, message

WHOLE: Fields = {
    **{6: "0", 11: "a", 14: "0", 17: "e", 37: "5", 38: "2", 39: "0", 40: "2", 44: "10.5"},
    **{54: "1", 55: "BTCUSD", 60: "20241231-23:59:58.5", 150: "0", 151: "2"},
}


def execution(changed: Fields, begin_string: str = "FIX.4.4") -> f.Answer | None:
    read = decode(message("8", 1, {**WHOLE, **changed}, begin_string=begin_string))
    return readers(begin_string)["8"](read)


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("19700101-00:00:00", 0),
        ("19700101-00:00:01.5", 1_500_000_000),
        ("19700101-00:00:00.123456789", 123_456_789),
        ("19700101-00:00:60", 60 * 10**9),
        ("19700101-24:00:00", None),
        ("19700230-00:00:00", None),
        ("1970010100:00:00", None),
        ("19700101-00:00:00.", None),
        ("", None),
    ],
)
def test_times(text: str, time_ns: int | None) -> None:
    assert read_time(text) == time_ns


@pytest.mark.parametrize("text", ["1e3", "+1", "", " 1", "0x1", "1.123456789", "nan", "1_0"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(FaultError):
        Message("FIX.4.4", "8", [], first={38: text}).amount(38)


@pytest.mark.parametrize("amount", [0, 1, -5, 10**8, 5 * 10**12, 2**63 - 1])
def test_amounts_are_exact(amount: int) -> None:
    text = write_amount(amount)
    assert Message("FIX.4.4", "8", [], first={38: text}).amount(38) == amount
    assert "e" not in text.lower()


def test_data_may_hold_what_ends_a_field() -> None:
    read = decode(encode("FIX.4.4", "n", [(212, 5), (213, b"a\x01b=c"), (58, "x")]))
    assert (read.get(213), read.get(58)) == ("a\x01b=c", "x")


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, f.ExecutionReportNew),
        ({38: "", 40: "", 44: "", 59: "", 60: ""}, f.ExecutionReportNew),
        ({150: "F", 31: "10.5", 32: "1", 14: "1"}, f.ExecutionReportTrade),
        ({150: "4", 39: "4", 41: "b"}, f.ExecutionReportCancel),
        ({150: "C", 39: "C", 378: "8", 58: "why"}, f.ExecutionReportCancel),
        ({150: "5", 41: "b"}, f.ExecutionReportReplace),
        ({150: "D", 378: "5"}, f.ExecutionReportReplace),
        ({150: "8", 39: "8", 103: "99", 58: "no"}, f.ExecutionReportReject),
        ({150: "I", 790: "q", 55: "[N/A]", 54: "7"}, f.ExecutionReportStatus),
        ({150: "3"}, type(None)),
    ],
)
def test_each_kind_of_execution_report(changed: Fields, kind: type) -> None:
    report = execution(changed)
    assert type(report) is kind
    if isinstance(report, f.ExecutionReportNew):
        assert report.order_qty == t.units("2")
    if isinstance(report, f.ExecutionReportCancel):
        assert report.exec_type.name == {"4": "CANCELED", "C": "EXPIRED"}[str(changed[150])]
    if isinstance(report, f.ExecutionReportStatus):
        assert (report.symbol, report.side) == (None, None)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({20: "0"}, f.ExecutionReportNew),
        ({20: "0", 150: "1", 31: "1", 32: "1"}, f.ExecutionReportTrade),
        ({20: "0", 150: "2", 31: "1", 32: "1"}, f.ExecutionReportTrade),
        ({20: "3", 150: "2"}, f.ExecutionReportStatus),
    ],
)
def test_4_2_has_its_own_way_of_saying_it(changed: Fields, kind: type) -> None:
    assert type(execution(changed, "FIX.4.2")) is kind


@pytest.mark.parametrize(
    ("changed", "tag"),
    [
        ({37: "O1"}, 37),
        ({39: "xx"}, 39),
        ({54: ""}, 54),
        ({150: ""}, 150),
        ({150: "F", 31: "ten", 32: "1"}, 31),
        ({150: "I", 6: "x"}, 6),
        ({60: "now"}, 60),
    ],
)
def test_a_report_that_is_wrong_names_its_field(changed: Fields, tag: int) -> None:
    with pytest.raises(FaultError) as caught:
        execution(changed)
    assert caught.value.tag == tag


def test_an_average_is_cut() -> None:
    report = execution({150: "I", 6: "0.123456789"})
    assert isinstance(report, f.ExecutionReportStatus)
    assert report.avg_px == 12_345_678


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({103: "6", 58: "x"}, "DUPLICATE_CLIENT_ORDER_ID"),
        ({103: "0", 58: "the exchange is too far behind"}, "the exchange is too far behind"),
        ({103: "99", 58: "odd"}, "odd"),
        ({103: "99", 58: "POST_ONLY_WOULD_TRADE"}, "POST_ONLY_WOULD_TRADE"),
        ({103: "99"}, "UNKNOWN_99"),
        ({58: "only words"}, "only words"),
        ({}, "OTHER"),
    ],
)
def test_a_refusal_says_its_reason(changed: Fields, said: str) -> None:
    report = execution({150: "8", 39: "8", **changed})
    assert isinstance(report, f.ExecutionReportReject)
    assert str(RejectedError(report)) == said


def test_other_refusals_say_theirs() -> None:
    cancel = f.OrderCancelReject(
        1, None, "a", None, None, t.CxlRejResponseTo.CANCEL, t.OrdStatus.REJECTED, None
    )
    assert str(RejectedError(cancel)) == "OTHER"
    unknown = f.BusinessMessageReject("a", "D", 1, t.BusinessRejectReason(2), None)
    assert str(RejectedError(unknown)) == "UNKNOWN_SYMBOL"
    assert str(RejectedError(f.SessionReject(1, "D", None, None, "bad"))) == "bad"
    assert str(RejectedError(f.SessionReject(1, "D", None, 1000, None))) == "OTHER"
    assert str(RejectedError(f.SessionReject(1, "D", 7, 5, "bad"))) == "VALUE_INCORRECT"


def test_what_answers_which_request() -> None:
    requests: FixRequests[str] = FixRequests()
    for number, (kind, name) in enumerate(
        [("D", "a"), ("F", "b"), ("G", "c"), ("G", "d"), ("q", "e"), ("H", "f"), ("D", "g")], 1
    ):
        waiting = requests.add(kind, name, [(11, "order")], f"{kind} {name}")
        requests.sent(waiting, number)
    new, canceled = execution({}), execution({150: "4", 39: "4", 11: "b"})
    assert new is not None
    assert canceled is not None
    assert requests.answered_by(canceled) == "F b"
    assert requests.answered_by(canceled) is None
    assert [requests.answered_by(new) for _ in range(2)] == ["D a", None]
    for changed, who in (({150: "4", 11: "c"}, "G c"), ({150: "5", 11: "d"}, "G d")):
        answer = execution({**changed, 39: "4"})
        assert answer is not None
        assert requests.answered_by(answer) == who
    trade = execution({150: "F", 31: "1", 32: "1", 11: "g"})
    assert trade is not None
    assert requests.answered_by(trade) is None
    other = execution({150: "I", 11: "another"})
    status = execution({150: "I", 11: "order"})
    assert other is not None
    assert status is not None
    assert [requests.answered_by(other), requests.answered_by(status)] == [None, "H f"]
    unknown = t.BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE
    by_name = f.BusinessMessageReject("e", "q", None, unknown, None)
    assert requests.answered_by(by_name) == "q e"
    assert requests.answered_by(f.SessionReject(7, None, None, 5, None)) == "D g"
    assert len(requests) == 0


def test_orders_are_remembered_up_to_a_limit() -> None:
    orders = Orders(2)
    for name in ("a", "b", "c"):
        orders.learn(execution({11: name, 37: ord(name)}))
    assert orders.find("a", ord("a")) is None
    known = orders.find(None, ord("c"))
    assert known is not None
    assert (known.symbol, known.price, known.quantity) == ("BTCUSD", t.units("10.5"), t.units("2"))
    orders.learn(execution({150: "5", 11: "d", 41: "c", 37: ord("c"), 44: "", 38: "1"}))
    known = orders.find("d", None)
    assert known is not None
    assert (known.price, known.quantity) == (t.units("10.5"), t.units("1"))
    orders.learn(execution({150: "F", 31: "1", 32: "1", 11: "z", 37: "9", 54: "2"}))
    seen = orders.find("z", None)
    assert seen is not None
    assert (seen.side, seen.price) == (t.Side.SELL, None)
