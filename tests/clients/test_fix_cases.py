"""The FIX session layer test cases of the initiator, each under its number (FIX 4.4 volume 2).

Not here, because a client takes what it does not know: 14a, c, i, j (a dictionary of the client's
own), l, m (an application's), n and 17 (encryption), 18 (third parties).
"""

import re
from collections.abc import Callable

import pytest

from clients.errors import (
    LoginRejectedError,
    ProtocolError,
    SessionBrokenError,
    SessionEndedError,
)
from clients.fix_message import Frames, decode
from clients.fix_terms import Delivered, Ready, State
from clients.session import Lost
from tests.clients.fix_talk import EARLIER, Talk, ns_later, rejected


def logged_out(talk: Talk, said: str) -> None:
    """That a Logout with these words was the last that was said."""
    logout = talk.said()[-1]
    assert logout.msg_type == "5"
    assert said in logout.text(58)


def checksum(message: bytes) -> bytes:
    """The message, with its checksum made right."""
    body = message[:-7]
    return body + b"10=%03d\x01" % (sum(body) % 256)


# 1B: connect and send a Logon


@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
def test_1b_a_b_it_sends_a_logon(begin_string: str) -> None:
    logon = Talk(begin_string=begin_string, heartbeat_s=15).connect()
    assert (logon.begin_string, logon.msg_type) == (begin_string, "A")
    assert [logon.get(tag) for tag in (34, 49, 56, 98, 108)] == [
        "1",
        "demo1",
        "QUANTSCOPE",
        "0",
        "15",
    ]
    secret = {"FIX.4.2": (95, "6", 96), "FIX.4.4": (553, "demo1", 554)}[begin_string]
    assert (logon.get(secret[0]), logon.get(secret[2])) == (secret[1], "secret")
    assert (logon.get(553) is None) is (begin_string == "FIX.4.2")


def test_1b_c_a_valid_answer_is_taken_and_missing_messages_are_asked_for() -> None:
    assert [said.msg_type for said in Talk().log_on(1)] == ["1"]
    ask, probe = Talk().log_on(3)
    assert (ask.msg_type, ask.get(7), ask.get(16), probe.msg_type) == ("2", "1", "0", "1")


def test_1b_d_an_invalid_answer_is_rejected_and_the_line_closed() -> None:
    talk = Talk()
    talk.connect()
    with pytest.raises(ProtocolError, match="required tag missing"):
        talk.hear(talk.message("A", 1, {98: 0}))
    reject, logout = talk.said()
    rejected([reject], 1, 1, 108)
    assert logout.msg_type == "5"
    talk.connect()
    with pytest.raises(ProtocolError, match="value incorrect"):
        talk.hear(talk.message("A", 1, {98: 1, 108: 30}))


def test_1b_e_anything_but_a_logon_ends_the_line() -> None:
    talk = Talk()
    talk.connect()
    with pytest.raises(ProtocolError, match="no Logon"):
        talk.hear(talk.message("0", 1))
    assert talk.session.state is State.CLOSED


@pytest.mark.parametrize("kind", ["3", "5"])
def test_1b_a_logon_that_is_refused_moves_no_number(kind: str) -> None:
    talk = Talk()
    talk.connect()
    with pytest.raises(LoginRejectedError, match="not authorized") as caught:
        talk.hear(talk.message(kind, 1, {45: 1, 58: "not authorized"}))
    assert caught.value.code == "A"
    assert (talk.store.next_in, talk.connect().get(34)) == (1, "2")


# 2: the standard header


def test_2a_the_number_that_is_expected_is_taken() -> None:
    talk = Talk().live()
    assert talk.delivered(talk.report(3)) == [3]
    assert talk.store.next_in == 4


def test_2b_a_number_that_is_ahead_is_asked_for_once_and_order_is_kept() -> None:
    talk = Talk().live()
    assert talk.delivered(talk.report(5), talk.report(6)) == []
    (ask,) = talk.said()
    assert (ask.msg_type, ask.get(7), ask.get(16)) == ("2", "3", "0")
    again = [talk.report(n, duplicate=True) for n in range(3, 7)]
    assert talk.delivered(*again, talk.report(7)) == [3, 4, 5, 6, 7]
    assert talk.said() == []


