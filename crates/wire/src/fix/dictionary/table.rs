//! A message as a table by tag, made once of its definition.
//!
//! # Layout
//! A [`Place`] of eight bytes for each tag below [`DENSE_TAGS`], so that a field costs one look; a sorted list of
//! the few above.  The fields outside of groups are numbered: one bit each, of what was seen and what is required.

use super::definition::{Definition, DefinitionError, Member, MessageDefinition};
use super::kind::Kind;
use crate::fix::field;

/// Tags that are looked up by index: all of FIX 4.4, and each of up to three digits.
const DENSE_TAGS: usize = field::SHORT_TAGS as usize;
/// Groups within each other.
pub(super) const GROUP_DEPTH_MAX: usize = 4;
/// Fields of a group, without those of groups in it.
const GROUP_FIELDS_MAX: usize = 128;
/// Words of bits for the fields outside of groups.
const SEEN_WORDS: usize = 4;
/// The fields that framing takes: BeginString, BodyLength, CheckSum and MsgType.
const FRAMING: [u32; 4] = [8, 9, 10, 35];

/// Which fields outside of groups were seen.
pub(super) type Seen = [u64; SEEN_WORDS];

/// A part of a message; they come in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Section {
    #[default]
    Header,
    Body,
    Trailer,
}

/// Where a field stands, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub section: Section,
    pub kind: Kind,
    /// Whether it has nothing to do with other fields: it is of no group and counts none, is no data and no length
    /// of data.
    pub alone: bool,
    /// The group that it is of, from 1; 0 is none.
    pub parent: u8,
    /// The group whose entries it counts, from 1; 0 is none.
    pub opens: u8,
    /// Its bit: among the fields outside of groups, or among those of its group.
    pub position: u8,
    /// The values that it may have, from 1; 0 is any.
    pub values: u16,
}

/// A repeating group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// The field that counts its entries.
    pub count_tag: u32,
    /// The fields that each entry needs, by their bit.
    required: u128,
    /// The tags, by their bit; the first begins an entry.
    tags: Vec<u32>,
}

impl Group {
    /// Whether an entry has what it needs; else the first tag that is missing.
    #[inline]
    pub(super) fn complete(&self, seen: u128) -> Result<(), super::Fault> {
        missing(self.required, seen, &self.tags)
    }
}

/// The first of the required fields that was not seen.
#[inline(always)]
fn missing(required: u128, seen: u128, tags: &[u32]) -> Result<(), super::Fault> {
    let missing = required & !seen;
    if missing == 0 {
        return Ok(());
    }
    let tag = tags.get(missing.trailing_zeros() as usize).copied();
    let reason = super::SessionRejectReason::RequiredTagMissing;
    Err(super::Fault { reason, tag })
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    dense: Box<[Option<Place>; DENSE_TAGS]>,
    above: Vec<(u32, Place)>,
    pub groups: Vec<Group>,
    required: Seen,
    /// What framing has seen before.
    pub framed: Seen,
    /// The tags outside of groups, by their bit.
    tags: Vec<u32>,
}

impl Table {
    /// Where a field stands in this message, if it may.
    #[inline(always)]
    pub(super) fn place(&self, tag: u32) -> Option<&Place> {
        match self.dense.get(tag as usize) {
            Some(place) => place.as_ref(),
            None => {
                let found = self.above.binary_search_by_key(&tag, |(tag, _)| *tag);
                found.ok().map(|at| &self.above[at].1)
            }
        }
    }

    /// Where a field stands that is [`Place::alone`]; its tag has up to three digits.
    #[inline(always)]
    pub(super) fn alone(&self, tag: u32) -> Option<&Place> {
        let place = self.dense[tag as usize % DENSE_TAGS].as_ref();
        place.filter(|place| place.alone)
    }

    /// Whether all that the message needs was seen; else the first tag that is missing.
    #[inline(always)]
    pub(super) fn complete(&self, seen: &Seen) -> Result<(), super::Fault> {
        let lacks = |at: &usize| self.required[*at] & !seen[*at] != 0;
        match (0..SEEN_WORDS).find(lacks) {
            None => Ok(()),
            Some(at) => {
                let tags = self.tags.chunks(64).nth(at).unwrap_or_default();
                missing(self.required[at].into(), seen[at].into(), tags)
            }
        }
    }

