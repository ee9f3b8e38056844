"""The FIX session beside the published cases: 789, resets, what is withheld, gaps that stay."""

import random

import pytest

from clients.errors import ClientError, LoginRejectedError, ProtocolError, SessionBrokenError
from clients.fix_session import FixSession
from clients.fix_terms import Ready, Renewed, State, Withheld
from tests.clients.fix_talk import Talk, rejected


def test_with_789_both_sides_are_told_at_the_logon_what_the_other_lacks() -> None:
    talk = Talk(next_expected=True).live()
    talk.send("a")
    talk.send("b")
    talk.session.disconnected()
    assert talk.connect().get(789) == "3"
    happened = talk.hear(talk.logon(5, {789: 4}), talk.report(3, duplicate=True))
    assert [x.sequence for x in happened] == [3]
    again, fill, probe = talk.said()
    assert (again.get(34), again.get(11), again.get(43)) == ("4", "b", "Y")
    assert (fill.get(36), probe.msg_type) == ("6", "1")


def test_a_789_above_all_that_was_sent_ends_the_session() -> None:
    talk = Talk(next_expected=True)
    talk.connect()
    with pytest.raises(SessionBrokenError, match="789"):
        talk.hear(talk.logon(1, {789: 3}))
    assert talk.kinds() == ["5"]


def test_789_means_nothing_where_it_was_not_asked_for() -> None:
    assert [said.msg_type for said in Talk().log_on(1)] == ["1"]
    talk = Talk()
    assert talk.connect().get(789) is None
    talk.hear(talk.logon(1, {789: 99}))
    assert talk.kinds() == ["1"]


def test_what_is_withheld_is_filled_over_and_told() -> None:
    talk = Talk(resend=False).live()
    talk.send("old")
    talk.session.disconnected()
    talk.log_on(3)
    new = talk.send("new")
    (told,) = talk.hear(talk.message("2", 4, {7: 3, 16: 0}))
    assert isinstance(told, Withheld)
    assert told.message.get(11) == "old"
    fill, again, probe = talk.said()
    assert (fill.get(34), fill.get(36)) == ("3", new.get(34))
    assert (again.get(11), again.get(43), probe.msg_type) == ("new", "Y", "1")


def test_a_gap_that_is_not_filled_is_asked_for_twice_and_then_left() -> None:
    talk = Talk().live()
    talk.hear(talk.report(9))
    assert talk.kinds() == ["2"]
    assert talk.wait(9) == []
    assert talk.delivered(talk.report(3, duplicate=True)) == [3]
    assert talk.wait(9) == []
    (ask,) = talk.wait(1)
    assert (ask.msg_type, ask.get(7)) == ("2", "4")
    with pytest.raises(ProtocolError, match="not filled"):
        talk.wait(10)
    assert (talk.kinds(), talk.session.state) == (["5"], State.CLOSED)
    assert talk.hear(talk.report(4)) == []


def test_what_waits_behind_a_gap_is_bounded_and_comes_again() -> None:
    talk = Talk(gap_messages_max=2).live()
    assert talk.delivered(*(talk.report(n) for n in range(5, 10))) == []
    assert talk.kinds() == ["2"]
    again = [talk.report(n, duplicate=True) for n in range(3, 10)]
    assert talk.delivered(*again) == [3, 4, 5, 6, 7, 8, 9]


def test_a_test_request_after_the_logon_that_is_not_answered_ends_the_line() -> None:
    talk = Talk()
    talk.log_on()
    talk.wait(19.9)
    with pytest.raises(ProtocolError, match="not answered"):
        talk.wait(0.1)
    talk.log_on(2)
    talk.session.heard(40.0)
    assert talk.session.tick(41.0) == b""


def test_a_logout_before_both_sides_have_all_is_a_refusal() -> None:
    talk = Talk()
    talk.log_on()
    with pytest.raises(LoginRejectedError, match="session was reset"):
        talk.hear(talk.message("5", 2, {58: "session was reset, log on with ResetSeqNumFlag=Y"}))
    assert talk.kinds() == ["5"]


def test_a_reset_that_the_answer_tells_of_is_kept_to() -> None:
    talk = Talk().live()
    talk.session.disconnected()
    talk.connect()
    assert talk.hear(talk.logon(1, {141: "Y"})) == [Renewed()]
    (probe,) = talk.said()
    assert (probe.get(34), talk.store.next_in) == ("2", 2)


def test_a_reset_with_another_number_than_1_is_none() -> None:
    talk = Talk()
    talk.connect()
    with pytest.raises(ProtocolError):
        talk.hear(talk.logon(2, {141: "Y"}))
    reject, _ = talk.said()
    rejected([reject], 2, 5, 34)


