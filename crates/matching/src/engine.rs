//! The engine: its whole state, and one command batch applied to it.
//!
//! Each part keeps its fields to itself: what a command does to it is a call of one of its methods.

use super::books::Books;
use super::client_ids::ClientIds;
use super::emit::{Cause, Emit};
use super::gateways::{Gateways, Opened};
use super::numbers::Numbers;
use super::parties::Parties;
use wire::record::command::Settings;
use wire::record::event::GatewayOpened;
use wire::record::{Command, CommandBatch, Dropped, Event, RecordError};
use xxhash_rust::xxh3::xxh3_64;

/// The limits in force before any `Settings` command.
const SETTINGS: Settings = Settings {
    accounts_max: 1_000_000,
    client_ids_per_account_max: 10_000,
    instruments_max: 1_000,
    event_batch_bytes_max: 1 << 20,
    stamp_ahead_ns_max: 1_000_000_000,
    stamp_behind_ns_max: 10_000_000_000,
};

/// The rules by which this engine decides.
pub const RULES: u32 = 1;

/// Commands that are prefetched for together, before they are applied: long enough for memory to
/// answer.
pub(crate) const SPAN: usize = 8;

/// How far an engine has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Offset of the last command batch, dropped or not.
    pub command_offset: u64,
    /// Sequence number of the last event; 0 before the first.
    pub event_seq: u64,
    /// Hash of the last event batch; 0 before the first.
    pub event_hash: u64,
    /// Engine time: it never goes back.
    pub time_ns: u64,
    /// Commands in the batches that were not dropped.
    pub commands: u64,
    /// Command batches, dropped or not.
    pub batches: u64,
}

/// The matching engine of one partition.
#[derive(Debug)]
pub struct Engine {
    pub(crate) position: Position,
    pub(crate) numbers: Numbers,
    pub(crate) settings: Settings,
    /// The rules that decide, by the last command that set them; 0 before the first, which are those of 1.
    pub(crate) rules: u32,
    pub(crate) gateways: Gateways,
    pub(crate) parties: Parties,
    pub(crate) client_ids: ClientIds,
    pub(crate) books: Books,
    /// Buffers that are kept from batch to batch, so that nothing is allocated for them.
    scratch: Vec<Command<'static>>,
    pub(crate) slots: Vec<u32>,
}

