//! Command records that wait to be sealed, and sealed batches that wait for their answers.

use std::collections::VecDeque;

use wire::record::batch::{CommandBatch, CommandBatchHeader};

/// As many orders as a request counts for that is none: a question, a repeat, one that is refused.
const NO_ORDER: usize = 500;

/// Whose requests they are: number and generation of a connection, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Number of the connection.
    pub connection_id: u32,
    /// Its generation.
    pub generation: u32,
    /// How many requests.
    pub requests: u32,
    /// How many of them are no orders.
    pub others: u32,
    /// When they were received.
    pub received_ns: u64,
}

/// How much waited at some time.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    records: usize,
    ends: usize,
    shares: usize,
    others: usize,
}

/// Records between the socket and the journal, and the account of whose they are.
#[derive(Debug, Default)]
pub struct Pending {
    /// Command records, one after the other.
    pub records: Vec<u8>,
    ends: Vec<u32>,
    shares: VecDeque<Share>,
    /// Number of the batch that holds them.
    sealed: VecDeque<(u64, Share)>,
    /// How many of those that wait are no orders.
    others: usize,
}

impl Pending {
    /// Commands that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// What waits, in orders: whatever changes nothing counts for many.
    #[must_use]
    pub fn weight(&self) -> usize {
        let others = self.others.saturating_mul(NO_ORDER.saturating_sub(1));
        self.len().saturating_add(others)
    }

    /// The last record in `records` is whole.
    #[inline(always)]
    pub fn end_record(&mut self) {
        self.ends.push(self.records.len() as u32);
    }

    /// Say whose the last records are.
    pub fn attribute(&mut self, share: Share) {
        self.others = self.others.saturating_add(share.others as usize);
        self.shares.push_back(share);
    }

    /// Take up to `commands_max` commands as a batch, appended to `out`; false when there are none.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions of records in memory, which rise"
    )]
    pub fn seal(
        &mut self,
        mut header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let count = self.ends.len().min(commands_max);
        if count == 0 {
            return false;
        }
        let end = self.ends[count - 1];
        header.count = count as u32;
        CommandBatch::write(header, &self.records[..end as usize], out);
        self.records.drain(..end as usize);
        self.ends.drain(..count);
        for later in &mut self.ends {
            *later -= end;
        }
        self.move_shares(header.number, count as u32);
        true
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "the least of both is taken off both"
    )]
    fn move_shares(&mut self, number: u64, mut commands: u32) {
        while commands > 0 {
            let Some(first) = self.shares.front_mut() else {
                break;
            };
            let requests = first.requests.min(commands);
            // Which ones of a share they are is not known: the others go first.
            let others = first.others.min(requests);
            let taken = Share {
                requests,
                others,
                ..*first
            };
            self.sealed.push_back((number, taken));
            first.requests -= requests;
            first.others -= others;
            self.others = self.others.saturating_sub(others as usize);
            commands -= requests;
            if first.requests == 0 {
                self.shares.pop_front();
            }
        }
    }

    /// The batch `number` is answered: whose requests it held, one share after the other.
    pub fn answered(&mut self, number: u64) -> Option<Share> {
        let (of, share) = *self.sealed.front()?;
        if of > number {
            return None;
        }
        self.sealed.pop_front();
        Some(share)
    }

    /// How much waits now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            records: self.records.len(),
            ends: self.ends.len(),
            shares: self.shares.len(),
            others: self.others,
        }
    }

    /// Forget what came since then, whole or not; nothing was sealed meanwhile.
    pub fn back_to(&mut self, mark: Mark) {
        self.records.truncate(mark.records);
        self.ends.truncate(mark.ends);
        self.shares.truncate(mark.shares);
        self.others = mark.others;
    }

    /// Forget everything: the journal failed.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
#[path = "pending_tests.rs"]
mod tests;
