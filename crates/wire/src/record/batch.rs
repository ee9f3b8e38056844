//! Batches: the unit of the journal.

use super::command::Command;
use super::event::Event;
use super::field::{RecordError, packed, take_record};
use super::terms::Dropped;

/// First bytes of a command batch, and the version of its layout.
pub const COMMAND_MAGIC: u32 = u32::from_le_bytes(*b"QSC2");
/// First bytes of an event batch, and the version of its layout.
pub const EVENT_MAGIC: u32 = u32::from_le_bytes(*b"QSE2");

packed! {
    /// What stands before the commands of a batch.
    CommandBatchHeader {
        /// `COMMAND_MAGIC`.
        magic: u32,
        /// Bytes of the whole batch, this header included.
        len: u32,
        /// Who sends it.
        gateway: u16,
        /// The gateway's incarnation; 0 in the batch that carries its `GatewayOpen`.
        incarnation: u32,
        /// 1, 2, 3 ... within the incarnation; 0 in the batch that carries its `GatewayOpen`.
        number: u64,
        /// The gateway's time, UTC.
        stamp_ns: u64,
        /// How many commands follow.
        count: u32,
    }
}

packed! {
    /// What stands before the events of a batch; eight bytes of hash stand after them.
    EventBatchHeader {
        /// `EVENT_MAGIC`.
        magic: u32,
        /// Bytes of the whole batch, header and hash included.
        len: u32,
        /// The partition.
        partition: u16,
        /// Index of this batch among those that one command batch made, from 0.
        part: u16,
        /// Whether it is the last of them.
        last: bool,
        /// Offset of the command batch that made it.
        command_offset: u64,
        /// Who sent that command batch.
        gateway: u16,
        /// Its incarnation.
        incarnation: u32,
        /// Its number.
        number: u64,
        /// Hash (xxh3-64) of the command batch.
        command_hash: u64,
        /// Whether the command batch was dropped whole, and why.
        dropped: Dropped,
        /// Engine time.
        time_ns: u64,
        /// Sequence number of the first event, from 1 without a gap.
        first_seq: u64,
        /// How many events follow.
        count: u32,
        /// Hash at the end of the batch before.
        previous_hash: u64,
    }
}

/// Bytes of hash that end an event batch.
pub const HASH: usize = 8;

/// A command batch whose frame has been read.
#[derive(Debug, Clone, Copy)]
pub struct CommandBatch<'a> {
    /// The header.
    pub header: CommandBatchHeader,
    records: &'a [u8],
}

impl<'a> CommandBatch<'a> {
    /// Read the frame of the batch that is all of `bytes`.
    ///
    /// # Errors
    /// `Header` or `Short` when it is no such batch.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let header = CommandBatchHeader::from_bytes(bytes)?;
        if header.magic != COMMAND_MAGIC {
            return Err(RecordError::Header);
        }
        if header.len as usize != bytes.len() {
            return Err(RecordError::Short);
        }
        Ok(Self {
            header,
            records: &bytes[CommandBatchHeader::SIZE..],
        })
    }

    /// The commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = Result<Command<'a>, RecordError>> + use<'a> {
        let mut rest = self.records;
        (0..self.header.count).map(move |_| {
            let (kind, _flags, body) = take_record(&mut rest)?;
            Command::decode(kind, body)
        })
    }

    /// Frame `records` (commands encoded one after the other) as a batch, appended to `out`.
    ///
    /// `magic` and `len` of `header` are set here.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "lengths in memory: a batch is of `batch_commands_max` commands at most"
    )]
    pub fn write(mut header: CommandBatchHeader, records: &[u8], out: &mut Vec<u8>) {
        header.magic = COMMAND_MAGIC;
        header.len = (CommandBatchHeader::SIZE + records.len()) as u32;
        out.extend_from_slice(&header.to_bytes());
        out.extend_from_slice(records);
    }
}

/// An event batch whose frame has been read.
#[derive(Debug, Clone, Copy)]
pub struct EventBatch<'a> {
    /// The header.
    pub header: EventBatchHeader,
    /// The hash at its end.
    pub hash: u64,
    records: &'a [u8],
}

