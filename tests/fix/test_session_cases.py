"""The FIX session layer test cases of the acceptor, against the exchange that runs.

Each is named after its number (FIX 4.4 volume 2, "FIX session-level test cases and expected
behaviors").  Here are 1S to 7; 14 stands in ``test_session_fields``, what comes behind 7 besides in
``test_session_recovery``.
"""

import re
from collections.abc import Callable

import pytest

from testing.fix_client import SOH, Field, FixClient, utc_now
from testing.process import ServerProcess
from tests.fix.cases import AGAIN, logged_out, rejected, summed

Garble = Callable[[bytes], bytes]
ON = [(98, 0), (108, 30)]


# 1S: a Logon comes


async def test_1s_a_a_logon_is_answered(client: FixClient, begin_string: str) -> None:
    async with client:
        answer = await client.log_on(heartbeat_s=17)
        assert [answer.get(tag) for tag in (8, 34, 49, 56, 98, 108, 141)] == [
            *(begin_string, "1", "QUANTSCOPE", client.comp_id, "0", "17", None)
        ]
        assert await client.goes_on() == []


async def test_1s_a_a_logon_that_is_ahead_has_the_others_asked_for(client: FixClient) -> None:
    async with client:
        client.number = 5
        await client.log_on()
        asked = await client.hear()
        assert [asked[tag] for tag in (35, 34, 7, 16)] == ["2", "2", "1", "0"]
        client.say("4", (123, "Y"), (36, 6), number=1, header=AGAIN)
        assert await client.goes_on() == []


async def test_1s_b_a_second_line_of_a_session_is_closed_without_a_word(
    session: FixClient,
) -> None:
    other = FixClient(session.port, session.comp_id, begin_string=session.begin_string)
    async with other:
        other.say("A", *ON, *other.credentials())
        assert await other.closed() == []
    assert await session.goes_on() == []


async def test_1s_c_who_is_not_known_is_not_let_in(shared: ServerProcess) -> None:
    for begin_string in ("FIX.4.4", "FIX.4.2"):
        for comp_id, password in (("nobody", "demo"), ("demo1", "Demo"), ("demo/1", "demo")):
            client = FixClient(shared.fix, comp_id, begin_string=begin_string, password=password)
            async with client:
                client.say("A", *ON, *client.credentials())
                assert await logged_out(client, "not authorized") == {}


async def test_1s_c_another_target_is_closed_without_a_word(client: FixClient) -> None:
    async with client:
        message = client.made("A", *ON).replace(b"56=QUANTSCOPE", b"56=QUANTSCOPF")
        client.writer.write(summed(message))
        assert await client.closed() == []


@pytest.mark.parametrize(
    "fields",
    [
        [(98, 0)],
        [(108, 30)],
        [(98, 0), (108, "x")],
        [(98, 0), (108, 30), (108, 30)],
        [(98, 0), (108, 30), (38, 1)],
        [(98, 0), (108, 30), (141, "y")],
    ],
)
async def test_1s_d_a_logon_that_is_not_well_formed_is_closed_without_a_word(
    client: FixClient, fields: list[Field]
) -> None:
    async with client:
        client.say("A", *fields)
        assert await client.closed() == []
    client.number = 1
    async with client:
        assert (await client.log_on())[34] == "1"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([(98, 0), (108, 0)], "HeartBtInt (108) is out of range"),
        ([(98, 0), (108, -1)], "HeartBtInt (108) is out of range"),
        ([(98, 0), (108, 3601)], "HeartBtInt (108) is out of range"),
        ([(98, 1), (108, 30)], "EncryptMethod (98) is not 0"),
    ],
)
async def test_1s_d_a_logon_that_asks_what_is_not_offered_is_told_so(
    client: FixClient, fields: list[Field], said: str
) -> None:
    async with client:
        client.say("A", *fields)
        assert await logged_out(client, said) == {}
        assert client.heard[-1][34] == "1"


@pytest.mark.parametrize("off_s", [-121, 121])
async def test_1s_d_a_logon_of_another_time_is_told_so(client: FixClient, off_s: int) -> None:
    async with client:
        client.say("A", *ON, sending=utc_now(off_s))
        await logged_out(client, "SendingTime accuracy problem")


async def test_1s_a_second_logon_ends_the_session(session: FixClient) -> None:
    session.say("A", *ON)
    await logged_out(session, "second Logon on one connection")


