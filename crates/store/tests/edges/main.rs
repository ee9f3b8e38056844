//! Fuzz at the edges of every filter, with days of turnover: engine, view, recorder and order entry
//! together, held to sums in integers of 256 bits after each command.
//!
//! `FUZZ_CASES` says how many sequences, `FUZZ_SEED` where to begin.  One that fails is made shorter,
//! shown as commands, and prints how to run it again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod exchange;
mod flow;
mod ledger;
mod numbers;

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};

use exchange::{Exchange, Step};
use flow::Flow;
use ledger::SIGHTS;
use numbers::Random;
use wire::record::Reason;

/// Every reason that numbers alone are refused for.
const REASONS: [Reason; 15] = [
    Reason::ExchangeClosed,
    Reason::InvalidPrice,
    Reason::InvalidQuantity,
    Reason::NothingToAmend,
    Reason::NotionalTooSmall,
    Reason::OrderLimit,
    Reason::OutOfRange,
    Reason::PostOnlyWouldTrade,
    Reason::PriceOffTick,
    Reason::PriceOutsideBand,
    Reason::PriceRequired,
    Reason::QuantityOffLot,
    Reason::QuantityTooLarge,
    Reason::QuantityTooSmall,
    Reason::UnknownOrder,
];

/// Sequences of a usual run, and steps of the longest.
const CASES: u64 = 60;
const STEPS: [usize; 4] = [20, 40, 80, 160];

type Panic = Box<dyn Any + Send>;

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("edges-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// Make a sequence as it goes; the steps so far come back where one fails.
fn make(seed: u64, directory: &Path) -> Result<Exchange, (Vec<Step>, Panic)> {
    let mut steps: Vec<Step> = Vec::new();
    catch_unwind(AssertUnwindSafe(|| {
        let mut flow = Flow::new(seed);
        let mut exchange = Exchange::new(directory);
        let count = flow.random.pick(&STEPS);
        steps.push(flow.opening());
        exchange.follow(&steps[0]);
        for _ in 0..count {
            let step = flow.step(&exchange);
            steps.push(step.clone());
            exchange.follow(&step);
        }
        exchange
    }))
    .map_err(|panic| (steps, panic))
}

fn fails(steps: &[Step], directory: &Path) -> bool {
    let run = || {
        let mut exchange = Exchange::new(directory);
        steps.iter().for_each(|step| exchange.follow(step));
    };
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

/// A failing sequence without the steps and commands that it does not need to fail.
fn shortest(mut steps: Vec<Step>, directory: &Path) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 1;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..steps.len().min(at + size));
            if fails(&fewer, directory) {
                steps = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    for step in 0..steps.len() {
        for command in (0..steps[step].commands.len()).rev() {
            let mut fewer = steps.clone();
            fewer[step].commands.remove(command);
            if fails(&fewer, directory) {
                steps = fewer;
            }
        }
    }
    steps
}

/// Follow a sequence from its seed; what was seen on the way.
fn follow(seed: u64, directory: &Path) -> BTreeSet<&'static str> {
    match make(seed, directory) {
        Ok(exchange) => {
            let seen = exchange.ledger.seen.clone();
            exchange.audit(&mut Random::new(seed));
            seen
        }
        Err((steps, panic)) => {
            let hook = take_hook();
            set_hook(Box::new(|_| {}));
            let steps = shortest(steps, directory);
            set_hook(hook);
            eprintln!("the shortest sequence that fails:");
            steps.iter().for_each(|step| eprintln!("{step:?}"));
            eprintln!("failed: run with FUZZ_SEED={seed} FUZZ_CASES=1");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn everybody_adds_up_to_the_same_at_the_edges() {
    let scratch = Scratch::new("all");
    let seed = setting("FUZZ_SEED", 1);
    let cases = setting("FUZZ_CASES", CASES);
    let seen: BTreeSet<_> = (seed..seed + cases)
        .flat_map(|seed| follow(seed, &scratch.0))
        .collect();
    if cases >= CASES {
        let wanted = SIGHTS.into_iter().chain(REASONS.map(Reason::name));
        let missed: Vec<_> = wanted.filter(|it| !seen.contains(it)).collect();
        assert!(missed.is_empty(), "never seen: {missed:?}");
    }
}
