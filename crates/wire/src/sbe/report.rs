//! From an event to the messages of the entries that are told.
//!
//! | event | message |
//! |---|---|
//! | `Accepted` | `ExecutionReportNew` |
//! | `Trade` | `ExecutionReportTrade`, one for each leg |
//! | `Canceled` | `ExecutionReportCancel`; `ExecutionReportReplace` where the order goes on |
//! | `Replaced` | `ExecutionReportReplace` |
//! | `Rejected` | `ExecutionReportReject` |
//! | `CancelRejected` | `OrderCancelReject` |
//! | `MassCanceled` | `OrderMassCancelReport` |
//! | `StatusReport` | `ExecutionReportStatus` |
//! | `Refused` | `BusinessMessageReject`; `ExecutionReportReject` for a new order with BUSY |
//!
//! All others tell a binary entry nothing.  Ids that are 0 in an event are null in a message.

use super::message::{
    BusinessMessageReject, ExecutionReportCancel, ExecutionReportNew, ExecutionReportReject,
    ExecutionReportReplace, ExecutionReportStatus, ExecutionReportTrade, NewOrderSingle,
    OrderCancelReject, OrderMassCancelReport,
};
use super::{BusinessReason, NULL_I64, NULL_U8, NULL_U64};
use crate::record::event::{
    Accepted, CancelRejected, Canceled, MassCanceled, Refused, Rejected, Replaced, StatusReport,
    Trade,
};
use crate::record::{CancelReason, Event, EventBatchHeader, Leg, OrdStatus, Reason, exec_id};

/// FIX 150 of an order that was canceled.
const EXEC_CANCELED: u8 = 4;
/// FIX 150 of an order that has expired, `C`.
const EXEC_EXPIRED: u8 = b'C';
/// FIX 1057.
const YES: u8 = b'Y';
/// FIX 1057.
const NO: u8 = b'N';

/// Append the Sequenced Data packet that tells `event` on `leg`, and say whether there is one.
///
/// `seq` is the event's sequence number, `batch` the header of its batch.
#[inline]
pub fn encode_report(
    event: &Event<'_>,
    seq: u64,
    batch: &EventBatchHeader,
    leg: Leg,
    out: &mut Vec<u8>,
) -> bool {
    let (partition, time_ns) = (batch.partition, batch.time_ns);
    let id = exec_id(partition, seq, false);
    match (event, leg) {
        (Event::Trade(x, ..), Leg::Taker) => taker(x, id, time_ns).push(out),
        (Event::Trade(x, ..), Leg::Maker) => {
            maker(x, exec_id(partition, seq, true), time_ns).push(out)
        }
        (_, Leg::Maker) => return false,
        (Event::Accepted(x, _), _) => accepted(x, id, time_ns).push(out),
        (Event::Canceled(x, ..), _) if x.leaves > 0 => reduced(x, id, time_ns).push(out),
        (Event::Canceled(x, ..), _) => canceled(x, id, time_ns).push(out),
        (Event::Replaced(x, ..), _) => replaced(x, id, time_ns).push(out),
        (Event::Rejected(x, ..), _) => rejected(x, id, time_ns).push(out),
        (Event::CancelRejected(x, ..), _) => cancel_rejected(x, time_ns).push(out),
        (Event::MassCanceled(x, _), _) => mass_canceled(x, time_ns).push(out),
        (Event::StatusReport(x, ..), _) => status(x, time_ns).push(out),
        (Event::Refused(x), _) if is_busy(x) => busy(x, id, time_ns).push(out),
        (Event::Refused(x), _) => refused(x).push(out),
        _ => return false,
    }
    true
}

#[inline(always)]
const fn id_or_null(id: u64) -> u64 {
    if id == 0 { NULL_U64 } else { id }
}

#[inline(always)]
const fn code_or_null(code: u8) -> u8 {
    if code == 0 { NULL_U8 } else { code }
}

