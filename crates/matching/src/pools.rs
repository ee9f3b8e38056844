//! The pools that all books share.

use super::level::Level;
use super::node::Nodes;
use super::paged_list::Pages;
use super::pool::{NONE, Pool};
use super::windows::{Bucket, Windows};

/// Levels of all books from which on they are worth prefetching: fewer stay in the caches.
const LEVELS_MIN: u32 = 1_024;

/// Where a level probably stands: either may be wrong, or `NONE`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hint {
    pub(crate) leaf: u32,
    pub(crate) level: u32,
}

impl Hint {
    pub(crate) const NONE: Self = Self {
        leaf: NONE,
        level: NONE,
    };
}

/// The pools, and what all books share beside them.
#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) levels: Pool<Level, 1024>,
    pub(crate) buckets: Pool<Bucket, 1024>,
    pub(crate) nodes: Nodes,
    pub(crate) windows: Windows,
    pub(crate) pages: Pages,
    /// Where the command that is applied probably works.  It saves searches and decides nothing.
    pub(crate) hint: Hint,
}

impl Pools {
    pub(crate) const fn new() -> Self {
        Self {
            levels: Pool::new(),
            buckets: Pool::new(),
            nodes: Pool::new(),
            windows: Windows::new(),
            pages: Pool::new(),
            hint: Hint::NONE,
        }
    }

    /// Whether there are so many levels that they are worth prefetching.
    #[inline(always)]
    pub(crate) const fn is_large(&self) -> bool {
        self.levels.used() >= LEVELS_MIN
    }

    /// Whether queues go beyond what stands in their levels often enough to prefetch their ends.
    #[inline(always)]
    pub(crate) const fn is_long(&self) -> bool {
        self.pages.used() >= self.levels.used() / 2
    }
}
