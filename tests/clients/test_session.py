"""The session's state machine: bytes and times in, happenings and bytes out."""

import pytest

from clients.errors import LoginRejectedError, ProtocolError, RejectedError, SessionEndedError
from clients.requests import Requests
from clients.session import ClientSession, Happening, LoggedIn, Lost, Sequenced, State
from protocol import messages as m
from protocol import sbe
from protocol.soup import Kind, LoginAccepted, LoginRequest, Splitter, encode
from protocol.terms import (
    BusinessRejectReason,
    ExecInst,
    MassCancelRequestType,
    OrdRejReason,
    OrdType,
    SecurityListRequestType,
    Side,
)
from tests.clients.scripted import accepted, canceled, described, status_of


def request(number: int) -> m.NewOrderSingle:
    return m.NewOrderSingle(
        cl_ord_id=number,
        price=1,
        order_qty=1,
        stop_px=None,
        security_id=1,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        time_in_force=None,
        exec_inst=ExecInst.NONE,
        self_match_prevention_instruction=None,
    )


def report(number: int) -> bytes:
    return encode(Kind.SEQUENCED, sbe.encode(accepted(request(number))))


def welcome(sequence: int, session: str = "QS1") -> bytes:
    debug = encode(Kind.DEBUG, b"lastClOrdID=7 oldest=1")
    return LoginAccepted(session, sequence).encode() + debug


def wanted(packet: bytes) -> tuple[str, int]:
    (login,) = Splitter().feed(packet)
    request = LoginRequest.decode(login.payload)
    return request.session, request.sequence


def numbers(happenings: list[Happening]) -> list[int]:
    return [x.sequence for x in happenings if isinstance(x, Sequenced)]


def test_a_second_login_asks_for_what_has_not_been_seen() -> None:
    session = ClientSession("demo1", "demo")
    assert wanted(session.connected(0.0)) == ("", 0)
    seen = list(session.received(welcome(5) + report(1) + report(2), 0.0))
    assert seen[0] == LoggedIn("QS1", 5, 7)
    assert numbers(seen) == [5, 6]
    session.disconnected()
    assert wanted(session.connected(1.0)) == ("QS1", 7)


def test_reports_that_were_seen_are_passed_over() -> None:
    session = ClientSession("demo1", "demo", sequence=3)
    session.connected(0.0)
    seen = list(session.received(welcome(1) + report(1) + report(2) + report(3), 0.0))
    assert numbers(seen) == [3]


def test_reports_that_are_gone_are_told() -> None:
    session = ClientSession("demo1", "demo", sequence=3)
    session.connected(0.0)
    seen = list(session.received(welcome(9) + report(1), 0.0))
    assert seen[0] == Lost(3, 8)
    assert numbers(seen) == [9]


def test_what_an_error_keeps_back_comes_again() -> None:
    session = ClientSession("demo1", "demo", sequence=1)
    session.connected(0.0)
    seen: list[Happening] = []
    with pytest.raises(ProtocolError):
        seen.extend(session.received(welcome(1) + report(1) + encode(Kind.LOGOUT), 0.0))
    assert session.sequence == 2


def test_heartbeats_go_out_after_silence_and_not_before_the_login() -> None:
    session = ClientSession("demo1", "demo", heartbeat_s=1.0, silence_s_max=5.0)
    session.connected(0.0)
    assert session.tick(2.0) == b""
    list(session.received(welcome(1), 2.0))
    assert session.tick(2.0) == encode(Kind.CLIENT_HEARTBEAT)
    assert session.tick(2.5) == b""
    session.send(b"", 2.8)
    assert session.tick(3.5) == b""
    with pytest.raises(ProtocolError, match="nothing heard for 5 s"):
        session.tick(7.0)
    session.heard(7.0)
    assert session.tick(7.0)
    assert session.logout() == encode(Kind.LOGOUT)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (report(1), ProtocolError),
        (encode(Kind.LOGIN_REJECTED, b"A"), LoginRejectedError),
        (encode(Kind.LOGIN_REJECTED, b"?"), LoginRejectedError),
        (encode(Kind.END_OF_SESSION), SessionEndedError),
        (encode(Kind.LOGIN_ACCEPTED, b"short"), ProtocolError),
        (welcome(1) + LoginAccepted("QS1", 1).encode(), ProtocolError),
        (welcome(1) + encode(Kind.SEQUENCED, b"junk"), ProtocolError),
        (welcome(1) + encode(Kind.SEQUENCED, sbe.encode(request(1))), ProtocolError),
        (welcome(1) + encode(Kind.UNSEQUENCED, b"junk"), ProtocolError),
        (b"\0\0", None),
        (b"\0\0\0", ProtocolError),
    ],
)
def test_what_a_server_may_not_send_is_an_error(data: bytes, error: type[Exception] | None) -> None:
    session = ClientSession("demo1", "demo")
    session.connected(0.0)
    if error is None:
        assert list(session.received(data, 0.0)) == []
        return
    with pytest.raises(error):
        list(session.received(data, 0.0))


def test_debug_text_means_something_once_after_a_login() -> None:
    session = ClientSession("demo1", "demo")
    session.connected(0.0)
    early = encode(Kind.DEBUG, b"lastClOrdID=1")
    assert list(session.received(early, 0.0)) == []
    assert session.state is State.LOGGING_IN
    seen = list(session.received(welcome(1) + early + encode(Kind.DEBUG, b"hello"), 0.0))
    assert seen == [LoggedIn("QS1", 1, 7)]


def test_a_report_answers_the_request_whose_number_it_carries() -> None:
    requests: Requests[str] = Requests()
    requests.add(request(1), "order")
    cancel = m.OrderCancelRequest(2, 1, None, 1)
    requests.add(cancel, "cancel")
    question = m.OrderStatusRequest(2, 1, None, None)
    requests.add(question, "status")
    mass = m.OrderMassCancelRequest(3, None, MassCancelRequestType.ALL, None)
    requests.add(mass, "mass")
    assert list(requests.unanswered()) == [request(1), cancel, question, mass]
    assert requests.answered_by(canceled(request(1), 3)) is None
    assert requests.answered_by(accepted(request(9))) is None
    assert requests.answered_by(status_of(question)) == "status"
    assert requests.answered_by(canceled(request(1), 2)) == "cancel"
    assert requests.answered_by(accepted(request(1))) == "order"
    assert requests.answered_by(accepted(request(1))) is None
    reason = BusinessRejectReason.VALUE_OUT_OF_RANGE
    assert requests.answered_by(m.BusinessMessageReject(None, 103, reason)) is None
    assert requests.answered_by(m.BusinessMessageReject(3, 104, reason)) is None
    assert requests.answered_by(m.BusinessMessageReject(3, 103, reason)) == "mass"
    assert len(requests) == 0


def test_a_question_for_instruments_has_no_answer_in_sequence() -> None:
    requests: Requests[str] = Requests()
    question = m.SecurityListRequest(1, None, SecurityListRequestType.ALL_SECURITIES)
    with pytest.raises(TypeError):
        requests.add(question, "list")
    part = described(question, 1, "BTCUSD", last=True)
    assert sbe.decode(sbe.encode(part)) == part


def test_a_refusal_says_its_reason() -> None:
    refusal = m.ExecutionReportReject(1, 1, 1, OrdRejReason.PRICE_OFF_TICK, Side.BUY)
    assert str(RejectedError(refusal)) == "PRICE_OFF_TICK"
