//! What is wrong with a message: SessionRejectReason (373) and RefTagID (371).

use crate::fix::FieldError;

/// SessionRejectReason (373) of FIX 4.4: a dictionary finds all of these but CompId and SendingTime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SessionRejectReason {
    /// A tag that is no number.
    InvalidTag = 0,
    /// A field that the message needs is not there.
    RequiredTagMissing = 1,
    /// A field that another message has.
    NotOfThisMessage = 2,
    /// A field that no message has.
    UndefinedTag = 3,
    /// A tag without a value.
    NoValue = 4,
    /// A value that is not among those of its field.
    ValueIncorrect = 5,
    /// A value that is not of its field's type.
    IncorrectFormat = 6,
    /// SenderCompID or TargetCompID is another than at the Logon.
    CompId = 9,
    /// SendingTime is too far from the time now, or before OrigSendingTime.
    SendingTime = 10,
    /// No such MsgType.
    InvalidMsgType = 11,
    /// A tag that stands twice.
    TagTwice = 13,
    /// A field of the header behind one of the body, or of the body behind one of the trailer.
    OutOfOrder = 14,
    /// A field of a repeating group that stands elsewhere than in its order.
    GroupOutOfOrder = 15,
    /// Another number of entries in a group than was said.
    GroupCount = 16,
    /// A field that holds a SOH and is not data.
    Delimiter = 17,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// SessionRejectReason (373).
    pub reason: SessionRejectReason,
    /// RefTagID (371), as far as there is one.
    pub tag: Option<u32>,
}

impl Fault {
    /// What is wrong with a field.
    #[must_use]
    pub const fn new(reason: SessionRejectReason, tag: u32) -> Self {
        Self {
            reason,
            tag: Some(tag),
        }
    }
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        let (reason, tag) = match error {
            FieldError::Tag => (SessionRejectReason::InvalidTag, None),
            FieldError::NoValue(tag) => (SessionRejectReason::NoValue, Some(tag)),
            FieldError::Delimiter(tag) => (SessionRejectReason::Delimiter, Some(tag)),
            FieldError::Length(tag) => (SessionRejectReason::IncorrectFormat, Some(tag)),
        };
        Self { reason, tag }
    }
}
