//! What the benches of the core share.

use matching::Engine;
use std::hint::black_box;

/// A row with its samples.
pub fn print(name: &str, unit: &str, samples: &[f64]) {
    let samples: Vec<String> = samples.iter().map(|x| format!("{x:.6}")).collect();
    println!(
        "{{\"name\": \"{name}\", \"unit\": \"{unit}\", \"samples\": [{}]}}",
        samples.join(", ")
    );
}

/// Let an engine take batches.
pub fn apply(engine: &mut Engine, batches: &[Vec<u8>], out: &mut Vec<u8>) {
    for batch in batches {
        out.clear();
        let offset = engine.position().command_offset + 1;
        engine.apply(offset, 0, batch, out).unwrap();
        black_box(out.len());
    }
}
