//! From a client's message to a command record.
//!
//! What can be told wrong without knowing the exchange's state is refused here, by a
//! `Command::Refuse` in the message's place, so that its answer keeps its number in the sequence.
//! Everything else (symbols, ticks, types that are not offered) is the engine's to judge.

use super::message::{
    NewOrderSingle, OrderCancelReplaceRequest, OrderCancelRequest, OrderMassCancelRequest,
    OrderStatusRequest, SecurityListRequest,
};
use super::{BusinessReason, Fault, Header, NULL_U8, NULL_U64, Refusal, SCHEMA_ID, split};
use crate::record::command::{
    Cancel, Command, MassCancel, NO_INSTRUMENT, NewOrder, Refuse, Replace, Status,
};
use crate::record::{ExecInst, MassCancelType, OrdType, Side, Stp, TimeInForce};

/// A message that is a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A command record was appended.
    Command {
        /// Template id of the message.
        template: u16,
        /// Its ClOrdID, or OrdStatusReqID.
        ref_id: u64,
    },
    /// A question that the gateway answers by itself; nothing was appended.
    SecurityList {
        /// Number of the question.
        req_id: u64,
        /// The one instrument, or `None` for all.
        instrument: Option<u32>,
    },
}

/// Decode a client's message into a command of `entry`, appended to `out`.
///
/// # Errors
/// A [`Refusal`]; then `out` got a `Command::Refuse`.
#[inline]
pub fn decode_request(entry: u32, message: &[u8], out: &mut Vec<u8>) -> Result<Request, Refusal> {
    decode(entry, message, out).map_err(|fault| refuse(entry, message, fault, out))
}

/// Whether a message is a new order, and if so append its refusal for `Reason::Busy` instead.
///
/// For a gateway that may not take new orders; other requests still go their way.
pub fn refuse_busy(entry: u32, message: &[u8], out: &mut Vec<u8>) -> bool {
    let (template, ref_id) = name_of(message);
    if template != NewOrderSingle::TEMPLATE {
        return false;
    }
    push_refuse(entry, template, ref_id, BusinessReason::Busy, out);
    true
}

#[inline]
fn decode(entry: u32, message: &[u8], out: &mut Vec<u8>) -> Result<Request, Fault> {
    let (header, block) = split(message)?;
    let template = header.template_id;
    let ref_id = match template {
        NewOrderSingle::TEMPLATE => new_order(entry, NewOrderSingle::read(header, block)?, out),
        OrderCancelRequest::TEMPLATE => {
            cancel(entry, OrderCancelRequest::read(header, block)?, out)
        }
        OrderCancelReplaceRequest::TEMPLATE => {
            replace(entry, OrderCancelReplaceRequest::read(header, block)?, out)
        }
        OrderMassCancelRequest::TEMPLATE => {
            mass_cancel(entry, OrderMassCancelRequest::read(header, block)?, out)
        }
        OrderStatusRequest::TEMPLATE => {
            status(entry, OrderStatusRequest::read(header, block)?, out)
        }
        SecurityListRequest::TEMPLATE => {
            return security_list(SecurityListRequest::read(header, block)?);
        }
        other => Err(Fault::Template(other)),
    }?;
    Ok(Request::Command { template, ref_id })
}

/// The value of an enumeration that must be there.
macro_rules! known {
    ($enum:ty, $code:expr, $field:literal) => {
        match <$enum>::from_code($code) {
            Some(value) => value,
            None if $code == NULL_U8 => return Err(Fault::Missing($field)),
            None => return Err(Fault::Value($field)),
        }
    };
}

#[inline]
fn new_order(entry: u32, x: NewOrderSingle, out: &mut Vec<u8>) -> Result<u64, Fault> {
    let num = request_number(x.cl_ord_id)?;
    let side = known!(Side, x.side, "side");
    let ord_type = known!(OrdType, x.ord_type, "ordType");
    let tif = match x.time_in_force {
        NULL_U8 => TimeInForce::Day,
        code => known!(TimeInForce, code, "timeInForce"),
    };
    let exec_inst = match x.exec_inst {
        NULL_U8 => 0,
        bits if bits & !ExecInst::POST_ONLY == 0 => bits,
        _ => return Err(Fault::Value("execInst")),
    };
    let Some(stp) = Stp::from_code(x.self_match_prevention_instruction) else {
        return Err(Fault::Value("selfMatchPreventionInstruction"));
    };
    if x.order_qty == i64::MIN {
        return Err(Fault::Missing("orderQty"));
    }
    let order = NewOrder {
        entry,
        num,
        price: x.price,
        qty: x.order_qty,
        instrument: instrument(x.security_id)?,
        side,
        ord_type,
        tif,
        exec_inst,
        stp,
    };
    Command::New(order, "", "").encode(out);
    Ok(num)
}

#[inline]
fn cancel(entry: u32, x: OrderCancelRequest, out: &mut Vec<u8>) -> Result<u64, Fault> {
    let num = request_number(x.cl_ord_id)?;
    let (orig_num, order_id) = order_named(x.orig_cl_ord_id, x.order_id, "origClOrdID")?;
    let command = Cancel {
        entry,
        num,
        orig_num,
        order_id,
        instrument: instrument_unless(order_id, x.security_id)?,
        poss_resend: false,
    };
    Command::Cancel(command, "", "", "").encode(out);
    Ok(num)
}

