//! Events: everything that anyone is told.
//!
//! # Numbers
//! An event's sequence number is its batch's `first_seq` plus its index in the batch.  Execution ids
//! follow from it: `seq * 2`, and `seq * 2 + 1` for the maker's leg of a trade, below the partition in
//! the top byte, where ids of orders and trades have it too.
//! `entry_seq` numbers what one entry is told, from 1 without a gap, over all kinds of events: in a
//! binary session it is the SoupBinTCP sequence number, in one of FIX MsgSeqNum above the base that the
//! session's last [`SessionReset`] has set.  0 means that no entry is told (an order
//! of an entry that does not exist, say).
//! Both leap where numbers were told of commands that the journal has lost: [`Raised`] is then the first of
//! its batch, and [`EntryRaised`] says it of an entry.

use super::command::{Instrument, Settings};
use super::field::packed;
use super::records::records;
use super::terms::{
    CancelReason, EntryKind, MassCancelType, OrdStatus, OrdType, Reason, Side, Stp, TimeInForce,
};

packed! {
    /// A gateway's incarnation: its batches count from 1 under it.
    GatewayOpened {
        /// The gateway.
        gateway: u16,
        /// Its incarnation, one higher than the last.
        incarnation: u32,
        /// The nonce of its opening.
        nonce: u64,
    }
}
packed! {
    /// A gateway's incarnation has ended, for it has sent nothing for as long as its lease.
    GatewayClosed {
        /// The gateway.
        gateway: u16,
        /// Its incarnation: its later batches are dropped.
        incarnation: u32,
    }
}
packed! {
    /// The answer to a claim; where it is granted, commands of the entry count from this incarnation alone.
    EntryClaimed {
        /// The entry.
        entry: u32,
        /// The gateway that asks.
        gateway: u16,
        /// Its incarnation.
        incarnation: u32,
        /// Whether it owns the entry now; it does not where another gateway has claimed it just before.
        granted: bool,
        /// Number of the last event told to the entry.
        entry_seq: u64,
        /// Highest ClOrdID of a binary entry, [`in_num`] of the last message of one of FIX that is done with, or 0.
        ///
        /// [`in_num`]: crate::record::command::in_num
        last_num: u64,
        /// Number of the event at which the entry's session was reset last, or 0.
        base: u64,
    }
}
packed! {
    /// Fixed part of [`Event::EntryOpened`].
    EntryOpened {
        /// The entry's number, for ever; from 1.
        entry: u32,
        /// The account's number, for ever; from 1.
        account: u32,
        /// The protocol.
        kind: EntryKind,
        /// Cancel on disconnect.
        cancel_on_disconnect: bool,
        /// Default self-trade prevention.
        stp: Stp,
    }
}
packed! {
    /// Fixed part of [`Event::Accepted`]: an order is new.
    Accepted {
        /// The order's entry.
        entry: u32,
        /// The order's account.
        account: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// Order id.
        order_id: u64,
        /// `ClOrdId::num` of the order.
        num: u64,
        /// Price, or `NO_PRICE`.
        price: i64,
        /// Quantity.
        qty: i64,
        /// Instrument.
        instrument: u32,
        /// Side.
        side: Side,
        /// Type.
        ord_type: OrdType,
        /// Time in force, as it is in force (MARKET: IOC or FOK).
        tif: TimeInForce,
        /// Bits of `ExecInst`.
        exec_inst: u8,
        /// Self-trade prevention, as it is in force.
        stp: Stp,
    }
}
packed! {
    /// A trade: the price is the maker's.  Fields that begin with `taker_` or `maker_` are of that order.
    Trade {
        /// Trade id: the partition in the top byte, and below it a count from 1.
        trade_id: u64,
        /// The maker's price.
        price: i64,
        /// Quantity.
        qty: i64,
        /// Instrument.
        instrument: u32,
        /// The taker's side.
        taker_side: Side,
        /// Entry.
        taker_entry: u32,
        /// Account.
        taker_account: u32,
        /// Number of this event within the entry.
        taker_entry_seq: u64,
        /// Order id.
        taker_order_id: u64,
        /// `ClOrdId::num`.
        taker_num: u64,
        /// The taker's own limit, or `NO_PRICE`.
        taker_price: i64,
        /// Open quantity after this trade.
        taker_leaves: i64,
        /// Executed quantity after this trade.
        taker_cum: i64,
        /// Average price after this trade, rounded half to even.
        taker_avg_px: i64,
        /// Entry.
        maker_entry: u32,
        /// Account.
        maker_account: u32,
        /// Number of this event within the entry.
        maker_entry_seq: u64,
        /// Order id.
        maker_order_id: u64,
        /// `ClOrdId::num`.
        maker_num: u64,
        /// Open quantity after this trade.
        maker_leaves: i64,
        /// Executed quantity after this trade.
        maker_cum: i64,
        /// Average price after this trade, rounded half to even.
        maker_avg_px: i64,
    }
}
packed! {
    /// Fixed part of [`Event::Canceled`]: an order left the book, or lost a part of its quantity.
    Canceled {
        /// The entry that is told: the order's, or with `copy` the requester's.
        entry: u32,
        /// The order's account.
        account: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// Order id.
        order_id: u64,
        /// `ClOrdId::num` of the request; the order's own where nobody asked.
        num: u64,
        /// `ClOrdId::num` of the order.
        orig_num: u64,
        /// The order's price, or `NO_PRICE`.
        price: i64,
        /// Quantity that left the book with this event.
        qty: i64,
        /// Open quantity after it: 0, unless self-trade prevention took a part.
        leaves: i64,
        /// Executed quantity.
        cum: i64,
        /// Average price of what was executed, or 0.
        avg_px: i64,
        /// Instrument.
        instrument: u32,
        /// Side.
        side: Side,
        /// Why.
        reason: CancelReason,
        /// The order's status after it; REPLACED as in [`StatusReport`].
        status: OrdStatus,
        /// This is the requester's copy of an event of another entry; other readers pass it over.
        copy: bool,
    }
}
packed! {
    /// Fixed part of [`Event::Replaced`].
    Replaced {
        /// The entry that is told: the order's, or with `copy` the requester's.
        entry: u32,
        /// The order's account.
        account: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// Order id.
        order_id: u64,
        /// `ClOrdId::num` of the request.
        num: u64,
        /// `ClOrdId::num` of the order before it.
        orig_num: u64,
        /// Price before.
        old_price: i64,
        /// Open quantity before.
        old_leaves: i64,
        /// Price now.
        price: i64,
        /// Total quantity now.
        qty: i64,
        /// Open quantity now.
        leaves: i64,
        /// Executed quantity.
        cum: i64,
        /// Average price of what was executed, or 0.
        avg_px: i64,
        /// Instrument.
        instrument: u32,
        /// Side.
        side: Side,
        /// The order's status: NEW, PARTIALLY_FILLED, or FILLED where the total quantity is what was executed.
        status: OrdStatus,
        /// Whether the order kept its priority in the queue.
        kept_priority: bool,
        /// As in [`Canceled`].
        copy: bool,
        /// The order's time in force, which stays.
        tif: TimeInForce,
        /// Bits of the order's `ExecInst`, which stay.
        exec_inst: u8,
    }
}
packed! {
    /// Fixed part of [`Event::Rejected`]: an order was refused.
    Rejected {
        /// Entry, or 0 when none could be opened.
        entry: u32,
        /// Account, or 0.
        account: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// Order id of the refused order; 0 for a duplicate, which is no order.
        order_id: u64,
        /// `ClOrdId::num`.
        num: u64,
        /// Price, or `NO_PRICE`.
        price: i64,
        /// Quantity.
        qty: i64,
        /// Instrument.
        instrument: u32,
        /// Side.
        side: Side,
        /// Type.
        ord_type: OrdType,
        /// Time in force.
        tif: TimeInForce,
        /// Why.
        reason: Reason,
    }
}
packed! {
    /// Fixed part of [`Event::CancelRejected`]: a cancel or an amendment was refused.
    CancelRejected {
        /// Entry, or 0.
        entry: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// Order id, or 0 where no order was found.
        order_id: u64,
        /// `ClOrdId::num` of the request.
        num: u64,
        /// ClOrdID of the order as the request named it, or 0.
        orig_num: u64,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
        /// Why.
        reason: Reason,
        /// FIX 434: 1 a cancel, 2 an amendment.
        response_to: u8,
        /// The order's status; REJECTED where no order was found, REPLACED as in [`StatusReport`].
        status: OrdStatus,
    }
}
packed! {
    /// The end of a mass cancel; the canceled orders stand before it.
    MassCanceled {
        /// Entry, or 0.
        entry: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// `ClOrdId::num` of the request.
        num: u64,
        /// How many orders were canceled, with those that the request brought from other partitions.
        count: u32,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
        /// What was asked for.
        kind: MassCancelType,
        /// FIX 54, or 0 for both sides.
        side: u8,
        /// Why it was refused, or `None`.
        reason: Reason,
        /// No entry is told: see `MassCancel`.
        quiet: bool,
    }
}
packed! {
    /// The state of an order as asked for; `order_id` 0 and status REJECTED where there is none, open or
    /// (for a FIX session) closed and remembered.
    StatusReport {
        /// Entry.
        entry: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// OrdStatusReqID.
        req_id: u64,
        /// Order id, or 0.
        order_id: u64,
        /// `ClOrdId::num` of the order, or as asked for.
        num: u64,
        /// Price, or `NO_PRICE`.
        price: i64,
        /// Total quantity.
        qty: i64,
        /// Open quantity.
        leaves: i64,
        /// Executed quantity.
        cum: i64,
        /// Average price, or 0.
        avg_px: i64,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
        /// FIX 54, or 0.
        side: u8,
        /// FIX 40, or 0.
        ord_type: u8,
        /// FIX 59.
        tif: u8,
        /// Status; REPLACED where a FIX session is told of an open order that was amended, and nothing of it executed.
        status: OrdStatus,
    }
}
packed! {
    /// A request that a gateway refused by itself, in sequence.
    Refused {
        /// Entry.
        entry: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// BusinessRejectRefID.
        ref_id: u64,
        /// Template id of the request.
        template: u16,
        /// BusinessRejectReason.
        reason: u16,
    }
}
packed! {
    /// Fixed part of [`Event::SessionMessage`]: what a FIX session says that is about no order.
    SessionMessage {
        /// Entry.
        entry: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// MsgType, as ASCII.
        msg_type: u8,
        /// As in the command.
        number: u64,
        /// As in the command.
        end: u64,
        /// As in the command.
        ref_tag: u32,
        /// As in the command.
        reason: u16,
        /// As in the command.
        flag: bool,
    }
}
packed! {
    /// The numbers of a session have begun anew, in both directions: what it is told next has number 1, and what
    /// came before is not told again.
    SessionReset {
        /// Entry.
        entry: u32,
        /// Number of this event within the entry; it is the base of those that follow, and told to nobody.
        entry_seq: u64,
        /// The epoch that has begun.
        epoch: u64,
    }
}
packed! {
    /// Fixed part of [`Event::Repeated`]: a client order id in text came again (REST).
    Repeated {
        /// Entry.
        entry: u32,
        /// Account.
        account: u32,
        /// Number of this event within the entry.
        entry_seq: u64,
        /// `ClOrdId::num` of the request that repeats.
        num: u64,
        /// Order id of the first.
        order_id: u64,
        /// Whether the content is that of the first.
        same: bool,
        /// Why the first was refused, or `None`.
        reason: Reason,
    }
}
packed! {
    /// Fixed part of [`Event::InstrumentSet`].
    InstrumentSet {
        /// The instrument's number, for ever; from 1.
        instrument: u32,
    }
}

