//! Every message: its fields in the order of the wire, with FIX's names and tags.
//!
//! Fields are the numbers of the wire: enumerations are checked where a request is decoded.

use super::{Fault, Header, SCHEMA_ID, SCHEMA_VERSION, split};
use crate::record::field::{Field, RecordError, Shown, packed};
use crate::soup::{self, kind};

/// One field as the schema describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// FIX's name.
    pub name: &'static str,
    /// FIX's tag, or one of ours from 20,000.
    pub tag: u16,
    /// SBE's primitive type.
    pub primitive: &'static str,
    /// How many of them: 1, or the width of a text.
    pub length: usize,
}

/// One message as the schema describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageSpec {
    /// Its name.
    pub name: &'static str,
    /// Template id.
    pub template: u16,
    /// Bytes of the root block.
    pub block: usize,
    /// Its fields in order.
    pub fields: &'static [FieldSpec],
}

/// SBE's name for a type of the wire.
trait Primitive {
    const NAME: &'static str;
    const LENGTH: usize = 1;
}

macro_rules! primitives {
    ($($int:ty: $name:literal,)*) => {$(impl Primitive for $int { const NAME: &'static str = $name; })*};
}
primitives! { u8: "uint8", u16: "uint16", u32: "uint32", u64: "uint64", i64: "int64", }

/// A text of fixed width, padded with zero bytes.
pub type Text20 = [u8; 20];

impl Primitive for Text20 {
    const NAME: &'static str = "char";
    const LENGTH: usize = 20;
}

impl Field for Text20 {
    const SIZE: usize = 20;
    #[inline(always)]
    fn put(self, to: &mut [u8]) {
        to[..Self::SIZE].copy_from_slice(&self);
    }
    #[inline(always)]
    fn get(from: &[u8]) -> Option<Self> {
        from.get(..Self::SIZE)?.try_into().ok()
    }
    fn show(self) -> Shown {
        let text = String::from_utf8_lossy(&self);
        Shown::Name(text.trim_end_matches('\0').to_owned())
    }
}

macro_rules! messages {
    ($(
        $(#[$meta:meta])* $name:ident = $template:literal via $packet:ident {
            $($(#[$fmeta:meta])* $field:ident: $ty:ty = $tag:literal $fix:literal,)*
        }
    )*) => {
        $(
            packed! { $(#[$meta])* $name { $($(#[$fmeta])* $field: $ty,)* } }

            impl $name {
                /// Template id.
                pub const TEMPLATE: u16 = $template;
                /// Bytes of the whole packet: session header, message header, block.
                pub const PACKET_BYTES: usize = soup::HEADER + Header::SIZE + Self::SIZE;
                /// Its layout.
                pub const SPEC: MessageSpec = MessageSpec {
                    name: stringify!($name),
                    template: $template,
                    block: Self::SIZE,
                    fields: &[$(FieldSpec {
                        name: $fix,
                        tag: $tag,
                        primitive: <$ty as Primitive>::NAME,
                        length: <$ty as Primitive>::LENGTH,
                    },)*],
                };

                /// Append header and block.
                #[inline]
                pub fn push_message(&self, out: &mut Vec<u8>) {
                    let header = Header {
                        block_length: Self::SIZE as u16,
                        template_id: $template,
                        schema_id: SCHEMA_ID,
                        version: SCHEMA_VERSION,
                    };
                    out.extend_from_slice(&header.to_bytes());
                    out.extend_from_slice(&self.to_bytes());
                }

                /// Append the packet that carries it.
                #[inline]
                pub fn push(&self, out: &mut Vec<u8>) {
                    out.reserve(Self::PACKET_BYTES);
                    soup::push_header(kind::$packet, Header::SIZE + Self::SIZE, out);
                    self.push_message(out);
                }

                /// Read the block of such a message.
                ///
                /// # Errors
                /// `Block` when `block_length` or the bytes are fewer than this message's.
                #[inline]
                pub fn read(header: Header, block: &[u8]) -> Result<Self, Fault> {
                    if usize::from(header.block_length) < Self::SIZE {
                        return Err(Fault::Block);
                    }
                    Self::from_bytes(block).map_err(|error| match error {
                        RecordError::Value(field) => Fault::Value(field),
                        _ => Fault::Block,
                    })
                }
            }
        )*

        /// Any message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Message {
            $($(#[$meta])* $name($name),)*
        }

        impl Message {
            /// The layout of every message.
            pub const SPECS: &'static [MessageSpec] = &[$($name::SPEC,)*];

            /// Read a message.
            ///
            /// # Errors
            /// The [`Fault`] that says what does not fit.
            #[inline]
            pub fn read(message: &[u8]) -> Result<Self, Fault> {
                let (header, block) = split(message)?;
                match header.template_id {
                    $($template => $name::read(header, block).map(Self::$name),)*
                    other => Err(Fault::Template(other)),
                }
            }

            /// The message's name, and its fields for people.
            pub fn show(&self, to: &mut impl FnMut(&'static str, Shown)) -> &'static str {
                match self {
                    $(Self::$name(message) => (message.show(to), stringify!($name)).1,)*
                }
            }

            /// Append header and block.
            pub fn push_message(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(message) => message.push_message(out),)*
                }
            }

            /// Append the packet that carries it.
            #[inline]
            pub fn push(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(message) => message.push(out),)*
                }
            }
        }
    };
}

messages! {
    /// A new order (35=D).
    NewOrderSingle = 100 via UNSEQUENCED {
        /// Number of the request; higher than any before it.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Limit; null in a market order, and only there.
        price: i64 = 44 "price",
        /// Quantity.
        order_qty: i64 = 38 "orderQty",
        /// Trigger of a stop order; read by none that is offered so far.
        stop_px: i64 = 99 "stopPx",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 54.
        side: u8 = 54 "side",
        /// FIX 40.
        ord_type: u8 = 40 "ordType",
        /// FIX 59, null for DAY; in a market order IOC unless it is FOK.
        time_in_force: u8 = 59 "timeInForce",
        /// Bits of FIX 18; 255 for none is taken too.
        exec_inst: u8 = 18 "execInst",
        /// Self-trade prevention; null for the default of the session.
        self_match_prevention_instruction: u8 = 2964 "selfMatchPreventionInstruction",
    }
    /// A cancel (35=F).
    OrderCancelRequest = 101 via UNSEQUENCED {
        /// Number of the request; higher than any before it.
        cl_ord_id: u64 = 11 "clOrdID",
        /// ClOrdID of the order; this or its order id.
        orig_cl_ord_id: u64 = 41 "origClOrdID",
        /// Order id; beside a ClOrdID both name the same order.
        order_id: u64 = 37 "orderID",
        /// Instrument; null only beside an order id.
        security_id: u32 = 48 "securityID",
    }
    /// An amendment (35=G).
    OrderCancelReplaceRequest = 102 via UNSEQUENCED {
        /// Number of the request; higher than any before it.
        cl_ord_id: u64 = 11 "clOrdID",
        /// ClOrdID of the order; this or its order id.
        orig_cl_ord_id: u64 = 41 "origClOrdID",
        /// Order id; beside a ClOrdID both name the same order.
        order_id: u64 = 37 "orderID",
        /// New price, null for the old one.
        price: i64 = 44 "price",
        /// New total quantity, executed plus open; null for the old one.
        order_qty: i64 = 38 "orderQty",
        /// Instrument; null only beside an order id.
        security_id: u32 = 48 "securityID",
    }
    /// A mass cancel (35=q).
    OrderMassCancelRequest = 103 via UNSEQUENCED {
        /// Number of the request; higher than any before it.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Instrument; read only with type SECURITY.
        security_id: u32 = 48 "securityID",
        /// Which orders.
        mass_cancel_request_type: u8 = 530 "massCancelRequestType",
        /// One side, or null for both.
        side: u8 = 54 "side",
    }
    /// Asks for the state of an order (35=H).
    OrderStatusRequest = 104 via UNSEQUENCED {
        /// Number of the question; any, it comes back.
        ord_status_req_id: u64 = 790 "ordStatusReqID",
        /// ClOrdID of the order; this or its order id.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Order id.
        order_id: u64 = 37 "orderID",
        /// Instrument.
        security_id: u32 = 48 "securityID",
    }
    /// Asks for one instrument or all (35=x); answered outside the sequence.
    SecurityListRequest = 105 via UNSEQUENCED {
        /// Number of the question; any, it comes back.
        security_req_id: u64 = 320 "securityReqID",
        /// Instrument; read only with type SYMBOL.
        security_id: u32 = 48 "securityID",
        /// FIX 559: 0 one instrument, 4 all.
        security_list_request_type: u8 = 559 "securityListRequestType",
    }
    /// An order is accepted (35=8, 150=0).
    ExecutionReportNew = 200 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// Order id.
        order_id: u64 = 37 "orderID",
        /// ClOrdID of the order.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Execution id.
        exec_id: u64 = 17 "execID",
        /// Price, null in a market order.
        price: i64 = 44 "price",
        /// Quantity.
        order_qty: i64 = 38 "orderQty",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 54.
        side: u8 = 54 "side",
        /// FIX 40.
        ord_type: u8 = 40 "ordType",
        /// FIX 59, as it is in force.
        time_in_force: u8 = 59 "timeInForce",
        /// FIX 39.
        ord_status: u8 = 39 "ordStatus",
    }
    /// One side of a trade (35=8, 150=F).
    ExecutionReportTrade = 201 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// Order id.
        order_id: u64 = 37 "orderID",
        /// ClOrdID of the order.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Execution id.
        exec_id: u64 = 17 "execID",
        /// Trade id, the same for both sides.
        trade_id: u64 = 1003 "tradeID",
        /// Price of the trade.
        last_px: i64 = 31 "lastPx",
        /// Quantity of the trade.
        last_qty: i64 = 32 "lastQty",
        /// Open quantity after it.
        leaves_qty: i64 = 151 "leavesQty",
        /// Executed quantity after it.
        cum_qty: i64 = 14 "cumQty",
        /// Fee; null until there are fees.
        misc_fee_amt: i64 = 137 "miscFeeAmt",
        /// Currency of the fee; 0 until there are fees.
        misc_fee_curr: u32 = 138 "miscFeeCurr",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 54.
        side: u8 = 54 "side",
        /// FIX 39.
        ord_status: u8 = 39 "ordStatus",
        /// 89 (Y) for the taker, 78 (N) for the maker.
        aggressor_indicator: u8 = 1057 "aggressorIndicator",
    }
    /// An order was canceled or has expired (35=8, 150=4 or C).
    ExecutionReportCancel = 202 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// Order id.
        order_id: u64 = 37 "orderID",
        /// ClOrdID of the request; the order's own where nobody asked.
        cl_ord_id: u64 = 11 "clOrdID",
        /// ClOrdID of the order before it.
        orig_cl_ord_id: u64 = 41 "origClOrdID",
        /// Execution id.
        exec_id: u64 = 17 "execID",
        /// Executed quantity.
        cum_qty: i64 = 14 "cumQty",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 54.
        side: u8 = 54 "side",
        /// FIX 150: 4 canceled, 67 (C) expired.
        exec_type: u8 = 150 "execType",
        /// FIX 39.
        ord_status: u8 = 39 "ordStatus",
        /// FIX 378, null where the client asked for it.
        exec_restatement_reason: u8 = 378 "execRestatementReason",
    }
    /// An order was amended, or self-trade prevention took a part of it (35=8, 150=5 or D).
    ExecutionReportReplace = 203 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// Order id.
        order_id: u64 = 37 "orderID",
        /// ClOrdID of the request; the order's own where nobody asked.
        cl_ord_id: u64 = 11 "clOrdID",
        /// ClOrdID of the order before it.
        orig_cl_ord_id: u64 = 41 "origClOrdID",
        /// Execution id.
        exec_id: u64 = 17 "execID",
        /// Price now; null in a market order.
        price: i64 = 44 "price",
        /// Total quantity now, executed plus open.
        order_qty: i64 = 38 "orderQty",
        /// Open quantity now.
        leaves_qty: i64 = 151 "leavesQty",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 54.
        side: u8 = 54 "side",
        /// FIX 39.
        ord_status: u8 = 39 "ordStatus",
    }
    /// An order was refused (35=8, 150=8).
    ExecutionReportReject = 204 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// ClOrdID of the refused order.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Instrument; null with BUSY.
        security_id: u32 = 48 "securityID",
        /// FIX 103.
        ord_rej_reason: u16 = 103 "ordRejReason",
        /// FIX 54; null with BUSY.
        side: u8 = 54 "side",
        /// Order id under which it is kept; null where there is none.  Since version 1, as what follows.
        order_id: u64 = 37 "orderID",
        /// Execution id.
        exec_id: u64 = 17 "execID",
    }
    /// A cancel or an amendment was refused (35=9).
    OrderCancelReject = 205 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// Order id, null where no order was found.
        order_id: u64 = 37 "orderID",
        /// ClOrdID of the refused request.
        cl_ord_id: u64 = 11 "clOrdID",
        /// ClOrdID of the order as the request named it.
        orig_cl_ord_id: u64 = 41 "origClOrdID",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 102.
        cxl_rej_reason: u16 = 102 "cxlRejReason",
        /// FIX 434: 1 a cancel, 2 an amendment.
        cxl_rej_response_to: u8 = 434 "cxlRejResponseTo",
        /// Status of the order; REJECTED where none was found.
        ord_status: u8 = 39 "ordStatus",
    }
    /// The end of a mass cancel (35=r).
    OrderMassCancelReport = 206 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// ClOrdID of the request.
        cl_ord_id: u64 = 11 "clOrdID",
        /// How many orders were canceled.
        total_affected_orders: u32 = 533 "totalAffectedOrders",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 530.
        mass_cancel_request_type: u8 = 530 "massCancelRequestType",
        /// FIX 531: 0 refused, else the type of the request.
        mass_cancel_response: u8 = 531 "massCancelResponse",
        /// FIX 532, null unless refused.
        mass_cancel_reject_reason: u8 = 532 "massCancelRejectReason",
        /// FIX 54.
        side: u8 = 54 "side",
    }
    /// The state of an order as asked for (35=8, 150=I).
    ExecutionReportStatus = 207 via SEQUENCED {
        /// Engine time, UTC.
        transact_time: u64 = 60 "transactTime",
        /// Number of the question.
        ord_status_req_id: u64 = 790 "ordStatusReqID",
        /// Order id, null where no open order was found.
        order_id: u64 = 37 "orderID",
        /// ClOrdID of the order, or as asked for.
        cl_ord_id: u64 = 11 "clOrdID",
        /// Price, null in a market order.
        price: i64 = 44 "price",
        /// Quantity.
        order_qty: i64 = 38 "orderQty",
        /// Open quantity.
        leaves_qty: i64 = 151 "leavesQty",
        /// Executed quantity.
        cum_qty: i64 = 14 "cumQty",
        /// Average price, or 0.
        avg_px: i64 = 6 "avgPx",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// FIX 54.
        side: u8 = 54 "side",
        /// FIX 40.
        ord_type: u8 = 40 "ordType",
        /// FIX 59.
        time_in_force: u8 = 59 "timeInForce",
        /// FIX 39; REJECTED where no open order was found.
        ord_status: u8 = 39 "ordStatus",
    }
    /// A message was refused before it was a request (35=j).
    BusinessMessageReject = 208 via SEQUENCED {
        /// ClOrdID or request id of the message, where it could be read.
        business_reject_ref_id: u64 = 379 "businessRejectRefID",
        /// Its template id.
        ref_template_id: u16 = 372 "refTemplateID",
        /// FIX 380.
        business_reject_reason: u16 = 380 "businessRejectReason",
    }
    /// One instrument of the answer to a SecurityListRequest (35=y).
    SecurityList = 209 via UNSEQUENCED {
        /// Number of the question.
        security_req_id: u64 = 320 "securityReqID",
        /// Prices are multiples of it.
        min_price_increment: i64 = 969 "minPriceIncrement",
        /// Quantities are multiples of it.
        round_lot: i64 = 561 "roundLot",
        /// Least quantity of an order, null for none.
        min_trade_vol: i64 = 562 "minTradeVol",
        /// Highest quantity of an order, null for none.
        max_trade_vol: i64 = 1140 "maxTradeVol",
        /// Least price times quantity, null for none.
        min_notional: i64 = 20001 "minNotional",
        /// How many messages answer the question.
        tot_no_related_sym: u32 = 393 "totNoRelatedSym",
        /// Instrument.
        security_id: u32 = 48 "securityID",
        /// How far a limit price may lie from the last trade, in hundredths of a percent; null for any.
        price_band_bps: u32 = 20002 "priceBandBps",
        /// Most orders that rest on one side, null for any.
        max_orders_per_side: u32 = 20003 "maxOrdersPerSide",
        /// When DAY orders expire: seconds after 00:00 UTC.
        session_end: u32 = 20004 "sessionEnd",
        /// Symbol, padded with zero bytes.
        symbol: Text20 = 55 "symbol",
        /// FIX 560: 0 valid, 2 no such instrument.
        security_request_result: u8 = 560 "securityRequestResult",
        /// FIX 326: 17 open, 18 closed.
        security_trading_status: u8 = 326 "securityTradingStatus",
        /// 89 (Y) on the last of them, 78 (N) before it.
        last_fragment: u8 = 893 "lastFragment",
    }
}
