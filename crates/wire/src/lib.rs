//! Everything that is bytes: journal records, SoupBinTCP packets, SBE and FIX messages.
//!
//! Pure: no I/O, no clock, no allocation on the paths taken per message.
//!
//! * [`record`]: commands and events as they stand in the journal, and the enumerations they share.
//! * [`soup`]: the session packets of SoupBinTCP 3.00.
//! * [`fix`]: FIX tag=value messages.
//! * [`sbe`]: the order entry messages, FIX Simple Binary Encoding 1.0.
//! * [`text`]: decimals, times, and orders as JSON.

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod fix;
pub mod record;
pub mod sbe;
pub mod soup;
pub mod text;
