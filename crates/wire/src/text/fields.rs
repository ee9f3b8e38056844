//! Fields of JSON objects: how a value of each kind is shown, and those that stand in several objects.

use super::{ClientOrderId, decimal, json, time};
use crate::record::Side;
use crate::record::command::NO_PRICE;

/// Append the name of the next field, with a comma where one stands before it.
pub fn name(text: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Append which order it is, as fields.
pub fn order(order_id: u64, called: ClientOrderId<'_>, out: &mut Vec<u8>) {
    name("order_id", out);
    id(order_id, out);
    name("client_order_id", out);
    called.write(out);
}

/// Append symbol and side of an order, as fields; the symbol is `null` where it named no instrument.
pub fn side_of(symbol: &str, side: Side, out: &mut Vec<u8>) {
    name("symbol", out);
    if symbol.is_empty() {
        out.extend_from_slice(b"null");
    } else {
        json::string(symbol, out);
    }
    name("side", out);
    json::string(side.name(), out);
}

/// Append the average price of what was executed as a field; `null` where nothing was.
pub fn average_price(cum: i64, avg_px: i64, out: &mut Vec<u8>) {
    name("average_price", out);
    price(if cum == 0 { NO_PRICE } else { avg_px }, out);
}

/// Append an id, which is a string.
pub fn id(value: u64, out: &mut Vec<u8>) {
    json::quoted(out, |out| decimal::write_u64(value, out));
}

/// Append a decimal, which is a string.
pub fn amount(value: i64, out: &mut Vec<u8>) {
    json::quoted(out, |out| decimal::write(value, out));
}

/// Append a price; `null` where there is none.
pub fn price(value: i64, out: &mut Vec<u8>) {
    if value == NO_PRICE {
        out.extend_from_slice(b"null");
    } else {
        amount(value, out);
    }
}

/// Append a time.
pub fn moment(ns: u64, out: &mut Vec<u8>) {
    json::quoted(out, |out| time::write(ns, out));
}
