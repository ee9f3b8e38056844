//! The field's terms: FIX enumerations with FIX's numbers, and the closed list of reasons.

use super::field::wire_enum;

wire_enum! {
    /// FIX 54.
    Side: u8 {
        /// A buy order, on the bid side.
        Buy = 1,
        /// A sell order, on the ask side.
        Sell = 2,
    }
}

impl Side {
    /// The name that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }

    /// The other side.
    #[inline(always)]
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

wire_enum! {
    /// FIX 40.
    OrdType: u8 {
        /// Takes what there is, never rests.
        Market = 1,
        /// At the price or better.
        Limit = 2,
        /// Refused so far.
        Stop = 3,
        /// Refused so far.
        StopLimit = 4,
    }
}

impl OrdType {
    /// The name that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
            Self::Stop => "STOP",
            Self::StopLimit => "STOP_LIMIT",
        }
    }
}

wire_enum! {
    /// FIX 59.
    TimeInForce: u8 {
        /// Until the session's end.
        Day = 0,
        /// Until canceled.
        Gtc = 1,
        /// Immediate or cancel.
        Ioc = 3,
        /// Fill or kill.
        Fok = 4,
        /// Refused so far.
        Gtd = 6,
    }
}

impl TimeInForce {
    /// The name that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
            Self::Gtd => "GTD",
        }
    }
}

wire_enum! {
    /// FIX 39, with letters as their ASCII code.
    OrdStatus: u8 {
        /// Accepted, nothing executed.
        New = 0,
        /// Executed in part, and open.
        PartiallyFilled = 1,
        /// Executed whole.
        Filled = 2,
        /// Closed before it was executed whole.
        Canceled = 4,
        /// Amended, nothing executed: it is new to all but a FIX session, which is told so in FIX.4.2.
        Replaced = 5,
        /// Never accepted.
        Rejected = 8,
        /// Closed by the passing of time (`C`).
        Expired = 67,
    }
}

impl OrdStatus {
    /// The status as it is to all but a FIX session.
    #[must_use]
    pub const fn plain(self) -> Self {
        match self {
            Self::Replaced => Self::New,
            other => other,
        }
    }

    /// The name that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New | Self::Replaced => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
        }
    }
}

wire_enum! {
    /// Self-trade prevention: FIX 2964 where FIX has it (1 to 3), ours elsewhere.
    Stp: u8 {
        /// Orders of one account may trade with each other.
        None = 0,
        /// Cancel the incoming order.
        CancelNewest = 1,
        /// Cancel the resting order.
        CancelOldest = 2,
        /// Cancel both.
        CancelBoth = 3,
        /// Take the smaller quantity off both; what is left of one goes on.
        Decrement = 100,
        /// What the session was configured with.
        Default = 255,
    }
}

wire_enum! {
    /// The way in by which a client speaks; client order ids are scoped by it.
    EntryKind: u8 {
        /// REST: one entry per account.
        Rest = 0,
        /// A user of the binary protocol.
        Binary = 1,
        /// A FIX CompID pair.
        Fix = 2,
    }
}

wire_enum! {
    /// Who sealed a command batch.
    Gateway: u16 {
        /// The engine's own commands: ticks, instruments, settings.  They are not numbered.
        Engine = 0,
        /// Binary order entry.
        Binary = 1,
        /// The facade: REST and WebSocket.
        Facade = 2,
        /// FIX order entry.
        Fix = 3,
    }
}

wire_enum! {
    /// Why nothing of a command batch was applied.
    Dropped: u8 {
        /// It was applied.
        No = 0,
        /// It was applied before, or its opening was.
        Repeat = 1,
        /// One before it is missing.
        Gap = 2,
        /// It is of an incarnation that has ended, or that never began.
        Fenced = 3,
        /// Its stamp lies more than `stamp_behind_ns_max` before the time at which it was appended.
        Late = 4,
        /// It is no command batch, or one of its records is none.
        Unreadable = 5,
    }
}

wire_enum! {
    /// FIX 530.
    MassCancelType: u8 {
        /// Orders of one security.
        Security = 1,
        /// All orders.
        All = 7,
    }
}

wire_enum! {
    /// Why an order, or a part of it, left the book without a trade.
    CancelReason: u8 {
        /// The client asked for it.
        Requested = 0,
        /// A mass cancel.
        Mass = 1,
        /// The rest of a MARKET or IOC order, or a FOK that could not be filled whole.
        Unfilled = 2,
        /// Self-trade prevention.
        SelfTrade = 3,
        /// Cancel on disconnect.
        Disconnect = 4,
        /// A DAY order at the session's end: the order is EXPIRED.
        SessionEnd = 5,
        /// An amendment whose new quantity is already executed.
        Amended = 6,
        /// Self-trade prevention took a part; the order goes on with what it has left.
        Decremented = 7,
        /// What was left of an order that had met others, by trades or self-trade prevention, found its side of
        /// the book full (`orders_per_side_max`).
        OrderLimit = 8,
        /// The same, where the side can't count as much.
        OutOfRange = 9,
    }
}

impl CancelReason {
    /// Why what is left of an order goes whose side of the book has no room for it.
    #[must_use]
    pub const fn of_full_side(reason: Reason) -> Self {
        match reason {
            Reason::OrderLimit => Self::OrderLimit,
            _ => Self::OutOfRange,
        }
    }

    /// Whether an order that leaves by it is closed; otherwise it goes on with a reduced quantity.
    #[must_use]
    pub const fn closes(self) -> bool {
        !matches!(self, Self::Decremented)
    }

