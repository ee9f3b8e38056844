//! What is remembered of client order ids, and for how long.
#![allow(clippy::unwrap_used)]

use wire::record::Reason;

use super::{ClientIds, Queue};

/// Remember a text of entry 1.
fn remember(ids: &mut ClientIds, queue: &mut Queue, most: u32, text: &str, order_id: u64) {
    let what = (order_id, 0, Reason::None);
    ids.remember((1, queue), most, text, what, |_, _| false);
}

#[test]
fn each_text_is_found_among_very_many() {
    let (mut ids, mut queue) = (ClientIds::new(), Queue::EMPTY);
    let many = 200_000;
    for order_id in 0..many {
        remember(
            &mut ids,
            &mut queue,
            u32::MAX,
            &format!("id-{order_id}"),
            order_id,
        );
    }
    for order_id in 0..many {
        let found = ids.find(1, &format!("id-{order_id}")).unwrap();
        assert_eq!(found.order_id, order_id);
        assert!(ids.find(2, &format!("id-{order_id}")).is_none());
        assert!(ids.find(1, &format!("no-{order_id}")).is_none());
    }
}

#[test]
fn slots_of_what_is_forgotten_are_used_again_for_each_once() {
    let (mut ids, mut queue) = (ClientIds::new(), Queue::EMPTY);
    for order_id in 0..2_000_u64 {
        // The limit falls and rises, so that several slots are free at a time.
        let most = [9, 3, 7, 1][order_id as usize / 20 % 4];
        remember(
            &mut ids,
            &mut queue,
            most,
            &format!("id-{order_id}"),
            order_id,
        );
        assert!(queue.len() <= most && ids.len() == queue.len());
        let kept: Vec<u64> = ids.of(&queue).map(|known| known.order_id).collect();
        let newest: Vec<u64> = (order_id + 1 - u64::from(queue.len())..=order_id).collect();
        assert_eq!(kept, newest);
        for id in kept {
            assert_eq!(ids.find(1, &format!("id-{id}")).unwrap().order_id, id);
        }
    }
}
