//! One notification: what the owner of an order is told of one execution, as JSON.

use projection::Execution;
use projection::levels::SeqTime;
use wire::record::exec_id;
use wire::text::fields::{average_price, id, moment, name, order, side_of};
use wire::text::{ClientOrderId, Liquidity, decimal, json};

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

/// Append as a JSON object what the event of this number and engine time, in a partition, did to an order.
pub fn write(
    x: &Execution<'_>,
    (partition, (seq, time_ns)): (u16, SeqTime),
    owner: &Owner<'_>,
    out: &mut Vec<u8>,
) {
    let (entry, fill) = x.shown(time_ns);
    let (kind, event) = match fill {
        Some(_) => ("execution", "TRADE"),
        None => ("order", entry.event()),
    };
    let maker = fill.is_some_and(|fill| fill.liquidity == Liquidity::Maker);
    out.push(b'{');
    name("type", out);
    json::string(kind, out);
    name("event", out);
    json::string(event, out);
    name("sequence", out);
    decimal::write_u64(seq, out);
    name("exec_id", out);
    id(exec_id(partition, seq, maker), out);
    name("user_id", out);
    json::string(owner.user, out);
    order(x.order_id, owner.called, out);
    side_of(owner.symbol, x.side, out);
    name("status", out);
    json::string(entry.status.name(), out);
    entry.write_quantities(out);
    average_price(entry.cum, x.avg_px, out);
    entry.why.write(out);
    if let Some(fill) = fill {
        fill.write_fields(["last_price", "last_quantity"], out);
    }
    name("timestamp", out);
    moment(time_ns, out);
    out.push(b'}');
}
