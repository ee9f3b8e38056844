//! A message read once, from its header to its last field, and held to the dictionary of its version.

use wire::fix::dictionary::{Dictionary, Fault, Held, Known};
use wire::fix::request::Request;
use wire::fix::{Fields, Message, Version};

use super::header::Header;
use super::settings::Settings;

/// The header of a message, with the first thing that is wrong with all of it; `request` takes note of the rest.
///
/// A MsgType that the standard has and nobody here defines is held to nothing but the header's rules.
pub fn read<'a>(
    settings: &Settings,
    message: &Message<'a>,
    request: &mut Request<'a>,
) -> Header<'a> {
    let version = Version::of(message.begin_string).unwrap_or_default();
    let Some(dictionary) = settings.dictionary(version) else {
        return unchecked(message, request);
    };
    let fields = Fields::of(message);
    let checked = dictionary.check(
        message.msg_type,
        fields,
        settings.user_tags,
        |field, held| {
            request.take(field, held);
        },
    );
    match checked {
        Ok(()) => Header::of(message, request),
        Err(fault) => faulty(dictionary, message, fault, request),
    }
}

#[cold]
fn faulty<'a>(
    dictionary: &Dictionary,
    message: &Message<'a>,
    fault: Fault,
    request: &mut Request<'a>,
) -> Header<'a> {
    if dictionary.knows(message.msg_type) == Known::Other {
        return unchecked(message, request);
    }
    Header {
        fault: Some(fault),
        ..Header::read(message)
    }
}

fn unchecked<'a>(message: &Message<'a>, request: &mut Request<'a>) -> Header<'a> {
    let header = Header::read(message);
    for field in Fields::new(header.body).flatten() {
        request.take(field, Held::NOTHING);
    }
    header
}
