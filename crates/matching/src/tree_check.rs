//! The invariants of the tree of levels, checked node by node.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "layers, nodes, and indexes in them"
)]

use super::node::{CAP, Nodes};
use super::pool::NONE;
use super::tree::Tree;

impl Tree {
    /// Check order, bounds and links of all nodes; how many there are.
    pub(crate) fn check(&self, nodes: &Nodes) -> Result<u32, String> {
        if self.root == NONE {
            return Ok(0);
        }
        let mut leaves = Vec::new();
        let range = (i64::MIN, i64::MAX);
        let count = check_node(nodes, self.root, self.layers, range, &mut leaves)?;
        let mut at = self.first;
        let mut before = NONE;
        for leaf in leaves {
            if at != leaf || nodes[at].prev != before || nodes[at].owner != self.owner {
                return Err("the leaves are not linked in order".to_owned());
            }
            (before, at) = (at, nodes[at].next);
        }
        if at == NONE {
            Ok(count)
        } else {
            Err("the leaves do not end".to_owned())
        }
    }
}

/// Check a node and all below it: its keys lie in `low..=high`.
fn check_node(
    nodes: &Nodes,
    at: u32,
    layers: usize,
    (low, high): (i64, i64),
    leaves: &mut Vec<u32>,
) -> Result<u32, String> {
    let node = &nodes[at];
    let len = node.len();
    let keys = &node.keys[usize::from(layers > 0).min(len)..len];
    let sorted = keys.windows(2).all(|pair| pair[0] < pair[1]);
    if len == 0 || len > CAP || !sorted || keys.iter().any(|key| *key < low || *key > high) {
        return Err(format!(
            "a node of the tree is out of order at layer {layers}"
        ));
    }
    if layers == 0 {
        leaves.push(at);
        return Ok(1);
    }
    if node.owner != 0 {
        return Err("an inner node may be taken for a leaf".to_owned());
    }
    if node.keys[0] != i64::MIN {
        return Err("something is below an inner node's first key".to_owned());
    }
    let mut count = 1;
    for index in 0..len {
        let low = if index == 0 { low } else { node.keys[index] };
        let high = if index + 1 == len {
            high
        } else {
            node.keys[index + 1] - 1
        };
        count += check_node(nodes, node.vals[index], layers - 1, (low, high), leaves)?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::super::pool::{NONE, Pool};
    use super::super::tree::Cursor;
    use super::{Nodes, Tree};
    use std::collections::BTreeMap;

    fn insert(tree: &mut Tree, nodes: &mut Nodes, key: i64, val: u32) {
        let cursor = match tree.is_empty() {
            true => Cursor::NONE,
            false => tree.seek(nodes, NONE, key).0,
        };
        tree.insert_at(nodes, cursor, key, val);
    }

    fn remove(tree: &mut Tree, nodes: &mut Nodes, hint: u32, key: i64) {
        if !tree.is_empty()
            && let (cursor, Some(_)) = tree.seek(nodes, hint, key)
        {
            tree.remove_at(nodes, cursor, key);
        }
    }

    fn find(tree: &Tree, nodes: &Nodes, key: i64) -> Option<u32> {
        let found = tree.peek(nodes, key).1;
        (found != NONE).then_some(found)
    }

    fn first(tree: &Tree, nodes: &Nodes) -> Option<u32> {
        tree.cursor().next(nodes)
    }

    /// A small generator of numbers (an LCG's upper half).
    fn random(state: &mut u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *state >> 33
    }

    /// Insert and remove like a plain map does, with hints that are right or wrong, and look at
    /// everything after each step.
    fn follow(keys: u64, steps: usize, bias: u64) {
        let mut nodes = Pool::new();
        let (mut tree, mut plain) = (Tree::new(1), BTreeMap::new());
        let mut state = keys;
        for step in 0..steps {
            let key = random(&mut state) as i64 % keys as i64 - keys as i64 / 2;
            let growing = (step / 600) % 2 == 0;
            let grow = random(&mut state) % 10 < if growing { bias } else { 10 - bias };
            if grow && plain.insert(key, step as u32).is_none() {
                insert(&mut tree, &mut nodes, key, step as u32);
            } else if grow {
                plain.insert(key, find(&tree, &nodes, key).unwrap_or(0));
            } else {
                // What is not in here is not taken out.
                plain.remove(&key);
                remove(&mut tree, &mut nodes, random(&mut state) as u32 % 200, key);
            }
            assert_eq!(tree.check(&nodes), Ok(nodes.used()));
            assert_eq!(find(&tree, &nodes, key), plain.get(&key).copied());
            if !plain.is_empty() {
                let sought = tree.seek(&nodes, NONE, key);
                let hint = random(&mut state) as u32 % 200;
                assert_eq!(tree.seek(&nodes, hint, key), sought);
                assert_eq!(tree.seek(&nodes, tree.leaf(&nodes, key), key), sought);
            }
            let least = plain.first_key_value().map(|(_, val)| *val);
            assert_eq!(first(&tree, &nodes), least);
        }
        let mut cursor = tree.cursor();
        let walked: Vec<u32> = std::iter::from_fn(|| cursor.next(&nodes)).collect();
        assert_eq!(walked, plain.values().copied().collect::<Vec<_>>());
        for key in plain.keys() {
            remove(&mut tree, &mut nodes, NONE, *key);
            assert_eq!(tree.check(&nodes), Ok(nodes.used()));
        }
        assert_eq!(nodes.used(), 0);
    }

    #[test]
    fn a_tree_holds_what_a_plain_map_holds() {
        follow(40, 2_000, 6);
        follow(3_000, 6_000, 9);
        follow(1 << 40, 4_000, 8);
    }

    #[test]
    fn a_check_notices_what_is_out_of_order() {
        type Harm = fn(&mut Tree, &mut Nodes);
        // The leaves hold 0 to 300, 310 to 610, and 620 to 890.
        let harm: [Harm; 10] = [
            |tree, nodes| tree.first = nodes[tree.first].next,
            |tree, nodes| {
                let second = nodes[tree.first].next;
                nodes[second].prev = NONE;
            },
            |tree, nodes| nodes[tree.first].owner = 9,
            |tree, nodes| nodes[tree.root].owner = 1,
            |tree, nodes| nodes[tree.root].keys[0] = 0,
            |tree, nodes| nodes[tree.first].keys.swap(3, 4),
            |tree, nodes| nodes[tree.first].keys[4] = 30,
            |tree, nodes| nodes[tree.first].keys[30] = 310,
            |tree, nodes| {
                let second = nodes[tree.first].next;
                nodes[second].keys[0] = 300;
            },
            |tree, nodes| (0..31).for_each(|_| nodes[tree.first].remove(0)),
        ];
        for (number, harm) in harm.into_iter().enumerate() {
            let mut nodes = Pool::new();
            let mut tree = Tree::new(1);
            for key in 0..90 {
                insert(&mut tree, &mut nodes, 10 * key, key as u32);
            }
            assert_eq!(tree.check(&nodes), Ok(4));
            harm(&mut tree, &mut nodes);
            assert!(tree.check(&nodes).is_err(), "harm {number}");
        }
    }

    #[test]
    fn keys_below_those_of_a_first_child_that_went_have_their_leaf() {
        let mut nodes = Pool::new();
        let mut tree = Tree::new(1);
        let put = |tree: &mut Tree, nodes: &mut Nodes, key: i64| {
            insert(tree, nodes, key, key as u32);
            assert_eq!(tree.check(nodes), Ok(nodes.used()));
        };
        (0..900).for_each(|key| put(&mut tree, &mut nodes, 1_000 + key));
        for key in 1_000..1_450 {
            remove(&mut tree, &mut nodes, NONE, key);
        }
        for key in (0..1_000).rev() {
            put(&mut tree, &mut nodes, key);
            for key in (key..1_000).chain(1_450..1_900).step_by(7) {
                assert_eq!(find(&tree, &nodes, key), Some(key as u32));
            }
        }
    }

    #[test]
    fn keys_that_rise_fill_their_nodes() {
        let mut nodes = Pool::new();
        let mut tree = Tree::new(1);
        for key in 0..3_200 {
            insert(&mut tree, &mut nodes, key, key as u32);
        }
        assert_eq!(tree.check(&nodes), Ok(nodes.used()));
        assert!(nodes.used() < 120, "{} nodes", nodes.used());
        for key in 0..3_200 {
            remove(&mut tree, &mut nodes, NONE, key);
            assert_eq!(
                first(&tree, &nodes),
                (key < 3_199).then_some(key as u32 + 1)
            );
        }
    }

    #[test]
    fn neighbours_are_joined_from_a_quarter_on_where_both_fit_in_three() {
        let mut nodes = Pool::new();
        let mut tree = Tree::new(1);
        // Four leaves of 31 keys each.
        for key in 0..31 * 4 {
            insert(&mut tree, &mut nodes, 2 * key, key as u32);
        }
        let mut take_out = |from: i64, to: i64| {
            for key in from..to {
                remove(&mut tree, &mut nodes, NONE, 2 * key);
            }
            nodes.used()
        };
        assert_eq!(take_out(0, 0), 5);
        // The second has 12 left, then the first 9: both would fit into one, but a quarter is 8.
        assert_eq!(take_out(31, 50), 5);
        assert_eq!(take_out(0, 22), 5);
        assert_eq!(take_out(22, 23), 4);
        // 8 beside 20 do not fit into three quarters, which are 24; 7 beside 16 do.
        assert_eq!(take_out(62, 85), 4);
        assert_eq!(take_out(50, 54), 4);
        assert_eq!(take_out(85, 86), 3);
        // What is left fits into one leaf, which needs no root above it.
        assert_eq!(take_out(86, 120), 1);
        assert_eq!(tree.layers, 0);
    }

    #[test]
    fn neighbours_that_empty_are_joined() {
        let mut nodes = Pool::new();
        let mut tree = Tree::new(1);
        for key in 0..32_000 {
            insert(&mut tree, &mut nodes, key, key as u32);
        }
        for key in (0..32_000).filter(|key| key % 16 != 0) {
            remove(&mut tree, &mut nodes, NONE, key);
        }
        assert_eq!(tree.check(&nodes), Ok(nodes.used()));
        assert!(nodes.used() < 300, "{} nodes for 2,000 keys", nodes.used());
    }
}
