//! Accounts, and the entries by which they speak.
//!
//! Others read an account or an entry, and change it by what is said here only.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "accounts and entries are numbered from 1, and what is told is counted one by one"
)]

use super::client_ids::Queue;
use super::names::Names;
use super::paged_list::{CellId, PagedList, Pages};
use wire::record::event::EntryOpened;
use wire::record::{EntryKind, Stp};

/// An account; its number is its index, from 1.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) name: Box<str>,
    first_entry: u32,
    last_entry: u32,
    /// Open orders of all its entries.
    pub(crate) open: u32,
}

/// An entry; its number is its index, from 1.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) account: u32,
    pub(crate) kind: EntryKind,
    pub(crate) cancel_on_disconnect: bool,
    pub(crate) stp: Stp,
    /// Number of the last event told to it.
    pub(crate) seq: u64,
    /// Highest ClOrdID of a binary entry; of a FIX session the last message that is done with.
    pub(crate) last_num: u64,
    /// How often its session was reset.
    pub(crate) epoch: u64,
    /// Number of the event at which it was reset last, or 0.
    pub(crate) base: u64,
    /// Its open orders, by order id.
    orders: PagedList,
    /// Its remembered client order ids.
    pub(crate) ids: Queue,
    /// The account's next entry.
    next: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Parties {
    accounts: Vec<Account>,
    entries: Vec<Entry>,
    /// Of the entries' open orders.
    pages: Pages,
    account_names: Names,
    entry_names: Names,
}

impl Parties {
    pub(crate) fn account(&self, name: &str) -> Option<u32> {
        self.account_names.find(0, name, |number| {
            (0, &self.accounts[number as usize - 1].name)
        })
    }

    pub(crate) fn add_account(&mut self, name: &str) -> u32 {
        self.accounts.push(Account {
            name: name.into(),
            first_entry: 0,
            last_entry: 0,
            open: 0,
        });
        let number = self.accounts.len() as u32;
        self.account_names.add(0, name, number);
        number
    }

    pub(crate) fn find(&self, kind: EntryKind, name: &str) -> Option<u32> {
        self.entry_names.find(kind.code(), name, |number| {
            let entry = &self.entries[number as usize - 1];
            (entry.kind.code(), &entry.name)
        })
    }

    pub(crate) fn add_entry(&mut self, kind: EntryKind, name: &str, account: u32) -> u32 {
        self.entries.push(Entry {
            name: name.into(),
            account,
            kind,
            cancel_on_disconnect: false,
            stp: Stp::None,
            seq: 0,
            last_num: 0,
            epoch: 0,
            base: 0,
            orders: PagedList::EMPTY,
            ids: Queue::EMPTY,
            next: 0,
        });
        let number = self.entries.len() as u32;
        self.entry_names.add(kind.code(), name, number);
        let owner = &mut self.accounts[account as usize - 1];
        let last = std::mem::replace(&mut owner.last_entry, number);
        if last == 0 {
            owner.first_entry = number;
        } else {
            self.entry_mut(last).next = number;
        }
        number
    }

    /// Whether there is an entry of this number.
    pub(crate) const fn knows(&self, entry: u32) -> bool {
        entry != 0 && entry as usize <= self.entries.len()
    }

    #[inline(always)]
    pub(crate) fn entry(&self, entry: u32) -> &Entry {
        &self.entries[entry as usize - 1]
    }

    #[inline(always)]
    fn entry_mut(&mut self, entry: u32) -> &mut Entry {
        &mut self.entries[entry as usize - 1]
    }

    /// The accounts, by number.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The entries, by number.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Name of the account of an entry.
    pub(crate) fn account_name(&self, entry: u32) -> &str {
        let account = self.entry(entry).account;
        &self.accounts[account as usize - 1].name
    }

    /// Set whether an entry's orders go with its client, and its mode of self-trade prevention; whether
    /// that is another than before.
    pub(crate) fn set(&mut self, entry: u32, wanted: (bool, Stp)) -> bool {
        let row = self.entry_mut(entry);
        let before = (row.cancel_on_disconnect, row.stp);
        (row.cancel_on_disconnect, row.stp) = wanted;
        before != wanted
    }

    /// How often the session of an entry was reset.
    pub(crate) fn epoch(&self, entry: u32) -> u64 {
        self.entry(entry).epoch
    }