    /// The table of a message; `known` tells a field's type and the number of its values.
    pub(super) fn of(
        definition: &Definition,
        message: &MessageDefinition,
        known: impl Fn(u32) -> Option<(Kind, u16)>,
    ) -> Result<Self, DefinitionError> {
        let mut builder = Builder {
            name: &message.msg_type,
            known,
            table: Self {
                dense: Box::new([None; DENSE_TAGS]),
                above: Vec::new(),
                groups: Vec::new(),
                required: Seen::default(),
                framed: Seen::default(),
                tags: Vec::new(),
            },
        };
        builder.section(Section::Header, &definition.header)?;
        builder.section(Section::Body, &message.members)?;
        builder.section(Section::Trailer, &definition.trailer)?;
        Ok(builder.table)
    }
}

/// A table in the making.
struct Builder<'a, F> {
    name: &'a str,
    known: F,
    table: Table,
}

impl<F: Fn(u32) -> Option<(Kind, u16)>> Builder<'_, F> {
    fn section(&mut self, section: Section, members: &[Member]) -> Result<(), DefinitionError> {
        let mut open: Vec<u8> = Vec::new();
        for (at, member) in members.iter().enumerate() {
            let depth = usize::from(member.depth);
            if depth > open.len() {
                return Err(DefinitionError::Group(self.name.into(), member.tag));
            }
            open.truncate(depth);
            let Some((kind, values)) = (self.known)(member.tag) else {
                return Err(DefinitionError::Undefined(self.name.into(), member.tag));
            };
            let parent = open.last().copied().unwrap_or(0);
            let next = members.get(at.saturating_add(1));
            let counts = next.is_some_and(|next| next.depth > member.depth);
            let opens = match counts {
                false => 0,
                true => self.group(member.tag, open.len())?,
            };
            if counts != (kind == Kind::NumInGroup) {
                return Err(DefinitionError::Group(self.name.into(), member.tag));
            }
            if counts {
                open.push(opens);
            }
            let position = self.position(*member, parent)?;
            let place = Place {
                section,
                kind,
                alone: parent == 0
                    && !counts
                    && kind != Kind::Data
                    && field::data_of(member.tag).is_none(),
                parent,
                opens,
                position,
                values,
            };
            self.put(member.tag, place)?;
        }
        Ok(())
    }

    fn too_many(&self, tag: u32) -> DefinitionError {
        DefinitionError::TooMany(self.name.into(), tag)
    }

    /// A group's number.
    fn group(&mut self, count_tag: u32, depth: usize) -> Result<u8, DefinitionError> {
        if depth >= GROUP_DEPTH_MAX {
            return Err(self.too_many(count_tag));
        }
        self.table.groups.push(Group {
            count_tag,
            required: 0,
            tags: Vec::new(),
        });
        u8::try_from(self.table.groups.len()).map_err(|_| self.too_many(count_tag))
    }

    /// A field's bit.
    fn position(&mut self, member: Member, parent: u8) -> Result<u8, DefinitionError> {
        let (tags, most) = match parent {
            0 => (&mut self.table.tags, 64usize.saturating_mul(SEEN_WORDS)),
            _ => {
                let group = &mut self.table.groups[usize::from(parent.wrapping_sub(1))];
                (&mut group.tags, GROUP_FIELDS_MAX)
            }
        };
        let at = tags.len();
        if at >= most {
            return Err(self.too_many(member.tag));
        }
        tags.push(member.tag);
        if parent == 0 {
            let (word, bit) = (at / 64, 1u64 << (at % 64));
            let framed = FRAMING.contains(&member.tag);
            self.table.framed[word] |= if framed { bit } else { 0 };
            self.table.required[word] |= if member.required { bit } else { 0 };
        } else if member.required {
            self.table.groups[usize::from(parent.wrapping_sub(1))].required |= 1u128 << at;
        }
        u8::try_from(at).map_err(|_| self.too_many(member.tag))
    }

    fn put(&mut self, tag: u32, place: Place) -> Result<(), DefinitionError> {
        if self.table.place(tag).is_some() {
            return Err(DefinitionError::PlaceTwice(self.name.into(), tag));
        }
        match self.table.dense.get_mut(tag as usize) {
            Some(slot) => *slot = Some(place),
            None => {
                self.table.above.push((tag, place));
                self.table.above.sort_by_key(|(tag, _)| *tag);
            }
        }
        Ok(())
    }
}
