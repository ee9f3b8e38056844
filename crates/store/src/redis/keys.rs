//! Names of keys, and which orders and trades share one.

/// So many of the lowest bits of an order id tell the orders of one key apart.
pub const CHUNK_BITS: u32 = 4;
/// The same of a trade id.
pub const BLOCK_BITS: u32 = 10;
/// Minutes in a day.
pub const DAY_MINUTES: u64 = 1_440;

/// Names of keys behind a prefix.
#[derive(Debug, Clone)]
pub struct Keys(pub String);

impl Keys {
    pub fn named(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }

    pub fn orders(&self, chunk: u64) -> String {
        format!("{}orders:{chunk}", self.0)
    }

    pub fn account(&self, account: u32) -> String {
        format!("{}account:{account}", self.0)
    }

    pub fn late(&self, account: u32) -> String {
        format!("{}late:{account}", self.0)
    }

    pub fn trades(&self, instrument: u32, block: u64) -> String {
        format!("{}trades:{instrument}:{block}", self.0)
    }

    pub fn blocks(&self, instrument: u32) -> String {
        format!("{}blocks:{instrument}", self.0)
    }

    pub fn minutes(&self, instrument: u32, day: u64) -> String {
        format!("{}minutes:{instrument}:{day}", self.0)
    }
}

/// The orders that an order shares a key with.
pub const fn chunk(order_id: u64) -> u64 {
    order_id >> CHUNK_BITS
}

/// The trades that a trade may share a key with.
pub const fn block(trade_id: u64) -> u64 {
    trade_id >> BLOCK_BITS
}