#[inline]
fn replace(entry: u32, x: OrderCancelReplaceRequest, out: &mut Vec<u8>) -> Result<u64, Fault> {
    let num = request_number(x.cl_ord_id)?;
    let (orig_num, order_id) = order_named(x.orig_cl_ord_id, x.order_id, "origClOrdID")?;
    let command = Replace {
        entry,
        num,
        orig_num,
        order_id,
        price: x.price,
        qty: x.order_qty,
        instrument: instrument_unless(order_id, x.security_id)?,
        poss_resend: false,
    };
    Command::Replace(command, "", "", "").encode(out);
    Ok(num)
}

#[inline]
fn mass_cancel(entry: u32, x: OrderMassCancelRequest, out: &mut Vec<u8>) -> Result<u64, Fault> {
    let num = request_number(x.cl_ord_id)?;
    let kind = known!(
        MassCancelType,
        x.mass_cancel_request_type,
        "massCancelRequestType"
    );
    let side = match x.side {
        NULL_U8 => 0,
        code => known!(Side, code, "side").code(),
    };
    let instrument = match kind {
        MassCancelType::Security => instrument(x.security_id)?,
        MassCancelType::All => NO_INSTRUMENT,
    };
    let command = MassCancel {
        entry,
        num,
        instrument,
        kind,
        side,
        quiet: false,
        prior: 0,
    };
    Command::MassCancel(command, "", "").encode(out);
    Ok(num)
}

#[inline]
fn status(entry: u32, x: OrderStatusRequest, out: &mut Vec<u8>) -> Result<u64, Fault> {
    let (num, order_id) = order_named(x.cl_ord_id, x.order_id, "clOrdID")?;
    let command = Status {
        entry,
        req_id: x.ord_status_req_id,
        num,
        order_id,
        instrument: x.security_id,
    };
    Command::Status(command, "", "").encode(out);
    Ok(x.ord_status_req_id)
}

/// FIX 559: one instrument.
const LIST_ONE: u8 = 0;
/// FIX 559: all instruments.
const LIST_ALL: u8 = 4;

fn security_list(x: SecurityListRequest) -> Result<Request, Fault> {
    let instrument = match x.security_list_request_type {
        LIST_ALL => None,
        LIST_ONE => Some(instrument(x.security_id)?),
        NULL_U8 => return Err(Fault::Missing("securityListRequestType")),
        _ => return Err(Fault::Value("securityListRequestType")),
    };
    Ok(Request::SecurityList {
        req_id: x.security_req_id,
        instrument,
    })
}

/// ClOrdID.  Null is refused: as the highest number it would be the session's last.
#[inline(always)]
const fn request_number(cl_ord_id: u64) -> Result<u64, Fault> {
    match cl_ord_id {
        NULL_U64 => Err(Fault::Missing("clOrdID")),
        num => Ok(num),
    }
}

#[inline(always)]
const fn instrument(security_id: u32) -> Result<u32, Fault> {
    match security_id {
        NO_INSTRUMENT => Err(Fault::Missing("securityID")),
        id => Ok(id),
    }
}

/// An instrument that may be absent where the order id says it all.
#[inline(always)]
const fn instrument_unless(order_id: u64, security_id: u32) -> Result<u32, Fault> {
    match order_id {
        0 => instrument(security_id),
        _ => Ok(security_id),
    }
}

/// ClOrdID and order id of the order that is meant, 0 for null; one of them must be there.
#[inline(always)]
const fn order_named(num: u64, order_id: u64, field: &'static str) -> Result<(u64, u64), Fault> {
    let num = if num == NULL_U64 { 0 } else { num };
    let order_id = if order_id == NULL_U64 { 0 } else { order_id };
    if num == 0 && order_id == 0 {
        return Err(Fault::Missing(field));
    }
    Ok((num, order_id))
}

/// Template id and request number of a message, as far as they can be read.
///
/// Every request of ours begins with its number.
fn name_of(message: &[u8]) -> (u16, u64) {
    let Ok(header) = Header::from_bytes(message) else {
        return (0, NULL_U64);
    };
    let requests = NewOrderSingle::TEMPLATE..=SecurityListRequest::TEMPLATE;
    let ours = header.schema_id == SCHEMA_ID && requests.contains(&header.template_id);
    let number = match message.get(Header::SIZE..Header::SIZE + 8) {
        Some(bytes) if ours && header.block_length >= 8 => bytes.try_into().ok(),
        _ => None,
    };
    (
        header.template_id,
        number.map_or(NULL_U64, u64::from_le_bytes),
    )
}

#[cold]
fn refuse(entry: u32, message: &[u8], fault: Fault, out: &mut Vec<u8>) -> Refusal {
    let (template, ref_id) = name_of(message);
    push_refuse(entry, template, ref_id, fault.reason(), out);
    Refusal {
        template,
        ref_id,
        fault,
    }
}

fn push_refuse(entry: u32, template: u16, ref_id: u64, reason: BusinessReason, out: &mut Vec<u8>) {
    let command = Refuse {
        entry,
        ref_id,
        template,
        reason: reason.code(),
    };
    Command::Refuse(command).encode(out);
}
