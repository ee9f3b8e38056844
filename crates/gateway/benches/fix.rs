//! What a FIX message costs on its way in and out, beside a pass over the bytes of one that sums them and finds each
//! SOH.
//!
//! `cargo bench -p gateway --bench fix -- [runs]` prints one JSON line a figure.

#![allow(clippy::disallowed_methods, reason = "a benchmark")]
#![allow(clippy::unwrap_used)]

#[path = "../../wire/benches/orders/mod.rs"]
mod orders;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use gateway::Instruments;
use gateway::fix::{Settings, read};
use orders::{MESSAGES, dictionary, orders};
use wire::fix::report::{Telling, report};
use wire::fix::request::{Asking, Request};
use wire::fix::{Envelope, Frame, Frames, SOH, Version};
use wire::record::command::{Instrument, in_num};
use wire::record::event::Accepted;
use wire::record::{Dropped, Event, EventBatchHeader, Leg, OrdType, Side, Stp, TimeInForce};

/// As in the exchange.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 5;
/// How often a slice of a run goes over all messages.
const ROUNDS: usize = 10;
/// Slices of a run, of which the shortest counts: what disturbs one can only make it longer.
const SLICES: usize = 100;
const SYMBOLS: [&str; 4] = ["BTCUSD", "ETHUSD", "SOLUSD", "XRPUSD"];
/// 2026-12-01, 10:11:12.123.
const NOW_NS: u64 = 1_796_119_872_123_456_789;

fn main() {
    let runs = std::env::args().skip(1).find_map(|text| text.parse().ok());
    let (bytes, instruments) = (orders(), instruments());
    let (mut pass, mut decoded, mut encoded) = (Vec::new(), Vec::new(), Vec::new());
    // In turns: what disturbs one disturbs the others too.
    for _ in 0..runs.unwrap_or(RUNS) {
        pass.push(ns(|| bare_pass(&bytes)));
        decoded.push(decode(&bytes, &instruments));
        encoded.push(encode(&instruments));
    }
    show("FIX: a pass over an order's bytes", &pass);
    show("FIX: decode of an order", &decoded);
    show("FIX: encode of a report", &encoded);
}

fn show(name: &str, samples: &[f64]) {
    let samples: Vec<String> = samples.iter().map(|ns| format!("{ns:.1}")).collect();
    let samples = samples.join(",");
    println!("{{\"name\":\"{name}\",\"unit\":\"ns/message\",\"samples\":[{samples}]}}");
}

/// What one message takes, where `work` is done for all of them.
fn ns(mut work: impl FnMut()) -> f64 {
    let mut slice = || {
        let begun = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        begun.elapsed()
    };
    let shortest = (0..SLICES).map(|_| slice()).min().unwrap();
    shortest.as_nanos() as f64 / (ROUNDS * MESSAGES) as f64
}

/// The measure: each byte is added, each SOH is found.
fn bare_pass(bytes: &[u8]) {
    let mut sum = 0u8;
    for (at, byte) in black_box(bytes).iter().enumerate() {
        sum = sum.wrapping_add(*byte);
        if *byte == SOH {
            black_box(at);
        }
    }
    black_box(sum);
}

fn instruments() -> Instruments {
    let mut found = Instruments::default();
    let filters = Instrument {
        tick: 1,
        lot: 1,
        qty_min: 1,
        qty_max: 1,
        notional_min: 0,
        price_band_bps: 0,
        orders_per_side_max: 1,
        session_end_s: 0,
        open: true,
    };
    for (number, symbol) in (1..).zip(SYMBOLS) {
        found.set(number, filters, symbol);
    }
    found
}

/// From the bytes of a read to command records, each message held to the dictionary.
fn decode(bytes: &[u8], instruments: &Instruments) -> f64 {
    let settings = Settings {
        dictionaries: [None, Some(Arc::new(dictionary()))],
        ..Settings::default()
    };
    let mut records = Vec::with_capacity(1 << 20);
    ns(|| {
        records.clear();
        for frame in Frames::new(black_box(bytes), 4096) {
            let Frame::Message(message) = frame else {
                continue;
            };
            let mut request = Request::default();
            let header = read(&settings, &message, &mut request);
            let asking = Asking {
                entry: 7,
                account: "demo1",
                version: Version::Fix44,
                num: in_num(1, header.number.unwrap()),
                poss_resend: header.poss_resend,
                busy: false,
            };
            request
                .decode(message.msg_type, &asking, instruments, &mut records)
                .unwrap();
        }
        assert!(records.len() > MESSAGES * 40);
        black_box(&records);
    })
}

/// From events to the bytes of ExecutionReports.
fn encode(instruments: &Instruments) -> f64 {
    let header = EventBatchHeader {
        magic: 0,
        len: 0,
        partition: 0,
        part: 0,
        last: true,
        command_offset: 1,
        gateway: 3,
        incarnation: 1,
        number: 1,
        command_hash: 0,
        dropped: Dropped::No,
        time_ns: NOW_NS,
        first_seq: 1,
        count: 1,
        previous_hash: 0,
    };
    let accepted: Vec<(Accepted, String)> = (0..MESSAGES as u64)
        .map(|number| (accepted(number), format!("{}", number * 7_919)))
        .collect();
    let mut out = Vec::with_capacity(1 << 20);
    ns(|| {
        out.clear();
        for (number, (event, text)) in (1_234_567..).zip(black_box(&accepted)) {
            let telling = Telling {
                envelope: Envelope {
                    version: Version::Fix44,
                    parties: b"49=QUANTSCOPE\x0156=demo1\x01",
                    number,
                    sending_ns: NOW_NS,
                    original_ns: None,
                },
                header: &header,
                seq: 40_000_000 + number,
                leg: Leg::Taker,
                symbols: instruments,
            };
            report(&Event::Accepted(*event, text), &telling, &mut out);
        }
        assert!(out.len() > MESSAGES * 200);
        black_box(&out);
    })
}

fn accepted(number: u64) -> Accepted {
    Accepted {
        order_id: 30_000_000 + number,
        entry: 7,
        account: 7,
        num: number,
        entry_seq: number,
        instrument: 1 + number as u32 % 4,
        side: if number.is_multiple_of(2) {
            Side::Buy
        } else {
            Side::Sell
        },
        ord_type: OrdType::Limit,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
        stp: Stp::Default,
        price: 5_000_000_000_000 + 50_000_000 * (number as i64 % 64),
        qty: 12_500_000 * (1 + number as i64 % 16),
    }
}