async def test_1s_numbers_begin_anew_on_a_line_that_is_logged_on(session: FixClient) -> None:
    session.place("a", price=30)
    await session.hear()
    session.number = 1
    session.say("A", *ON, (141, "Y"))
    answer = await session.hear()
    assert [answer[tag] for tag in (35, 34, 141)] == ["A", "1", "Y"]
    session.cancel("b", "a")
    report = await session.hear()
    assert (report[34], report[41], report[150]) == ("2", "a", "4")


# 2S: anything else comes first


@pytest.mark.parametrize("msg_type", ["0", "1", "2", "3", "4", "5", "D", "zz"])
async def test_2s_what_comes_before_a_logon_closes_the_line(
    client: FixClient, msg_type: str
) -> None:
    async with client:
        client.say(msg_type, (112, "x"))
        assert await client.closed() == []


# 2: the header


async def test_2a_h_j_l_p_s_3a_d_what_is_next_is_taken(session: FixClient) -> None:
    session.place("a", price=30)
    report = await session.hear()
    assert (report[35], report[34], report[11]) == ("8", "2", "a")


async def test_2b_what_is_ahead_has_the_others_asked_for(session: FixClient) -> None:
    session.say("0", number=4)
    session.say("0", number=5)
    asked = await session.hear()
    assert [asked[tag] for tag in (35, 7, 16)] == ["2", "2", "0"]
    session.say("4", (123, "Y"), (36, 4), header=AGAIN)
    session.number = 6
    assert await session.goes_on() == []


async def test_2c_what_is_too_low_ends_the_session(session: FixClient) -> None:
    await session.goes_on()
    session.say("0", number=2)
    await logged_out(session, "MsgSeqNum too low, expecting 3 but received 2")


async def test_2e_what_came_before_is_passed_over(session: FixClient) -> None:
    session.place("a", price=30)
    await session.hear()
    session.number = 2
    session.place("a", price=30, header=AGAIN)
    assert await session.goes_on() == []


async def test_2e_what_is_a_duplicate_and_never_came_is_taken(session: FixClient) -> None:
    now = utc_now()
    session.say("1", (112, "x"), sending=now, header=[(43, "Y"), (122, now)])
    assert (await session.hear())[112] == "x"
    assert await session.goes_on() == []


@pytest.mark.parametrize("number", [2, 3])
async def test_2f_a_duplicate_from_before_it_was_sent_ends_the_session(
    session: FixClient, number: int
) -> None:
    await session.goes_on()
    session.say("0", number=number, header=[(43, "Y"), (122, utc_now(5))])
    reject = await logged_out(session, "SendingTime accuracy problem")
    rejected(reject, number, 10, 122)


async def test_2g_a_duplicate_without_its_first_time_is_rejected(session: FixClient) -> None:
    session.say("0", header=[(43, "Y")])
    rejected(await session.hear(), 2, 1, 122)
    session.say("0", number=2, header=[(43, "Y")])
    rejected(await session.hear(), 2, 1, 122)
    assert await session.goes_on() == []


async def test_2i_another_begin_string_ends_the_session(session: FixClient) -> None:
    for begin_string in {"FIX.4.2", "FIX.4.4"} - {session.begin_string}:
        message = session.made("0").replace(session.begin_string.encode(), begin_string.encode())
    session.writer.write(summed(message))
    assert await logged_out(session, "BeginString (8) is not the session's") == {}


@pytest.mark.parametrize("tag", [49, 56])
async def test_2k_other_comp_ids_end_the_session(session: FixClient, tag: int) -> None:
    name = {49: session.comp_id, 56: "QUANTSCOPE"}[tag]
    changed = session.made("0").replace(f"{tag}={name}".encode(), f"{tag}={name[:-1]}#".encode())
    session.writer.write(summed(changed))
    reject = await logged_out(session, "CompID problem")
    rejected(reject, 2, 9, tag)


@pytest.mark.parametrize("off_s", [-115, 115])
async def test_2n_a_time_that_is_near_is_taken(session: FixClient, off_s: int) -> None:
    session.say("0", sending=utc_now(off_s))
    assert await session.goes_on() == []


@pytest.mark.parametrize("off_s", [-125, 125])
async def test_2o_a_time_that_is_far_off_ends_the_session(session: FixClient, off_s: int) -> None:
    session.say("0", sending=utc_now(off_s))
    reject = await logged_out(session, "SendingTime accuracy problem")
    rejected(reject, 2, 10, 52)


