//! What the owners of orders are told of what happens to them, over WebSockets.
//!
//! # Contract
//! As of [`crate::listeners`]: each connection gets each execution of its account once, in order.  What
//! was said is taken with [`Notifications::ready`].

use projection::levels::SeqTime;
use projection::{Execution, executions};
use wire::record::Event;

use crate::listeners::Listeners;
use crate::names::Names;
use crate::notice::{self, Owner};

/// Who listens, and what waits to be sent to them.
#[derive(Debug, Default)]
pub struct Notifications {
    listeners: Listeners,
}

impl Notifications {
    /// Take an event of a partition, whose names are known; they come in order.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>, at: (u16, SeqTime), names: &Names) {
        if let Event::EntryOpened(x, _, account) = event {
            self.listeners.opened(account, x.account);
        }
        if self.listeners.hear_any() {
            executions(event, |x| self.notify(x, at, names));
        }
    }

    /// A connection listens to a user, whose account may exist or not.
    pub fn listen(&mut self, connection: u32, user: &str, names: &Names) {
        self.listeners.add(connection, user, names.by_name(user));
    }

    /// A connection listens no more.
    pub fn unlisten(&mut self, connection: u32, user: &str, names: &Names) {
        self.listeners.remove(connection, user, names.by_name(user));
    }

    /// Take what waits: one buffer of whole frames a connection.
    pub fn ready(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.listeners.take()
    }

    #[inline(always)]
    fn notify(&mut self, x: &Execution<'_>, at: (u16, SeqTime), names: &Names) {
        if self.listeners.hears(x.account) {
            self.write(x, at, names);
        }
    }

    fn write(&mut self, x: &Execution<'_>, at: (u16, SeqTime), names: &Names) {
        self.listeners.publish(x.account, |out| {
            let owner = Owner {
                user: names.account(x.account),
                symbol: &names.symbol(x.instrument),
                called: names.client_order_id(x.entry, x.num, x.text),
            };
            notice::write(x, at, &owner, out);
        });
    }
}
