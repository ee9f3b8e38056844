//! The order entry messages: FIX Simple Binary Encoding 1.0, fixed length, little-endian.
//!
//! # Layout
//! [`Header`] (`blockLength, templateId, schemaId, version`, each u16), then the root block.  A packet
//! carries one message.  `protocol/order-entry.xml` is the schema; a test holds it and this code together.
//!
//! # Nulls
//! The highest unsigned and the lowest signed value.
//!
//! # Extension
//! A block longer than the known one is accepted and its tail ignored, as is what follows the block.
//! A shorter one is a [`Fault`].
//!
//! # Cost
//! Nothing here allocates but for the growth of the caller's buffer.

mod fault;
mod message;
mod report;
mod request;
mod security;

pub use fault::{BusinessReason, Fault, Refusal};
pub use message::*;
pub use report::encode_report;
pub use request::{Request, decode_request, refuse_busy};
pub use security::{encode_no_security, encode_security};

use crate::record::field::packed;

/// The schema's number.
pub const SCHEMA_ID: u16 = 100;
/// The version of the schema that we send.
pub const SCHEMA_VERSION: u16 = 1;

/// The null of a `uint8`.
pub const NULL_U8: u8 = u8::MAX;
/// The null of a `uint16`.
pub const NULL_U16: u16 = u16::MAX;
/// The null of a `uint32`.
pub const NULL_U32: u32 = u32::MAX;
/// The null of a `uint64`.
pub const NULL_U64: u64 = u64::MAX;
/// The null of an `int64`.
pub const NULL_I64: i64 = i64::MIN;

packed! {
    /// What stands before each message.
    Header {
        /// Bytes of the root block.
        block_length: u16,
        /// Which message.
        template_id: u16,
        /// [`SCHEMA_ID`].
        schema_id: u16,
        /// Version of the schema.
        version: u16,
    }
}

/// Split a message into its header and its block, with what may follow the block.
///
/// # Errors
/// `CutShort` without a whole header, `Schema` for another schema, `Block` where the block that the
/// header promises is not all there.
#[inline]
pub fn split(message: &[u8]) -> Result<(Header, &[u8]), Fault> {
    let Ok(header) = Header::from_bytes(message) else {
        return Err(Fault::CutShort);
    };
    if header.schema_id != SCHEMA_ID {
        return Err(Fault::Schema(header.schema_id));
    }
    let block = &message[Header::SIZE..];
    if block.len() < usize::from(header.block_length) {
        return Err(Fault::Block);
    }
    Ok((header, block))
}
