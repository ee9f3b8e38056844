//! Commands: everything that changes the exchange.

use super::field::{FRAME, packed};
use super::records::records;
use super::terms::{EntryKind, MassCancelType, OrdType, Side, Stp, TimeInForce};

/// Names no entry: the entry follows as a user id, or the request speaks for any account.
pub const NO_ENTRY: u32 = u32::MAX;
/// Names no instrument.
pub const NO_INSTRUMENT: u32 = u32::MAX;
/// A price that is absent, as it is in a market order.
pub const NO_PRICE: i64 = i64::MIN;
/// A quantity that is absent, as it may be in an amendment.
pub const NO_QTY: i64 = i64::MIN;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// An entry by its number, as an `EntryOpened` event gave it.
    Entry(u32),
    /// The REST entry of an account, opened at first use.
    User(&'a str),
    /// The operator's side of REST, which names an order by its id and speaks for its account.
    Any,
}

/// A client's name for a request.
///
/// Binary: `num` is ClOrdID and `text` is empty.  REST: `num` is the facade's own number for the
/// request, by which it finds the answer, and `text` the client's id, empty when there is none.  FIX: `text` is
/// ClOrdID, and `num` says which message it was ([`in_num`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClOrdId<'a> {
    /// ClOrdID of the binary protocol, the facade's request number, or [`in_num`] of FIX.
    pub num: u64,
    /// Client order id in text, up to 36 characters.
    pub text: &'a str,
}

/// Bits of a FIX message's number that stand below its session's epoch.
const IN_SEQ_BITS: u32 = 40;
/// Highest MsgSeqNum that a FIX session takes.
pub const IN_SEQ_MAX: u64 = (1 << IN_SEQ_BITS) - 1;
/// Highest epoch of a FIX session.
pub const EPOCH_MAX: u64 = (1 << (u64::BITS - IN_SEQ_BITS)) - 1;

/// Which message of a FIX session it was, as [`ClOrdId::num`] says it: its epoch above its MsgSeqNum.  It rises
/// for as long as the session lives, also where numbers begin anew.
#[inline(always)]
#[must_use]
pub const fn in_num(epoch: u64, in_seq: u64) -> u64 {
    (epoch & EPOCH_MAX) << IN_SEQ_BITS | (in_seq & IN_SEQ_MAX)
}

/// Epoch and MsgSeqNum of an [`in_num`].
#[inline(always)]
#[must_use]
pub const fn in_parts(num: u64) -> (u64, u64) {
    (num >> IN_SEQ_BITS, num & IN_SEQ_MAX)
}

