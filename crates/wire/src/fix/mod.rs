//! FIX tag=value encoding, as FIX.4.2 and FIX.4.4 have it: messages, fields and their values, without I/O.
//!
//! # Layout
//! `8=BeginString|9=BodyLength|35=MsgType|...|10=CheckSum|` with SOH (0x01) for `|`.  BodyLength counts the
//! bytes from behind its own SOH to the one before `10=`; CheckSum is the sum of all bytes before `10=`, modulo
//! 256, as three digits.  (FIX 4.4 volume 1, "FIX Message Format and Delivery".)
//!
//! * [`Frames`]: whole messages at the front of what a socket gave.
//! * [`Fields`]: the fields of a message, in order.
//! * [`value`]: what stands in a field, by its type.
//! * [`Writer`]: a message, field by field; [`Envelope`] begins it.
//! * [`dictionary`]: what a version's messages may hold, and whether a message does.
//! * [`request`]: what a client asks, as command records.
//! * [`report`], [`admin`]: what a session is told of an event.

pub mod admin;
pub mod dictionary;
mod envelope;
mod field;
mod frame;
pub mod report;
pub mod request;
mod scan;
pub mod value;
mod version;
mod writer;

pub use envelope::Envelope;
pub use field::{Field, FieldError, Fields};
pub use frame::{Frame, Frames, Garbled, Message};
pub use version::{Version, ord_status};
pub use writer::Writer;

/// Ends each field.
pub const SOH: u8 = 1;
