//! What a dictionary is made of: plain definitions, as a file of them is read elsewhere.

use std::fmt;

/// A field that messages may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDefinition {
    /// Its tag.
    pub tag: u32,
    /// The name of its type in the standard, in capitals: `INT`, `UTCTIMESTAMP`.
    pub kind: String,
    /// What it may hold, where that is listed.
    pub values: Vec<String>,
}

/// A field in its place in a message.  The fields of a group follow the one that counts its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The field's tag.
    pub tag: u32,
    /// Whether it must be there: in each entry, where it is a group's.
    pub required: bool,
    /// How many groups it stands in.
    pub depth: u8,
}

/// A message and the fields of its body, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDefinition {
    /// MsgType (35).
    pub msg_type: String,
    /// Its body.
    pub members: Vec<Member>,
}

/// A version of the protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// The highest tag that the standard of this version has: those below are defined, if not here.
    pub tag_max: u32,
    /// Every field of the messages, the header and the trailer.
    pub fields: Vec<FieldDefinition>,
    /// The header of every message.
    pub header: Vec<Member>,
    /// The trailer of every message.
    pub trailer: Vec<Member>,
    /// The messages.
    pub messages: Vec<MessageDefinition>,
    /// MsgTypes of the standard besides.
    pub other_types: Vec<String>,
}

/// Why definitions make no dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionError {
    /// A field has a type that there is not.
    Kind(u32, String),
    /// Data whose length would stand in no known field.
    Data(u32),
    /// A field is defined twice.
    FieldTwice(u32),
    /// A MsgType is defined twice, or is not of one to four printable characters.
    MsgType(String),
    /// A message has a field that is not defined.
    Undefined(String, u32),
    /// A message has a field in two places.
    PlaceTwice(String, u32),
    /// A group that no count opens, or a count of no group.
    Group(String, u32),
    /// More fields, values, groups or groups within groups than there is room for.
    TooMany(String, u32),
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(tag, kind) => write!(f, "field {tag} has the unknown type {kind}"),
            Self::Data(tag) => write!(f, "field {tag} is data, and no field holds its length"),
            Self::FieldTwice(tag) => write!(f, "field {tag} is defined twice"),
            Self::MsgType(name) => write!(f, "message {name:?} is defined twice, or misnamed"),
            Self::Undefined(name, tag) => write!(f, "message {name}: field {tag} is not defined"),
            Self::PlaceTwice(name, tag) => write!(f, "message {name} has field {tag} twice"),
            Self::Group(name, tag) => {
                write!(
                    f,
                    "message {name}: field {tag} is misplaced in or before a group"
                )
            }
            Self::TooMany(name, tag) => {
                write!(f, "message {name}: there is no more room at field {tag}")
            }
        }
    }
}

impl std::error::Error for DefinitionError {}
