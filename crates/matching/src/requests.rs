//! Requests by their own names: who asks, and whether that came before.

use super::emit::Emit;
use super::engine::Engine;
use wire::record::command::{NO_ENTRY, in_parts, who};
use wire::record::event::Refused;
use wire::record::{EntryKind, Event, Reason, Stp, Who};

/// Who asks for a change of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requester {
    /// An entry; it speaks for its account.
    Entry(u32),
    /// Whoever owns the order.
    Any,
    /// Nobody that is known.
    Nobody,
}

impl Requester {
    /// The entry that is answered, or 0.
    pub(crate) const fn entry(self) -> u32 {
        match self {
            Self::Entry(entry) => entry,
            Self::Any | Self::Nobody => 0,
        }
    }
}

/// A request as its answers name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) by: Requester,
    pub(crate) num: u64,
    /// Its own client order id in text (FIX).
    pub(crate) text: &'a str,
}

/// An order that a request meets, though it can't be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// The open order in a slot.
    Open(u32),
    /// The closed order in a slot, which a FIX session asks for.
    Closed(u32),
}

/// Why no open order was found; the one that was found where only its instrument is another, or a closed one.
pub(crate) type NotFound = (Reason, Option<Met>);

/// Number and text of a request.
pub(crate) type Asked<'a> = (u64, &'a str);

/// Whether a request came before, as its own name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It did not.
    First,
    /// Its name was used before.
    Again,
    /// It is of a FIX session's messages that are done with, or of an epoch that has ended: it is passed by.
    Late,
}

impl Engine {
    /// Who asks; a user without a REST entry is nobody.
    #[inline(always)]
    pub(crate) fn requester(&self, entry: u32, user: &str) -> Requester {
        match who(entry, user) {
            Who::Entry(entry) if self.parties.knows(entry) => Requester::Entry(entry),
            Who::Entry(_) => Requester::Nobody,
            Who::User(user) => match self.parties.find(EntryKind::Rest, user) {
                Some(entry) => Requester::Entry(entry),
                None => Requester::Nobody,
            },
            Who::Any => Requester::Any,
        }
    }

    /// A request, and whether it came before: `asked` is its number, and its own client order id in text.
    ///
    /// The REST entry of an account that came another way is opened; one of an unknown account is not.
    #[inline(always)]
    pub(crate) fn request<'r>(
        &mut self,
        entry: u32,
        user: &str,
        (num, text): (u64, &'r str),
        out: &mut Emit<'_>,
    ) -> (Request<'r>, Came) {
        let mut by = self.requester(entry, user);
        if by == Requester::Nobody && entry == NO_ENTRY && self.parties.account(user).is_some() {
            let opened = self.new_entry(EntryKind::Rest, user, user, (false, Stp::None), out);
            by = opened.map_or(Requester::Nobody, Requester::Entry);
        }
        let came = match by {
            Requester::Entry(entry) => self.came(entry, num, text),
            Requester::Any | Requester::Nobody => Came::First,
        };
        (Request { by, num, text }, came)
    }

    #[inline(always)]
    fn came(&mut self, entry: u32, num: u64, text: &str) -> Came {
        let kind = self.parties.entry(entry).kind;
        match kind {
            EntryKind::Binary if self.parties.rises(entry, num) => Came::First,
            EntryKind::Binary => Came::Again,
            EntryKind::Rest => Came::First,
            EntryKind::Fix => self.came_by_fix(entry, num, text),
        }
    }

    /// Whether a message of a FIX session came before: by its number, and by ClOrdID.
    pub(crate) fn came_by_fix(&mut self, entry: u32, num: u64, text: &str) -> Came {
        let last = self.parties.entry(entry).last_num;
        let same_epoch = in_parts(last).0 == in_parts(num).0;
        if !same_epoch || !self.parties.rises(entry, num) {
            Came::Late
        } else if self.client_ids.find(entry, text).is_some() {
            Came::Again
        } else {
            Came::First
        }
    }

    /// A message of a FIX session that is not to be executed: it was, or its epoch has ended.  Nobody is told.
    #[cold]
    pub(crate) fn pass_by(&mut self, num: u64, out: &mut Emit<'_>) {
        out.event(&Event::Refused(Refused {
            entry: 0,
            entry_seq: 0,
            ref_id: num,
            template: 0,
            reason: 0,
        }));
    }

    /// Remember the ClOrdID of a request of FIX, which order it means, if any, and why it is refused, if it is.
    #[inline(always)]
    pub(crate) fn remember_request(
        &mut self,
        request: Request<'_>,
        came: Came,
        outcome: Result<u32, NotFound>,
    ) {
        if let Requester::Entry(entry) = request.by
            && came == Came::First
            && !request.text.is_empty()
        {
            let (met, reason) = match outcome {
                Ok(slot) => (Some(Met::Open(slot)), Reason::None),
                Err((reason, met)) => (met, reason),
            };
            let order_id = match met {
                Some(Met::Open(slot)) => self.books.line(slot).order_id,
                Some(Met::Closed(slot)) => self.closed.get(slot).order_id,
                None => 0,
            };
            self.remember_of_session(entry, request.text, (order_id, 0, reason));
        }
    }

    /// Remember a ClOrdID of a FIX session.  The newest of an open order is not forgotten.
    pub(crate) fn remember_of_session(&mut self, entry: u32, text: &str, what: (u64, u64, Reason)) {
        let most = self.settings.client_ids_per_session_max;
        let open = self.books.open();
        let is_needed = |order_id, text: &[u8]| {
            let slot = open.by_id(order_id);
            slot.is_some_and(|slot| open.text_of(slot) == text)
        };
        let whose = (entry, self.parties.ids_mut(entry));
        self.client_ids.remember(whose, most, text, what, is_needed);
    }
}
