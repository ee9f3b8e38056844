//! What a version's messages may hold, and whether a message does.
//!
//! # Contract
//! [`Dictionary::check`] reads the fields of a message once, in their order, hands each that is right on, and ends
//! at the first that is not.  It allocates nothing, and what it costs grows with the message's bytes alone,
//! whatever its counts and lengths say.
//!
//! # Rules
//! * The fields of header, body and trailer stand in this order of parts, and in any order within one.
//! * A group's entries follow the field that counts them.  Each begins with the group's first field; its others
//!   come in the order of the definition (FIX 4.4 volume 1, "Repeating Groups").  A count of 0 has no entries.
//! * A field of data stands right behind the one that tells its length.
//! * Tags from 5000 on are anyone's.  Those that the definition has are checked like all others; the rest pass
//!   where the caller says so, wherever they stand and however often; they hold printable characters.
//!
//! # Limits
//! A message has at most 256 fields outside of groups, a group 128, and four groups stand within each other: a
//! definition that has more is refused.

mod definition;
mod fault;
mod groups;
mod kind;
mod table;

pub use definition::{Definition, DefinitionError, FieldDefinition, Member, MessageDefinition};
pub use fault::{Fault, SessionRejectReason};
pub use kind::Held;

use std::collections::BTreeMap;

use super::scan::Word;
use super::{Field, Fields, field, value};
use groups::Groups;
use kind::{Kind, Values};
use table::{Place, Section, Seen, Table};
use value::Day;

/// The first tag that is no standard's.
pub const USER_TAGS: u32 = 5_000;
/// Most characters of a MsgType.
const MSG_TYPE_BYTES_MAX: usize = 4;
/// MsgTypes of one character.
const SHORT_TYPES: usize = 128;

/// What a MsgType (35) is to a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Its fields are defined.
    Defined,
    /// The standard has it, and no more is said: BusinessMessageReject with 380=3.
    Other,
    /// The standard does not have it: Reject with 373=11.
    Unknown,
}

/// The messages of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    tables: Vec<Table>,
    /// The tables of MsgTypes of one character, from 1; 0 is none.
    short: Vec<u16>,
    /// Those of longer ones.
    long: Vec<(Vec<u8>, usize)>,
    values: Vec<Values>,
    other_types: Vec<Vec<u8>>,
    tag_max: u32,
    /// The tags that are defined above it, sorted.
    tags_above: Vec<u32>,
}

impl Dictionary {
    /// A dictionary of these definitions.
    ///
    /// # Errors
    /// Where they contradict each other, or are too large.
    pub fn new(definition: &Definition) -> Result<Self, DefinitionError> {
        let mut values = Vec::new();
        let mut fields = BTreeMap::new();
        for field in &definition.fields {
            let known = Kind::of(&field.kind);
            let kind = known.ok_or_else(|| DefinitionError::Kind(field.tag, field.kind.clone()))?;
            if field::is_data(field.tag) != (kind == Kind::Data) {
                return Err(DefinitionError::Data(field.tag));
            }
            if !field.values.is_empty() {
                values.push(Values::of(&field.values));
            }
            let number = match field.values.is_empty() {
                true => 0,
                false => u16::try_from(values.len())
                    .map_err(|_| DefinitionError::TooMany(String::new(), field.tag))?,
            };
            if fields.insert(field.tag, (kind, number)).is_some() {
                return Err(DefinitionError::FieldTwice(field.tag));
            }
        }
        let other_types = definition.other_types.iter();
        let mut made = Self {
            tables: Vec::new(),
            short: vec![0; SHORT_TYPES],
            long: Vec::new(),
            values,
            other_types: other_types.map(|name| name.clone().into_bytes()).collect(),
            tag_max: definition.tag_max,
            tags_above: fields.range(definition.tag_max..).map(|x| *x.0).collect(),
        };
        for message in &definition.messages {
            let table = Table::of(definition, message, |tag| fields.get(&tag).copied())?;
            made.put(&message.msg_type, table)?;
        }
        Ok(made)
    }

    fn put(&mut self, msg_type: &str, table: Table) -> Result<(), DefinitionError> {
        let bytes = msg_type.as_bytes();
        let fine = (1..=MSG_TYPE_BYTES_MAX).contains(&bytes.len())
            && bytes.iter().all(u8::is_ascii_graphic)
            && self.knows(bytes) == Known::Unknown;
        if !fine {
            return Err(DefinitionError::MsgType(msg_type.into()));
        }
        self.tables.push(table);
        let number = self.tables.len();
        match bytes {
            [one] => self.short[usize::from(*one)] = number as u16,
            _ => self.long.push((bytes.to_vec(), number)),
        }
        Ok(())
    }

    /// Whether a MsgType is defined here, or at least the standard's.
    #[must_use]
    pub fn knows(&self, msg_type: &[u8]) -> Known {
        if self.table(msg_type).is_some() {
            return Known::Defined;
        }
        match self.other_types.iter().any(|other| other == msg_type) {
            true => Known::Other,
            false => Known::Unknown,
        }
    }

    #[inline(always)]
    fn table(&self, msg_type: &[u8]) -> Option<&Table> {
        let number = match msg_type {
            [one] => usize::from(*self.short.get(usize::from(*one))?),
            _ => self.long.iter().find(|(name, _)| name == msg_type)?.1,
        };
        self.tables.get(number.checked_sub(1)?)
    }

