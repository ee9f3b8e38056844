//! Batches as JSON, for people and for tests.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};
use wire::record::field::{Field, Shown};
use wire::record::{CancelReason, Command, CommandBatch, Event, EventBatch, Reason, RecordError};
use wire::sbe::Message;

fn value(shown: Shown) -> Value {
    match shown {
        Shown::Number(number) => i64::try_from(number)
            .map(Value::from)
            .or_else(|_| u64::try_from(number).map(Value::from))
            .unwrap_or(Value::Null),
        Shown::Name(name) => Value::from(name),
        Shown::Bool(flag) => Value::from(flag),
        Shown::Absent => Value::Null,
    }
}

fn command(command: &Command<'_>) -> Value {
    let mut fields = Map::new();
    let name = command.show(&mut |field, shown| {
        fields.insert(field.to_owned(), value(shown));
    });
    fields.insert("type".to_owned(), Value::from(name));
    Value::Object(fields)
}

fn event(seq: u64, event: &Event<'_>) -> Value {
    let mut fields = Map::new();
    let name = event.show(&mut |field, shown| {
        fields.insert(field.to_owned(), value(shown));
    });
    fields.insert("type".to_owned(), Value::from(name));
    fields.insert("seq".to_owned(), Value::from(seq));
    Value::Object(fields)
}

fn bad(error: RecordError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn read_message(message: &[u8]) -> PyResult<Message> {
    Message::read(message).map_err(|fault| PyValueError::new_err(fault.to_string()))
}

/// A command batch as JSON: its header, and `commands`.
#[pyfunction]
pub fn describe_commands(batch: &[u8]) -> PyResult<String> {
    let batch = CommandBatch::read(batch).map_err(bad)?;
    let commands: Result<Vec<Value>, RecordError> =
        batch.commands().map(|c| Ok(command(&c?))).collect();
    let header = batch.header;
    Ok(json!({
        "gateway": header.gateway,
        "incarnation": header.incarnation,
        "number": header.number,
        "stamp_ns": header.stamp_ns,
        "commands": commands.map_err(bad)?,
    })
    .to_string())
}

/// An order entry message as JSON: its fields, and `type`.
#[pyfunction]
pub fn describe_message(message: &[u8]) -> PyResult<String> {
    let message = read_message(message)?;
    let mut fields = Map::new();
    let name = message.show(&mut |field, shown| {
        fields.insert(field.to_owned(), value(shown));
    });
    fields.insert("type".to_owned(), Value::from(name));
    Ok(Value::Object(fields).to_string())
}

/// An order entry message read and written again: what its fields mean, in our bytes.
#[pyfunction]
pub fn recode_message(message: &[u8]) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    read_message(message)?.push_message(&mut out);
    Ok(out)
}

/// Event batches that stand one after the other as a JSON array: headers, and `events`.
#[pyfunction]
pub fn describe_events(batches: &[u8]) -> PyResult<String> {
    let mut rest = batches;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let batch = EventBatch::take(&mut rest).map_err(bad)?;
        let events: Result<Vec<Value>, RecordError> = batch
            .events()
            .map(|e| e.map(|(seq, e)| event(seq, &e)))
            .collect();
        let header = batch.header;
        all.push(json!({
            "partition": header.partition,
            "part": header.part,
            "last": header.last,
            "command_offset": header.command_offset,
            "gateway": header.gateway,
            "incarnation": header.incarnation,
            "number": header.number,
            "command_hash": header.command_hash,
            "dropped": value(header.dropped.show()),
            "time_ns": header.time_ns,
            "first_seq": header.first_seq,
            "previous_hash": header.previous_hash,
            "hash": batch.hash,
            "events": events.map_err(bad)?,
        }));
    }
    Ok(Value::Array(all).to_string())
}

/// Every reason for which an order leaves the book without a trade, as clients see it.
#[pyfunction]
pub fn cancel_reasons() -> Vec<&'static str> {
    let codes = 0..=u8::MAX;
    codes
        .filter_map(CancelReason::from_code)
        .map(CancelReason::name)
        .collect()
}

/// Every reason for which the exchange refuses something, as clients see it.
#[pyfunction]
pub fn refusals() -> Vec<&'static str> {
    let codes = 1..=u16::MAX;
    codes
        .filter_map(Reason::from_code)
        .map(Reason::name)
        .collect()
}
