"""Session packets: what is written is read back, also by a package that nobody here wrote."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nasdaq_protocols import soup as stock  # type: ignore[import-untyped]

from protocol.soup import (
    FrameError,
    Kind,
    LoginAccepted,
    LoginRequest,
    Packet,
    Splitter,
    encode,
)

packets = st.lists(
    st.builds(Packet, st.sampled_from([Kind.SEQUENCED, Kind.DEBUG]), st.binary(max_size=40))
)


@given(packets, st.lists(st.integers(1, 50), min_size=1))
def test_packets_come_back_whatever_the_cuts(sent: list[Packet], cuts: list[int]) -> None:
    stream = b"".join(encode(kind, payload) for kind, payload in sent)
    splitter, seen, at = Splitter(), [], 0
    while at < len(stream):
        for cut in cuts:
            seen += splitter.feed(stream[at : at + cut])
            at += cut
    assert seen == sent


@pytest.mark.parametrize("data", [b"\0\0?", b"\xff\xffU", b"\0\x05?"])
def test_bytes_that_are_no_packet_are_an_error(data: bytes) -> None:
    with pytest.raises(FrameError):
        Splitter(packet_bytes_max=1000).feed(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_packets_or_an_error(data: bytes) -> None:
    with suppress(FrameError):
        read = Splitter().feed(data)
        assert data.startswith(b"".join(encode(*packet) for packet in read))


def test_a_login_is_what_a_stock_package_writes_and_reads() -> None:
    ours = LoginRequest("demo1", "demo", "QS1", 42)
    (packet,) = Splitter().feed(ours.encode())
    assert packet.kind is Kind.LOGIN_REQUEST
    assert LoginRequest.decode(packet.payload) == ours
    _, theirs = stock.LoginRequest("demo1", "demo", "QS1", "42").to_bytes()
    (packet,) = Splitter().feed(theirs)
    assert LoginRequest.decode(packet.payload) == ours
    _, read = stock.SoupMessage.from_bytes(ours.encode())
    assert (read.user, read.password, read.session, read.sequence) == (*ours[:3], "42")


def test_a_grant_is_what_a_stock_package_writes_and_reads() -> None:
    ours = LoginAccepted("QS1", 42)
    (packet,) = Splitter().feed(ours.encode())
    assert LoginAccepted.decode(packet.payload) == ours
    _, theirs = stock.LoginAccepted("QS1", 42).to_bytes()
    (packet,) = Splitter().feed(theirs)
    assert LoginAccepted.decode(packet.payload) == ours
    _, read = stock.SoupMessage.from_bytes(ours.encode())
    assert (read.session_id, read.sequence) == ("QS1", 42)


def test_what_does_not_fit_a_login_is_an_error() -> None:
    with pytest.raises(ValueError, match="6 characters"):
        LoginRequest("toolong", "demo").encode()
    with pytest.raises(ValueError, match="too long"):
        encode(Kind.DEBUG, bytes(70_000))
    with pytest.raises(FrameError, match="not a sequence number"):
        LoginAccepted.decode(b"QS1".rjust(10) + b"-1".rjust(20))
    with pytest.raises(FrameError, match="wrong length"):
        LoginAccepted.decode(b"")
    with pytest.raises(FrameError, match="wrong length"):
        LoginRequest.decode(b"")
