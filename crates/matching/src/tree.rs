//! An ordered map from `i64` keys to slots: a B+tree whose nodes stand in a shared pool.
//!
//! # Layout
//! A node holds up to 32 keys and as many values: children in an inner node, the caller's slots in
//! a leaf.  The leaves are linked in the order of keys.  An inner node's first key is the least
//! number: what is below the second key goes to the first child.
//!
//! # Cost
//! Search, insertion and removal touch one node a layer: 2 layers hold 1,000 keys, 5 hold millions.
//! A node that falls to a quarter joins its neighbour where both fit into three quarters.
//!
//! # Hints
//! Who knows where a key probably stands saves the search above the leaf.  A hint is taken only if
//! the leaf is one of this tree's and the key belongs between two of its keys, so that a wrong one
//! changes nothing.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "layers, nodes, and indexes in them"
)]

use super::node::{CAP, Node, Nodes, split};
use super::pool::NONE;

const LOW: usize = CAP / 4;
const JOINED_MAX: usize = CAP * 3 / 4;
/// Layers that no book reaches: neighbours that are not joined hold more than 24 keys together.
const LAYERS_MAX: usize = 16;

/// The way from the root to a leaf: node and index in it, one a layer.
type Path = [(u32, usize); LAYERS_MAX];

#[derive(Debug)]
pub(crate) struct Tree {
    pub(super) root: u32,
    pub(super) first: u32,
    pub(super) layers: usize,
    /// Tells its leaves from those of other trees; not 0.
    pub(super) owner: u32,
}

/// A position among the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    leaf: u32,
    at: usize,
}