    /// Check a message: `fields` are those behind MsgType, up to CheckSum; `each` is given each that is right, and
    /// what was read of it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    #[inline]
    pub fn check<'a>(
        &self,
        msg_type: &[u8],
        mut fields: Fields<'a>,
        allow_user_tags: bool,
        mut each: impl FnMut(Field<'a>, Held),
    ) -> Result<(), Fault> {
        let Some(table) = self.table(msg_type) else {
            return Err(Fault {
                reason: SessionRejectReason::InvalidMsgType,
                tag: None,
            });
        };
        let mut groups = Groups::default();
        let mut reading = Reading {
            dictionary: self,
            table,
            section: Section::Header,
            seen: table.framed,
            day: Day::default(),
            groups: &mut groups,
        };
        loop {
            while let Some((field, word, rest)) = fields.common()
                && let Some(place) = table.alone(field.tag)
            {
                let held = reading.alone(place, field, word)?;
                fields.go_on(rest);
                each(field, held);
            }
            if fields.is_empty() {
                reading.groups.end(&table.groups)?;
                return table.complete(&reading.seen);
            }
            // One that needs more care, and those that it has to do with.
            while let Some((field, held)) = reading.any(&mut fields, allow_user_tags)? {
                each(field, held);
                if fields.data() == 0 && reading.groups.is_empty() {
                    break;
                }
            }
        }
    }

    /// Whether any message has such a field.
    fn has(&self, tag: u32) -> bool {
        tag <= self.tag_max || self.tags_above.binary_search(&tag).is_ok()
    }
}

/// A message that is being read.
struct Reading<'a> {
    dictionary: &'a Dictionary,
    table: &'a Table,
    section: Section,
    seen: Seen,
    /// The day of the last time.
    day: Day,
    groups: &'a mut Groups,
}

impl Reading<'_> {
    /// Take a field of this message that is alone, while no group is open.
    #[inline(always)]
    fn alone(
        &mut self,
        place: &Place,
        field: Field<'_>,
        word: Option<Word>,
    ) -> Result<Held, Fault> {
        let held = self.form(place, field, word)?;
        self.listed(place, field)?;
        self.once(place, field)?;
        Ok(held)
    }

    /// Take the next field, whatever it is.
    #[inline(never)]
    fn any<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        allow_user_tags: bool,
    ) -> Result<Option<(Field<'a>, Held)>, Fault> {
        let data = fields.data();
        let Some(field) = fields.next().transpose()? else {
            return Ok(None);
        };
        let held = match self.table.place(field.tag) {
            Some(place) => self.take(place, field, data)?,
            None => self.foreign(field, allow_user_tags)?,
        };
        Ok(Some((field, held)))
    }

    /// Take a field of this message; `data` is the tag of the data whose length has just been told.
    fn take(&mut self, place: &Place, field: Field<'_>, data: u32) -> Result<Held, Fault> {
        let held = self.form(place, field, Word::of(field.value))?;
        if place.kind == Kind::Data && data != field.tag {
            return Err(Fault::new(SessionRejectReason::OutOfOrder, field.tag));
        }
        self.listed(place, field)?;
        if place.parent != 0 || !self.groups.is_empty() {
            self.groups.take(&self.table.groups, place, field.tag)?;
        }
        if place.parent == 0 {
            self.once(place, field)?;
        }
        if place.opens != 0 {
            // A message has never as many.
            let entries = value::unsigned(field.value)
                .map_or(u32::MAX, |count| u32::try_from(count).unwrap_or(u32::MAX));
            self.groups.open(place.opens, entries);
        }
        Ok(held)
    }

    /// A field stands in its part of the message, and is of its type.
    #[inline(always)]
    fn form(&mut self, place: &Place, field: Field<'_>, word: Option<Word>) -> Result<Held, Fault> {
        if place.section < self.section {
            return Err(Fault::new(SessionRejectReason::OutOfOrder, field.tag));
        }
        self.section = place.section;
        match place.kind.read(field.value, word, &mut self.day) {
            Some(held) => Ok(held),
            None => Err(Fault::new(SessionRejectReason::IncorrectFormat, field.tag)),
        }
    }

    /// A field has one of its values, where they are listed.
    #[inline(always)]
    fn listed(&self, place: &Place, field: Field<'_>) -> Result<(), Fault> {
        let listed = usize::from(place.values).checked_sub(1);
        match listed.and_then(|at| self.dictionary.values.get(at)) {
            Some(values) if !values.have(place.kind, field.value) => {
                Err(Fault::new(SessionRejectReason::ValueIncorrect, field.tag))
            }
            _ => Ok(()),
        }
    }

    /// A field outside of groups was not seen before.
    #[inline(always)]
    fn once(&mut self, place: &Place, field: Field<'_>) -> Result<(), Fault> {
        let word = &mut self.seen[usize::from(place.position / 64)];
        let bit = 1 << (place.position % 64);
        if *word & bit != 0 {
            return Err(Fault::new(SessionRejectReason::TagTwice, field.tag));
        }
        *word |= bit;
        Ok(())
    }

    /// Take a field that this message does not have.
    #[cold]
    fn foreign(&self, field: Field<'_>, allow_user_tags: bool) -> Result<Held, Fault> {
        let fault = |reason| Err(Fault::new(reason, field.tag));
        match field.tag {
            USER_TAGS.. if allow_user_tags => match Kind::String.fits(field.value) {
                true => Ok(Held::NOTHING),
                false => fault(SessionRejectReason::IncorrectFormat),
            },
            tag if self.dictionary.has(tag) => fault(SessionRejectReason::NotOfThisMessage),
            _ => fault(SessionRejectReason::UndefinedTag),
        }
    }
}

#[cfg(test)]
mod tests;