def test_2c_a_number_that_is_too_low_ends_the_session() -> None:
    talk = Talk().live()
    with pytest.raises(SessionBrokenError, match="too low, expecting 3 but received 2"):
        talk.hear(talk.report(2))
    logged_out(talk, "MsgSeqNum too low, expecting 3 but received 2")


@pytest.mark.parametrize(
    "garble",
    [
        lambda m: m.replace(b"9=", b"9=1", 1),
        lambda m: m.replace(b"\x0135=8", b"\x0135=9"),
        lambda m: m[:-4] + b"999\x01",
        lambda m: m[:-4] + b"99\x01",
        lambda m: m[:-8] + b"\x01",
        lambda m: checksum(m.replace(b"\x0135=8", b"", 1)),
        lambda m: checksum(re.sub(rb"(9=\d+\x01)(35=8\x01)", rb"\2\1", m)),
        lambda m: checksum(b"9=1\x01" + m),
        lambda _: b"garbage\x01",
        lambda _: b"8=FIX.4.4\x019=x\x0135=8\x01" + 60 * b"x",
        lambda _: b"8=FIX.4.4\x019=99999999\x0135=8\x01",
    ],
)
def test_2d_m_t_3b_c_e_what_is_garbled_is_passed_over(garble: Callable[[bytes], bytes]) -> None:
    talk = Talk().live()
    bad = garble(talk.report(3))
    assert bad != talk.report(3)
    following = [talk.report(n) for n in range(3, 8)]
    assert talk.delivered(bad + b"".join(following))[:1] == [3]
    assert "3" not in talk.kinds()


def test_2e_a_duplicate_that_says_so_is_passed_over() -> None:
    talk = Talk().live()
    assert talk.delivered(talk.report(3), talk.report(3, duplicate=True)) == [3]
    assert talk.said() == []
    # A duplicate by its flag that never came is a message like any other.
    (told,) = talk.hear(talk.report(4, duplicate=True))
    assert told == Delivered(4, "e4", possible_duplicate=True)


def test_2f_a_duplicate_from_before_it_was_sent_is_rejected() -> None:
    talk = Talk().live()
    with pytest.raises(ProtocolError):
        talk.hear(talk.report(2, header={43: "Y", 122: ns_later(9)}))
    reject, logout = talk.said()
    rejected([reject], 2, 10, 122)
    assert logout.msg_type == "5"


@pytest.mark.parametrize("number", [2, 3])
def test_2g_a_duplicate_without_its_first_time_is_rejected(number: int) -> None:
    talk = Talk().live()
    assert talk.delivered(talk.report(number, header={43: "Y"})) == []
    rejected(talk.said(), number, 1, 122)
    assert talk.store.next_in == number + 1 if number == 3 else 3


def test_2h_j_l_n_p_s_3a_d_a_good_message_is_taken() -> None:
    talk = Talk().live()
    for later in (-119, 119):
        number = talk.store.next_in
        assert talk.delivered(talk.report(number, header={52: ns_later(later)})) == [number]


def test_2i_another_begin_string_ends_the_session() -> None:
    talk = Talk().live()
    other = Talk(begin_string="FIX.4.2")
    with pytest.raises(SessionBrokenError):
        talk.hear(other.report(3))
    logged_out(talk, "BeginString")


@pytest.mark.parametrize("tag", [49, 56])
def test_2k_other_comp_ids_end_the_session(tag: int) -> None:
    talk = Talk().live()
    with pytest.raises(SessionBrokenError):
        talk.hear(talk.report(3, header={tag: "OTHER"}))
    reject, logout = talk.said()
    rejected([reject], 3, 9, tag)
    assert logout.msg_type == "5"
    assert talk.store.next_in == 4


@pytest.mark.parametrize("later", [-121, 121])
def test_2o_a_time_that_is_far_off_ends_the_line(later: int) -> None:
    talk = Talk().live()
    with pytest.raises(ProtocolError):
        talk.hear(talk.report(3, header={52: ns_later(later)}))
    reject, logout = talk.said()
    rejected([reject], 3, 10, 52)
    assert logout.msg_type == "5"
    assert talk.store.next_in == 4


def test_2q_a_message_type_that_fix_does_not_know_is_rejected() -> None:
    talk = Talk().live()
    assert talk.delivered(talk.message("ZZ", 3)) == []
    rejected(talk.said(), 3, 11, 35)
    assert talk.store.next_in == 4