impl Tree {
    /// An empty tree; no two that share their nodes have the same `owner`, and none has 0.
    pub(crate) const fn new(owner: u32) -> Self {
        Self {
            root: NONE,
            first: NONE,
            layers: 0,
            owner,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.root == NONE
    }

    /// Where `key` belongs among the leaves, and its slot if it is there.  The tree is not empty.
    ///
    /// `hint` is a leaf that it may be, or `NONE`.
    #[inline]
    pub(crate) fn seek(&self, nodes: &Nodes, hint: u32, key: i64) -> (Cursor, Option<u32>) {
        if let Some(found) = self.seek_hinted(nodes, hint, key) {
            return found;
        }
        let leaf = self.leaf(nodes, key);
        let node = &nodes[leaf];
        let at = node.lower_bound(key);
        let found = at < node.len() && node.keys[at] == key;
        (Cursor { leaf, at }, found.then(|| node.vals[at]))
    }

    #[inline(always)]
    fn seek_hinted(&self, nodes: &Nodes, hint: u32, key: i64) -> Option<(Cursor, Option<u32>)> {
        let node = nodes.get(hint)?;
        if node.owner != self.owner {
            return None;
        }
        let at = node.lower_bound(key);
        let found = at < node.len() && node.keys[at] == key;
        let between = at > 0 && at < node.len();
        let cursor = Cursor { leaf: hint, at };
        (found || between).then(|| (cursor, found.then(|| node.vals[at])))
    }

    /// The leaf where `key` belongs; `NONE` in an empty tree.
    #[inline]
    pub(crate) fn leaf(&self, nodes: &Nodes, key: i64) -> u32 {
        let mut at = self.root;
        for _ in 0..self.layers {
            let node = &nodes[at];
            at = node.vals[node.child(key)];
        }
        at
    }

    /// Prefetch a tree of one node; the roots of larger ones stay in the caches anyway.
    #[inline(always)]
    pub(crate) fn prefetch(&self, nodes: &Nodes) {
        if self.layers == 0
            && let Some(node) = nodes.get(self.root)
        {
            node.prefetch();
        }
    }

    /// The leaf where `key` belongs and its slot, or `NONE`: to prefetch, also in an empty tree.
    #[inline(always)]
    pub(crate) fn peek(&self, nodes: &Nodes, key: i64) -> (u32, u32) {
        let leaf = self.leaf(nodes, key);
        let Some(node) = nodes.get(leaf) else {
            return (NONE, NONE);
        };
        let at = node.lower_bound(key).min(CAP - 1);
        let found = (at < node.len()) & (node.keys[at] == key);
        let val = node.vals[at];
        (leaf, if found { val } else { NONE })
    }

    /// Add a key that [`Tree::seek`] did not find, at the cursor that it gave; any will do in an
    /// empty tree.
    #[inline]
    pub(crate) fn insert_at(&mut self, nodes: &mut Nodes, cursor: Cursor, key: i64, val: u32) {
        if self.root == NONE {
            return self.insert(nodes, key, val);
        }
        let node = &mut nodes[cursor.leaf];
        if node.len() < CAP {
            node.insert(cursor.at, key, val);
        } else {
            self.insert(nodes, key, val);
        }
    }

    /// Give the key at a cursor another slot.
    pub(crate) fn set(nodes: &mut Nodes, cursor: Cursor, val: u32) {
        nodes[cursor.leaf].vals[cursor.at] = val;
    }

    pub(crate) const fn cursor(&self) -> Cursor {
        Cursor {
            leaf: self.first,
            at: 0,
        }
    }

    /// Down to the leaf where `key` belongs.
    fn descend(&self, nodes: &Nodes, key: i64) -> (Path, u32) {
        let mut path = [(NONE, 0); LAYERS_MAX];
        let mut at = self.root;
        for step in &mut path[..self.layers] {
            let node = &nodes[at];
            let child = node.child(key);
            *step = (at, child);
            at = node.vals[child];
        }
        (path, at)
    }

    /// Add a key that is not in here.
    fn insert(&mut self, nodes: &mut Nodes, key: i64, val: u32) {
        if self.root == NONE {
            self.root = nodes.take(Node::leaf_of(self.owner));
            self.first = self.root;
            self.layers = 0;
        }
        let (path, leaf) = self.descend(nodes, key);
        let at = nodes[leaf].lower_bound(key);
        let (mut node, mut at, mut key, mut val) = (leaf, at, key, val);
        for layer in (0..=self.layers).rev() {
            if nodes[node].len() < CAP {
                nodes[node].insert(at, key, val);
                return;
            }
            let (right, low) = split(nodes, node, at, key, val, layer == self.layers);
            (key, val) = (low, right);
            if layer == 0 {
                break;
            }
            node = path[layer - 1].0;
            at = path[layer - 1].1 + 1;
        }
        let mut root = Node::default();
        root.insert(0, i64::MIN, self.root);
        root.insert(1, key, val);
        self.root = nodes.take(root);
        self.layers += 1;
    }

    /// Take out a key that [`Tree::seek`] found, at the cursor that it gave.
    pub(crate) fn remove_at(&mut self, nodes: &mut Nodes, cursor: Cursor, key: i64) {
        let node = &mut nodes[cursor.leaf];
        node.remove(cursor.at);
        if node.len() <= LOW {
            self.mend(nodes, key);
        }
    }

    /// Mend the leaf where `key` was, and what is above it.
    fn mend(&mut self, nodes: &mut Nodes, key: i64) {
        let (path, leaf) = self.descend(nodes, key);
        let mut node = leaf;
        for layer in (0..self.layers).rev() {
            let (parent, index) = path[layer];
            if !self.tidy(nodes, node, parent, index, layer + 1 == self.layers) {
                return;
            }
            node = parent;
        }
        self.lower(nodes);
    }

    /// Mend `node` after a removal; whether its parent lost a child by that.
    fn tidy(
        &mut self,
        nodes: &mut Nodes,
        node: u32,
        parent: u32,
        index: usize,
        leaf: bool,
    ) -> bool {
        let len = nodes[node].len();
        if len > LOW {
            return false;
        }
        if len == 0 {
            self.drop_node(nodes, node, leaf);
            nodes[parent].remove_child(index);
            return true;
        }
        let siblings = nodes[parent].len();
        let fits = |other: u32| nodes[other].len() + len <= JOINED_MAX;
        let right = if index + 1 < siblings && fits(nodes[parent].vals[index + 1]) {
            index + 1
        } else if index > 0 && fits(nodes[parent].vals[index - 1]) {
            index
        } else {
            return false;
        };
        self.join(nodes, parent, right, leaf);
        true
    }

    /// Move the child at `right` into the one before it.
    fn join(&mut self, nodes: &mut Nodes, parent: u32, right: usize, leaf: bool) {
        let low = nodes[parent].keys[right];
        let (to, from) = (nodes[parent].vals[right - 1], nodes[parent].vals[right]);
        let mut moved = nodes[from].clone();
        if !leaf {
            moved.keys[0] = low;
        }
        moved.spill(0, &mut nodes[to]);
        self.drop_node(nodes, from, leaf);
        nodes[parent].remove_child(right);
    }

    fn drop_node(&mut self, nodes: &mut Nodes, node: u32, leaf: bool) {
        if leaf {
            let (prev, next) = (nodes[node].prev, nodes[node].next);
            if prev == NONE {
                self.first = next;
            } else {
                nodes[prev].next = next;
            }
            if next != NONE {
                nodes[next].prev = prev;
            }
        }
        nodes[node].owner = 0;
        nodes.give(node);
    }

    /// Take away layers at the top that say nothing any more.
    fn lower(&mut self, nodes: &mut Nodes) {
        while self.layers > 0 && nodes[self.root].len() == 1 {
            let child = nodes[self.root].vals[0];
            nodes.give(self.root);
            self.root = child;
            self.layers -= 1;
        }
        if nodes[self.root].len() == 0 {
            // Only a tree without any leaf left gets here; an inner root lost its last child above.
            nodes[self.root].owner = 0;
            nodes.give(self.root);
            *self = Self::new(self.owner);
        }
    }
}

impl Cursor {
    /// No position.
    pub(crate) const NONE: Self = Self { leaf: NONE, at: 0 };

    /// The slot here, and one step on.
    #[inline(always)]
    pub(crate) fn next(&mut self, nodes: &Nodes) -> Option<u32> {
        if self.leaf == NONE {
            return None;
        }
        let node = &nodes[self.leaf];
        let val = node.vals[self.at];
        self.at += 1;
        if self.at == node.len() {
            *self = Self {
                leaf: node.next,
                at: 0,
            };
        }
        Some(val)
    }
}