    /// The stable code that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Mass => "MASS_CANCEL",
            Self::Unfilled => "UNFILLED",
            Self::SelfTrade => "SELF_TRADE",
            Self::Disconnect => "DISCONNECTED",
            Self::SessionEnd => "SESSION_END",
            Self::Amended => "AMENDED",
            Self::Decremented => "DECREMENTED",
            Self::OrderLimit => "ORDER_LIMIT",
            Self::OutOfRange => "OUT_OF_RANGE",
        }
    }
}

/// Instructions as they stand in a record: bits of FIX 18, and one that only a gateway gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecInst;

impl ExecInst {
    /// FIX 18=6: refuse the order rather than let it take liquidity.
    pub const POST_ONLY: u8 = 1;
    /// FIX 97: the client may have sent it before; where it has, the order's state is told.
    pub const POSS_RESEND: u8 = 0x40;
    /// The gateway takes no new orders now: answer a client order id that came before, and refuse any
    /// other with [`Reason::Busy`] without remembering it.
    pub const REPEAT_ONLY: u8 = 0x80;
}

wire_enum! {
    /// Every reason for which the exchange refuses something: one closed list for all protocols.
    ///
    /// The number is the one of FIX 103 (OrdRejReason) where FIX has one, and 100 or more elsewhere.
    Reason: u16 {
        /// Nothing was refused.
        None = 0,
        /// No such instrument.
        UnknownSymbol = 1,
        /// The instrument does not trade.
        ExchangeClosed = 2,
        /// The side of the book holds as many orders as it may (`orders_per_side_max`).
        OrderLimit = 3,
        /// No such order, or it is not open, or not this account's.
        UnknownOrder = 5,
        /// The client order id was used before.
        DuplicateClientOrderId = 6,
        /// A type that is not offered.
        UnsupportedOrderType = 11,
        /// A quantity that is not positive.
        InvalidQuantity = 13,
        /// Outside the instrument's price band.
        PriceOutsideBand = 16,
        /// Not a multiple of the tick.
        PriceOffTick = 18,
        /// A time in force that is not offered.
        UnsupportedTimeInForce = 100,
        /// A post-only order that would trade.
        PostOnlyWouldTrade = 101,
        /// Below the least quantity.
        QuantityTooSmall = 102,
        /// Above the highest quantity.
        QuantityTooLarge = 103,
        /// Not a multiple of the lot.
        QuantityOffLot = 104,
        /// Price times quantity below the least notional.
        NotionalTooSmall = 105,
        /// A limit order without a price.
        PriceRequired = 106,
        /// A market order with a price.
        PriceNotAllowed = 107,
        /// A price that is not positive.
        InvalidPrice = 108,
        /// The order is filled, canceled or expired already.
        OrderClosed = 109,
        /// An amendment that changes nothing.
        NothingToAmend = 110,
        /// No more accounts (`accounts_max`).
        AccountLimit = 111,
        /// The exchange is too far behind; try again later.
        Busy = 112,
        /// Post only goes with LIMIT orders that may rest.
        InvalidExecInst = 113,
        /// An order id and a client order id that do not name the same order.
        OrderIdMismatch = 114,
        /// The arithmetic of the order does not fit its fields.
        OutOfRange = 115,
    }
}

impl Reason {
    /// The stable code that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::UnknownSymbol => "UNKNOWN_SYMBOL",
            Self::ExchangeClosed => "EXCHANGE_CLOSED",
            Self::OrderLimit => "ORDER_LIMIT",
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::DuplicateClientOrderId => "DUPLICATE_CLIENT_ORDER_ID",
            Self::UnsupportedOrderType => "UNSUPPORTED_ORDER_TYPE",
            Self::InvalidQuantity => "INVALID_QUANTITY",
            Self::PriceOutsideBand => "PRICE_OUTSIDE_BAND",
            Self::PriceOffTick => "PRICE_OFF_TICK",
            Self::UnsupportedTimeInForce => "UNSUPPORTED_TIME_IN_FORCE",
            Self::PostOnlyWouldTrade => "POST_ONLY_WOULD_TRADE",
            Self::QuantityTooSmall => "QUANTITY_TOO_SMALL",
            Self::QuantityTooLarge => "QUANTITY_TOO_LARGE",
            Self::QuantityOffLot => "QUANTITY_OFF_LOT",
            Self::NotionalTooSmall => "NOTIONAL_TOO_SMALL",
            Self::PriceRequired => "PRICE_REQUIRED",
            Self::PriceNotAllowed => "PRICE_NOT_ALLOWED",
            Self::InvalidPrice => "INVALID_PRICE",
            Self::OrderClosed => "ORDER_CLOSED",
            Self::NothingToAmend => "NOTHING_TO_AMEND",
            Self::AccountLimit => "ACCOUNT_LIMIT",
            Self::Busy => "BUSY",
            Self::InvalidExecInst => "INVALID_EXEC_INST",
            Self::OrderIdMismatch => "ORDER_ID_MISMATCH",
            Self::OutOfRange => "OUT_OF_RANGE",
        }
    }

    /// FIX 102 (CxlRejReason): FIX's number where FIX has one.  Elsewhere this list's where it is ours; one
    /// of FIX 103 means something else there, or may once, and is told as 200 more.
    #[must_use]
    pub const fn cxl_rej_reason(self) -> u16 {
        match self {
            Self::OrderClosed => 0,
            Self::UnknownOrder => 1,
            Self::PriceOutsideBand => 8,
            Self::OrderLimit => 203,
            Self::UnsupportedOrderType => 211,
            Self::InvalidQuantity => 213,
            other => other.code(),
        }
    }
}
