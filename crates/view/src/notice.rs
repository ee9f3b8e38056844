//! One notification: what the owner of an order is told of one execution, as JSON.

use projection::Execution;
use wire::record::command::NO_PRICE;
use wire::record::exec_id;
use wire::text::order_json::{amount, id, moment, name, price, symbol};
use wire::text::{ClientOrderId, Fill, HistoryEntry, Liquidity, decimal, json};

/// Whose order it is, as its owner calls it.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// Name of the account.
    pub user: &'a str,
    /// Symbol of the instrument.
    pub symbol: &'a str,
    /// The owner's own name for the order.
    pub called: ClientOrderId<'a>,
}

/// Append as a JSON object what the event of this number and engine time did to an order.
pub fn write(x: &Execution<'_>, (seq, time_ns): (u64, u64), owner: &Owner<'_>, out: &mut Vec<u8>) {
    let (entry, fill) = x.shown(time_ns);
    let (kind, event) = match fill {
        Some(_) => ("execution", "TRADE"),
        None => ("order", entry.event()),
    };
    let maker = fill.is_some_and(|fill| fill.liquidity == Liquidity::Maker);
    out.extend_from_slice(b"{\"type\":");
    json::string(kind, out);
    name("event", out);
    json::string(event, out);
    name("sequence", out);
    decimal::write_u64(seq, out);
    name("exec_id", out);
    id(exec_id(seq, maker), out);
    name("user_id", out);
    json::string(owner.user, out);
    name("order_id", out);
    id(x.order_id, out);
    name("client_order_id", out);
    owner.called.write(out);
    name("symbol", out);
    symbol(owner.symbol, out);
    name("side", out);
    json::string(x.side.name(), out);
    write_progress(&entry, x.avg_px, out);
    if let Some(fill) = fill {
        write_fill(&fill, out);
    }
    name("timestamp", out);
    moment(time_ns, out);
    out.push(b'}');
}

fn write_progress(entry: &HistoryEntry, avg_px: i64, out: &mut Vec<u8>) {
    name("status", out);
    json::string(entry.status.name(), out);
    entry.write_quantities(out);
    name("average_price", out);
    price(if entry.cum == 0 { NO_PRICE } else { avg_px }, out);
    name("reason", out);
    entry.why.write(out);
}

fn write_fill(fill: &Fill, out: &mut Vec<u8>) {
    name("trade_id", out);
    id(fill.trade_id, out);
    name("last_price", out);
    amount(fill.price, out);
    name("last_quantity", out);
    amount(fill.qty, out);
    name("liquidity", out);
    json::string(fill.liquidity.name(), out);
}