packed! {
    /// A gateway starts, and fences what an older incarnation of it may still send.
    GatewayOpen {
        /// The gateway's number; it is that of the batch too.
        gateway: u16,
        /// Chosen at random, and echoed: by it a gateway knows its own opening.  One that the engine
        /// knows opens nothing, so that an opening whose fate is unknown can be sent again.
        nonce: u64,
    }
}
packed! {
    /// Fixed part of [`Command::EntryOpen`].
    EntryOpen {
        /// The protocol.
        kind: EntryKind,
        /// Cancel the entry's open orders when its client goes away.
        cancel_on_disconnect: bool,
        /// What [`Stp::Default`] means for this entry.
        stp: Stp,
    }
}
packed! {
    /// A client asks to be let in: the gateway wants its incarnation to own the entry, so that commands of
    /// the entry count from there alone.
    EntryClaim {
        /// The entry.
        entry: u32,
    }
}
packed! {
    /// A client went away: with cancel on disconnect, its open orders go too.
    EntryClosed {
        /// The entry.
        entry: u32,
    }
}
packed! {
    /// Fixed part of [`Command::New`].
    NewOrder {
        /// Entry, or `NO_ENTRY` when a user id follows.
        entry: u32,
        /// [`ClOrdId::num`].
        num: u64,
        /// Price, or `NO_PRICE`.
        price: i64,
        /// Quantity.
        qty: i64,
        /// Instrument, or `NO_INSTRUMENT` where the client named none that there is.
        instrument: u32,
        /// Side.
        side: Side,
        /// Type.
        ord_type: OrdType,
        /// Time in force.
        tif: TimeInForce,
        /// Bits of `ExecInst`.
        exec_inst: u8,
        /// Self-trade prevention.
        stp: Stp,
    }
}
packed! {
    /// Fixed part of [`Command::Cancel`].
    Cancel {
        /// Entry, or `NO_ENTRY`.
        entry: u32,
        /// [`ClOrdId::num`] of this request.
        num: u64,
        /// ClOrdID of the order, or 0.
        orig_num: u64,
        /// Order id, or 0.
        order_id: u64,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
        /// The client may have sent it before (FIX 97): where it has, the order's state is told.
        poss_resend: bool,
    }
}
packed! {
    /// Fixed part of [`Command::Replace`]: amend or cancel-replace.
    ///
    /// In the binary protocol the order takes the request's ClOrdID; on REST it keeps its own.
    Replace {
        /// Entry, or `NO_ENTRY`.
        entry: u32,
        /// [`ClOrdId::num`] of this request.
        num: u64,
        /// ClOrdID of the order, or 0.
        orig_num: u64,
        /// Order id, or 0.
        order_id: u64,
        /// New price, or `NO_PRICE` for the old one.
        price: i64,
        /// New total quantity (FIX 38: executed plus open), or `NO_QTY` for the old one.
        qty: i64,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
        /// As in [`Cancel`].
        poss_resend: bool,
    }
}
packed! {
    /// Fixed part of [`Command::MassCancel`].
    MassCancel {
        /// Entry, or `NO_ENTRY`.
        entry: u32,
        /// [`ClOrdId::num`] of this request.
        num: u64,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
        /// What to cancel.
        kind: MassCancelType,
        /// FIX 54, or 0 for both sides.
        side: u8,
        /// No entry is told how many: another partition is asked later, and tells the sum.
        quiet: bool,
        /// How many were canceled on the partitions that were asked before.
        prior: u32,
    }
}
packed! {
    /// Fixed part of [`Command::Status`]: ask for the state of an order; changes nothing but the entry's message count.
    Status {
        /// Entry.
        entry: u32,
        /// OrdStatusReqID.
        req_id: u64,
        /// ClOrdID of the order, or 0.
        num: u64,
        /// Order id, or 0.
        order_id: u64,
        /// Instrument, or `NO_INSTRUMENT`.
        instrument: u32,
    }
}
packed! {
    /// What a gateway refuses by itself but answers in sequence (BusinessMessageReject).
    Refuse {
        /// Entry.
        entry: u32,
        /// BusinessRejectRefID: the ClOrdID, where it could be read.
        ref_id: u64,
        /// RefMsgType: the template id.
        template: u16,
        /// BusinessRejectReason (FIX 380).
        reason: u16,
    }
}
packed! {
    /// Fixed part of [`Command::SessionMessage`]: what a FIX session says that is about no order.
    ///
    /// It is sent as its event is told, so that its number never stands for anything else.
    SessionMessage {
        /// Entry.
        entry: u32,
        /// [`in_num`] of the message before the one that is expected next; with MsgSeqNum 0 where this is said
        /// out of turn.
        num: u64,
        /// MsgType, as ASCII.
        msg_type: u8,
        /// A number: HeartBtInt of a Logon, TestReqID of a TestRequest, BeginSeqNo of a ResendRequest, RefSeqNum
        /// of a Reject or BusinessMessageReject, the first instrument of a part of a list.
        number: u64,
        /// A second number: NextExpectedMsgSeqNum of a Logon, the last instrument of a part of a list; else 0.
        end: u64,
        /// RefTagID of a Reject; 0 for none.
        ref_tag: u32,
        /// SessionRejectReason, BusinessRejectReason.
        reason: u16,
        /// ResetSeqNumFlag of a Logon; the last part of a list.
        flag: bool,
    }
}
packed! {
    /// Let the numbers of a session begin anew, in both directions.
    SessionReset {
        /// Entry.
        entry: u32,
        /// The epoch that ends; where it is another one nothing is done.
        epoch: u64,
    }
}
packed! {
    /// Fixed part of [`Command::Instrument`]: which instrument is set.
    SetInstrument {
        /// Its number in the whole exchange, for ever; from 1.
        instrument: u32,
    }
}
packed! {
    /// The filters of an instrument.  0 = no limit.
    Instrument {
        /// Prices are multiples of it.
        tick: i64,
        /// Quantities are multiples of it.
        lot: i64,
        /// Least quantity of an order.
        qty_min: i64,
        /// Highest quantity of an order.
        qty_max: i64,
        /// Least price times quantity of an order, times 10^-8.
        notional_min: i64,
        /// How far a limit price may lie from the last trade, in hundredths of a percent.
        price_band_bps: u32,
        /// Most orders that rest on one side.
        orders_per_side_max: u32,
        /// When DAY orders expire: seconds after 00:00 UTC.
        session_end_s: u32,
        /// Whether orders are taken.
        open: bool,
    }
}

impl Instrument {
    /// An open instrument whose every price and quantity is taken.
    pub const UNLIMITED: Self = Self {
        tick: 1,
        lot: 1,
        qty_min: 0,
        qty_max: 0,
        notional_min: 0,
        price_band_bps: 0,
        orders_per_side_max: 0,
        session_end_s: 0,
        open: true,
    };
}
packed! {
    /// Limits that the engine's answers depend on.
    Settings {
        /// Most accounts.
        accounts_max: u32,
        /// Client order ids in text that are remembered per account.
        client_ids_per_account_max: u32,
        /// Most instruments, and the highest number of one.
        instruments_max: u32,
        /// Bytes of records after which an event batch is cut.
        event_batch_bytes_max: u32,
        /// How far a stamp may lie ahead of the journal's append time, in nanoseconds.
        stamp_ahead_ns_max: u64,
        /// How far it may lie behind: a batch that is later is dropped, and its incarnation ends.
        stamp_behind_ns_max: u64,
        /// How long a gateway may send nothing before its incarnation ends, on the lease clock.
        gateway_lease_ns: u64,
        /// How long an entry whose owner has ended may be claimed before it counts as closed, on the same.
        handover_grace_ns: u64,
        /// How long after a claim no other gateway may claim the entry, on the same.
        claim_interval_ns: u64,
        /// Client order ids that are remembered per FIX session, beside those of open orders.
        client_ids_per_session_max: u32,
        /// Closed orders that are remembered per FIX session.
        closed_orders_per_session_max: u32,
        /// Bytes of closed orders that are remembered of all FIX sessions together.
        closed_orders_bytes_max: u64,
    }
}

