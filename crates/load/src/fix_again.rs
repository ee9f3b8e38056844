//! What a session asked to be told again: each number once, in order, by a message or a gap.

use wire::fix::{Fields, Message, value};

use crate::codec::ToldAgain;
use crate::error::LoadError;

/// Messages that were asked for once more.
#[derive(Debug)]
pub struct Again {
    next: u64,
    last: u64,
    messages: u64,
}

impl Again {
    /// Those from the first number to the last one.
    #[must_use]
    pub const fn new(first: u64, last: u64) -> Self {
        Self {
            next: first,
            last,
            messages: 0,
        }
    }

    /// What has come of them.
    #[must_use]
    pub const fn told(&self) -> ToldAgain {
        ToldAgain {
            messages: self.messages,
            whole: self.next > self.last,
        }
    }

    /// Whether a message is one of them; what was sent before they were asked for is not.
    ///
    /// # Errors
    /// When it has another number than the next one, or leaves some of them out.
    #[inline]
    pub fn take(&mut self, message: &Message<'_>) -> Result<bool, LoadError> {
        let (mut number, mut again) = (None, false);
        let mut fields = Fields::new(message.fields).map_while(Result::ok);
        for field in fields.by_ref() {
            match field.tag {
                34 => number = value::unsigned(field.value),
                43 => again = field.value == b"Y",
                _ => continue,
            }
            if again && number.is_some() {
                break;
            }
        }
        if !again {
            return Ok(false);
        }
        if number != Some(self.next) {
            let (got, next) = (number.unwrap_or_default(), self.next);
            let why = format!("MsgSeqNum {got} was told again, {next} was next");
            return Err(LoadError::Protocol(why));
        }
        if message.msg_type != b"4" {
            self.messages += 1;
            self.next += 1;
            return Ok(true);
        }
        let filled = fields.find(|field| field.tag == 36);
        match filled.and_then(|field| value::unsigned(field.value)) {
            Some(next) if next > self.next => self.next = next,
            _ => return Err(LoadError::Protocol("a gap without an end".into())),
        }
        Ok(true)
    }
}
