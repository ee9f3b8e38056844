//! Each reason for which the exchange refuses something, as a sentence for people.

use crate::record::Reason;

/// The sentence; it names the field that is at fault as REST calls it.
#[must_use]
pub const fn sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::None => "nothing was refused",
        Reason::UnknownSymbol => "symbol: no such instrument",
        Reason::ExchangeClosed => "symbol: the instrument does not trade now",
        Reason::OrderLimit => "the side of the book holds as many orders as it may",
        Reason::UnknownOrder => "no such order",
        Reason::DuplicateClientOrderId => {
            "client_order_id: used before for an order of other content"
        }
        Reason::UnsupportedOrderType => "order_type: not offered",
        Reason::InvalidQuantity => "quantity: must be above 0",
        Reason::PriceOutsideBand => "price: outside the instrument's price band",
        Reason::PriceOffTick => "price: not a multiple of the tick",
        Reason::UnsupportedTimeInForce => "time_in_force: not offered",
        Reason::PostOnlyWouldTrade => "post_only: the order would trade",
        Reason::QuantityTooSmall => "quantity: below the instrument's minimum",
        Reason::QuantityTooLarge => "quantity: above the instrument's maximum",
        Reason::QuantityOffLot => "quantity: not a multiple of the lot",
        Reason::NotionalTooSmall => "quantity: price times quantity is below the minimum",
        Reason::PriceRequired => "price: a LIMIT order needs one",
        Reason::PriceNotAllowed => "price: a MARKET order has none",
        Reason::InvalidPrice => "price: must be above 0",
        Reason::OrderClosed => "the order is filled, canceled or expired already",
        Reason::NothingToAmend => "price, quantity: the amendment changes nothing",
        Reason::AccountLimit => "user_id: there are as many accounts as there may be",
        Reason::Busy => "the exchange is too far behind; try again later",
        Reason::InvalidExecInst => "post_only: only for LIMIT orders that may rest",
        Reason::OrderIdMismatch => "order id, client order id and symbol do not name one order",
        Reason::OutOfRange => {
            "quantity: with what rests on this side of the book it is more than 92233720368.54775807, \
             which is the most a side can hold"
        }
    }
}
