//! A node of the tree of levels: keys and values, and how one is searched and split.
//!
//! A search compares three marks, then the eight keys of one line, none of them with a branch.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "indexes of the keys of a node, and how many they are"
)]

use super::pool::{NONE, Pool, Slot};

pub(super) const CAP: usize = 32;
/// Keys of a cache line.
const LINE: usize = 8;

#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct Node {
    /// The highest number where there is no key, so that a search need not know how many there are.
    pub(super) keys: [i64; CAP],
    pub(super) vals: [u32; CAP],
    /// The last key of each line of keys but the last one: they tell which line to search.
    marks: [i64; CAP / LINE - 1],
    len: u32,
    pub(super) next: u32,
    pub(super) prev: u32,
    /// The tree that it is a leaf of; 0 for an inner node, and for one that is in no tree.
    pub(super) owner: u32,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            keys: [i64::MAX; CAP],
            vals: [NONE; CAP],
            marks: [i64::MAX; CAP / LINE - 1],
            len: 0,
            next: NONE,
            prev: NONE,
            owner: 0,
        }
    }
}

impl Slot for Node {
    fn link(&self) -> u32 {
        self.next
    }
    fn set_link(&mut self, next: u32) {
        self.next = next;
    }
}

impl Node {
    /// An empty leaf of a tree.
    pub(super) fn leaf_of(owner: u32) -> Self {
        Self {
            owner,
            ..Self::default()
        }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn insert(&mut self, at: usize, key: i64, val: u32) {
        let len = self.len();
        self.keys.copy_within(at..len, at + 1);
        self.vals.copy_within(at..len, at + 1);
        self.keys[at] = key;
        self.vals[at] = val;
        self.len += 1;
        self.mark();
    }

    pub(super) fn remove(&mut self, at: usize) {
        let len = self.len();
        self.keys.copy_within(at + 1..len, at);
        self.vals.copy_within(at + 1..len, at);
        self.keys[len - 1] = i64::MAX;
        self.len -= 1;
        self.mark();
    }

    /// Take a child out of an inner node, which is dropped when that was the last one.
    pub(super) fn remove_child(&mut self, at: usize) {
        self.remove(at);
        self.keys[0] = i64::MIN;
    }

    /// Move all from index `at` to the end of `to`.
    pub(super) fn spill(&mut self, at: usize, to: &mut Self) {
        let (len, end) = (self.len(), to.len());
        to.keys[end..end + len - at].copy_from_slice(&self.keys[at..len]);
        to.vals[end..end + len - at].copy_from_slice(&self.vals[at..len]);
        self.keys[at..len].fill(i64::MAX);
        to.len += self.len - at as u32;
        self.len = at as u32;
        self.mark();
        to.mark();
    }

    #[inline(always)]
    fn mark(&mut self) {
        for (line, mark) in self.marks.iter_mut().enumerate() {
            *mark = self.keys[line * LINE + LINE - 1];
        }
    }

    /// Prefetch what a search among the first few keys reads.
    #[inline(always)]
    pub(super) fn prefetch(&self) {
        prefetch::line(&self.marks);
        prefetch::line(&self.keys);
        prefetch::line(&self.vals);
    }

    /// The line of keys where `key` belongs.
    #[inline(always)]
    fn line(&self, key: i64) -> usize {
        count(&self.marks, |mark| mark < key)
    }

    /// The keys for which `below` holds, as it does for those before `line` and for none behind it.
    #[inline(always)]
    fn below(&self, line: usize, below: impl Fn(i64) -> bool) -> usize {
        let first = line * LINE;
        first + count(&self.keys[first..first + LINE], below)
    }

    #[inline(always)]
    pub(super) fn child(&self, key: i64) -> usize {
        let line = count(&self.marks, |mark| mark <= key);
        let children = self.below(line, |low| low <= key).min(self.len());
        children.max(1) - 1
    }

    /// The index of the first key that is no less.
    #[inline(always)]
    pub(super) fn lower_bound(&self, key: i64) -> usize {
        self.below(self.line(key), |low| low < key)
    }
}

/// How many keys are such, without a branch on any.
#[inline(always)]
fn count(keys: &[i64], such: impl Fn(i64) -> bool) -> usize {
    keys.iter().fold(0_usize, |count, key| {
        count.wrapping_add(usize::from(such(*key)))
    })
}

/// The pool of nodes that all trees share.
pub(crate) type Nodes = Pool<Node, 64>;

/// Split a full node around a new key; the new node to its right and that node's low key.
pub(super) fn split(
    nodes: &mut Nodes,
    node: u32,
    at: usize,
    key: i64,
    val: u32,
    leaf: bool,
) -> (u32, i64) {
    // Keys that come in rising order leave full nodes behind them.
    let half = if at == CAP { CAP - 1 } else { CAP / 2 };
    let mut right = Node::default();
    nodes[node].spill(half, &mut right);
    if at > half {
        right.insert(at - half, key, val);
    } else {
        nodes[node].insert(at, key, val);
    }
    let low = right.keys[0];
    if leaf {
        right.owner = nodes[node].owner;
        right.prev = node;
        right.next = nodes[node].next;
    } else {
        right.keys[0] = i64::MIN;
    }
    let next = right.next;
    let right = nodes.take(right);
    if leaf {
        nodes[node].next = right;
        if next != NONE {
            nodes[next].prev = right;
        }
    }
    (right, low)
}
