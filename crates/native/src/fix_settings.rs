//! What native code takes of the configuration of FIX: a section of `settings`, and the dictionaries of `protocol`.

use std::sync::Arc;

use gateway::fix::Settings;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::fix::Version;
use wire::fix::dictionary::{Definition, Dictionary, FieldDefinition, Member, MessageDefinition};

use crate::settings::nanoseconds;

/// Of `settings.FixSettings`.
#[derive(Debug, Clone, FromPyObject)]
pub struct FixSettings {
    comp_id: String,
    message_bytes_max: usize,
    sending_time_s_max: f64,
    heartbeat_s_max: u32,
    gap_messages_max: usize,
    gap_bytes_max: usize,
    resend_deadline_s: f64,
    allow_user_tags: bool,
    probe_s: f64,
    sub_ids: bool,
}

/// Tag, whether it is required, in how many groups.
type FlatMember = (u32, bool, u8);

/// Of `protocol.fix.Flat`.
#[derive(Debug, Clone, FromPyObject)]
pub struct FlatDictionary {
    tag_max: u32,
    fields: Vec<(u32, String, Vec<String>)>,
    header: Vec<FlatMember>,
    trailer: Vec<FlatMember>,
    messages: Vec<(String, Vec<FlatMember>)>,
    other_types: Vec<String>,
}

fn members(flat: Vec<FlatMember>) -> Vec<Member> {
    flat.into_iter()
        .map(|(tag, required, depth)| Member {
            tag,
            required,
            depth,
        })
        .collect()
}

impl FlatDictionary {
    fn dictionary(self) -> PyResult<Arc<Dictionary>> {
        let field = |(tag, kind, values)| FieldDefinition { tag, kind, values };
        let message = |(msg_type, of)| MessageDefinition {
            msg_type,
            members: members(of),
        };
        let definition = Definition {
            tag_max: self.tag_max,
            fields: self.fields.into_iter().map(field).collect(),
            header: members(self.header),
            trailer: members(self.trailer),
            messages: self.messages.into_iter().map(message).collect(),
            other_types: self.other_types,
        };
        let made = Dictionary::new(&definition);
        made.map(Arc::new)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

impl FixSettings {
    /// As a session takes them; who is not logged on has the time that any connection has.
    pub fn settings(
        &self,
        limits: &gateway::Limits,
        dictionaries: Vec<(String, FlatDictionary)>,
    ) -> PyResult<Settings> {
        let mut by_version = [None, None];
        for (begin_string, flat) in dictionaries {
            let slot = match Version::of(begin_string.as_bytes()) {
                Some(Version::Fix42) => &mut by_version[0],
                Some(Version::Fix44) => &mut by_version[1],
                None => return Err(PyValueError::new_err("begin_string")),
            };
            *slot = Some(flat.dictionary()?);
        }
        Ok(Settings {
            comp_id: self.comp_id.clone().into_bytes(),
            sending_time_ns_max: nanoseconds(self.sending_time_s_max)?,
            heartbeat_s_max: self.heartbeat_s_max,
            gap_messages_max: self.gap_messages_max,
            gap_bytes_max: self.gap_bytes_max,
            resend_deadline_ns: nanoseconds(self.resend_deadline_s)?,
            probe_ns: nanoseconds(self.probe_s)?,
            sub_ids: self.sub_ids,
            logon_deadline_ns: limits.login_deadline_ns,
            user_tags: self.allow_user_tags,
            dictionaries: by_version,
        })
    }

    /// The limits of connections, with its own of a message.
    pub const fn limits(&self, limits: gateway::Limits) -> gateway::Limits {
        gateway::Limits {
            packet_bytes_max: self.message_bytes_max,
            ..limits
        }
    }
}
