//! What an order must satisfy.  The checks stand in the order in which they are made: the first that
//! fails gives the reason.

use super::instruments::Listing;
use super::side::key;
use wire::record::command::{Instrument, NO_PRICE, NewOrder};
use wire::record::{ExecInst, OrdType, Reason, Side, TimeInForce};

const UNIT: i128 = 100_000_000;
const BPS: i128 = 10_000;

/// Whether what is left of such an order may stay in the book.
pub(crate) const fn may_rest(ord_type: OrdType, tif: TimeInForce) -> bool {
    matches!(ord_type, OrdType::Limit) && matches!(tif, TimeInForce::Day | TimeInForce::Gtc)
}

/// Check a new order against its instrument.
pub(crate) fn new_order(listing: &Listing, new: &NewOrder) -> Result<(), Reason> {
    let spec = &listing.spec;
    offered(spec, new)?;
    quantity(spec, new.qty)?;
    if new.ord_type == OrdType::Limit {
        price(listing, new.price)?;
        notional(spec, new.price, new.qty)?;
    }
    if !may_rest(new.ord_type, new.tif) {
        return Ok(());
    }
    // What trades first may need no room any more.
    match room(listing, new.side, new.qty) {
        Err(reason) if !meets(listing, new.side, new.price) => Err(reason),
        _ => post_only(listing, new.side, new.exec_inst, new.price),
    }
}

/// Whether a side of the book can hold one more order, of this open quantity.
#[inline]
pub(crate) fn room(listing: &Listing, side: Side, leaves: i64) -> Result<(), Reason> {
    let most = listing.spec.orders_per_side_max;
    let side = listing.side(side);
    if side.qty.checked_add(leaves).is_none() {
        return Err(Reason::OutOfRange);
    }
    if most > 0 && side.orders >= most {
        return Err(Reason::OrderLimit);
    }
    Ok(())
}

/// Whether an order at this price reaches the other side.
#[inline]
pub(crate) fn meets(listing: &Listing, side: Side, price: i64) -> bool {
    let other = side.opposite();
    listing.side(other).reach(key(other, price)).is_some()
}

/// Types, times in force and instructions that are offered, and prices where they belong.
fn offered(spec: &Instrument, new: &NewOrder) -> Result<(), Reason> {
    if !matches!(new.ord_type, OrdType::Market | OrdType::Limit) {
        return Err(Reason::UnsupportedOrderType);
    }
    if new.tif == TimeInForce::Gtd {
        return Err(Reason::UnsupportedTimeInForce);
    }
    if !spec.open {
        return Err(Reason::ExchangeClosed);
    }
    let post_only = new.exec_inst & ExecInst::POST_ONLY != 0;
    let unknown = new.exec_inst & !ExecInst::POST_ONLY != 0;
    if unknown || (post_only && !may_rest(new.ord_type, new.tif)) {
        return Err(Reason::InvalidExecInst);
    }
    match (new.ord_type, new.price) {
        (OrdType::Market, NO_PRICE) => Ok(()),
        (OrdType::Market, _) => Err(Reason::PriceNotAllowed),
        (_, NO_PRICE) => Err(Reason::PriceRequired),
        (_, price) if price <= 0 => Err(Reason::InvalidPrice),
        _ => Ok(()),
    }
}

/// Least and highest quantity, and lot.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a lot that divides is 2 at least"
)]
pub(crate) const fn quantity(spec: &Instrument, qty: i64) -> Result<(), Reason> {
    if qty <= 0 {
        return Err(Reason::InvalidQuantity);
    }
    if qty < spec.qty_min {
        return Err(Reason::QuantityTooSmall);
    }
    if spec.qty_max > 0 && qty > spec.qty_max {
        return Err(Reason::QuantityTooLarge);
    }
    if spec.lot > 1 && qty % spec.lot != 0 {
        return Err(Reason::QuantityOffLot);
    }
    Ok(())
}

/// Tick, and the band around the last trade; without a trade there is no band.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "products of 64 and 32 bits in 128; a tick that divides is 2 at least"
)]
pub(crate) fn price(listing: &Listing, price: i64) -> Result<(), Reason> {
    let spec = &listing.spec;
    if spec.tick > 1 && price % spec.tick != 0 {
        return Err(Reason::PriceOffTick);
    }
    let last = i128::from(listing.last_price);
    if spec.price_band_bps > 0 && last > 0 {
        let away = (i128::from(price) - last).abs();
        if away * BPS > last * i128::from(spec.price_band_bps) {
            return Err(Reason::PriceOutsideBand);
        }
    }
    Ok(())
}

/// Least notional of an order with a price.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "products of two numbers of 64 bits, in 128"
)]
pub(crate) fn notional(spec: &Instrument, price: i64, qty: i64) -> Result<(), Reason> {
    if spec.notional_min > 0
        && i128::from(price) * i128::from(qty) < i128::from(spec.notional_min) * UNIT
    {
        return Err(Reason::NotionalTooSmall);
    }
    Ok(())
}

/// A post-only order may not reach the other side, whosever orders stand there.
#[inline(always)]
pub(crate) fn post_only(
    listing: &Listing,
    side: Side,
    exec_inst: u8,
    price: i64,
) -> Result<(), Reason> {
    if exec_inst & ExecInst::POST_ONLY != 0 && meets(listing, side, price) {
        return Err(Reason::PostOnlyWouldTrade);
    }
    Ok(())
}
