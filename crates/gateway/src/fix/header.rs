//! The standard header (FIX 4.4 volume 1, "Standard Message Header").

use wire::fix::dictionary::{Fault, SessionRejectReason as Reason};
use wire::fix::request::Request;
use wire::fix::{Fields, Message, value};

/// What stands in a message's header, as far as it could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// SenderCompID (49).
    pub sender: &'a [u8],
    /// TargetCompID (56).
    pub target: &'a [u8],
    /// SenderSubID (50).
    pub sender_sub: &'a [u8],
    /// MsgSeqNum (34).
    pub number: Option<u64>,
    /// PossDupFlag (43).
    pub poss_dup: bool,
    /// PossResend (97).
    pub poss_resend: bool,
    /// SendingTime (52), in ns since the epoch.
    pub sending_ns: Option<u64>,
    /// OrigSendingTime (122), in ns since the epoch.
    pub original_ns: Option<u64>,
    /// The fields behind the header.
    pub body: &'a [u8],
    /// The first thing that is wrong in the whole message.
    pub fault: Option<Fault>,
}

/// What stands in a field, if it is there; `None` where it can't be read.
#[inline(always)]
fn read<'a, T>(text: Option<&'a [u8]>, how: impl Fn(&'a [u8]) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => how(text).map(Some),
    }
}

/// How many tags the header has but for hops.
const HEADER_TAGS: usize = 24;

/// Whether a tag of the header may stand several times: the hops of a message.
const fn is_hop(tag: u32) -> bool {
    matches!(tag, 627..=630)
}

impl<'a> Header<'a> {
    /// The header of a message that is as the dictionary has it, of which note was taken.
    pub(super) fn of(message: &Message<'a>, noted: &Request<'a>) -> Self {
        match Self::plain(message, noted) {
            Some(header) => header,
            None => Self::in_order(message),
        }
    }

    /// The header, where nothing is wrong with it.
    #[inline(always)]
    fn plain(message: &Message<'a>, noted: &Request<'a>) -> Option<Self> {
        let handed_on = noted.value::<115>().or(noted.value::<128>());
        if handed_on.is_some() {
            return None;
        }
        let flag = |text| value::boolean(text);
        let number = |_| match noted.number() {
            Some(0) => None,
            number => number,
        };
        Some(Self {
            sender: noted.value::<49>().unwrap_or_default(),
            target: noted.value::<56>().unwrap_or_default(),
            sender_sub: noted.value::<50>().unwrap_or_default(),
            number: read(noted.value::<34>(), number)?,
            poss_dup: read(noted.value::<43>(), flag)?.unwrap_or_default(),
            poss_resend: read(noted.value::<97>(), flag)?.unwrap_or_default(),
            sending_ns: read(noted.value::<52>(), |_| noted.sending_ns())?,
            original_ns: read(noted.value::<122>(), value::timestamp)?,
            body: message.fields,
            fault: None,
        })
    }

    /// The header, and what is wrong with it first.
    #[cold]
    fn in_order(message: &Message<'a>) -> Self {
        let mut found = Self {
            body: message.fields,
            ..Self::default()
        };
        for field in Fields::new(message.fields).map_while(Result::ok) {
            found.take(field.tag, field.value);
        }
        found
    }

    /// Read the header of a message, and look whether the rest of it consists of fields.
    #[must_use]
    pub fn read(message: &Message<'a>) -> Self {
        let mut found = Self::default();
        let mut seen = [0u32; HEADER_TAGS];
        let (mut count, mut in_body) = (0usize, false);
        let mut fields = Fields::new(message.fields);
        loop {
            let here = fields.rest();
            let field = match fields.next() {
                Some(Ok(field)) => field,
                Some(Err(error)) => {
                    found.wrong(error.into());
                    return found;
                }
                None => return found,
            };
            let before = found.fault;
            // Also what stands elsewhere counts: a duplicate that is misplaced is one.
            if !found.take(field.tag, field.value) {
                if !in_body {
                    found.body = here;
                }
                in_body = true;
                continue;
            }
            let seen_before = seen.get(..count).unwrap_or_default();
            let tag = Some(field.tag);
            if in_body || seen_before.contains(&field.tag) {
                let reason = match in_body {
                    true => Reason::OutOfOrder,
                    false => Reason::TagTwice,
                };
                // Where it stands is said rather than what.
                found.fault = before.or(Some(Fault { reason, tag }));
            } else if !is_hop(field.tag)
                && let Some(slot) = seen.get_mut(count)
            {
                *slot = field.tag;
                count = count.saturating_add(1);
            }
        }
    }

    /// Remember what is wrong first.
    fn wrong(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Take note of a field, where it is one of the header's, in either version; whether it is.
    fn take(&mut self, tag: u32, text: &'a [u8]) -> bool {
        match tag {
            49 => self.sender = text,
            50 => self.sender_sub = text,
            56 => self.target = text,
            34 => {
                self.number = value::unsigned(text).filter(|number| *number > 0);
                if self.number.is_none() {
                    self.malformed(tag);
                }
            }
            // Nobody trades here for others, and nothing is handed on (test case 18).
            115 | 128 => self.wrong(Fault {
                reason: Reason::CompId,
                tag: Some(tag),
            }),
            43 | 97 => match value::boolean(text) {
                Some(flag) if tag == 43 => self.poss_dup = flag,
                Some(flag) => self.poss_resend = flag,
                None => self.malformed(tag),
            },
            52 | 122 => match value::timestamp(text) {
                Some(ns) if tag == 52 => self.sending_ns = Some(ns),
                Some(ns) => self.original_ns = Some(ns),
                None => self.malformed(tag),
            },
            57 | 90 | 91 | 116 | 129 | 142..=145 => {}
            212 | 213 | 347 | 369 | 370 | 627..=630 => {}
            _ => return false,
        }
        true
    }

    #[cold]
    fn malformed(&mut self, tag: u32) {
        self.wrong(Fault {
            reason: Reason::IncorrectFormat,
            tag: Some(tag),
        });
    }

    /// The value of a field of the body; the first, where there are several.
    #[must_use]
    pub fn field(&self, tag: u32) -> Option<&'a [u8]> {
        Fields::new(self.body)
            .map_while(Result::ok)
            .find(|field| field.tag == tag)
            .map(|field| field.value)
    }
}