async def test_2q_a_message_that_fix_does_not_have_is_rejected(session: FixClient) -> None:
    session.say("zz", (58, "x"))
    reject = await session.hear()
    rejected(reject, 2, 11, None)
    assert reject[372] == "zz"
    assert await session.goes_on() == []


async def test_2r_a_message_that_is_not_taken_gets_a_business_reject(session: FixClient) -> None:
    session.say("B", (148, "news"))
    said = await session.hear()
    assert [said[tag] for tag in (35, 45, 372, 380)] == ["j", "2", "B", "3"]
    assert await session.goes_on() == []


# 2d, 2m, 2t, 3: garbled messages


def _moved(message: bytes, tag: bytes, to: int) -> bytes:
    """One of the first fields stands where another did, and length and sum are right."""
    fields = message.split(SOH)[:-2]
    (field,) = [x for x in fields if x.startswith(tag + b"=")]
    fields.remove(field)
    fields.insert(to, field)
    return summed(SOH.join(fields) + SOH + b"10=000\x01")


def _lengthened(message: bytes, by: int) -> bytes:
    """It says another length, and its sum is right."""
    return summed(
        re.sub(rb"(?<=\x019=)\d+", lambda found: b"%d" % (int(found[0]) + by), message, count=1)
    )


GARBLES: dict[str, Garble] = {
    "2m_a_length_that_is_too_small": lambda m: _lengthened(m, -1),
    "2m_a_length_that_is_too_large": lambda m: _lengthened(m, 1),
    "2m_no_length": lambda m: summed(m.replace(m.split(SOH)[1] + SOH, b"")),
    "2m_a_length_that_is_no_number": lambda m: summed(m.replace(b"\x019=", b"\x019=x")),
    "2t_another_first_field": lambda m: _moved(m, b"9", 0),
    "2t_another_second_field": lambda m: _moved(m, b"35", 1),
    "2t_another_third_field": lambda m: _moved(m, b"49", 2),
    "3b_3c_a_sum_that_is_wrong": lambda m: m[:-4] + b"%03d\x01" % ((int(m[-4:-1]) + 1) % 256),
    "3e_a_sum_of_two_digits": lambda m: m[:-4] + b"99\x01",
    "3e_a_sum_of_four_digits": lambda m: m[:-4] + b"0" + m[-4:],
    "3e_a_sum_without_an_end": lambda m: m[:-1] + b"|",
    "3e_another_last_field": lambda m: m[:-7] + b"58=x\x01",
}


@pytest.mark.parametrize("garble", GARBLES.values(), ids=GARBLES.keys())
async def test_2d_m_t_3b_c_e_what_is_garbled_is_passed_over(
    session: FixClient, garble: Garble
) -> None:
    message = session.made("0", number=session.number)
    assert garble(message) != message
    session.writer.write(garble(message))
    assert await session.goes_on() == []


# 4 to 7: signs of life


async def test_4a_a_heartbeat_is_sent_after_silence_of_ours(client: FixClient) -> None:
    async with client:
        # A TestRequest would follow 0.8 s later.
        await client.log_on(heartbeat_s=4)
        heartbeat = await client.hear()
        assert (heartbeat[35], heartbeat.get(112), heartbeat[34]) == ("0", None, "2")


async def test_4b_a_test_request_is_answered_in_its_words(session: FixClient) -> None:
    session.say("1", (112, "a = b, ~ !"))
    heartbeat = await session.hear()
    assert (heartbeat[35], heartbeat[112]) == ("0", "a = b, ~ !")


async def test_5_a_heartbeat_is_taken(session: FixClient) -> None:
    session.say("0")
    session.say("0", (112, "nobody asked"))
    assert await session.goes_on() == []


async def test_6_silence_gets_a_test_request_and_then_the_end(client: FixClient) -> None:
    async with client:
        await client.log_on(heartbeat_s=1)
        request = (await client.hear_until("1"))[-1]
        client.say("0", (112, request[112]))
        said = await client.closed()
        assert "1" in [x[35] for x in said]
        assert {x[35] for x in said} <= {"0", "1"}


async def test_7_a_reject_is_taken(session: FixClient) -> None:
    session.say("3", (45, 1), (58, "no"))
    assert await session.goes_on() == []
