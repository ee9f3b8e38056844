//! What notifications must say together: each change of each order once, and in order.
//!
//! A change that is missing, doubled or out of place breaks the chain of its order: executed and open
//! quantity follow from the ones before.

use std::collections::HashMap;

use serde_json::{Value, json};
use wire::text::decimal;

use crate::latency::Latency;

/// Violations that are told in words.
const REPORTED_MAX: usize = 10;
/// What the exchange says when somebody begins to listen.
const GREETING: &str = "\"type\":\"subscribed\"";
const DAY_NS: u64 = 86_400_000_000_000;

/// An open order as its notifications left it.
#[derive(Debug, Clone, Copy)]
struct Open {
    filled: i64,
    remaining: i64,
}

/// All orders of all users that are listened to.
#[derive(Debug, Default)]
pub struct Ledger {
    open: HashMap<u64, Open>,
    counts: HashMap<String, u64>,
    violations: u64,
    reported: Vec<String>,
    /// From the engine's time to the time at which it was read.
    pub latency: Latency,
}

/// The value of a text field, which is the last thing before the next quote.
fn text<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let at = message.find(name)? + name.len();
    let rest = &message[at..];
    Some(&rest[..rest.find('"')?])
}

fn amount(message: &str, name: &str) -> Option<i64> {
    decimal::parse(text(message, name)?.as_bytes()).ok()
}

/// Nanoseconds of the day in an RFC 3339 time in UTC with microseconds.
fn day_ns(moment: &str) -> Option<u64> {
    let part = |from: usize, to: usize| moment.get(from..to)?.parse::<u64>().ok();
    let seconds = part(11, 13)? * 3600 + part(14, 16)? * 60 + part(17, 19)?;
    Some(seconds * 1_000_000_000 + part(20, 26)? * 1_000)
}

struct Notice<'a> {
    event: &'a str,
    exec_id: u64,
    order_id: u64,
    filled: i64,
    remaining: i64,
    last_quantity: i64,
    time_ns: u64,
}

fn read(message: &str) -> Option<Notice<'_>> {
    Some(Notice {
        event: text(message, "\"event\":\"")?,
        exec_id: text(message, "\"exec_id\":\"")?.parse().ok()?,
        order_id: text(message, "\"order_id\":\"")?.parse().ok()?,
        filled: amount(message, "\"filled_quantity\":\"")?,
        remaining: amount(message, "\"remaining_quantity\":\"")?,
        last_quantity: amount(message, "\"last_quantity\":\"").unwrap_or_default(),
        time_ns: day_ns(text(message, "\"timestamp\":\"")?)?,
    })
}

impl Ledger {
    fn violation(&mut self, what: &str, message: &str) {
        self.violations += 1;
        if self.reported.len() < REPORTED_MAX {
            self.reported.push(format!("{what}: {message}"));
        }
    }

    /// Take a message of one connection, read at `wall_ns`; `last` is its highest execution id.
    pub fn take(&mut self, message: &[u8], wall_ns: u64, last: &mut u64) {
        let message = String::from_utf8_lossy(message);
        if message.contains(GREETING) {
            return;
        }
        let Some(notice) = read(&message) else {
            self.violation("not a notification", &message);
            return;
        };
        if notice.exec_id <= *last {
            self.violation("out of order, or twice", &message);
        }
        *last = notice.exec_id;
        let late = (wall_ns % DAY_NS + DAY_NS - notice.time_ns) % DAY_NS;
        self.latency.record(late);
        match self.counts.get_mut(notice.event) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(notice.event.to_owned(), 1)),
        }
        if !self.follows(&notice) {
            self.violation("does not follow from what was told before", &message);
        }
    }

    /// Whether the notice goes on where the order's last one ended.
    fn follows(&mut self, notice: &Notice<'_>) -> bool {
        let now = Open {
            filled: notice.filled,
            remaining: notice.remaining,
        };
        let before = if now.remaining == 0 {
            self.open.remove(&notice.order_id)
        } else {
            self.open.insert(notice.order_id, now)
        };
        match (notice.event, before) {
            ("NEW", before) => before.is_none() && now.filled == 0 && now.remaining > 0,
            ("REJECTED", before) => before.is_none() && now.filled == 0,
            ("TRADE", Some(before)) => {
                now.filled == before.filled + notice.last_quantity
                    && now.remaining == before.remaining - notice.last_quantity
            }
            ("CANCELED" | "EXPIRED", Some(before)) => {
                now.filled == before.filled && now.remaining < before.remaining
            }
            ("REDUCED", Some(before)) => {
                now.filled == before.filled && (1..before.remaining).contains(&now.remaining)
            }
            ("REPLACED", Some(before)) => now.filled == before.filled,
            _ => false,
        }
    }

    /// Notifications taken.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The figures.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "messages": self.messages(),
            "events": self.counts,
            "open": self.open.len(),
            "violations": self.violations,
            "told": self.reported,
            "latency_us": self.latency.to_json(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(event: &str, exec_id: u64, filled: &str, remaining: &str, last: &str) -> String {
        format!(
            "{{\"event\":\"{event}\",\"exec_id\":\"{exec_id}\",\"order_id\":\"9\",\
             \"filled_quantity\":\"{filled}\",\"remaining_quantity\":\"{remaining}\",\
             \"last_quantity\":\"{last}\",\"timestamp\":\"2026-11-23T00:00:01.000002Z\"}}"
        )
    }

    fn violations(messages: &[String]) -> u64 {
        let (mut ledger, mut last) = (Ledger::default(), 0);
        for message in messages {
            ledger.take(message.as_bytes(), DAY_NS + 1_000_003_000, &mut last);
        }
        assert!((ledger.latency.quantile_us(0.5) - 1.0).abs() < 0.1);
        ledger.violations
    }

    #[test]
    fn an_order_s_life_is_a_chain() {
        let life = [
            message("NEW", 2, "0", "3", "0"),
            message("TRADE", 4, "1", "2", "1"),
            message("TRADE", 7, "1.5", "1.5", "0.5"),
            message("CANCELED", 8, "1.5", "0", "0"),
        ];
        assert_eq!(violations(&life), 0);
        for missing in [0, 1, 2] {
            let mut holed = life.to_vec();
            holed.remove(missing);
            assert!(violations(&holed) > 0, "{missing}");
        }
    }

    #[test]
    fn a_doubled_or_late_notification_is_seen() {
        let twice = [
            message("NEW", 2, "0", "3", "0"),
            message("NEW", 2, "0", "3", "0"),
        ];
        assert_eq!(violations(&twice), 2);
        let swapped = [
            message("TRADE", 4, "1", "2", "1"),
            message("NEW", 2, "0", "3", "0"),
        ];
        assert!(violations(&swapped) > 0);
    }

    #[test]
    fn anything_but_the_greeting_is_a_notification_or_a_violation() {
        let (mut ledger, mut last) = (Ledger::default(), 0);
        ledger.take(b"{\"user_id\":\"a\",\"type\":\"subscribed\"}", 0, &mut last);
        assert_eq!(ledger.violations, 0);
        ledger.take(b"{\"hello\":1}", 0, &mut last);
        assert_eq!(ledger.violations, 1);
    }
}
