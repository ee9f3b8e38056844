//! What the view costs an order: the events of the mix, applied as the facade applies them.
//!
//! `cargo bench -p view --bench view -- [runs] [orders]` prints one JSON line a figure.

#![allow(clippy::disallowed_methods, reason = "a benchmark")]
#![allow(clippy::expect_used)]

// This bench does not take all of it.
#[allow(dead_code)]
#[path = "../../matching/benches/mix.rs"]
mod mix;

use std::time::Instant;

use matching::Engine;
use view::{Limits, View};

/// As in the exchange.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RESTING: usize = 20_000;
const RUNS: usize = 5;

const LIMITS: Limits = Limits {
    recent_orders_max: 131_072,
    overlay_orders_max: 200_000,
    recent_trades_max: 1_000,
};
const ORDERS: usize = 1_000_000;

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    let runs = numbers.first().copied().unwrap_or(RUNS);
    let orders = numbers.get(1).copied().unwrap_or(ORDERS);
    let (filled, batches) = events(orders);
    let samples: Vec<String> = (0..runs)
        .map(|_| {
            let mut view = View::new(2, LIMITS);
            for batch in &filled {
                view.apply(batch).expect("events in order");
            }
            let begun = Instant::now();
            for batch in &batches {
                view.apply(batch).expect("events in order");
            }
            format!("{:.1}", begun.elapsed().as_nanos() as f64 / orders as f64)
        })
        .collect();
    println!(
        "{{\"name\":\"view\",\"unit\":\"ns/order\",\"samples\":[{}]}}",
        samples.join(",")
    );
}

/// Event batches that fill the books, and those of the mix.
fn events(orders: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut flow = mix::Mix {
        resting: RESTING,
        adds: 45,
        cancels: 45,
        ..mix::Mix::default()
    }
    .start();
    let mut engine = Engine::new(0);
    let mut apply = |batch: &Vec<u8>| {
        let offset = engine.position().command_offset + 1;
        let mut out = Vec::new();
        engine
            .apply(offset, 0, batch, &mut out)
            .expect("a sound batch");
        out
    };
    let filled = flow.fill().iter().map(&mut apply).collect();
    let mut batches = Vec::new();
    while flow.sent() < orders {
        batches.extend(flow.batches(20).iter().map(&mut apply));
    }
    (filled, batches)
}
