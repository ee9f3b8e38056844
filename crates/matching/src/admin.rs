//! Entries, instruments, limits and numbers are set.  What is in force already makes no event.

use super::emit::Emit;
use super::engine::Engine;
use super::instruments::NUMBER_MAX;
use wire::record::command::{
    EntryOpen, Instrument, NO_INSTRUMENT, NO_PRICE, Raise, RaiseEntry, Settings,
};
use wire::record::event::{EntryRaised, InstrumentSet, Raised, Rejected, RulesSet};
use wire::record::{EntryKind, Event, OrdType, Reason, Side, Stp, TimeInForce};

/// Ids have 56 bits that count: no command takes the half of them.
const IDS_MAX: u64 = 1 << 55;
/// Twice an event's number, and one more, must fit an execution id.
const NUMBERS_MAX: u64 = 1 << 54;

impl Engine {
    /// Open an entry or change its settings; its account stays that of its first opening.
    pub(crate) fn open_entry(
        &mut self,
        open: &EntryOpen,
        name: &str,
        account: &str,
        out: &mut Emit<'_>,
    ) {
        let stp = match open.stp {
            Stp::Default => Stp::None,
            stp => stp,
        };
        let wanted = (open.cancel_on_disconnect, stp);
        let Some(entry) = self.parties.find(open.kind, name) else {
            if self
                .new_entry(open.kind, name, account, wanted, out)
                .is_none()
            {
                no_account(name, out);
            }
            return;
        };
        if self.parties.set(entry, wanted) {
            self.report_opened(entry, out);
        }
    }

    /// Open an entry that is not there yet; `None` when there can be no more accounts.
    pub(crate) fn new_entry(
        &mut self,
        kind: EntryKind,
        name: &str,
        account: &str,
        settings: (bool, Stp),
        out: &mut Emit<'_>,
    ) -> Option<u32> {
        let account = match self.parties.account(account) {
            Some(account) => account,
            None if self.parties.accounts().len() as u64
                >= u64::from(self.settings.accounts_max) =>
            {
                return None;
            }
            None => self.parties.add_account(account),
        };
        let entry = self.parties.add_entry(kind, name, account);
        self.parties.set(entry, settings);
        self.report_opened(entry, out);
        Some(entry)
    }

    fn report_opened(&self, entry: u32, out: &mut Emit<'_>) {
        let opened = self.parties.opened(entry);
        let (name, account) = (
            &self.parties.entry(entry).name,
            self.parties.account_name(entry),
        );
        out.event(&Event::EntryOpened(opened, name, account));
    }

    /// Set an instrument.  Passed over are a symbol that has another number, a number that has another
    /// symbol, and one that is above `instruments_max`.
    pub(crate) fn set_instrument(
        &mut self,
        instrument: u32,
        spec: &Instrument,
        symbol: &str,
        out: &mut Emit<'_>,
    ) {
        let now_ns = self.position.time_ns;
        let most = self.settings.instruments_max.min(NUMBER_MAX);
        let known = self.books.instruments();
        match known.find(symbol) {
            Some(number) if number != instrument || known.row(number).spec == *spec => return,
            Some(number) => self.books.set_instrument(number, *spec, now_ns),
            None if !(1..=most).contains(&instrument) => return,
            None if known.knows(instrument) || symbol.is_empty() => return,
            None => {
                self.books.add_instrument(instrument, symbol, *spec, now_ns);
            }
        }
        let set = InstrumentSet { instrument };
        out.event(&Event::InstrumentSet(set, *spec, symbol));
    }

    pub(crate) fn set_settings(&mut self, settings: &Settings, out: &mut Emit<'_>) {
        if self.settings != *settings {
            self.settings = *settings;
            out.event(&Event::SettingsSet(*settings));
        }
    }

    /// From here on these rules decide; older ones never do again.
    pub(crate) fn set_rules(&mut self, version: u32, out: &mut Emit<'_>) {
        if version > self.rules {
            self.rules = version;
            out.event(&Event::RulesSet(RulesSet { version }));
        }
    }

    /// Go on above numbers that were told elsewhere.
    pub(crate) fn raise(&mut self, raise: &Raise, out: &mut Emit<'_>) {
        let (orders_after, trades_after) = (self.numbers.orders(), self.numbers.trades());
        let orders = raise.orders.min(IDS_MAX).max(orders_after);
        let trades = raise.trades.min(IDS_MAX).max(trades_after);
        let after = out.last_seq();
        let risen = out.leap(raise.events.min(NUMBERS_MAX));
        if (orders, trades) == (orders_after, trades_after) && !risen {
            return;
        }
        self.numbers.raise(orders, trades);
        out.event(&Event::Raised(Raised {
            orders,
            orders_after,
            trades,
            after,
        }));
    }

    /// The same for what an entry is told.
    pub(crate) fn raise_entry(&mut self, raise: &RaiseEntry, out: &mut Emit<'_>) {
        let entry_seq = raise.entry_seq.min(NUMBERS_MAX);
        if !self.parties.knows(raise.entry) || !self.parties.raise(raise.entry, entry_seq) {
            return;
        }
        let entry = raise.entry;
        out.event(&Event::EntryRaised(EntryRaised { entry, entry_seq }));
    }
}

/// No more accounts: nobody's order is refused, in the name of the entry that could not be opened.
fn no_account(name: &str, out: &mut Emit<'_>) {
    let rejected = Rejected {
        entry: 0,
        account: 0,
        entry_seq: 0,
        order_id: 0,
        num: 0,
        price: NO_PRICE,
        qty: 0,
        instrument: NO_INSTRUMENT,
        side: Side::Buy,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Gtc,
        reason: Reason::AccountLimit,
    };
    out.event(&Event::Rejected(rejected, name, ""));
}
