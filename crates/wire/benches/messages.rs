//! What a message costs on its way in and out.

#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use wire::record::event::Accepted;
use wire::record::{Event, EventBatchHeader, Leg, OrdType, Side, Stp, TimeInForce};
use wire::sbe::{Message, NewOrderSingle, decode_request, encode_report};
use wire::soup::{Packets, Sender};

/// Messages of one run, as of one socket read.
const MESSAGES: usize = 1000;

fn main() {
    divan::main();
}

fn order(cl_ord_id: u64) -> NewOrderSingle {
    NewOrderSingle {
        cl_ord_id,
        price: 5_000_000_000_000,
        order_qty: 100_000_000,
        stop_px: i64::MIN,
        security_id: 1,
        side: 1,
        ord_type: 2,
        time_in_force: 1,
        exec_inst: 0,
        self_match_prevention_instruction: 255,
    }
}

/// Framing, decoding and the command record of a new order.
#[divan::bench]
fn orders_in(bencher: Bencher<'_, '_>) {
    let (mut bytes, mut out) = (Vec::new(), Vec::with_capacity(1 << 20));
    (0..MESSAGES as u64).for_each(|number| order(number).push(&mut bytes));
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        out.clear();
        for packet in Packets::new(black_box(&bytes), Sender::Client, 1024) {
            decode_request(1, packet.unwrap().payload, &mut out).unwrap();
        }
        out.len()
    });
}

/// From the event of an accepted order to its packet.
#[divan::bench]
fn reports_out(bencher: Bencher<'_, '_>) {
    let mut out = Vec::with_capacity(1 << 20);
    let event = Event::Accepted(
        Accepted {
            entry: 1,
            account: 1,
            entry_seq: 1,
            order_id: 1,
            num: 1,
            price: 5_000_000_000_000,
            qty: 100_000_000,
            instrument: 1,
            side: Side::Buy,
            ord_type: OrdType::Limit,
            tif: TimeInForce::Gtc,
            exec_inst: 0,
            stp: Stp::None,
        },
        "",
    );
    let batch = EventBatchHeader::from_bytes(&[0; EventBatchHeader::SIZE]).unwrap();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        out.clear();
        for seq in 0..MESSAGES as u64 {
            encode_report(black_box(&event), seq, &batch, Leg::Taker, &mut out);
        }
        out.len()
    });
}

/// Reading the reports back, as the load generator does.
#[divan::bench]
fn reports_in(bencher: Bencher<'_, '_>) {
    let mut bytes = Vec::new();
    (0..MESSAGES as u64).for_each(|number| order(number).push(&mut bytes));
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        Packets::new(black_box(&bytes), Sender::Client, 1024)
            .filter(|packet| Message::read(packet.as_ref().unwrap().payload).is_ok())
            .count()
    });
}
