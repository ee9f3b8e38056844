//! The versions of FIX that are spoken, and what the same thing is called in each.

use crate::record::{OrdStatus, Reason};

/// A version of the protocol: BeginString (8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// FIX.4.2.
    Fix42,
    /// FIX.4.4.
    #[default]
    Fix44,
}

impl Version {
    /// The version of a BeginString, if it is one of ours.
    #[must_use]
    pub fn of(begin_string: &[u8]) -> Option<Self> {
        [Self::Fix44, Self::Fix42]
            .into_iter()
            .find(|version| version.begin_string().as_bytes() == begin_string)
    }

    /// Its BeginString.
    #[must_use]
    pub const fn begin_string(self) -> &'static str {
        match self {
            Self::Fix42 => "FIX.4.2",
            Self::Fix44 => "FIX.4.4",
        }
    }

    /// OrdRejReason (103), where the version has one for it: 99 (4.2: 0) is "other".
    #[must_use]
    pub const fn ord_rej_reason(self, reason: Reason) -> u16 {
        match (self, reason.code()) {
            (Self::Fix44, code @ 0..=15) | (Self::Fix42, code @ 0..=8) => code,
            (Self::Fix44, _) => 99,
            (Self::Fix42, _) => 0,
        }
    }

    /// CxlRejReason (102): too late, unknown order, duplicate ClOrdID, and 99 (4.2: 2) for what is left.
    #[must_use]
    pub const fn cxl_rej_reason(self, reason: Reason) -> u16 {
        match (self, reason) {
            (_, Reason::OrderClosed) => 0,
            (_, Reason::UnknownOrder) => 1,
            (Self::Fix44, Reason::DuplicateClientOrderId) => 6,
            (Self::Fix44, _) => 99,
            (Self::Fix42, _) => 2,
        }
    }
}

/// OrdStatus (39).
#[must_use]
#[allow(clippy::arithmetic_side_effects, reason = "a digit")]
pub const fn ord_status(status: OrdStatus) -> u8 {
    match status {
        OrdStatus::Expired => b'C',
        other => b'0' + other.code(),
    }
}
