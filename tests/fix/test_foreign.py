"""Foreign FIX engines do what the kit says, against an acceptor that only acknowledges."""

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from testing.certificates import Certificates
from testing.foreign_fix.acceptor import QuickfixAcceptor
from testing.foreign_fix.engine import ForeignEngine, Unheard
from testing.foreign_fix.engines import binance, quickfix, quickfixj
from testing.foreign_fix.orders import (
    cancel,
    mass_cancel,
    new_order,
    replace,
    security_list,
    status,
)
from testing.foreign_fix.session import BinanceSession, ForeignSession
from testing.foreign_fix.text import SOH, ForeignMessage, encoded
from testing.foreign_fix.tls import tls_settings
from testing.proxy import LinkProxy

Engine = Callable[[ForeignSession], ForeignEngine]
ENGINES = pytest.mark.parametrize("engine", [quickfix, quickfixj])
VERSIONS = pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])


CLIENTS = tuple(f"demo{number}" for number in range(1, 33))
Session = Callable[..., ForeignSession]


@pytest.fixture(scope="module")
def acceptor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickfixAcceptor]:
    with QuickfixAcceptor(tmp_path_factory.mktemp("acceptor"), *CLIENTS) as acceptor:
        yield acceptor


@pytest.fixture(scope="module")
def unused() -> Iterator[str]:
    return iter(CLIENTS)


@pytest.fixture
def session(acceptor: QuickfixAcceptor, unused: Iterator[str], tmp_path: Path) -> Session:
    """What makes sessions of a client that no other test is."""
    return partial(ForeignSession, port=acceptor.port, store=tmp_path, sender=next(unused))


@ENGINES
@VERSIONS
def test_it_logs_on_and_sends_requests_of_each_kind(
    engine: Engine, begin_string: str, session: Session
) -> None:
    with engine(session(begin_string=begin_string)) as client:
        client.send("D", *new_order("a"))
        acknowledged = client.wait({35: "8", 11: "a", 39: 0})
        assert acknowledged[151] == "2"
        client.send("G", *replace("b", "a", quantity=3))
        client.wait({35: "8", 11: "b", 41: "a", 150: 5, 38: 3})
        client.send("H", *status("b"))
        client.wait({35: "8", 11: "b", **({20: 3} if begin_string == "FIX.4.2" else {150: "I"})})
        client.send("F", *cancel("c", "b", quantity=3))
        client.wait({35: "8", 11: "c", 41: "b", 150: 4})
        if begin_string == "FIX.4.4":
            client.send("q", *mass_cancel("d"))
            client.send("x", *security_list("e"))
            client.until_numbers(8, 6)
    logon, new, *others = client.among("out")
    assert [m[35] for m in others if m[35] not in "qx"] == ["G", "H", "F", "5"]
    assert logon.text.startswith(f"8={begin_string}{SOH}9=")
    old = begin_string == "FIX.4.2"
    password = {95: 4, 96: "demo", 553: None} if old else {553: logon[49], 554: "demo"}
    assert logon.has({56: "QUANTSCOPE", 34: 1, 108: 30, **password})
    assert new.has(dict(new_order("a")))
    assert not client.rejects()


@ENGINES
def test_numbers_that_it_skips_are_asked_for_and_filled(engine: Engine, session: Session) -> None:
    with engine(session()) as client:
        client.renumber(next_out=7)
        client.send("D", *new_order("a"))
        client.wait({35: "2", 7: 2})
        client.wait({35: "4", 123: "Y", 34: 2, 36: 7}, way="out")
        client.wait({35: "D", 43: "Y", 34: 7}, way="out")
        client.wait({35: "8", 11: "a"})


@ENGINES
def test_what_it_misses_it_asks_for_and_gets_again(engine: Engine, session: Session) -> None:
    with engine(session()) as client:
        for name in ("a", "b"):
            client.send("D", *new_order(name))
            client.wait({35: "8", 11: name})
        client.until_numbers(4, 4)
        client.renumber(next_in=2)
        client.send("D", *new_order("c"))
        client.wait({35: "2", 7: 2}, way="out")
        client.wait({35: "8", 11: "a", 43: "Y"})
        client.wait({35: "8", 11: "c", 43: "Y"})
        client.until_numbers(6, 5)


@ENGINES
def test_sides_that_are_killed_go_on_from_what_they_kept(
    engine: Engine, session: Session, acceptor: QuickfixAcceptor
) -> None:
    with engine(session()) as client:
        client.send("D", *new_order("a"))
        client.wait({35: "8", 11: "a"})
        client.until_numbers(3, 3)
        client.kill()
        client.start()
        client.until_logged_on()
        client.send("D", *new_order("b"))
        client.wait({35: "8", 11: "b"})
        acceptor.kill()
        client.until_logged_out()
        acceptor.start()
        client.until_logged_on()
        client.send("D", *new_order("c"))
        client.wait({35: "8", 11: "c"})
    logons = [m for m in client.among("out", "A") if m[34] == "1" or m.get(141)]
    assert len(logons) == 1, "its numbers began anew"


