//! The engine: its whole state, and one command batch applied to it.
//!
//! Each part keeps its fields to itself: what a command does to it is a call of one of its methods.

use super::books::Books;
use super::claims::{Claims, Owner};
use super::client_ids::ClientIds;
use super::closed::ClosedOrders;
use super::emit::{Cause, Emit};
use super::gateways::Gateways;
use super::numbers::Numbers;
use super::parties::Parties;
use wire::record::command::Settings;
use wire::record::{Command, CommandBatch, CommandBatchHeader, Dropped, RecordError};
use xxhash_rust::xxh3::xxh3_64;

/// The limits in force before any `Settings` command.
const SETTINGS: Settings = Settings {
    accounts_max: 1_000_000,
    client_ids_per_account_max: 10_000,
    instruments_max: 1_000,
    event_batch_bytes_max: 1 << 20,
    stamp_ahead_ns_max: 1_000_000_000,
    stamp_behind_ns_max: 10_000_000_000,
    gateway_lease_ns: 5_000_000_000,
    handover_grace_ns: 0,
    claim_interval_ns: 1_000_000_000,
    client_ids_per_session_max: 100_000,
    closed_orders_per_session_max: 10_000,
    closed_orders_bytes_max: 64 << 20,
};

/// The rules by which this engine decides.
pub const RULES: u32 = 2;