#[inline]
fn accepted(x: &Accepted, exec_id: u64, time_ns: u64) -> ExecutionReportNew {
    ExecutionReportNew {
        transact_time: time_ns,
        order_id: x.order_id,
        cl_ord_id: x.num,
        exec_id,
        price: x.price,
        order_qty: x.qty,
        security_id: x.instrument,
        side: x.side.code(),
        ord_type: x.ord_type.code(),
        time_in_force: x.tif.code(),
        ord_status: OrdStatus::New.code(),
    }
}

#[inline]
fn taker(x: &Trade, exec_id: u64, time_ns: u64) -> ExecutionReportTrade {
    ExecutionReportTrade {
        transact_time: time_ns,
        order_id: x.taker_order_id,
        cl_ord_id: x.taker_num,
        exec_id,
        trade_id: x.trade_id,
        last_px: x.price,
        last_qty: x.qty,
        leaves_qty: x.taker_leaves,
        cum_qty: x.taker_cum,
        misc_fee_amt: NULL_I64,
        misc_fee_curr: 0,
        security_id: x.instrument,
        side: x.taker_side.code(),
        ord_status: OrdStatus::after_fill(x.taker_leaves).code(),
        aggressor_indicator: YES,
    }
}

#[inline]
fn maker(x: &Trade, exec_id: u64, time_ns: u64) -> ExecutionReportTrade {
    ExecutionReportTrade {
        transact_time: time_ns,
        order_id: x.maker_order_id,
        cl_ord_id: x.maker_num,
        exec_id,
        trade_id: x.trade_id,
        last_px: x.price,
        last_qty: x.qty,
        leaves_qty: x.maker_leaves,
        cum_qty: x.maker_cum,
        misc_fee_amt: NULL_I64,
        misc_fee_curr: 0,
        security_id: x.instrument,
        side: x.taker_side.opposite().code(),
        ord_status: OrdStatus::after_fill(x.maker_leaves).code(),
        aggressor_indicator: NO,
    }
}

/// FIX 378; null where the client asked, and where `execType` says it all.
#[inline]
const fn restatement(reason: CancelReason) -> u8 {
    match reason {
        CancelReason::Requested
        | CancelReason::Mass
        | CancelReason::Amended
        | CancelReason::SessionEnd => NULL_U8,
        CancelReason::OrderLimit | CancelReason::OutOfRange => 5,
        CancelReason::Unfilled => 8,
        CancelReason::Disconnect => 12,
        CancelReason::SelfTrade | CancelReason::Decremented => 17,
    }
}

#[inline]
fn canceled(x: &Canceled, exec_id: u64, time_ns: u64) -> ExecutionReportCancel {
    ExecutionReportCancel {
        transact_time: time_ns,
        order_id: x.order_id,
        cl_ord_id: x.num,
        orig_cl_ord_id: id_or_null(x.orig_num),
        exec_id,
        cum_qty: x.cum,
        security_id: x.instrument,
        side: x.side.code(),
        exec_type: match x.status {
            OrdStatus::Expired => EXEC_EXPIRED,
            _ => EXEC_CANCELED,
        },
        ord_status: x.status.code(),
        exec_restatement_reason: restatement(x.reason),
    }
}

/// Self-trade prevention took a part of an order that goes on.
#[inline]
fn reduced(x: &Canceled, exec_id: u64, time_ns: u64) -> ExecutionReportReplace {
    ExecutionReportReplace {
        transact_time: time_ns,
        order_id: x.order_id,
        cl_ord_id: x.num,
        orig_cl_ord_id: id_or_null(x.orig_num),
        exec_id,
        price: x.price,
        order_qty: x.total_qty(),
        leaves_qty: x.leaves,
        security_id: x.instrument,
        side: x.side.code(),
        ord_status: x.status.code(),
    }
}

