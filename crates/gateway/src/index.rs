//! Where the sessions' messages stand, kept from one life to the next.

use crate::connections::Connections;
use crate::protocol::Protocol;

/// An entry's number, and the (message number, offset) pairs of its session.
pub type Row = (u32, Vec<(u64, u64)>);

impl<P: Protocol> Connections<P> {
    /// The offset of the event batch that will be seen next, and what is known of all before it.
    #[must_use]
    pub fn index(&self) -> (u64, Vec<Row>) {
        let rows = self.sessions.iter().map(|s| (s.entry, s.index().collect()));
        (self.next_offset, rows.collect())
    }

    /// Take over what an earlier life knew; the caller scans the rest.
    ///
    /// False, and nothing is changed, where a session has messages and no row: its user was not
    /// among the configured ones then, and nobody noted where they stand.
    pub fn restore_index(&mut self, rows: &[Row]) -> bool {
        let row = |entry| rows.iter().find(|(number, _)| *number == entry);
        if (self.sessions.iter()).any(|s| s.sent > 0 && row(s.entry).is_none()) {
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