/// What the events of a record say whose it was, when it is no batch.
const NOBODYS: CommandBatchHeader = CommandBatchHeader {
    magic: 0,
    len: 0,
    gateway: 0,
    incarnation: 0,
    number: 0,
    stamp_ns: 0,
    count: 0,
};

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
    /// The rules that decide, by the last command that set them; 0 before the first, which are those of 1.  Those of
    /// 2 end an order FILLED that is amended to what was executed.
    pub(crate) rules: u32,
    /// Records of the commands log that are no batches.
    pub(crate) unreadable: u64,
    pub(crate) gateways: Gateways,
    pub(crate) claims: Claims,
    pub(crate) parties: Parties,
    pub(crate) client_ids: ClientIds,
    pub(crate) closed: ClosedOrders,
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
            unreadable: 0,
            gateways: Gateways::default(),
            claims: Claims::default(),
            parties: Parties::default(),
            client_ids: ClientIds::new(),
            closed: ClosedOrders::new(),
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
    /// The whole batch is decoded before anything is applied.  What is no batch is passed over, by all
    /// engines alike: its event batch says so (`Dropped::Unreadable`), and it is counted.
    ///
    /// # Errors
    /// Newer rules than these decide (`Rules`); nothing has changed.
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
        let mut commands = recycle(std::mem::take(&mut self.scratch));
        match decode(batch, &mut commands) {
            Ok(header) => self.apply_decoded((offset, &header, hash), append_ns, &commands, out),
            Err(_) => self.pass_over((offset, &NOBODYS, hash), out),
        }
        self.scratch = recycle(commands);
        Ok(())
    }

    /// What stands at this offset is no batch.
    #[cold]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "records are counted one by one"
    )]
    fn pass_over(&mut self, cause: Cause<'_>, out: &mut Vec<u8>) {
        let mut out = self.emit(cause, out);
        out.set(self.position.time_ns, Dropped::Unreadable);
        self.unreadable += 1;
        self.end_batch(cause, out);
    }

    /// Begin the events of a batch.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "events are counted one by one"
    )]
    fn emit<'o>(&self, cause: Cause<'_>, out: &'o mut Vec<u8>) -> Emit<'o> {
        let next = (self.position.event_seq + 1, self.position.event_hash);
        let cut_bytes = self.settings.event_batch_bytes_max;
        Emit::new(out, self.partition(), cause, next, cut_bytes)
    }

    /// A batch is done.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches and events are counted one by one"
    )]
    fn end_batch(&mut self, (offset, ..): Cause<'_>, out: Emit<'_>) {
        self.position.command_offset = offset;
        self.position.batches += 1;
        let (next_seq, hash) = out.finish();
        (self.position.event_seq, self.position.event_hash) = (next_seq - 1, hash);
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "commands are counted one by one"
    )]
    fn apply_decoded(
        &mut self,
        cause: Cause<'_>,
        append_ns: u64,
        commands: &[Command<'_>],
        out: &mut Vec<u8>,
    ) {
        let (_, header, _) = cause;
        let mut out = self.emit(cause, out);
        let late = self.settings.stamp_behind_ns_max < append_ns.saturating_sub(header.stamp_ns);
        let turn = self.gateways.turn(header, commands.first(), late);
        if turn.is_ok() {
            self.pass_time(header, append_ns);
        } else if turn == Err(Dropped::Late) {
            self.end_incarnation(header.gateway, header.incarnation);
        }
        out.set(self.position.time_ns, turn.err().unwrap_or(Dropped::No));
        if let Ok(opened) = turn {
            self.expire(&mut out);
            self.end_ownership(header.gateway, opened, &mut out);
            let incarnation = opened.map_or(header.incarnation, |opened| opened.incarnation);
            let from = Owner::new(header.gateway, incarnation);
            if let [Command::Rules(rules)] = commands {
                self.set_rules(rules.version, &mut out);
            }
            let mut prefetcher = self.prefetcher(commands);
            for (number, span) in commands.chunks(SPAN).enumerate() {
                self.prefetch_next(&mut prefetcher, commands, number);
                for (index, command) in span.iter().enumerate() {
                    let hint = prefetcher.hint(number * SPAN + index);
                    self.books.expect(hint);
                    if self.heeds(command, from) {
                        self.command(command, from, &mut out);
                    }
                }
            }
            self.position.commands += commands.len() as u64;
        }
        self.end_batch(cause, out);
    }

    /// Engine time goes on to the stamp of a batch; where no stamp can be too far ahead, none is.
    fn pass_time(&mut self, header: &CommandBatchHeader, append_ns: u64) {
        let ahead_max = append_ns.saturating_add(self.settings.stamp_ahead_ns_max);
        let now_ns = header.stamp_ns.min(ahead_max);
        let step_ns = now_ns.saturating_sub(self.position.time_ns);
        self.position.time_ns = self.position.time_ns.max(now_ns);
        self.gateways.hear(header.gateway, step_ns);
    }

    #[inline]
    fn command(&mut self, command: &Command<'_>, from: Owner, out: &mut Emit<'_>) {
        match command {
            // What it opens was decided with the batch; anywhere else it means nothing.
            Command::GatewayOpen(_) | Command::Tick => {}
            Command::New(new, user, text) => self.enter(new, user, text, out),
            Command::Cancel(cancel, user, text, request) => {
                self.cancel(cancel, user, text, request, out);
            }
            Command::Replace(replace, user, text, request) => {
                self.amend(replace, user, text, request, out);
            }
            Command::MassCancel(mass, user, request) => self.mass_cancel(mass, user, request, out),
            Command::Status(status, text, request) => self.status(status, text, request, out),
            Command::SessionMessage(said, ref_msg_type, text) => {
                self.session_message(said, (ref_msg_type, text), out);
            }
            Command::SessionReset(reset) => self.reset_session(reset, out),
            Command::Refuse(refuse) => self.refuse(refuse, out),
            Command::EntryOpen(open, name, account) => self.open_entry(open, name, account, out),
            Command::EntryClaim(claim) => self.claim(claim.entry, from, out),
            Command::EntryClosed(closed) => self.close_entry(closed.entry, out),
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

/// Read a batch and all its commands; its header.
fn decode<'b>(
    batch: &'b [u8],
    commands: &mut Vec<Command<'b>>,
) -> Result<CommandBatchHeader, RecordError> {
    let batch = CommandBatch::read(batch)?;
    for command in batch.commands() {
        commands.push(command?);
    }
    Ok(batch.header)
}

/// The same buffer, empty, for commands of another lifetime.
fn recycle<'b>(mut commands: Vec<Command<'_>>) -> Vec<Command<'b>> {
    commands.clear();
    // Collecting from a vector's own iterator keeps its buffer; there is nothing in it to convert.
    commands.into_iter().map(|_| Command::Tick).collect()
}
