//! Accounts, entries and instruments by their numbers, and back by name: what who tells of orders needs
//! beside them.

use std::borrow::Cow;
use std::collections::HashMap;

use wire::record::command::NO_INSTRUMENT;
use wire::record::event::EntryOpened;
use wire::record::{EntryKind, Event};
use wire::text::ClientOrderId;

use crate::dense_map::DenseMap;
use crate::sharded_map::ShardedMap;

/// The way in of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its account.
    pub account: u32,
    /// Its protocol.
    pub kind: EntryKind,
}

/// Who there is.
#[derive(Debug, Default)]
pub struct Names {
    entries: DenseMap<Entry>,
    accounts: DenseMap<Account>,
    by_name: ShardedMap,
    symbols: DenseMap<Box<str>>,
    by_symbol: HashMap<Box<str>, u32>,
}

#[derive(Debug)]
struct Account {
    name: Box<str>,
    /// It has a REST entry.
    rest: bool,
}

impl Names {
    /// Take an event; they come in order.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::EntryOpened(x, _, account) => self.open(x, account),
            Event::InstrumentSet(x, _, symbol) => self.list(x.instrument, symbol),
            _ => {}
        }
    }

    /// An instrument is there.
    pub fn list(&mut self, instrument: u32, symbol: &str) {
        *self.symbols.slot(instrument) = Some(symbol.into());
        self.by_symbol.insert(symbol.into(), instrument);
    }

    /// Number of the instrument of this symbol.
    #[must_use]
    pub fn instrument(&self, symbol: &str) -> Option<u32> {
        self.by_symbol.get(symbol).copied()
    }

    /// What an instrument is called: one that there is not by its number; empty where an order named none.
    #[must_use]
    pub fn symbol(&self, instrument: u32) -> Cow<'_, str> {
        match self.symbols.get(instrument) {
            Some(symbol) => Cow::Borrowed(symbol),
            None if instrument == NO_INSTRUMENT => Cow::Borrowed(""),
            None => Cow::Owned(format!("#{instrument}")),
        }
    }

    /// An entry is there, or has new settings.
    pub fn open(&mut self, opened: &EntryOpened, account: &str) {
        let entry = Entry {
            account: opened.account,
            kind: opened.kind,
        };
        *self.entries.slot(opened.entry) = Some(entry);
        let slot = self.accounts.slot(opened.account);
        let known = slot.get_or_insert_with(|| {
            self.by_name.insert(account, opened.account);
            Account {
                name: account.into(),
                rest: false,
            }
        });
        known.rest |= opened.kind == EntryKind::Rest;
    }

    /// Name of an account; empty for none.
    #[must_use]
    pub fn account(&self, account: u32) -> &str {
        self.accounts.get(account).map_or("", |known| &known.name)
    }

    /// Number of the account of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<u32> {
        self.by_name.get(name)
    }

    /// The account that a user id stands for: users are told without case, and new accounts have lower
    /// case.  One that an older exchange opened with capitals is told by its exact name.
    #[must_use]
    pub fn fold(&self, user: &str) -> String {
        match self.by_name(user) {
            Some(_) => user.to_owned(),
            None => user.to_ascii_lowercase(),
        }
    }

    /// Whether there is an account of this name that has no REST entry yet.
    #[must_use]
    pub fn lacks_rest(&self, name: &str) -> bool {
        let account = self
            .by_name(name)
            .and_then(|account| self.accounts.get(account));
        account.is_some_and(|account| !account.rest)
    }

    /// Whether orders of this entry came over REST.
    #[must_use]
    pub fn is_rest(&self, entry: u32) -> bool {
        self.entries
            .get(entry)
            .is_some_and(|entry| entry.kind == EntryKind::Rest)
    }

    /// Whether orders of this entry are called by numbers of their client: it is a binary session.
    #[must_use]
    pub fn is_numbered(&self, entry: u32) -> bool {
        self.entries
            .get(entry)
            .is_some_and(|entry| entry.kind == EntryKind::Binary)
    }

    /// What the client of `entry` calls its order.
    #[must_use]
    pub fn client_order_id<'a>(&self, entry: u32, num: u64, text: &'a str) -> ClientOrderId<'a> {
        ClientOrderId::of(text, self.is_numbered(entry).then_some(num))
    }
}