def test_the_exchange_may_let_numbers_begin_anew_on_a_live_session() -> None:
    talk = Talk().live()
    talk.send("a")
    assert talk.hear(talk.logon(1, {141: "Y"})) == [Renewed()]
    (logon,) = talk.said()
    assert (logon.get(34), logon.get(141)) == ("1", "Y")
    assert talk.delivered(talk.report(2)) == [2]
    assert talk.send("b").get(34) == "2"


def test_numbers_may_begin_anew_before_both_sides_have_all() -> None:
    talk = Talk()
    talk.log_on()
    assert talk.hear(talk.logon(1, {141: "Y"})) == [Renewed()]
    _, probe = talk.said()
    assert talk.hear(talk.message("0", 2, {112: probe.text(112)})) == [Ready()]


def test_a_second_logon_ends_the_line() -> None:
    talk = Talk().live()
    with pytest.raises(ProtocolError, match="second Logon"):
        talk.hear(talk.logon(3))
    assert talk.kinds() == ["5"]


def test_a_logon_that_is_sent_again_is_none() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("A", 3, {98: 0, 108: 30}, duplicate=True)) == []
    assert (talk.said(), talk.store.next_in) == ([], 4)


def test_a_message_without_a_number_ends_the_line() -> None:
    talk = Talk().live()
    with pytest.raises(ProtocolError, match="34"):
        talk.hear(talk.report(3, header={34: ""}))
    assert talk.kinds() == ["5"]


def test_a_question_behind_a_gap_that_is_wrong_is_rejected_in_its_turn() -> None:
    talk = Talk().live()
    talk.hear(talk.message("2", 4, {7: 0, 16: 0}))
    assert talk.kinds() == ["2"]
    talk.hear(talk.report(3, duplicate=True))
    rejected(talk.said(), 4, 5, 7)


def test_a_reset_that_says_nothing_is_rejected() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("4", 3)) == []
    rejected(talk.said(), 3, 1, 36)


def test_4_2_leaves_out_reasons_that_it_lacks() -> None:
    talk = Talk(begin_string="FIX.4.2").live()
    talk.hear(talk.message("0", 3, {112: "y", 50: "late"}))
    (reject,) = talk.said()
    assert (reject.get(373), reject.get(371), reject.get(58)) == (None, "50", "tag out of order")
    talk.hear(talk.message("q", 4))
    (reject,) = talk.said()
    assert (reject.get(373), reject.get(371)) == ("11", "35")


def test_a_password_may_hold_any_byte_in_4_2() -> None:
    talk = Talk(begin_string="FIX.4.2")
    session: FixSession[str] = FixSession(
        type(talk.settings)("demo1", "a\x01b", begin_string="FIX.4.2"), talk.store, {}
    )
    assert b"\x0195=3\x0196=a\x01b\x01" in session.connected(0.0)
    with pytest.raises(ValueError, match="value of a field"):
        session.send(("D", [(11, "a\x01b")]), 0.0)


def test_whatever_comes_a_session_only_says_what_it_may() -> None:
    """Messages that are mutated, but whose length and checksum are right, and some that are not."""
    rng = random.Random(7)
    ended = 0
    for _ in range(1_000):
        talk = Talk(begin_string=rng.choice(["FIX.4.2", "FIX.4.4"])).live()
        kinds = [rng.choice(["0", "1", "2", "3", "4", "5", "8", "A", "B", "ZZ"]) for _ in range(4)]
        said = [
            talk.message(kind, rng.randint(2, 6), {7: 1, 16: 0, 36: 5, 45: 1, 112: "x", 17: "e"})
            for kind in kinds
        ]
        before = talk.store.next_in
        try:
            talk.hear(*(mutated(message, rng) for message in said))
        except ClientError:
            ended += 1
        assert talk.store.next_in >= before or talk.store.next_in == 2
        talk.said()  # each is a whole message, and consists of fields
    assert 0 < ended < 1_000


def mutated(message: bytes, rng: random.Random) -> bytes:
    """Some bytes of the body changed, and mostly what frames it made right."""
    begin, _, rest = message.partition(b"\x019=")
    body = bytearray(rest[rest.index(b"35=") : -7])
    for _ in range(rng.randint(0, 3)):
        body[rng.randrange(3, len(body))] = rng.choice(b"\x01=0129Y\x00\xff-")
    content = bytes(body).rstrip(b"\x01") + b"\x01"
    frame = b"%b\x019=%d\x01%b" % (begin, len(content) + rng.choice([0, 0, 0, 1]), content)
    return b"%b10=%03d\x01" % (frame, sum(frame) % 256)