packed! {
    /// Numbers were told that no event of this log has: what follows goes on above them.
    Raised {
        /// Orders that were given an id, as it counts from here on.
        orders: u64,
        /// The same as it counted before: no order has an id between the two, or ever will.
        orders_after: u64,
        /// Trades, as it counts from here on.
        trades: u64,
        /// Sequence number of the event before this one: the numbers between the two are no events.
        after: u64,
    }
}
packed! {
    /// The same for an entry: what it is told next is number `entry_seq` + 1, and what it was told before
    /// is not told again.
    EntryRaised {
        /// The entry.
        entry: u32,
        /// Number of the last event told to it.
        entry_seq: u64,
    }
}

packed! {
    /// From here on these rules decide.
    RulesSet {
        /// Version of the rules.
        version: u32,
    }
}

records! {
    /// An event as it stands in the journal; texts are borrowed from the batch.
    Event {
        /// See [`GatewayOpened`].
        1 "GATEWAY_OPENED" GatewayOpened(GatewayOpened);
        /// An entry, new or with new settings: name, account.
        2 "ENTRY_OPENED" EntryOpened(EntryOpened, name, account_name);
        /// An instrument, new or with new filters: symbol.
        3 "INSTRUMENT_SET" InstrumentSet(InstrumentSet + filters: Instrument, symbol);
        /// A new order: client order id in text.
        4 "ACCEPTED" Accepted(Accepted, text);
        /// A trade: client order ids in text of taker and maker.
        5 "TRADE" Trade(Trade.checked, taker_text, maker_text);
        /// A cancel or expiry: the order's client order id in text, and the request's own (FIX).
        6 "CANCELED" Canceled(Canceled.checked, text, request);
        /// An amendment: the order's client order id in text as it was, and the request's own, which is the order's
        /// from now on (FIX).
        7 "REPLACED" Replaced(Replaced, text, request);
        /// A refused order: user id (only where no entry could be opened), client order id in text.
        8 "REJECTED" Rejected(Rejected, user, text);
        /// A refused cancel or amendment: the order's client order id in text as the request names it, and the
        /// request's own (FIX).
        9 "CANCEL_REJECTED" CancelRejected(CancelRejected, text, request);
        /// See [`MassCanceled`]: the request's own client order id in text (FIX).
        10 "MASS_CANCELED" MassCanceled(MassCanceled, request);
        /// See [`StatusReport`]: the order's client order id in text, OrdStatusReqID in text (FIX).
        11 "STATUS_REPORT" StatusReport(StatusReport, text, request);
        /// See [`Refused`].
        12 "REFUSED" Refused(Refused);
        /// A repeat: client order id in text.
        13 "REPEATED" Repeated(Repeated, text);
        /// The limits in force.
        14 "SETTINGS_SET" SettingsSet(Settings);
        /// See [`Raised`].
        15 "RAISED" Raised(Raised);
        /// See [`EntryRaised`].
        16 "ENTRY_RAISED" EntryRaised(EntryRaised);
        /// See [`RulesSet`].
        17 "RULES_SET" RulesSet(RulesSet);
        /// See [`EntryClaimed`].
        18 "ENTRY_CLAIMED" EntryClaimed(EntryClaimed);
        /// See [`GatewayClosed`].
        19 "GATEWAY_CLOSED" GatewayClosed(GatewayClosed);
        /// See [`SessionMessage`]: RefMsgType, and TestReqID, SecurityReqID or Text.
        20 "SESSION_MESSAGE" SessionMessage(SessionMessage, ref_msg_type, text);
        /// See [`SessionReset`].
        21 "SESSION_RESET" SessionReset(SessionReset);
    }
}

impl Event<'_> {
    /// Whether a record of this kind is about an incarnation of a gateway.
    pub(crate) const fn is_of_gateway(kind: u8) -> bool {
        matches!(kind, 1 | 19)
    }

    /// The order that a record of this kind is about (of a trade, the maker); 0 for none.
    #[inline]
    pub(crate) fn order_id(kind: u8, body: &[u8]) -> u64 {
        match kind {
            4 => Accepted::from_bytes(body).map_or(0, |x| x.order_id),
            5 => Trade::from_bytes(body).map_or(0, |x| x.maker_order_id),
            6 => Canceled::from_bytes(body).map_or(0, |x| x.order_id),
            7 => Replaced::from_bytes(body).map_or(0, |x| x.order_id),
            _ => 0,
        }
    }
}