impl<'a> EventBatch<'a> {
    /// Read the frame of the batch that is all of `bytes`; the hash is not checked.
    ///
    /// # Errors
    /// `Header` or `Short` when it is no such batch.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let header = EventBatchHeader::from_bytes(bytes)?;
        if header.magic != EVENT_MAGIC {
            return Err(RecordError::Header);
        }
        if header.len as usize != bytes.len() {
            return Err(RecordError::Short);
        }
        let records = &bytes[EventBatchHeader::SIZE..];
        let (records, hash) = records.split_last_chunk().ok_or(RecordError::Short)?;
        Ok(Self {
            header,
            hash: u64::from_le_bytes(*hash),
            records,
        })
    }

    /// Split the first batch off a row of batches that stand one after the other.
    ///
    /// # Errors
    /// As [`EventBatch::read`].
    pub fn take(from: &mut &'a [u8]) -> Result<Self, RecordError> {
        let header = EventBatchHeader::from_bytes(from)?;
        if header.magic != EVENT_MAGIC {
            return Err(RecordError::Header);
        }
        let bytes = from.get(..header.len as usize).ok_or(RecordError::Short)?;
        let batch = Self::read(bytes)?;
        *from = &from[bytes.len()..];
        Ok(batch)
    }

    /// Ids of the orders that the events are about (of a trade, the maker), one an event; 0 for none.
    /// They end where a record can't be read: it is for whoever wants to know what will come.
    pub fn order_ids(&self) -> impl Iterator<Item = u64> + use<'a> {
        let mut rest = self.records;
        (0..self.header.count).map_while(move |_| {
            let (kind, _flags, body) = take_record(&mut rest).ok()?;
            Some(Event::order_id(kind, body))
        })
    }

    /// The events that are about incarnations of gateways: no other is decoded.  They end where a record
    /// can't be read.
    pub fn events_of_gateways(
        &self,
    ) -> impl Iterator<Item = Result<Event<'a>, RecordError>> + use<'a> {
        let mut rest = self.records;
        (0..self.header.count)
            .map_while(move |_| take_record(&mut rest).ok())
            .filter(|(kind, ..)| Event::is_of_gateway(*kind))
            .map(|(kind, _flags, body)| Event::decode(kind, body))
    }

    /// Whether the numbers leap before this batch, from event `after`: it then begins with a `Raised` that
    /// says so.  Anywhere else a number that is left out is an event that is missing.
    #[must_use]
    pub fn leaps_from(&self, after: u64) -> bool {
        matches!(
            self.events().next(),
            Some(Ok((seq, Event::Raised(raised)))) if raised.after == after && seq > after
        )
    }

    /// Append the events that tell an entry, each as a batch of its own, which has this one's header but for what it
    /// holds, and no hash.  No event is decoded.
    ///
    /// # Errors
    /// Where a record can't be found.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "lengths in memory, and numbers of events that there are"
    )]
    pub fn push_told(&self, entry: u32, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let mut rest = self.records;
        for index in 0..self.header.count {
            let from = rest;
            let (kind, _flags, body) = take_record(&mut rest)?;
            if !Event::tells(kind, body, entry) {
                continue;
            }
            let record = &from[..from.len() - rest.len()];
            let seq = self.header.first_seq.checked_add(index.into());
            let header = EventBatchHeader {
                len: (EventBatchHeader::SIZE + record.len() + HASH) as u32,
                first_seq: seq.ok_or(RecordError::Value("first_seq"))?,
                count: 1,
                ..self.header
            };
            out.extend_from_slice(&header.to_bytes());
            out.extend_from_slice(record);
            out.extend_from_slice(&[0; HASH]);
        }
        Ok(())
    }

    /// The events with their sequence numbers, in order.
    pub fn events(&self) -> impl Iterator<Item = Result<(u64, Event<'a>), RecordError>> + use<'a> {
        let mut rest = self.records;
        let first_seq = self.header.first_seq;
        (0..self.header.count).map(move |index| {
            let (kind, _flags, body) = take_record(&mut rest)?;
            let seq = first_seq
                .checked_add(u64::from(index))
                .ok_or(RecordError::Value("first_seq"))?;
            Ok((seq, Event::decode(kind, body)?))
        })
    }
}
