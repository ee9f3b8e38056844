//! What it costs to check a FIX message, beside a pass over its bytes that sums them and finds each SOH.

#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use wire::fix::{Field, Fields, Frame, Frames, Message, SOH};

use orders::{MESSAGES, dictionary, orders};

mod orders;

fn main() {
    divan::main();
}

/// The messages that bytes hold.
fn messages(bytes: &[u8]) -> Vec<Message<'_>> {
    let whole = |frame| match frame {
        Frame::Message(message) => Some(message),
        Frame::Garbled(_) => None,
    };
    Frames::new(bytes, 4096).filter_map(whole).collect()
}

/// The measure: each byte is added, each SOH is found.
#[divan::bench]
fn bare_pass(bencher: Bencher<'_, '_>) {
    let bytes = orders();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut sum = 0u8;
        for (at, byte) in black_box(&bytes).iter().enumerate() {
            sum = sum.wrapping_add(*byte);
            if *byte == SOH {
                black_box(at);
            }
        }
        sum
    });
}

/// Where each begins and ends, and whether its checksum is right.
#[divan::bench]
fn framing(bencher: Bencher<'_, '_>) {
    let bytes = orders();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let frames = Frames::new(black_box(&bytes), 4096);
        frames.filter(|x| matches!(x, Frame::Message(_))).count()
    });
}

/// Their fields, unchecked.
#[divan::bench]
fn fields(bencher: Bencher<'_, '_>) {
    let bytes = orders();
    let messages = messages(&bytes);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut sum = 0;
        for message in black_box(&messages) {
            for field in Fields::new(message.fields).map_while(Result::ok) {
                sum += field.tag as usize + field.value.len();
            }
        }
        sum
    });
}

/// Their fields, each checked and visited.
#[divan::bench]
fn check(bencher: Bencher<'_, '_>) {
    let (dictionary, bytes) = (dictionary(), orders());
    let messages = messages(&bytes);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut sum = 0;
        for message in black_box(&messages) {
            let fields = Fields::new(message.fields);
            let visit = |field: Field<'_>, _| sum += field.tag as usize + field.value.len();
            dictionary
                .check(message.msg_type, fields, true, visit)
                .unwrap();
        }
        sum
    });
}
