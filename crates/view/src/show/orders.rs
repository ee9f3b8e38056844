//! Orders as JSON: one, or a page of an account's.

use projection::Order;
use projection::order::{Called, Since};
use wire::record::OrdStatus;

use crate::names::Names;
use crate::orders::Orders;

/// Most orders in memory that one page examines.
pub const EXAMINED_MAX: usize = 2_000;

/// Which of an account's orders are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// Only those below this order id.
    pub before: u64,
    /// Only those of this status.
    pub status: Option<OrdStatus>,
    /// Only those of this symbol.
    pub symbol: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
    /// No more once they are so many bytes together.
    pub bytes_max: usize,
}

/// Orders of an account in memory, the newest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Those that match and are whole in memory, by id, as JSON.
    pub orders: Vec<(u64, Vec<u8>)>,
    /// Everything from this id on was examined; 0 when all was.
    pub down_to: u64,
}

/// An order, with what happened to it since some moment.
#[must_use]
pub fn order(order: &Order, since: Since, names: &Names) -> Vec<u8> {
    let symbol = names.symbol(order.instrument);
    let called = Called {
        user: names.account(order.account),
        symbol: &symbol,
        numbered: names.is_numbered(order.entry),
    };
    let mut out = Vec::with_capacity(1_024);
    order.write(&called, since, &mut out);
    out
}

impl Orders {
    /// An account's orders in memory that match, the newest first.  Those that are not whole here are
    /// the store's to show.
    #[must_use]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "counts and lengths of what is in memory"
    )]
    pub fn recent_json(&self, account: u32, filter: &Filter<'_>, names: &Names) -> Recent {
        let mut recent = Recent::default();
        let instrument = filter
            .symbol
            .map(|symbol| names.instrument(symbol).unwrap_or_default());
        let is_meant = |order: &Order| {
            let status = |status| status == order.state().status;
            order.is_whole()
                && filter.status.is_none_or(status)
                && instrument.is_none_or(|instrument| instrument == order.instrument)
        };
        let (mut bytes, mut examined) = (0, 0);
        recent.down_to = self.visit(account, filter.before, |it| {
            if examined == EXAMINED_MAX
                || recent.orders.len() == filter.limit
                || bytes >= filter.bytes_max
            {
                return false;
            }
            examined += 1;
            if is_meant(it) {
                let json = order(it, Since::default(), names);
                bytes += json.len();
                recent.orders.push((it.order_id, json));
            }
            true
        });
        recent
    }
}