@ENGINES
def test_it_logs_out_and_on_and_comes_back_to_a_line_that_was_lost(
    engine: Engine, session: Session
) -> None:
    with engine(session()) as client:
        client.log_out("for now")
        assert client.among("out", "5")[0][58] == "for now"
        client.log_on()
        assert client.logons == 2
        client.disconnect()
        client.until_logged_on(2)
        client.send("D", *new_order("a"))
        client.wait({35: "8", 11: "a"})


@ENGINES
def test_it_resets_the_sequence_and_the_session(engine: Engine, session: Session) -> None:
    with engine(session()) as client:
        client.sequence_reset(100)
        client.send("D", *new_order("a"))
        assert client.wait({35: "8", 11: "a"}, way="in")[34] == "2"
        assert client.among("out", "D")[0][34] == "100"
    with engine(session(reset_on_logon=True)) as client:
        assert client.numbers() == (2, 2)
        assert client.among("out", "A")[0].has({34: 1, 141: "Y"})


@ENGINES
def test_rejects_are_seen(engine: Engine, session: Session) -> None:
    with engine(session()) as client:
        client.send("D", *[field for field in new_order("a") if field[0] != 54])
        client.wait({35: "3", 371: 54, 373: 1})
        assert len(client.rejects()) == 1


@ENGINES
@pytest.mark.parametrize("validate", [True, False])
def test_its_dictionary_refuses_a_report_that_lacks_something(
    engine: Engine, validate: bool, session: Session
) -> None:
    with engine(session(validate=validate)) as client:
        client.send("D", *new_order("a"), (58, "37 151"))
        assert client.wait({35: "8", 11: "a"}).has({37: None, 151: None})
        if validate:
            client.wait({35: "3", 371: 37, 373: 1}, way="out")
        else:
            client.until_numbers(3, 3)
            assert not client.rejects()


@ENGINES
def test_groups_are_sent_as_they_are_given(engine: Engine, session: Session) -> None:
    parties = [(453, 2), (448, "x"), (447, "D"), (452, 1), (448, "y"), (447, "D"), (452, 3)]
    with engine(session()) as client:
        client.send("D", *new_order("a"), *parties)
        client.wait({35: "8", 11: "a"})
        assert client.among("out", "D")[0].all(448) == ["x", "y"]


def test_what_does_not_come_is_told_with_all_that_came(session: Session) -> None:
    with quickfix(session()) as client:
        with pytest.raises(Unheard) as told:
            client.wait({35: "8"}, seconds_max=0.01)
        assert "a message in has {35: '8'}" in str(told.value)
        assert "in 8=FIX.4.4|9=" in str(told.value)
        client.kill()
        with pytest.raises(Unheard, match="the driver ended"):
            client.wait({35: "8"})


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """QuickFIX/J looks up the name of the address that it is given."""
    return Certificates(tmp_path / "certificates", "127.0.0.1", "localhost")


@pytest.fixture
def tls(certificates: Certificates) -> ssl.SSLContext:
    """What a server has."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server_with_key)
    return context


def test_quickfixj_trusts_an_authority_that_it_is_given(
    acceptor: QuickfixAcceptor,
    session: Session,
    certificates: Certificates,
    tls: ssl.SSLContext,
    tmp_path: Path,
) -> None:
    with LinkProxy(acceptor.port, tls) as proxy:
        trusting = tls_settings(certificates.ca, tmp_path / "trusted")
        with quickfixj(session(port=proxy.port, more=trusting)) as client:
            client.send("D", *new_order("a"))
            client.wait({35: "8", 11: "a"})
        stranger = Certificates(tmp_path / "stranger")
        others = tls_settings(stranger.ca, tmp_path / "others")
        client = quickfixj(session(port=proxy.port, more=others))
        client.start()
        client.until_said("PKIX path")
        client.kill()
        assert not client.among("in")


def test_binances_connector_trades_over_tls(
    certificates: Certificates, tls: ssl.SSLContext
) -> None:
    with (
        QuickfixAcceptor(None, "demo1", options=["--no-validation"]) as acceptor,
        LinkProxy(acceptor.port, tls) as proxy,
        binance(BinanceSession(proxy.port), certificates.ca) as client,
    ):
        client.send("D", *new_order("a"))
        client.wait({35: "8", 11: "a", 39: 0})
        client.send("1", (112, "there?"))
        client.wait({35: "0", 112: "there?"})
        client.log_out()
    logon = client.among("out", "A")[0]
    assert logon.has({141: "Y", 553: "a key of an account", 9406: "N", 25035: 2, 25036: 1})
    assert int(logon[95]) == len(logon[96]) == 88
    assert len(logon[52]) == len("20260102-03:04:05.678901")


def test_text_is_put_together_and_taken_apart() -> None:
    text = encoded("FIX.4.2", [(35, "A"), (95, 3), (96, f"a{SOH}b"), (98, 0)])
    message = ForeignMessage("in", text)
    assert message[9] == str(text.index(f"{SOH}10=") - text.index("35=") + 1)
    assert (message[96], message[98], message.get(58)) == (f"a{SOH}b", "0", None)
    assert int(message[10]) == sum(text[: text.index("10=")].encode()) % 256
    assert repr(message) == f"in {text.replace(SOH, '|')}"
    with pytest.raises(KeyError, match="58 is not in"):
        message[58]
