//! What becomes of a panic in a part that the exchange can go on without.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Do `work`; a panic in it is an error like any other, and what it said.
///
/// Whatever `work` changes is not to be trusted then: the caller throws it away.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| format!("panic: {}", said(&*panic)))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref().copied())
        .unwrap_or("without a word")
}

/// Whether a reader of events has failed, and why.
#[derive(Debug, Default)]
pub struct Fault {
    reason: Option<String>,
    /// Nobody was told of it yet.
    undelivered: bool,
    /// How often it has failed.
    pub count: u64,
}

impl Fault {
    /// It has failed.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "faults are counted one by one"
    )]
    pub fn set(&mut self, reason: String) {
        self.reason = Some(reason);
        self.undelivered = true;
        self.count += 1;
    }

    /// It works again.
    pub fn clear(&mut self) {
        self.reason = None;
        self.undelivered = false;
    }

    /// Why it does not work now.
    pub const fn reason(&self) -> Option<&String> {
        self.reason.as_ref()
    }

    /// Whether nobody was told of it yet.
    pub const fn is_news(&self) -> bool {
        self.undelivered
    }

    /// What nobody was told of yet.
    pub fn news(&mut self) -> Option<String> {
        if std::mem::take(&mut self.undelivered) {
            return self.reason.clone();
        }
        None
    }
}
