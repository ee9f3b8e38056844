//! A log whose end was taken away.
#![allow(clippy::unwrap_used)]

mod common;

use common::{TempDir, batch, ordinary};
use journal::{Log, delete_after};

#[test]
fn a_log_goes_on_where_its_end_was_cut() {
    let dir = TempDir::new();
    let path = dir.path().join("events.db");
    let log = Log::open(&path, ordinary()).unwrap();
    for number in 0..10 {
        log.append(number, &[&batch(number, 300)]).unwrap();
    }
    log.sync().unwrap();
    let kept = log.read(1, usize::MAX).unwrap()[..6].to_vec();
    log.close();
    drop(log);

    assert_eq!(delete_after(&path, 6).unwrap(), 4);
    assert_eq!(delete_after(&path, 6).unwrap(), 0);

    let log = Log::open(&path, ordinary()).unwrap();
    assert_eq!(log.next_offset(), 7);
    assert_eq!(log.append(99, &[&batch(99, 300)]).unwrap(), 7);
    log.sync().unwrap();
    let read = log.read(1, usize::MAX).unwrap();
    assert_eq!(read[..6], kept);
    assert_eq!(read[6].batch, batch(99, 300));
}