#[inline]
fn replaced(x: &Replaced, exec_id: u64, time_ns: u64) -> ExecutionReportReplace {
    ExecutionReportReplace {
        transact_time: time_ns,
        order_id: x.order_id,
        cl_ord_id: x.num,
        orig_cl_ord_id: id_or_null(x.orig_num),
        exec_id,
        price: x.price,
        order_qty: x.qty,
        leaves_qty: x.leaves,
        security_id: x.instrument,
        side: x.side.code(),
        ord_status: x.status.code(),
    }
}

#[inline]
fn rejected(x: &Rejected, exec_id: u64, time_ns: u64) -> ExecutionReportReject {
    ExecutionReportReject {
        transact_time: time_ns,
        cl_ord_id: x.num,
        security_id: x.instrument,
        ord_rej_reason: x.reason.code(),
        side: x.side.code(),
        order_id: id_or_null(x.order_id),
        exec_id,
    }
}

#[inline]
fn cancel_rejected(x: &CancelRejected, time_ns: u64) -> OrderCancelReject {
    OrderCancelReject {
        transact_time: time_ns,
        order_id: id_or_null(x.order_id),
        cl_ord_id: x.num,
        orig_cl_ord_id: id_or_null(x.orig_num),
        security_id: x.instrument,
        cxl_rej_reason: x.reason.cxl_rej_reason(),
        cxl_rej_response_to: x.response_to,
        ord_status: x.status.code(),
    }
}

/// FIX 532; 99 is FIX's "other".
const fn mass_cancel_reject_reason(reason: Reason) -> u8 {
    match reason {
        Reason::None => NULL_U8,
        Reason::UnknownSymbol => 1,
        _ => 99,
    }
}

#[inline]
fn mass_canceled(x: &MassCanceled, time_ns: u64) -> OrderMassCancelReport {
    OrderMassCancelReport {
        transact_time: time_ns,
        cl_ord_id: x.num,
        total_affected_orders: x.count,
        security_id: x.instrument,
        mass_cancel_request_type: x.kind.code(),
        mass_cancel_response: match x.reason {
            Reason::None => x.kind.code(),
            _ => 0,
        },
        mass_cancel_reject_reason: mass_cancel_reject_reason(x.reason),
        side: code_or_null(x.side),
    }
}

#[inline]
fn status(x: &StatusReport, time_ns: u64) -> ExecutionReportStatus {
    let found = x.order_id != 0;
    ExecutionReportStatus {
        transact_time: time_ns,
        ord_status_req_id: x.req_id,
        order_id: id_or_null(x.order_id),
        cl_ord_id: id_or_null(x.num),
        price: x.price,
        order_qty: if found { x.qty } else { 0 },
        leaves_qty: if found { x.leaves } else { 0 },
        cum_qty: if found { x.cum } else { 0 },
        avg_px: if found { x.avg_px } else { 0 },
        security_id: x.instrument,
        side: code_or_null(x.side),
        ord_type: code_or_null(x.ord_type),
        time_in_force: if found { x.tif } else { NULL_U8 },
        ord_status: x.status.code(),
    }
}

#[inline]
const fn is_busy(x: &Refused) -> bool {
    x.template == NewOrderSingle::TEMPLATE && x.reason == BusinessReason::Busy.code()
}

/// A new order that came while the exchange was too far behind: nothing but its number is known.
fn busy(x: &Refused, exec_id: u64, time_ns: u64) -> ExecutionReportReject {
    ExecutionReportReject {
        transact_time: time_ns,
        cl_ord_id: x.ref_id,
        security_id: super::NULL_U32,
        ord_rej_reason: Reason::Busy.code(),
        side: NULL_U8,
        order_id: NULL_U64,
        exec_id,
    }
}

fn refused(x: &Refused) -> BusinessMessageReject {
    BusinessMessageReject {
        business_reject_ref_id: x.ref_id,
        ref_template_id: x.template,
        business_reject_reason: x.reason,
    }
}