def test_2r_a_message_type_that_is_not_supported_gets_a_business_reject() -> None:
    talk = Talk().live()
    (told,) = talk.hear(talk.message("B", 3))
    assert told == Delivered(3, None)
    (said,) = talk.said()
    assert (said.msg_type, said.get(45), said.get(372), said.get(380)) == ("j", "3", "B", "3")


# 4 to 7: signs of life


def test_4a_a_heartbeat_is_sent_after_silence_of_ours() -> None:
    talk = Talk().live()
    assert talk.wait(29) == []
    talk.send("one")
    talk.hear(talk.message("0", 3))
    assert talk.wait(29) == []
    talk.hear(talk.message("0", 4))
    (heartbeat,) = talk.wait(1)
    assert (heartbeat.msg_type, heartbeat.get(112)) == ("0", None)


def test_4b_a_test_request_is_answered_with_its_words() -> None:
    talk = Talk().live()
    talk.hear(talk.message("1", 3, {112: "hello"}))
    (heartbeat,) = talk.said()
    assert (heartbeat.msg_type, heartbeat.get(112)) == ("0", "hello")


def test_5_a_heartbeat_is_taken() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("0", 3)) == []
    assert (talk.said(), talk.store.next_in) == ([], 4)


def test_6_silence_gets_a_test_request_and_then_the_end() -> None:
    talk = Talk().live()
    talk.wait(30)
    (probe,) = talk.wait(6)
    assert probe.msg_type == "1"
    talk.hear(talk.message("0", 3, {112: probe.text(112)}))
    talk.wait(36)
    talk.wait(35)
    with pytest.raises(ProtocolError, match="nothing heard for 72 s"):
        talk.wait(1)


def test_7_a_reject_is_told() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("3", 3, {45: 2, 58: "no"})) == [Delivered(3, "no")]
    assert talk.said() == []


# 8: ResendRequest


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (1, 0, [("4", 1, 3), ("D", 3, 0), ("D", 4, 0), ("4", 5, 6), ("D", 6, 0)]),
        (1, 999_999, [("4", 1, 3), ("D", 3, 0), ("D", 4, 0), ("4", 5, 6), ("D", 6, 0)]),
        (4, 5, [("D", 4, 0), ("4", 5, 6)]),
        (3, 3, [("D", 3, 0)]),
        (5, 5, [("4", 5, 6)]),
        (7, 0, []),
    ],
)
def test_8_what_is_asked_for_is_sent_again(
    begin: int, end: int, expected: list[tuple[str, int, int]]
) -> None:
    talk = Talk().live()
    sent = [talk.send("a"), talk.send("b")]
    talk.hear(talk.message("1", 3, {112: "x"}))
    talk.said()
    sent.append(talk.send("c"))
    talk.wall_ns += 10**9
    talk.hear(talk.message("2", 4, {7: begin, 16: end}))
    said = talk.said()
    assert [(x.msg_type, x.number(34), int(x.get(36) or 0)) for x in said] == expected
    for each in said:
        assert each.get(43) == "Y"
        assert each.time_ns(122) <= each.time_ns(52)
    before = {each.number(34): each for each in sent}
    for again in (each for each in said if each.msg_type == "D"):
        first = before[again.number(34)]
        assert (again.get(11), again.get(122)) == (first.get(11), first.get(52))
        assert again.get(52) != first.get(52)
    assert talk.send("d").number(34) == talk.session.last_sent


@pytest.mark.parametrize(("begin", "end", "tag"), [(0, 0, 7), (4, 3, 16)])
def test_8_a_range_that_is_none_is_rejected(begin: int, end: int, tag: int) -> None:
    talk = Talk().live()
    talk.hear(talk.message("2", 3, {7: begin, 16: end}))
    rejected(talk.said(), 3, 5, tag)


# 9 to 11: SequenceReset


def test_9_a_reset_by_the_client_begins_anew_on_both_sides() -> None:
    talk = Talk(reset=True)
    talk.store.sent(b"old")
    talk.store.received(9)
    logon = talk.connect()
    assert (logon.get(34), logon.get(141)) == ("1", "Y")
    assert talk.hear(talk.logon(1, {141: "Y"})) == []
    assert (talk.store.next_in, talk.store.next_out) == (2, 3)
    talk.session.disconnected()
    assert talk.connect().get(141) is None


