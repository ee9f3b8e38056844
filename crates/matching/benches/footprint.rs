//! What the core asks of the heap: `cargo bench -p matching --bench footprint`.
//!
//! By itself, for its allocator counts; what is asked for does not depend on who gives it.
#![allow(clippy::unwrap_used)]

mod mix;
mod shared;

use matching::Engine;
use mix::Mix;
use shared::{apply, print};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use wire::record::EntryKind;

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SAMPLES: usize = 7;

/// Batches after which nearly all orders that filled the books are gone, and what is kept by an
/// order's age is as large as it gets.
const SETTLING: usize = 1_500;

/// Heap allocations a command in the steady state, and bytes a resting order: when the books have been
/// filled, and in the steady state.
fn heap_use(name: &str, mix: Mix) {
    let mut allocations = Vec::new();
    let (mut filled, mut settled) = (Vec::new(), Vec::new());
    let held = |region: &Region<'_, System>, engine: &Engine| {
        let change = region.change();
        let held = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
        held / f64::from(engine.counts().open_orders)
    };
    for seed in 0..SAMPLES as u64 {
        let mut flow = Mix { seed, ..mix }.start();
        let (fill, steady) = (flow.fill(), flow.batches(SETTLING + 50));
        let mut out = Vec::with_capacity(4 << 20);
        let whole = Region::new(GLOBAL);
        let mut engine = Engine::new(0);
        apply(&mut engine, &fill, &mut out);
        filled.push(held(&whole, &engine));
        apply(&mut engine, &steady[..SETTLING], &mut out);
        settled.push(held(&whole, &engine));
        let region = Region::new(GLOBAL);
        apply(&mut engine, &steady[SETTLING..], &mut out);
        let change = region.change();
        let count = change.allocations + change.reallocations;
        allocations.push(count as f64 / (50 * mix::BATCH) as f64);
        assert!(flow.rejects() * 100 <= flow.sent(), "more than 1 % rejects");
    }
    print(&format!("bytes per resting order, {name}"), "B", &filled);
    let row = format!("bytes per resting order, {name}, steady state");
    print(&row, "B", &settled);
    print(
        &format!("heap allocations per command, {name}"),
        "1/command",
        &allocations,
    );
}

fn main() {
    let base = Mix::default();
    heap_use("deep books", base);
    heap_use(
        "deep books, FIX",
        Mix {
            kind: EntryKind::Fix,
            ..base
        },
    );
    heap_use(
        "thin books",
        Mix {
            levels: 10_000,
            ..base
        },
    );
}
