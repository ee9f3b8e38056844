//! Accounts, and the entries by which they speak.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "accounts and entries are numbered from 1, and what is told is counted one by one"
)]

use super::names::Names;
use super::pool::NONE;
use super::resting::Resting;
use super::row::{Pages, Row};
use wire::record::event::EntryOpened;
use wire::record::{EntryKind, Stp};

/// An account; its number is its place, from 1.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) name: Box<str>,
    first_entry: u32,
    last_entry: u32,
    /// Open orders of all its entries.
    pub(crate) open: u32,
}

/// An entry; its number is its place, from 1.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) account: u32,
    pub(crate) kind: EntryKind,
    pub(crate) cancel_on_disconnect: bool,
    pub(crate) stp: Stp,
    /// Number of the last event told to it.
    pub(crate) seq: u64,
    /// Highest ClOrdID of a binary entry.
    pub(crate) last_num: u64,
    /// Its open orders, by order id.
    pub(crate) orders: Row,
    /// Its remembered client order ids, oldest first.
    pub(crate) oldest_id: u32,
    pub(crate) newest_id: u32,
    pub(crate) ids: u32,
    /// The account's next entry.
    next: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Parties {
    pub(crate) accounts: Vec<Account>,
    pub(crate) entries: Vec<Entry>,
    /// Of the entries' open orders.
    pub(crate) pages: Pages,
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
            orders: Row::EMPTY,
            oldest_id: NONE,
            newest_id: NONE,
            ids: 0,
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
    pub(crate) fn entry_mut(&mut self, entry: u32) -> &mut Entry {
        &mut self.entries[entry as usize - 1]
    }

    /// The number of the next event told to an entry; 0 when nobody is told.
    #[inline(always)]
    pub(crate) fn tell(&mut self, entry: u32) -> u64 {
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
        let orders = self.entry(entry).orders.walk(&self.pages);
        orders.map(|(_, slot)| slot)
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

    /// Put an order, the newest of its entry, on the entry's list.
    #[inline(always)]
    pub(crate) fn list(&mut self, order: &mut Resting, slot: u32) {
        let entry = &mut self.entries[order.entry as usize - 1];
        order.set_list_place(entry.orders.push(&mut self.pages, slot));
        self.accounts[entry.account as usize - 1].open += 1;
    }

    /// Take an order off its entry's list; whether the entry is a binary one.
    #[inline(always)]
    pub(crate) fn unlist(&mut self, order: &Resting) -> bool {
        let entry = &mut self.entries[order.entry as usize - 1];
        self.accounts[entry.account as usize - 1].open -= 1;
        entry.orders.remove(&mut self.pages, order.list_place());
        entry.kind == EntryKind::Binary
    }
}
