//! Many orders leave at once: a mass cancel, or a client that went away.

use super::emit::Emit;
use super::engine::Engine;
use wire::record::command::MassCancel;
use wire::record::event::MassCanceled;
use wire::record::{CancelReason, EntryKind, Event, MassCancelType, Reason, Side};

use super::requests::{Came, Requester};

impl Engine {
    pub(crate) fn mass_cancel(
        &mut self,
        mass: &MassCancel,
        user: &str,
        request: &str,
        out: &mut Emit<'_>,
    ) {
        let (request, came) = self.request(mass.entry, user, (mass.num, request), out);
        let requester = request.by;
        let checked = match came {
            Came::First => self.check_mass(requester, mass),
            Came::Again => Err(Reason::DuplicateClientOrderId),
            Came::Late => return self.pass_by(mass.num, out),
        };
        self.remember_request(request, came, Err((Reason::None, None)));
        let mut count = 0;
        if checked.is_ok() {
            let slots = self.collect(requester.entry(), mass);
            count = slots.len() as u32;
            for slot in &slots {
                self.cancel_slot(*slot, CancelReason::Mass, Some(request), out);
            }
            self.slots = slots;
        }
        // What is quiet tells no entry, so that it gets one report for all partitions.
        let told = if mass.quiet { 0 } else { requester.entry() };
        let canceled = MassCanceled {
            entry: told,
            entry_seq: self.parties.next_seq(told),
            num: mass.num,
            count: mass.prior.saturating_add(count),
            instrument: mass.instrument,
            kind: mass.kind,
            side: mass.side,
            reason: checked.err().unwrap_or(Reason::None),
            quiet: mass.quiet,
        };
        out.event(&Event::MassCanceled(canceled, request.text));
    }

    fn check_mass(&self, requester: Requester, mass: &MassCancel) -> Result<(), Reason> {
        if requester.entry() == 0 {
            return Err(Reason::UnknownOrder);
        }
        if mass.kind == MassCancelType::Security && !self.books.instruments().knows(mass.instrument)
        {
            return Err(Reason::UnknownSymbol);
        }
        if mass.side != 0 && Side::from_code(mass.side).is_none() {
            return Err(Reason::OutOfRange);
        }
        Ok(())
    }

    /// The open orders that a mass cancel means: those of its session, else (REST) the account's, entry by
    /// entry in order of opening, each by order id.
    fn collect(&mut self, entry: u32, mass: &MassCancel) -> Vec<u32> {
        let mut slots = std::mem::take(&mut self.slots);
        slots.clear();
        let row = self.parties.entry(entry);
        if row.kind != EntryKind::Rest {
            self.collect_entry(entry, mass, &mut slots);
        } else {
            for entry in self.parties.entries_of(row.account) {
                self.collect_entry(entry, mass, &mut slots);
            }
        }
        slots
    }

    fn collect_entry(&self, entry: u32, mass: &MassCancel, slots: &mut Vec<u32>) {
        for slot in self.parties.orders_of(entry) {
            let order = self.books.line(slot);
            let instrument =
                mass.kind == MassCancelType::All || order.instrument == mass.instrument;
            if instrument && (mass.side == 0 || mass.side == order.side.code()) {
                slots.push(slot);
            }
        }
    }

    /// A client went away.
    pub(crate) fn close_entry(&mut self, entry: u32, out: &mut Emit<'_>) {
        if !self.parties.knows(entry) || !self.parties.entry(entry).cancel_on_disconnect {
            return;
        }
        let mut slots = std::mem::take(&mut self.slots);
        slots.clear();
        slots.extend(self.parties.orders_of(entry));
        for slot in &slots {
            self.cancel_slot(*slot, CancelReason::Disconnect, None, out);
        }
        self.slots = slots;
    }
}