    /// The numbers of an entry's session begin anew with the next event told to it; the number of this one.
    pub(crate) fn begin_anew(&mut self, entry: u32, epoch: u64) -> u64 {
        let base = self.next_seq(entry);
        let row = self.entry_mut(entry);
        (row.epoch, row.base) = (epoch, base);
        base
    }

    /// As a snapshot says it: epoch and base.
    pub(crate) fn restore_reset(&mut self, entry: u32, reset: (u64, u64)) {
        let row = self.entry_mut(entry);
        (row.epoch, row.base) = reset;
    }

    /// Take note of the number of a request; whether it is higher than all before.
    #[inline(always)]
    pub(crate) fn rises(&mut self, entry: u32, num: u64) -> bool {
        let entry = self.entry_mut(entry);
        let rises = num > entry.last_num;
        if rises {
            entry.last_num = num;
        }
        rises
    }

    /// Go on above this number in what an entry is told; false where it was told as many.
    pub(crate) fn raise(&mut self, entry: u32, seq: u64) -> bool {
        let entry = self.entry_mut(entry);
        let rises = seq > entry.seq;
        if rises {
            entry.seq = seq;
        }
        rises
    }

    /// What an entry has remembered, for who remembers.
    #[inline(always)]
    pub(crate) fn ids_mut(&mut self, entry: u32) -> &mut Queue {
        &mut self.entry_mut(entry).ids
    }

    /// The number of the next event told to an entry; 0 when nobody is told.
    #[inline(always)]
    pub(crate) fn next_seq(&mut self, entry: u32) -> u64 {
        if entry == 0 {
            return 0;
        }
        let entry = self.entry_mut(entry);
        entry.seq += 1;
        entry.seq
    }

    /// The entries of an account, in order of opening.
    pub(crate) fn entries_of(&self, account: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.accounts[account as usize - 1].first_entry;
        std::iter::successors(Some(first).filter(|e| *e != 0), |e| {
            Some(self.entry(*e).next).filter(|e| *e != 0)
        })
    }

    /// An entry's open orders, by order id.
    pub(crate) fn orders_of(&self, entry: u32) -> impl Iterator<Item = u32> {
        self.list_of(entry).map(|(_, slot)| slot)
    }

    /// The same, with their cells.
    pub(crate) fn list_of(&self, entry: u32) -> impl Iterator<Item = (CellId, u32)> {
        self.entry(entry).orders.walk(&self.pages)
    }

    /// Check the pages of an entry's list; how many there are.
    pub(crate) fn check_list(&self, entry: u32) -> Result<u32, String> {
        self.entry(entry).orders.check(&self.pages)
    }

    /// Pages of all lists.
    pub(crate) const fn pages(&self) -> u32 {
        self.pages.used()
    }

    /// Prefetch a page of a list.
    #[inline(always)]
    pub(crate) fn prefetch(&self, page: u32) {
        self.pages.prefetch(page);
    }

    pub(crate) fn opened(&self, entry: u32) -> EntryOpened {
        let e = self.entry(entry);
        EntryOpened {
            entry,
            account: e.account,
            kind: e.kind,
            cancel_on_disconnect: e.cancel_on_disconnect,
            stp: e.stp,
        }
    }

    /// Put an order, the newest of its entry, on the entry's list; where it stands there.
    #[inline(always)]
    pub(crate) fn list(&mut self, entry: u32, slot: u32) -> CellId {
        let entry = &mut self.entries[entry as usize - 1];
        let cell = entry.orders.push(&mut self.pages, slot);
        self.accounts[entry.account as usize - 1].open += 1;
        cell
    }

    /// Take an order off its entry's list; whether the entry is a binary one.
    #[inline(always)]
    pub(crate) fn unlist(&mut self, entry: u32, cell: CellId) -> bool {
        let entry = &mut self.entries[entry as usize - 1];
        self.accounts[entry.account as usize - 1].open -= 1;
        entry.orders.remove(&mut self.pages, cell);
        entry.kind == EntryKind::Binary
    }
}

#[cfg(test)]
impl Parties {
    /// An account and an entry of it, to be spoiled.
    pub(crate) fn inside(&mut self, entry: u32) -> (&mut Account, &mut Entry) {
        let entry = &mut self.entries[entry as usize - 1];
        (&mut self.accounts[entry.account as usize - 1], entry)
    }
}