packed! {
    /// From here on these rules decide: an engine of older ones goes no farther.
    Rules {
        /// Version of the rules, which rises.
        version: u32,
    }
}

packed! {
    /// What was told of commands that the journal has lost, or of those of another life: the engine goes
    /// on above these numbers, so that none of them is given twice.  What is higher already stays.
    Raise {
        /// Orders that were given an id.
        orders: u64,
        /// Trades.
        trades: u64,
        /// Sequence number of the last event.
        events: u64,
    }
}
packed! {
    /// The same for what one entry was told.
    RaiseEntry {
        /// The entry.
        entry: u32,
        /// Number of the last event told to it.
        entry_seq: u64,
    }
}

records! {
    /// A command as it stands in the journal; texts are borrowed from the batch.
    Command {
        /// See [`GatewayOpen`].
        1 "GATEWAY_OPEN" GatewayOpen(GatewayOpen);
        /// Open an entry, or change its settings: name (binary user, CompIDs), account.
        2 "ENTRY_OPEN" EntryOpen(EntryOpen, name, account);
        /// See [`EntryClosed`].
        3 "ENTRY_CLOSED" EntryClosed(EntryClosed);
        /// A new order: user id (empty unless `entry` is `NO_ENTRY`), client order id in text.
        4 "NEW" New(NewOrder, user, text);
        /// A cancel: user id, the order's client order id in text, the request's own (FIX).  User and text empty
        /// and no entry: any account.
        5 "CANCEL" Cancel(Cancel, user, text, request);
        /// An amendment: the same texts.
        6 "REPLACE" Replace(Replace, user, text, request);
        /// A mass cancel: user id, the request's own client order id in text (FIX).
        7 "MASS_CANCEL" MassCancel(MassCancel, user, request);
        /// See [`Status`]: the order's client order id in text, OrdStatusReqID in text (FIX).
        8 "STATUS" Status(Status, text, request);
        /// See [`Refuse`].
        9 "REFUSE" Refuse(Refuse);
        /// An instrument, new or with new filters: symbol.
        10 "INSTRUMENT" Instrument(SetInstrument + filters: Instrument, symbol);
        /// See [`Settings`].
        11 "SETTINGS" Settings(Settings);
        /// See [`Raise`].
        13 "RAISE" Raise(Raise);
        /// See [`RaiseEntry`].
        14 "RAISE_ENTRY" RaiseEntry(RaiseEntry);
        /// See [`Rules`].
        15 "RULES" Rules(Rules);
        /// See [`EntryClaim`].
        16 "ENTRY_CLAIM" EntryClaim(EntryClaim);
        /// See [`SessionMessage`]: RefMsgType, and TestReqID, SecurityReqID or Text.
        17 "SESSION_MESSAGE" SessionMessage(SessionMessage, ref_msg_type, text);
        /// See [`SessionReset`].
        18 "SESSION_RESET" SessionReset(SessionReset);
        nothing {
            /// Time passes: the batch's stamp says how far.
            12 "TICK" Tick
        }
    }
}

impl NewOrder {
    /// Append this as the record of a [`Command::New`] without a user id; `text` is printable ASCII.
    #[inline(always)]
    pub fn encode_entry(&self, text: &[u8], out: &mut Vec<u8>) {
        self.record(out, NEW, [b"", text]);
    }
}

/// The number of [`Command::New`].
const NEW: u8 = 4;

/// Who an order command speaks for, from its entry and user id.
#[inline(always)]
#[must_use]
pub fn who(entry: u32, user: &str) -> Who<'_> {
    if entry != NO_ENTRY {
        Who::Entry(entry)
    } else if user.is_empty() {
        Who::Any
    } else {
        Who::User(user)
    }
}

/// No command is longer: who makes room for a batch of them counts on it (`settings/kafka.py`).
pub const COMMAND_BYTES_MAX: usize = 1_024;
const TEXTS: usize = 3 * 256;
const _: () = assert!(FRAME + NewOrder::SIZE + TEXTS <= COMMAND_BYTES_MAX);
const _: () = assert!(FRAME + Replace::SIZE + TEXTS <= COMMAND_BYTES_MAX);
const _: () = assert!(FRAME + EntryOpen::SIZE + TEXTS <= COMMAND_BYTES_MAX);
const _: () = assert!(FRAME + Instrument::SIZE + TEXTS <= COMMAND_BYTES_MAX);
