//! Any bytes: framing, logins, requests, messages and records, without panic and within bounds.

#![allow(clippy::unwrap_used)]

mod mutate;

use mutate::{Random, damage, each_case, request, stream};
use wire::record::{Command, CommandBatch, EventBatch};
use wire::sbe::{Message, Request, decode_request, refuse_busy};
use wire::soup::{LoginAccepted, LoginRequest, Packets, Sender, kind};

const PACKET_BYTES_MAX: usize = 1024;
const ENTRY: u32 = 7;

/// What one request leaves behind: a whole command of its entry, or nothing.
fn check_request(message: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let request = decode_request(ENTRY, message, out);
    if let Ok(Request::SecurityList { .. }) = request {
        assert!(out.is_empty());
        return;
    }
    assert_eq!(usize::from(u16::from_le_bytes([out[0], out[1]])), out.len());
    let (entry, refused) = match Command::decode(out[2], &out[4..]).unwrap() {
        Command::New(x, "", "") => (x.entry, false),
        Command::Cancel(x, "", "", "") => (x.entry, false),
        Command::Replace(x, "", "", "") => (x.entry, false),
        Command::MassCancel(x, "", "") => (x.entry, false),
        Command::Status(x, "", "") => (x.entry, false),
        Command::Refuse(x) => (x.entry, true),
        other => panic!("{other:?} from a client"),
    };
    assert_eq!((entry, refused), (ENTRY, request.is_err()));
    refuse_busy(ENTRY, message, out);
}

/// A message that can be read is written back to bytes that mean the same.
fn check_message(bytes: &[u8], out: &mut Vec<u8>) {
    if let Ok(message) = Message::read(bytes) {
        out.clear();
        message.push_message(out);
        assert_eq!(Message::read(out), Ok(message));
    }
}

/// Read a stream in pieces, as a server does; the rest that is kept stays bounded.
fn check_stream(random: &mut Random, bytes: &[u8], kept: &mut Vec<u8>, out: &mut Vec<u8>) {
    kept.clear();
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + 1 + random.below(120)).min(bytes.len());
        kept.extend_from_slice(&bytes[at..end]);
        at = end;
        let mut packets = Packets::new(kept, Sender::Client, PACKET_BYTES_MAX);
        for packet in packets.by_ref() {
            let Ok(packet) = packet else {
                return;
            };
            match packet.kind {
                kind::UNSEQUENCED => check_request(packet.payload, out),
                kind::LOGIN_REQUEST => drop(LoginRequest::read(packet.payload)),
                _ => {}
            }
        }
        let consumed = packets.consumed();
        kept.drain(..consumed);
        assert!(kept.len() < PACKET_BYTES_MAX);
    }
}

#[test]
fn a_damaged_stream_of_packets() {
    let (mut bytes, mut kept, mut out) = (Vec::new(), Vec::new(), Vec::new());
    each_case(20_000, |random| {
        bytes.clear();
        stream(random, &mut bytes);
        damage(random, &mut bytes);
        check_stream(random, &bytes, &mut kept, &mut out);
        for packet in Packets::new(&bytes, Sender::Server, PACKET_BYTES_MAX) {
            let Ok(packet) = packet else {
                break;
            };
            let _ = LoginAccepted::read(packet.payload);
        }
    });
}

#[test]
fn a_damaged_message() {
    let (mut bytes, mut out) = (Vec::new(), Vec::new());
    each_case(20_000, |random| {
        bytes.clear();
        request(random).push_message(&mut bytes);
        if random.below(4) == 0 {
            let specs = Message::SPECS;
            let template = specs[random.below(specs.len())].template;
            bytes[2..4].copy_from_slice(&template.to_le_bytes());
            bytes.resize(120, random.next() as u8);
            bytes[..2].copy_from_slice(&100_u16.to_le_bytes());
        }
        damage(random, &mut bytes);
        check_request(&bytes, &mut out);
        check_message(&bytes, &mut out);
    });
}

#[test]
fn a_damaged_record() {
    let (mut bytes, mut batch) = (Vec::new(), Vec::new());
    each_case(20_000, |random| {
        bytes.clear();
        for _ in 0..random.below(4) {
            let mut message = Vec::new();
            request(random).push_message(&mut message);
            let _ = decode_request(ENTRY, &message, &mut bytes);
        }
        damage(random, &mut bytes);
        let mut header = wire::record::CommandBatchHeader::from_bytes(&[0; 64]).unwrap();
        header.count = random.below(6) as u32;
        batch.clear();
        CommandBatch::write(header, &bytes, &mut batch);
        if random.below(4) == 0 {
            damage(random, &mut batch);
        }
        if let Ok(read) = CommandBatch::read(&batch) {
            assert!(read.commands().take(8).count() <= 8);
        }
        let mut rest = batch.as_slice();
        let _ = EventBatch::take(&mut rest);
    });
}
