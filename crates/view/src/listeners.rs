//! Who listens to which account, and one WebSocket text frame for each of its notifications.
//!
//! # Contract
//! A connection gets each event of its account once, in order of sequence numbers.  A trade of an
//! account with itself is two executions, the taker's first.  Frames of one batch are gathered into
//! one buffer a connection.

use std::collections::HashMap;

/// Text frame, whole message.
const TEXT: u8 = 0x81;

/// Append `message` as one unmasked WebSocket text frame.
pub fn frame(message: &[u8], out: &mut Vec<u8>) {
    out.push(TEXT);
    let len = message.len();
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len), _) if len < 126 => out.push(len),
        (_, Ok(len)) => {
            out.push(126);
            out.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(message);
}

/// Who listens to which account, and what waits to be sent to them.
#[derive(Debug, Default)]
pub struct Listeners {
    by_user: HashMap<Box<str>, Vec<u32>>,
    /// The same by account, once the account exists.
    by_account: HashMap<u32, Vec<u32>>,
    out: HashMap<u32, Vec<u8>>,
    message: Vec<u8>,
}

impl Listeners {
    /// A connection listens to a user, whose account may exist or not.
    pub fn add(&mut self, connection: u32, user: &str, account: Option<u32>) {
        self.by_user
            .entry(user.into())
            .or_default()
            .push(connection);
        if let Some(account) = account {
            self.by_account.entry(account).or_default().push(connection);
        }
    }

    /// A connection listens no more.
    pub fn remove(&mut self, connection: u32, user: &str, account: Option<u32>) {
        if let Some(all) = self.by_user.get_mut(user) {
            all.retain(|one| *one != connection);
            if all.is_empty() {
                self.by_user.remove(user);
            }
        }
        if let Some((account, all)) =
            account.and_then(|account| Some((account, self.by_account.get_mut(&account)?)))
        {
            all.retain(|one| *one != connection);
            if all.is_empty() {
                self.by_account.remove(&account);
            }
        }
        self.out.remove(&connection);
    }

    /// The account of a user exists now.
    pub fn opened(&mut self, user: &str, account: u32) {
        if let Some(all) = self.by_user.get(user) {
            self.by_account
                .entry(account)
                .or_insert_with(|| all.clone());
        }
    }

    /// Whether anybody listens to any account.
    #[inline]
    #[must_use]
    pub fn hear_any(&self) -> bool {
        !self.by_account.is_empty()
    }

    /// Whether anybody listens to this account.
    #[inline]
    #[must_use]
    pub fn hears(&self, account: u32) -> bool {
        self.by_account.contains_key(&account)
    }

    /// Queue for all who listen to `account` what `write` writes.
    pub fn publish(&mut self, account: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(all) = self.by_account.get(&account) else {
            return;
        };
        self.message.clear();
        write(&mut self.message);
        for connection in all {
            frame(&self.message, self.out.entry(*connection).or_default());
        }
    }

    /// Take what waits: one buffer of whole frames a connection.
    pub fn take(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.out.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_three_lengths_of_the_protocol() {
        for (len, head) in [
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (70_000, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
        ] {
            let mut out = Vec::new();
            frame(&vec![b'x'; len], &mut out);
            assert_eq!(out[..head.len()], head);
            assert_eq!(out.len(), head.len() + len);
        }
    }

    #[test]
    fn who_listens_before_the_account_exists_hears_it_from_its_first_event() {
        let mut listeners = Listeners::default();
        listeners.add(1, "u", None);
        listeners.opened("u", 9);
        listeners.add(2, "u", Some(9));
        listeners.publish(9, |out| out.push(b'a'));
        let mut published = listeners.take();
        published.sort();
        assert_eq!(
            published,
            [(1, b"\x81\x01a".to_vec()), (2, b"\x81\x01a".to_vec())]
        );
        listeners.remove(1, "u", Some(9));
        listeners.remove(2, "u", Some(9));
        assert!(!listeners.hears(9));
        listeners.publish(9, |out| out.push(b'a'));
        assert_eq!(listeners.take(), []);
    }
}