impl Engine {
    /// An engine with nothing in it.
    #[must_use]
    pub fn new(partition: u16) -> Self {
        Self {
            position: Position::default(),
            numbers: Numbers::new(partition, 0, 0),
            settings: SETTINGS,
            rules: 0,
            gateways: Gateways::default(),
            parties: Parties::default(),
            client_ids: ClientIds::new(),
            books: Books::new(),
            scratch: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The partition.
    #[must_use]
    pub const fn partition(&self) -> u16 {
        self.numbers.partition()
    }

    /// The rules that decide: an engine whose own ([`RULES`]) are older goes no farther.
    #[must_use]
    pub const fn rules(&self) -> u32 {
        self.rules
    }

    /// How far it has come.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Apply one command batch as it stands in the commands log, and append what follows from it to
    /// `out`: one event batch or more, whole, one after the other.
    ///
    /// The whole batch is decoded before anything is applied.
    ///
    /// # Errors
    /// The batch or one of its records does not have the layout it should have, or newer rules than
    /// these decide (`Rules`); nothing has changed.
    pub fn apply(
        &mut self,
        offset: u64,
        append_ns: u64,
        batch: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        if self.rules > RULES {
            return Err(RecordError::Rules(self.rules));
        }
        let hash = xxh3_64(batch);
        let batch = CommandBatch::read(batch)?;
        let mut commands = recycle(std::mem::take(&mut self.scratch));
        let mut decoded = Ok(());
        for command in batch.commands() {
            match command {
                Ok(command) => commands.push(command),
                Err(error) => {
                    decoded = Err(error);
                    break;
                }
            }
        }
        if decoded.is_ok() {
            let cause = (offset, &batch.header, hash);
            self.apply_decoded(cause, append_ns, &commands, out);
        }
        self.scratch = recycle(commands);
        decoded
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches, commands and events are counted one by one"
    )]
    fn apply_decoded(
        &mut self,
        cause: Cause<'_>,
        append_ns: u64,
        commands: &[Command<'_>],
        out: &mut Vec<u8>,
    ) {
        let (offset, header, _) = cause;
        let next = (self.position.event_seq + 1, self.position.event_hash);
        let cut_bytes = self.settings.event_batch_bytes_max;
        let mut out = Emit::new(out, self.partition(), cause, next, cut_bytes);
        let late = self.settings.stamp_behind_ns_max < append_ns.saturating_sub(header.stamp_ns);
        let turn = self.gateways.turn(header, commands.first(), late);
        if turn.is_ok() {
            // Where no stamp can be too far ahead, none is.
            let ahead_max = append_ns.saturating_add(self.settings.stamp_ahead_ns_max);
            let now = header.stamp_ns.min(ahead_max);
            self.position.time_ns = self.position.time_ns.max(now);
        }
        out.set(self.position.time_ns, turn.err().unwrap_or(Dropped::No));
        if let Ok(opened) = turn {
            self.expire(&mut out);
            if let Some(Opened { incarnation, nonce }) = opened {
                out.event(&Event::GatewayOpened(GatewayOpened {
                    gateway: header.gateway,
                    incarnation,
                    nonce,
                }));
            }
            if let [Command::Rules(rules)] = commands {
                self.set_rules(rules.version, &mut out);
            }
            let mut prefetcher = self.prefetcher(commands);
            for (number, span) in commands.chunks(SPAN).enumerate() {
                self.prefetch_next(&mut prefetcher, commands, number);
                for (index, command) in span.iter().enumerate() {
                    let hint = prefetcher.hint(number * SPAN + index);
                    self.books.expect(hint);
                    self.command(command, &mut out);
                }
            }
            self.position.commands += commands.len() as u64;
        }
        self.position.command_offset = offset;
        self.position.batches += 1;
        let (next_seq, hash) = out.finish();
        (self.position.event_seq, self.position.event_hash) = (next_seq - 1, hash);
    }

    #[inline]
    fn command(&mut self, command: &Command<'_>, out: &mut Emit<'_>) {
        match command {
            // What it opens was decided with the batch; anywhere else it means nothing.
            Command::GatewayOpen(_) | Command::Tick => {}
            Command::New(new, user, text) => self.enter(new, user, text, out),
            Command::Cancel(cancel, user, text) => self.cancel(cancel, user, text, out),
            Command::Replace(replace, user, text) => self.amend(replace, user, text, out),
            Command::MassCancel(mass, user) => self.mass_cancel(mass, user, out),
            Command::Status(status) => self.status(status, out),
            Command::Refuse(refuse) => self.refuse(refuse, out),
            Command::EntryOpen(open, name, account) => self.open_entry(open, name, account, out),
            Command::EntryClosed(closed) => self.entry_closed(closed.entry, out),
            Command::Instrument(set, spec, symbol) => {
                self.set_instrument(set.instrument, spec, symbol, out);
            }
            Command::Settings(settings) => self.set_settings(settings, out),
            Command::Raise(raise) => self.raise(raise, out),
            Command::RaiseEntry(raise) => self.raise_entry(raise, out),
            // Where others stand beside it, an engine that does not know them could not stop there.
            Command::Rules(_) => {}
        }
    }
}

/// The same buffer, empty, for commands of another lifetime.
fn recycle<'b>(mut commands: Vec<Command<'_>>) -> Vec<Command<'b>> {
    commands.clear();
    // Collecting from a vector's own iterator keeps its buffer; there is nothing in it to convert.
    commands.into_iter().map(|_| Command::Tick).collect()
}
