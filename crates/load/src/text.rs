//! Results as people read them.

use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

/// The result of a run, in a few lines.
#[must_use]
pub fn run(result: &Value) -> String {
    let latency = &result["latency_us"];
    let us = |name: &str| number(&latency[name]);
    format!(
        "{:.0} orders/s: {} orders in {:.1} s over {} connections, {} loop\n\
         rests {}  cancels {}  crosses {}  fills {}\n\
         rejects {} ({:.3} %)  lost {}  stalls {}\n\
         latency us: p50 {:.1}  p90 {:.1}  p99 {:.1}  p99.9 {:.1}  max {:.1}",
        number(&result["orders_per_s"]),
        result["orders"],
        number(&result["seconds"]),
        result["connections"],
        result["loop"].as_str().unwrap_or_default(),
        result["rests"],
        result["cancels"],
        result["crosses"],
        result["fills"],
        result["rejects"],
        number(&result["reject_ratio"]) * 100.0,
        result["lost"],
        result["stalls"],
        us("p50"),
        us("p90"),
        us("p99"),
        us("p999"),
        us("max"),
    )
}
