//! Session packets: what is written is read back, whatever the cuts; what can't be is an error.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use wire::soup::{
    self, FrameError, LoginAccepted, LoginError, LoginRejected, LoginRequest, Packets, Sender, kind,
};

const MAX: usize = 1024;

type Seen = Vec<(u8, Vec<u8>)>;

fn read(bytes: &[u8], sender: Sender) -> (Seen, usize, Option<FrameError>) {
    let mut packets = Packets::new(bytes, sender, MAX);
    let mut seen = Vec::new();
    let mut error = None;
    for packet in packets.by_ref() {
        match packet {
            Ok(packet) => seen.push((packet.kind, packet.payload.to_vec())),
            Err(found) => error = Some(found),
        }
    }
    (seen, packets.consumed(), error)
}

#[test]
fn packets_have_the_bytes_of_the_document() {
    let mut out = Vec::new();
    LoginAccepted {
        session: "QS1",
        sequence: 42,
    }
    .push(&mut out);
    assert_eq!(out, b"\0\x1fA       QS1                  42");
    out.clear();
    LoginRejected::SessionNotAvailable.push(&mut out);
    assert_eq!(out, b"\0\x02JS");
    out.clear();
    soup::push_empty(kind::SERVER_HEARTBEAT, &mut out);
    assert_eq!(out, b"\0\x01H");
    out.clear();
    soup::push_debug("no", &mut out);
    assert_eq!(out, b"\0\x03+no");
    out.clear();
    soup::push_with(kind::SEQUENCED, &mut out, |out| {
        out.extend_from_slice(b"abc")
    });
    assert_eq!(out, b"\0\x04Sabc");
}

#[test]
fn a_login_request_is_read_with_both_paddings() {
    let mut out = Vec::new();
    let request = LoginRequest {
        user: "demo1",
        password: "demo",
        session: "",
        sequence: 7,
    };
    request.push(&mut out);
    assert_eq!(out.len(), 49);
    assert_eq!(LoginRequest::read(&out[soup::HEADER..]), Ok(request));
    let other = b" demo1      demoQS1       7                   ";
    let read = LoginRequest::read(other).unwrap();
    assert_eq!((read.user, read.password), ("demo1", "demo"));
    assert_eq!((read.session, read.sequence), ("QS1", 7));
}

#[test]
fn a_login_request_that_cant_be_is_refused() {
    let good = *b"demo1 demo                                   0";
    assert_eq!(LoginRequest::read(&good[1..]), Err(LoginError::Length));
    let mut bad = good;
    bad[0] = 0xff;
    assert_eq!(LoginRequest::read(&bad), Err(LoginError::Text));
    for number in ["-1", "+1", "1 2", "0x10", "18446744073709551616"] {
        let mut bad = good;
        bad[26..].fill(b' ');
        bad[26..26 + number.len()].copy_from_slice(number.as_bytes());
        assert_eq!(
            LoginRequest::read(&bad),
            Err(LoginError::Number),
            "{number}"
        );
    }
}

#[test]
fn framing_that_cant_be_is_found_at_its_first_byte() {
    for (bytes, error) in [
        (&b"\0\0"[..], FrameError::Empty),
        (b"\xff\xff", FrameError::TooLong(65537)),
        (b"\0\x05?", FrameError::Type(b'?')),
        (b"\0\x05S", FrameError::Type(b'S')),
        (b"\0\x02R", FrameError::Payload(b'R', 1)),
        (b"\0\x05L", FrameError::Payload(b'L', 4)),
    ] {
        let (seen, consumed, found) = read(bytes, Sender::Client);
        assert_eq!((seen.len(), consumed, found), (0, 0, Some(error)));
    }
    for length in 0..=u16::MAX {
        let whole = usize::from(length) + 2;
        let (_, _, found) = read(&length.to_be_bytes(), Sender::Client);
        assert_eq!(found.is_some(), length == 0 || whole > MAX);
    }
}

fn packet() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let data = prop::collection::vec(any::<u8>(), 0..64);
    prop_oneof![
        (
            prop_oneof![Just(kind::UNSEQUENCED), Just(kind::DEBUG)],
            data
        ),
        Just((kind::CLIENT_HEARTBEAT, Vec::new())),
        Just((kind::LOGOUT, Vec::new())),
    ]
}

proptest! {
    #[test]
    fn packets_come_back_whatever_the_cuts(
        packets in prop::collection::vec(packet(), 0..20),
        cuts in prop::collection::vec(1usize..50, 1..20),
    ) {
        let mut stream = Vec::new();
        for (kind, payload) in &packets {
            soup::push_data(*kind, payload, &mut stream);
        }
        let (mut kept, mut seen, mut at) = (Vec::new(), Vec::new(), 0);
        for cut in cuts.iter().cycle() {
            let end = (at + cut).min(stream.len());
            kept.extend_from_slice(&stream[at..end]);
            at = end;
            let (found, consumed, error) = read(&kept, Sender::Client);
            prop_assert_eq!(error, None);
            seen.extend(found);
            kept.drain(..consumed);
            if at == stream.len() {
                break;
            }
        }
        prop_assert_eq!(seen, packets);
        prop_assert!(kept.is_empty());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for sender in [Sender::Client, Sender::Server] {
            let (_, consumed, _) = read(&bytes, sender);
            prop_assert!(consumed <= bytes.len());
        }
        let _ = LoginRequest::read(&bytes);
        let _ = LoginAccepted::read(&bytes);
    }

    #[test]
    fn any_login_field_comes_back(
        user in "[!-~]{1,6}", password in "[!-~]{0,10}", session in "[!-~]{0,10}", sequence: u64,
    ) {
        let request = LoginRequest { user: &user, password: &password, session: &session, sequence };
        let mut out = Vec::new();
        request.push(&mut out);
        prop_assert_eq!(LoginRequest::read(&out[soup::HEADER..]), Ok(request));
        let accepted = LoginAccepted { session: &session, sequence };
        out.clear();
        accepted.push(&mut out);
        prop_assert_eq!(LoginAccepted::read(&out[soup::HEADER..]), Ok(accepted));
    }
}
