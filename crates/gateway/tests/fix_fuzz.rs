//! Conversations of FIX that are damaged: no panic, no number that goes back, nothing taken twice.

#![allow(clippy::unwrap_used)]

#[path = "../../wire/tests/mutate/mod.rs"]
#[allow(dead_code, reason = "its requests are those of the binary protocol")]
mod mutate;

use gateway::fix::{Action, Header, Machine, Now, Numbers, Settings};
use mutate::{Random, damage, each_case};
use wire::fix::{Frame, Frames, Writer};

const WALL_NS: u64 = 1_735_689_599 * 1_000_000_000;
const MESSAGE_BYTES_MAX: usize = 4_096;
const KINDS: [&str; 10] = ["A", "0", "1", "2", "3", "4", "5", "D", "F", "zz"];
const TAGS: [u32; 24] = [
    7, 11, 16, 34, 36, 43, 45, 49, 50, 52, 56, 58, 95, 96, 97, 98, 108, 112, 122, 123, 141, 553,
    789, 9_999,
];
const VALUES: [&str; 12] = [
    "0",
    "1",
    "2",
    "5",
    "30",
    "Y",
    "N",
    "-1",
    "18446744073709551615",
    "20241231-23:59:59",
    "demo1",
    "x",
];

fn pick<'a, T: ?Sized>(random: &mut Random, from: &[&'a T]) -> &'a T {
    from[random.below(from.len())]
}

/// A message of some kind, most of them well formed.
fn message(random: &mut Random, number: u64, out: &mut Vec<u8>) {
    let first = number == 1 && random.below(10) > 0;
    let kind = if first { "A" } else { pick(random, &KINDS) };
    let version = if random.below(20) == 0 {
        "FIX.4.2"
    } else {
        "FIX.4.4"
    };
    let mut writer = Writer::new(version.as_bytes(), kind.as_bytes(), out);
    writer.text(49, b"demo1");
    writer.text(56, b"QUANTSCOPE");
    writer.number(
        34,
        number
            .saturating_add(random.below(4) as u64)
            .saturating_sub(1),
    );
    writer.time(52, WALL_NS);
    if kind == "A" {
        writer.text(98, b"0");
        writer.text(108, b"30");
    }
    for _ in 0..random.below(4) {
        let tag = TAGS[random.below(TAGS.len())];
        writer.text(tag, pick(random, &VALUES).as_bytes());
    }
    writer.end();
}

/// What one conversation does, read in pieces as a server reads it.
fn converse(random: &mut Random, bytes: &[u8], settings: &Settings) {
    let (mut machine, mut numbers) = (Machine::new(0), Numbers::default());
    let (mut kept, mut actions, mut at) = (Vec::new(), Vec::new(), 0);
    let (mut taken, mut monotonic_ns) = (0, 0);
    while at < bytes.len() {
        let end = (at + 1 + random.below(300)).min(bytes.len());
        kept.extend_from_slice(&bytes[at..end]);
        at = end;
        monotonic_ns += random.below(2_000_000_000) as u64;
        let now = Now {
            monotonic_ns,
            wall_ns: WALL_NS,
        };
        let mut frames = Frames::new(&kept, MESSAGE_BYTES_MAX);
        for frame in frames.by_ref() {
            let Frame::Message(message) = frame else {
                continue;
            };
            let before = numbers.next_in;
            let header = Header::read(&message);
            machine.receive(&message, &header, &mut numbers, now, settings, &mut actions);
            if matches!(actions[..], [Action::Decide(_)]) {
                machine.accepted(&mut numbers, 5, now, &mut actions);
            }
            let reset = actions.contains(&Action::Reset);
            assert!(reset || numbers.next_in >= before, "a number went back");
            taken = if reset { 0 } else { taken };
            for action in actions.drain(..) {
                if let Action::Take(number, _) = action {
                    assert!(number > taken && number < numbers.next_in, "{number} twice");
                    taken = number;
                }
            }
        }
        let used = frames.consumed();
        kept.drain(..used);
        assert!(
            kept.len() <= MESSAGE_BYTES_MAX + 300,
            "{} bytes are kept",
            kept.len()
        );
        machine.tick(&numbers, now, settings, &mut actions);
        actions.clear();
    }
}

#[test]
fn a_damaged_conversation() {
    let settings = Settings {
        comp_id: b"QUANTSCOPE".to_vec(),
        sending_time_ns_max: 120_000_000_000,
        heartbeat_s_max: 3_600,
        gap_messages_max: 3,
        gap_bytes_max: 500,
        resend_deadline_ns: 10_000_000_000,
        probe_ns: 5_000_000_000,
        sub_ids: false,
        logon_deadline_ns: 5_000_000_000,
        user_tags: false,
        dictionaries: [None, None],
    };
    let mut bytes = Vec::new();
    each_case(20_000, |random| {
        bytes.clear();
        for number in 1..2 + random.below(12) as u64 {
            message(random, number, &mut bytes);
        }
        if random.below(2) == 0 {
            damage(random, &mut bytes);
        }
        converse(random, &bytes, &settings);
    });
}
