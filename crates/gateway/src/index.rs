//! Where the sessions' messages stand, kept from one life to the next.

use crate::connections::Connections;
use crate::protocol::Protocol;

/// An entry's number, and the (message number, offset) pairs of its session.
pub type Row = (u32, Vec<(u64, u64)>);

/// What is known of where messages stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The event batch that will be seen next: all of this is of those before it.
    pub next_offset: u64,
    /// The highest number of an entry that there was.
    pub entries: u32,
    /// A row for each session.
    pub rows: Vec<Row>,
}

impl<P: Protocol> Connections<P> {
    /// What is known of all event batches so far.
    #[must_use]
    pub fn index(&self) -> Known {
        let rows = self.sessions.iter().map(|s| (s.entry, s.index().collect()));
        Known {
            next_offset: self.next_offset,
            entries: self.entries,
            rows: rows.collect(),
        }
    }

    /// Take over what an earlier life knew, when there were so many entries; the caller scans the rest.
    ///
    /// False, and nothing is changed, where a session of an entry of that time has messages and no row: its user was
    /// not among the configured ones then, and nobody noted where they stand.
    pub fn restore_index(&mut self, entries: u32, rows: &[Row]) -> bool {
        let row = |entry| rows.iter().find(|(number, _)| *number == entry);
        let lacks = |entry| entry <= entries && row(entry).is_none();
        if (self.sessions.iter()).any(|s| s.sent > 0 && lacks(s.entry)) {
            return false;
        }
        for session in &mut self.sessions {
            if let Some((_, index)) = row(session.entry) {
                session.set_index(index);
            }
        }
        true
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
