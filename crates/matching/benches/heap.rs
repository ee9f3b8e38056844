//! What the book is compared with: a binary heap of orders, whose canceled ones stay until they surface.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// One side of one book: offers by price and time.
#[derive(Debug, Default)]
pub struct HeapBook {
    heap: BinaryHeap<Reverse<(i64, u64)>>,
    open: HashMap<u64, i64>,
    count: u64,
}

impl HeapBook {
    pub fn add(&mut self, price: i64, qty: i64) -> u64 {
        let id = self.count;
        self.count += 1;
        self.heap.push(Reverse((price, id)));
        self.open.insert(id, qty);
        id
    }

    pub fn cancel(&mut self, id: u64) {
        self.open.remove(&id);
    }

    pub fn best(&mut self) -> Option<(u64, i64)> {
        while let Some(Reverse((price, id))) = self.heap.peek().copied() {
            if self.open.contains_key(&id) {
                return Some((id, price));
            }
            self.heap.pop();
        }
        None
    }
}
