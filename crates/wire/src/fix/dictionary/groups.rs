//! The repeating groups that a message is in, while it is read.

use super::fault::{Fault, SessionRejectReason as Reason};
use super::table::{GROUP_DEPTH_MAX, Group, Place};

/// A group whose entries are being read.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    /// Its number from 1.
    group: u8,
    /// Entries that are to come.
    left: u32,
    /// The fields of this entry so far, by their position; 0 before the first.
    seen: u128,
}

/// The groups that are open, the innermost last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Groups {
    open: [Open; GROUP_DEPTH_MAX],
    depth: usize,
}

impl Groups {
    /// Whether none is open.
    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Entries of a group follow.
    pub(super) fn open(&mut self, group: u8, entries: u32) {
        if let Some(slot) = self.open.get_mut(self.depth)
            && entries > 0
        {
            *slot = Open {
                group,
                left: entries,
                seen: 0,
            };
            self.depth = self.depth.saturating_add(1);
        }
    }

    /// A field stands here: leave the groups that it is not of, and take it into its own.
    pub(super) fn take(&mut self, all: &[Group], place: &Place, tag: u32) -> Result<(), Fault> {
        let own = place.parent;
        let open = self.open.get(..self.depth).unwrap_or_default();
        if own != 0 && !open.iter().any(|open| open.group == own) {
            return Err(Fault::new(Reason::GroupOutOfOrder, tag));
        }
        while self.depth > 0 && self.innermost().group != own {
            self.close(all)?;
        }
        if own == 0 {
            return Ok(());
        }
        let group = &all[usize::from(own.wrapping_sub(1))];
        let here = self.innermost();
        if place.position == 0 {
            return here.begin(group);
        }
        match here.seen >> place.position {
            _ if here.seen == 0 => Err(Fault::new(Reason::GroupOutOfOrder, tag)),
            0 => {
                here.seen |= 1 << place.position;
                Ok(())
            }
            later if later & 1 == 1 => Err(Fault::new(Reason::TagTwice, tag)),
            _ => Err(Fault::new(Reason::GroupOutOfOrder, tag)),
        }
    }

    /// The message ends.
    #[inline(always)]
    pub(super) fn end(&mut self, all: &[Group]) -> Result<(), Fault> {
        while self.depth > 0 {
            self.close(all)?;
        }
        Ok(())
    }

    /// The last that was opened, while there is one.
    fn innermost(&mut self) -> &mut Open {
        &mut self.open[self.depth.saturating_sub(1)]
    }

    /// Leave the innermost.
    fn close(&mut self, all: &[Group]) -> Result<(), Fault> {
        let open = *self.innermost();
        self.depth = self.depth.saturating_sub(1);
        let group = &all[usize::from(open.group.wrapping_sub(1))];
        if open.left > 0 {
            return Err(Fault::new(Reason::GroupCount, group.count_tag));
        }
        group.complete(open.seen)
    }
}

impl Open {
    /// An entry begins, and the one before has ended.
    fn begin(&mut self, group: &Group) -> Result<(), Fault> {
        if self.seen != 0 {
            group.complete(self.seen)?;
        }
        let Some(left) = self.left.checked_sub(1) else {
            return Err(Fault::new(Reason::GroupCount, group.count_tag));
        };
        (self.left, self.seen) = (left, 1);
        Ok(())
    }
}