def test_10a_a_gap_fill_that_is_ahead_is_asked_for() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("4", 5, {123: "Y", 36: 9})) == []
    assert talk.kinds() == ["2"]
    assert talk.delivered(talk.report(3, duplicate=True), talk.report(4, duplicate=True)) == [3, 4]
    assert talk.store.next_in == 9


def test_10b_a_gap_fill_moves_the_number() -> None:
    talk = Talk().live()
    talk.hear(talk.message("4", 3, {123: "Y", 36: 20}))
    assert (talk.said(), talk.store.next_in) == ([], 20)


def test_10c_a_gap_fill_that_came_before_is_passed_over() -> None:
    talk = Talk().live()
    talk.hear(talk.message("4", 2, {123: "Y", 36: 20}, duplicate=True))
    assert (talk.said(), talk.store.next_in) == ([], 3)


def test_10d_a_gap_fill_that_is_too_low_ends_the_session() -> None:
    talk = Talk().live()
    with pytest.raises(SessionBrokenError):
        talk.hear(talk.message("4", 2, {123: "Y", 36: 20}))
    logged_out(talk, "too low")


def test_10e_a_gap_fill_backwards_is_rejected() -> None:
    talk = Talk().live()
    talk.hear(talk.message("4", 3, {123: "Y", 36: 3}))
    rejected(talk.said(), 3, 5, 36)


def test_11a_a_reset_moves_the_number_and_what_is_lost_is_told() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("4", 1, {123: "N", 36: 10})) == [Lost(3, 9)]
    assert talk.delivered(talk.report(10)) == [10]


def test_11b_a_reset_to_what_is_expected_changes_nothing() -> None:
    talk = Talk().live()
    assert talk.hear(talk.message("4", 99, {36: 3})) == []
    assert (talk.said(), talk.store.next_in) == ([], 3)


def test_11c_a_reset_backwards_is_rejected_and_takes_no_number() -> None:
    talk = Talk().live()
    talk.hear(talk.message("4", 3, {36: 2}))
    rejected(talk.said(), 3, 5, 36)
    assert talk.store.next_in == 3


# 12, 13: Logout


def test_12_a_logout_is_waited_for_and_answered() -> None:
    talk = Talk().live()
    assert b"\x0135=5\x01" in talk.session.logout()
    assert talk.session.logout() == b""
    assert talk.delivered(talk.report(3)) == [3]
    with pytest.raises(SessionEndedError, match="logged out"):
        talk.hear(talk.message("5", 4))
    assert (talk.said(), talk.store.next_in) == ([], 5)


def test_12_a_logout_that_is_not_answered_ends_the_line() -> None:
    talk = Talk().live()
    talk.session.logout()
    talk.wait(0)
    assert talk.wait(9.9) == []
    with pytest.raises(ProtocolError, match="no answer"):
        talk.wait(0.1)


@pytest.mark.parametrize("number", [3, 7])
def test_13b_a_logout_is_answered_also_behind_a_gap(number: int) -> None:
    talk = Talk().live()
    with pytest.raises(ProtocolError, match="good night"):
        talk.hear(talk.message("5", number, {58: "good night"}))
    assert talk.kinds() == ["5"]
    assert talk.store.next_in == (4 if number == 3 else 3)


# 14: fields


@pytest.mark.parametrize(
    ("case", "wrong", "reason", "tag"),
    [
        ("b", lambda m: m.replace(b"\x0117=e3", b""), 1, 17),
        ("b", lambda m: m.replace(b"\x0152=", b"\x016000="), 1, 52),
        ("d", lambda m: m.replace(b"\x0117=e3", b"\x0117="), 4, 17),
        ("f", lambda m: m.replace(b"\x0152=2024", b"\x0152=2O24"), 6, 52),
        ("f", lambda m: m.replace(b"\x0152=20241231", b"\x0152=20241331"), 6, 52),
        ("f", lambda m: m.replace(b"\x0152=", b"\x0197=y\x0152="), 6, 97),
        ("g", lambda m: m.replace(b"\x0117=e3", b"\x0117=e3\x0150=x"), 14, 50),
        ("h", lambda m: m.replace(b"\x0149=", b"\x0150=a\x0150=b\x0149="), 13, 50),
        ("k", lambda m: m.replace(b"\x0117=e3", b"\x0117=e3\x01e4"), 17, 17),
        ("a", lambda m: m.replace(b"\x0117=e3", b"\x0117=e3\x01a7=1"), 0, None),
    ],
)
def test_14_a_message_that_is_wrong_is_rejected(
    case: str, wrong: Callable[[bytes], bytes], reason: int, tag: int | None
) -> None:
    talk = Talk().live()
    changed = wrong(talk.report(3))
    body = changed[changed.index(b"35=") : -7]
    frame = checksum(b"8=FIX.4.4\x019=%d\x01%b10=000\x01" % (len(body), body))
    assert talk.delivered(frame) == [], case
    rejected(talk.said(), 3, reason, tag)
    assert talk.delivered(talk.report(4)) == [4]


