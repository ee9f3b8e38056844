//! The outcome of each request of this facade, as HTTP says it.
//!
//! # Contract
//! Events of one command stand together.  The event that settles a request opens its answer; the answer
//! is rendered when the next command's events begin or the command batch ends, so that it shows
//! the order as the engine left it after the whole command and not after a later one.

use projection::order::Since;
use wire::record::{OrdStatus, Reason};
use wire::text::order_json::{amount, id, name};
use wire::text::{decimal, json, reasons};

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// This.
    Json(Vec<u8>),
    /// An order, which the command did not change and memory does not hold.
    Order(u64),
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Number of the request.
    pub num: u64,
    /// HTTP status.
    pub status: u16,
    /// What it says.
    pub body: Body,
}

/// An answer that is not rendered yet.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// Number of the request.
    pub num: u64,
    /// HTTP status.
    pub status: u16,
    /// The order to show.
    pub order_id: u64,
    /// How far it was before the command, for what the command did is shown; `None` shows all of it.
    pub since: Option<Since>,
}

/// HTTP status of a refused order.
#[must_use]
pub const fn refused_status(reason: Reason) -> u16 {
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
pub fn refusal(reason: Reason, order_id: u64, stands: Option<Stands>) -> Vec<u8> {
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
