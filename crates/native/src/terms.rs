//! The field's numbers as Rust has them, for the test that compares Python's with them.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use wire::record::field::{Field, Shown};
use wire::record::{
    EntryKind, ExecInst, Gateway, MassCancelType, OrdStatus, OrdType, Reason, Side, Stp,
    TimeInForce,
};

type Numbers = BTreeMap<String, u16>;

/// Names and numbers of an enumeration.
fn named<T: Field, C: Into<u16>>(all: &[T], code: impl Fn(T) -> C) -> Numbers {
    let named = all.iter().filter_map(|value| match value.show() {
        Shown::Name(name) => Some((name, code(*value).into())),
        _ => None,
    });
    named.collect()
}

/// Every enumeration of the records by FIX's name, or ours where FIX has none.
#[pyfunction]
pub fn terms() -> BTreeMap<&'static str, Numbers> {
    let bits = [
        ("NONE", 0),
        ("POST_ONLY", ExecInst::POST_ONLY),
        ("REPEAT_ONLY", ExecInst::REPEAT_ONLY),
    ];
    BTreeMap::from([
        ("Side", named(Side::ALL, Side::code)),
        ("OrdType", named(OrdType::ALL, OrdType::code)),
        ("TimeInForce", named(TimeInForce::ALL, TimeInForce::code)),
        ("OrdStatus", named(OrdStatus::ALL, OrdStatus::code)),
        ("SelfMatchPreventionInstruction", named(Stp::ALL, Stp::code)),
        ("EntryKind", named(EntryKind::ALL, EntryKind::code)),
        ("Gateway", named(Gateway::ALL, Gateway::code)),
        (
            "MassCancelRequestType",
            named(MassCancelType::ALL, MassCancelType::code),
        ),
        ("OrdRejReason", named(Reason::ALL, Reason::code)),
        ("CxlRejReason", named(Reason::ALL, Reason::cxl_rej_reason)),
        (
            "ExecInst",
            bits.map(|(name, bit)| (name.to_owned(), bit.into())).into(),
        ),
    ])
}
