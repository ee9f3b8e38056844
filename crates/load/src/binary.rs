//! The binary protocol: SBE messages in SoupBinTCP packets.

use wire::record::OrdType;
use wire::sbe::{
    BusinessMessageReject, ExecutionReportCancel, ExecutionReportNew, ExecutionReportReject,
    ExecutionReportTrade, Fault, Header, NULL_I64, NULL_U8, NULL_U64, NewOrderSingle,
    OrderCancelReject, OrderCancelRequest, split,
};
use wire::soup::{Packets, Sender, kind, push_empty};

use crate::codec::{Answer, Cancel, Codec, Order};
use crate::error::LoadError;
use crate::session::PACKET_BYTES_MAX;

/// FIX 1057, `Y`: the order that came took liquidity.
const AGGRESSOR: u8 = b'Y';
/// A session that sent nothing for so long sends a heartbeat.
const HEARTBEAT_NS: u64 = 800_000_000;

/// A session of the binary protocol.
#[derive(Debug)]
pub struct Binary;

impl Codec for Binary {
    #[inline]
    fn order(&mut self, order: &Order, out: &mut Vec<u8>) {
        NewOrderSingle {
            cl_ord_id: order.cl_ord_id,
            price: order.price,
            order_qty: order.qty,
            stop_px: NULL_I64,
            security_id: order.instrument,
            side: order.side.code(),
            ord_type: OrdType::Limit.code(),
            time_in_force: order.time_in_force.code(),
            exec_inst: 0,
            self_match_prevention_instruction: NULL_U8,
        }
        .push(out);
    }

    #[inline]
    fn cancel(&mut self, cancel: &Cancel, out: &mut Vec<u8>) {
        OrderCancelRequest {
            cl_ord_id: cancel.cl_ord_id,
            orig_cl_ord_id: cancel.orig_cl_ord_id,
            order_id: NULL_U64,
            security_id: cancel.instrument,
        }
        .push(out);
    }

    fn receive(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<Answer>,
        _: &mut Vec<u8>,
    ) -> Result<usize, LoadError> {
        let mut packets = Packets::new(bytes, Sender::Server, PACKET_BYTES_MAX);
        for packet in &mut packets {
            let packet = packet.map_err(|error| LoadError::Protocol(error.to_string()))?;
            match packet.kind {
                kind::SEQUENCED | kind::UNSEQUENCED => answers.push(read(packet.payload)?),
                kind::END_OF_SESSION => return Err(LoadError::Closed("end of session".into())),
                _ => {}
            }
        }
        Ok(packets.consumed())
    }

    fn heartbeat_ns(&self) -> u64 {
        HEARTBEAT_NS
    }

    fn heartbeat(&mut self, out: &mut Vec<u8>) {
        push_empty(kind::CLIENT_HEARTBEAT, out);
    }
}

/// What one message says.
#[inline]
fn read(message: &[u8]) -> Result<Answer, LoadError> {
    let (header, block) = split(message).map_err(protocol)?;
    Ok(match header.template_id {
        ExecutionReportNew::TEMPLATE => {
            let report = ExecutionReportNew::read(header, block).map_err(protocol)?;
            Answer::Done(report.cl_ord_id)
        }
        ExecutionReportCancel::TEMPLATE => {
            let report = ExecutionReportCancel::read(header, block).map_err(protocol)?;
            Answer::Done(report.cl_ord_id)
        }
        ExecutionReportTrade::TEMPLATE => {
            let report = ExecutionReportTrade::read(header, block).map_err(protocol)?;
            if report.leaves_qty == 0 && report.aggressor_indicator != AGGRESSOR {
                Answer::Filled(report.cl_ord_id)
            } else {
                Answer::Traded(report.cl_ord_id)
            }
        }
        // What a bare echo sends back.
        NewOrderSingle::TEMPLATE => {
            let request = NewOrderSingle::read(header, block).map_err(protocol)?;
            Answer::Echoed(request.cl_ord_id)
        }
        _ => Answer::Refused(refused(header, block)?),
    })
}

/// The ClOrdID of what was refused.
fn refused(header: Header, block: &[u8]) -> Result<u64, LoadError> {
    match header.template_id {
        ExecutionReportReject::TEMPLATE => {
            ExecutionReportReject::read(header, block).map(|report| report.cl_ord_id)
        }
        OrderCancelReject::TEMPLATE => {
            OrderCancelReject::read(header, block).map(|report| report.cl_ord_id)
        }
        BusinessMessageReject::TEMPLATE => {
            BusinessMessageReject::read(header, block).map(|report| report.business_reject_ref_id)
        }
        other => return Err(LoadError::Protocol(format!("unexpected template {other}"))),
    }
    .map_err(protocol)
}

fn protocol(fault: Fault) -> LoadError {
    LoadError::Protocol(format!("{fault:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::sbe::Message;

    fn trade(leaves_qty: i64, aggressor_indicator: u8) -> Message {
        Message::ExecutionReportTrade(ExecutionReportTrade {
            transact_time: 0,
            order_id: 7,
            cl_ord_id: 7,
            exec_id: 0,
            trade_id: 1,
            last_px: 1,
            last_qty: 1,
            leaves_qty,
            cum_qty: 1,
            misc_fee_amt: NULL_I64,
            misc_fee_curr: 0,
            security_id: 1,
            side: 1,
            ord_status: 2,
            aggressor_indicator,
        })
    }

    #[test]
    fn only_an_order_that_rested_leaves_the_book_by_its_last_trade() {
        for (leaves, aggressor, answer) in [
            (0, b'N', Answer::Filled(7)),
            (0, AGGRESSOR, Answer::Traded(7)),
            (1, b'N', Answer::Traded(7)),
        ] {
            let mut bytes = Vec::new();
            trade(leaves, aggressor).push_message(&mut bytes);
            assert_eq!(read(&bytes).ok(), Some(answer));
        }
    }

    #[test]
    fn what_is_refused_is_named_by_its_client_order_id() {
        let mut bytes = Vec::new();
        Message::OrderCancelReject(OrderCancelReject {
            transact_time: 0,
            order_id: 0,
            cl_ord_id: 9,
            orig_cl_ord_id: 8,
            security_id: 1,
            cxl_rej_reason: 1,
            cxl_rej_response_to: 1,
            ord_status: 8,
        })
        .push_message(&mut bytes);
        assert_eq!(read(&bytes).ok(), Some(Answer::Refused(9)));
    }
}
