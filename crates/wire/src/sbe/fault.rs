//! What can be wrong with a request before the engine sees it.

use std::fmt;

use crate::record::field::wire_enum;

wire_enum! {
    /// FIX 380 (BusinessRejectReason); 100 and more are ours.
    BusinessReason: u16 {
        /// A template that is not a request.
        UnsupportedMessageType = 3,
        /// The block is shorter than the message's, or a field that must be there is null.
        ConditionallyRequiredFieldMissing = 5,
        /// A field holds a value outside its enumeration.
        ValueOutOfRange = 100,
        /// The message is of another schema.
        UnknownSchema = 101,
        /// There is not even a whole header.
        CutShort = 102,
        /// The exchange is too far behind to take new orders: `Reason::Busy`, told as an order reject.
        Busy = 112,
    }
}

/// Why a message is not a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not even a whole header.
    CutShort,
    /// A message of another schema.
    Schema(u16),
    /// A template that is not known, or not a client's.
    Template(u16),
    /// The block is shorter than this message's, or than the header says.
    Block,
    /// A field that must be there is null.
    Missing(&'static str),
    /// A field holds a value outside its enumeration.
    Value(&'static str),
}

impl Fault {
    /// FIX 380 of the answer.
    #[must_use]
    pub const fn reason(self) -> BusinessReason {
        match self {
            Self::CutShort => BusinessReason::CutShort,
            Self::Schema(_) => BusinessReason::UnknownSchema,
            Self::Template(_) => BusinessReason::UnsupportedMessageType,
            Self::Block | Self::Missing(_) => BusinessReason::ConditionallyRequiredFieldMissing,
            Self::Value(_) => BusinessReason::ValueOutOfRange,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutShort => f.write_str("message without a whole header"),
            Self::Schema(id) => write!(f, "message of schema {id}"),
            Self::Template(id) => write!(f, "unknown template {id}"),
            Self::Block => f.write_str("block is too short"),
            Self::Missing(field) => write!(f, "field {field} is missing"),
            Self::Value(field) => write!(f, "value of field {field} is out of range"),
        }
    }
}

impl std::error::Error for Fault {}

/// A message that was refused: a `Command::Refuse` stands in its place, so that the answer is in sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// RefMsgType: the template id, 0 without a whole header.
    pub template: u16,
    /// BusinessRejectRefID: ClOrdID or request id, null where it could not be read.
    pub ref_id: u64,
    /// What is wrong.
    pub fault: Fault,
}