@pytest.mark.parametrize(
    ("kind", "fields", "reason", "tag"),
    [
        ("1", {}, 1, 112),
        ("2", {7: 1}, 1, 16),
        ("2", {7: "x", 16: 0}, 6, 7),
        ("3", {}, 1, 45),
        ("4", {123: "Y"}, 1, 36),
        ("4", {123: "y", 36: 5}, 6, 123),
        ("4", {123: "Y", 36: "1e3"}, 6, 36),
    ],
)
def test_14b_f_administrative_messages_are_held_to_their_fields(
    kind: str, fields: dict[int, str | int], reason: int, tag: int
) -> None:
    talk = Talk().live()
    assert talk.hear(talk.message(kind, 3, fields)) == []
    rejected(talk.said(), 3, reason, tag)


def test_15_fields_may_stand_in_any_order() -> None:
    talk = Talk().live()
    other = {52: ns_later(0), 34: 4, 56: "demo1", 49: "QUANTSCOPE"}
    message = talk.message("8", 4, {58: "x", 17: "e4"}, header={34: "", 49: "", 56: "", 52: ""})
    fields = b"".join(b"%d=%b\x01" % (tag, str(value).encode()) for tag, value in other.items())
    body = b"35=8\x01" + fields + message[message.index(b"58=") : -7]
    frame = checksum(b"8=FIX.4.4\x019=%d\x01%b10=000\x01" % (len(body), body))
    assert talk.delivered(talk.report(3), frame) == [3, 4]


# 16, 19, 20


def test_16_requests_wait_until_both_sides_have_all() -> None:
    talk = Talk().live()
    talk.send("lost")
    talk.session.disconnected()
    ask, probe = talk.log_on(5)
    assert (ask.msg_type, probe.msg_type) == ("2", "1")
    filled = talk.message("4", 5, {123: "Y", 36: 6}, duplicate=True)
    happened = talk.hear(
        talk.message("2", 6, {7: 3, 16: 0}),
        talk.report(3, duplicate=True),
        talk.report(4, duplicate=True),
        filled,
        talk.message("4", 6, {123: "Y", 36: 7}, duplicate=True),
    )
    assert [x.sequence for x in happened] == [3, 4]
    again, fill, asked_again = talk.said()
    assert (again.get(11), again.get(43), fill.get(36)) == ("lost", "Y", "7")
    # The first TestRequest was filled over with the rest: another takes its place.
    assert asked_again.text(112) != probe.text(112)
    assert talk.hear(talk.message("0", 7, {112: probe.text(112)})) == []
    assert talk.hear(talk.message("0", 8, {112: asked_again.text(112)})) == [Ready()]


def test_19_a_possible_resend_is_a_message_of_its_own() -> None:
    talk = Talk().live()
    assert talk.delivered(talk.report(3), talk.report(4, header={97: "Y"})) == [3, 4]


def test_20_both_sides_may_ask_at_once() -> None:
    talk = Talk().live()
    talk.send("a")
    assert talk.delivered(talk.report(5)) == []
    assert talk.kinds() == ["2"]
    assert talk.hear(talk.message("2", 6, {7: 3, 16: 3})) == []
    (again,) = talk.said()
    assert (again.get(11), again.get(43)) == ("a", "Y")
    rest = [talk.report(n, header={43: "Y", 122: EARLIER}) for n in (3, 4)]
    assert talk.delivered(*rest, talk.report(7)) == [3, 4, 5, 7]


def test_bytes_may_come_one_by_one() -> None:
    talk = Talk().live()
    data = talk.report(3) + b"8=FI" + talk.report(4)
    seen = [n for byte in data for n in talk.delivered(bytes([byte]))]
    assert seen == [3, 4]
    assert [decode(frame).text(17) for frame in Frames().feed(talk.report(9))] == ["e9"]
