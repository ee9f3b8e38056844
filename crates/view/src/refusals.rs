//! What is answered where there is no order to show: refusals, and how many a mass cancel took.

use wire::record::{OrdStatus, Reason};
use wire::text::fields::{amount, id, name};
use wire::text::{decimal, json, reasons};

/// HTTP status of a refused order.
#[must_use]
pub const fn status(reason: Reason) -> u16 {
    match reason {
        Reason::UnknownOrder => 404,
        Reason::OrderClosed | Reason::DuplicateClientOrderId => 409,
        Reason::Busy => 503,
        _ => 422,
    }
}

/// How an order stands that was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// Its status.
    pub status: OrdStatus,
    /// What it has executed; `None` where memory does not hold it.
    pub cum: Option<i64>,
}

/// The body of a refusal; `stands` is of an order which was not changed.
#[must_use]
pub fn body(reason: Reason, order_id: u64, stands: Option<Stands>) -> Vec<u8> {
    let mut out = b"{\"error\":".to_vec();
    json::string(reasons::sentence(reason), &mut out);
    name("code", &mut out);
    json::string(reason.name(), &mut out);
    if order_id != 0 {
        name("order_id", &mut out);
        id(order_id, &mut out);
    }
    if let Some(stands) = stands {
        name("status", &mut out);
        json::string(stands.status.name(), &mut out);
        if let Some(cum) = stands.cum {
            name("filled_quantity", &mut out);
            amount(cum, &mut out);
        }
    }
    out.push(b'}');
    out
}

/// The body of a mass cancel's answer.
#[must_use]
pub fn canceled(count: u32) -> Vec<u8> {
    let mut out = b"{\"canceled\":".to_vec();
    decimal::write_u64(u64::from(count), &mut out);
    out.push(b'}');
    out
}
