//! Where an open order stands: in the book, on its entry's list and among the ids, at once.

use super::engine::Engine;
use super::order::Order;
use wire::record::EntryKind;

impl Engine {
    /// Put an order into the book, at the end of its level; `newest` for the highest id so far.
    #[inline(always)]
    pub(crate) fn add_to_book(&mut self, order: &Order, newest: bool) -> u32 {
        let numbered = self.parties.entry(order.entry).kind == EntryKind::Binary;
        self.books.add(order, numbered, newest)
    }

    /// Put an order that is in the book, the newest of its entry, on the entry's list.
    #[inline(always)]
    pub(crate) fn list(&mut self, entry: u32, slot: u32) {
        let cell = self.parties.list(entry, slot);
        self.books.set_list_cell(slot, cell);
    }

    /// All of the open order in a slot.
    #[inline(always)]
    pub(crate) fn order_at(&self, slot: u32) -> Order {
        self.books.open().order(slot, self.account_at(slot))
    }

    /// The account of the open order in a slot.
    #[inline(always)]
    pub(crate) fn account_at(&self, slot: u32) -> u32 {
        self.parties.entry(self.books.line(slot).entry).account
    }

    /// Take an open order out of the book and forget it.
    #[inline(always)]
    pub(crate) fn close(&mut self, slot: u32) {
        let (entry, cell) = self.books.unlink(slot);
        let numbered = self.parties.unlist(entry, cell);
        self.books.remove(slot, numbered);
    }

    /// Forget an order that stands in no queue any more.
    pub(crate) fn forget(&mut self, slot: u32) {
        let line = self.books.line(slot);
        let numbered = self.parties.unlist(line.entry, line.list_cell());
        self.books.remove(slot, numbered);
    }
}
