//! A snapshot read back.

use super::claims::{Claim, Held, Owner};
use super::client_ids::{ClientIds, Queue};
use super::closed::State;
use super::engine::{Engine, Position};
use super::gateways::{GatewayState, NONCES};
use super::instruments::NUMBER_MAX;
use super::numbers::Numbers;
use super::order::Order;
use super::pool::NONE;
use super::snapshot::{CLOSED, LIVE, MAGIC, RELEASED, VERSION};
use std::fmt;
use wire::record::command::{Instrument, Settings};
use wire::record::{EntryKind, OrdStatus, Reason, Side, Stp, TimeInForce};
use xxhash_rust::xxh3::xxh3_64;

/// A snapshot that can't be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotError {
    /// Not a snapshot.
    Magic,
    /// Written by other rules than these: their version.
    Version(u32),
    /// The checksum is not that of the bytes.
    Checksum,
    /// It ends too early, or a field holds a value that it may not.
    Field(&'static str),
    /// The state that was read has another hash than the one that was written.
    StateHash,
    /// The state breaks an invariant.
    Invalid(String),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a snapshot"),
            Self::Version(version) => {
                write!(
                    f,
                    "snapshot of version {version}, this is version {VERSION}"
                )
            }
            Self::Checksum => f.write_str("the snapshot's checksum does not match its bytes"),
            Self::Field(field) => write!(f, "snapshot cut short or out of range at {field}"),
            Self::StateHash => f.write_str("the restored state has another hash"),
            Self::Invalid(what) => write!(f, "the snapshot holds an impossible state: {what}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

/// Bytes behind the state: its hash, and the checksum.
const ENDING: usize = 16;

type Read<T> = Result<T, SnapshotError>;

/// Takes fields off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, len: usize, field: &'static str) -> Read<&'a [u8]> {
        let (bytes, rest) = self
            .0
            .split_at_checked(len)
            .ok_or(SnapshotError::Field(field))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Read<[u8; N]> {
        let bytes = self.bytes(N, field)?;
        bytes.try_into().map_err(|_| SnapshotError::Field(field))
    }

    fn u8(&mut self, field: &'static str) -> Read<u8> {
        Ok(self.array::<1>(field)?[0])
    }
    fn u16(&mut self, field: &'static str) -> Read<u16> {
        Ok(u16::from_le_bytes(self.array(field)?))
    }
    fn u32(&mut self, field: &'static str) -> Read<u32> {
        Ok(u32::from_le_bytes(self.array(field)?))
    }
    fn u64(&mut self, field: &'static str) -> Read<u64> {
        Ok(u64::from_le_bytes(self.array(field)?))
    }
    fn i64(&mut self, field: &'static str) -> Read<i64> {
        Ok(i64::from_le_bytes(self.array(field)?))
    }
    fn text(&mut self, field: &'static str) -> Read<&'a str> {
        let len = self.u32(field)? as usize;
        std::str::from_utf8(self.bytes(len, field)?).map_err(|_| SnapshotError::Field(field))
    }

    /// A value of an enumeration, by its number.
    fn code<T>(&mut self, from: fn(u8) -> Option<T>, field: &'static str) -> Read<T> {
        from(self.u8(field)?).ok_or(SnapshotError::Field(field))
    }
}

/// `condition` must hold, or `field` is out of range.
fn must(condition: bool, field: &'static str) -> Read<()> {
    if condition {
        Ok(())
    } else {
        Err(SnapshotError::Field(field))
    }
}

impl Engine {
    /// The engine whose snapshot all of `bytes` is.
    ///
    /// # Errors
    /// A [`SnapshotError`] that says what is wrong with it.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "there are more than 24 bytes"
    )]
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut from = Reader(bytes);
        must(bytes.len() > 24, "length")?;
        if from.u32("magic")? != MAGIC {
            return Err(SnapshotError::Magic);
        }
        let version = from.u32("version")?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let (body, checksum) = bytes.split_at(bytes.len() - 8);
        if Reader(checksum).u64("checksum")? != xxh3_64(body) {
            return Err(SnapshotError::Checksum);
        }
        let engine = read_engine(&mut from)?;
        let hash = from.u64("state hash")?;
        must(from.0.len() == 8, "end")?;
        engine.validate().map_err(SnapshotError::Invalid)?;
        if engine.state_hash() != hash {
            return Err(SnapshotError::StateHash);
        }
        Ok(engine)
    }
}

fn read_engine(from: &mut Reader<'_>) -> Read<Engine> {
    let mut engine = Engine::new(from.u16("partition")?);
    engine.position = Position {
        command_offset: from.u64("command offset")?,
        event_seq: from.u64("event sequence")?,
        event_hash: from.u64("event hash")?,
        time_ns: from.u64("engine time")?,
        commands: from.u64("commands")?,
        batches: from.u64("batches")?,
    };
    let (orders, trades) = (from.u64("order count")?, from.u64("trade count")?);
    engine.numbers = Numbers::new(engine.partition(), orders, trades);
    engine.rules = from.u32("rules")?;
    engine.unreadable = from.u64("unreadable records")?;
    let settings = from.bytes(Settings::SIZE, "settings")?;
    engine.settings =
        Settings::from_bytes(settings).map_err(|_| SnapshotError::Field("settings"))?;
    engine.gateways.restore_clock(from.u64("lease clock")?);
    for _ in 0..from.u64("gateways")? {
        read_gateway(&mut engine, from)?;
    }
    for _ in 0..from.u64("accounts")? {
        engine.parties.add_account(from.text("account")?);
    }
    for _ in 0..from.u64("entries")? {
        read_entry(&mut engine, from)?;
    }
    let mut slots = Vec::new();
    for _ in 0..from.u64("instruments")? {
        read_instrument(&mut engine, from, &mut slots)?;
    }
    for _ in 0..from.u64("claims")? {
        read_claim(&mut engine, from)?;
    }
    for _ in 0..from.u32("closed orders")? {
        read_closed(&mut engine, from)?;
    }
    while from.0.len() > ENDING {
        let skipped = (from.u64("skipped id")?, from.u64("skipped id")?);
        engine.numbers.restore_skipped(skipped);
    }
    // An entry's list goes by order id.
    slots.sort_unstable_by_key(|slot| engine.books.line(*slot).order_id);
    for slot in slots {
        let entry = engine.books.line(slot).entry;
        engine.list(entry, slot);
    }
    Ok(engine)
}

fn read_gateway(engine: &mut Engine, from: &mut Reader<'_>) -> Read<()> {
    let gateway = from.u16("gateway")?;
    let mut state = GatewayState {
        incarnation: from.u32("incarnation")?,
        ended: from.u8("ended")? != 0,
        number: from.u64("number")?,
        gaps: from.u64("gaps")?,
        heard_ns: from.u64("heard")?,
        ..GatewayState::default()
    };
    let nonces = from.u8("nonces")?;
    must(usize::from(nonces) <= NONCES, "nonces")?;
    for age in (0..u32::from(nonces)).rev() {
        let incarnation = state.incarnation.checked_sub(age);
        let incarnation = incarnation.ok_or(SnapshotError::Field("nonces"))?;
        state.set_nonce(incarnation, from.u64("nonce")?);
    }
    engine.gateways.restore(gateway, state);
    Ok(())
}

fn read_claim(engine: &mut Engine, from: &mut Reader<'_>) -> Read<()> {
    let entry = from.u32("claim")?;
    must(engine.parties.knows(entry), "claim")?;
    let gateway = from.u16("claim's gateway")?;
    must(gateway != 0, "claim's gateway")?;
    let owner = Owner::new(gateway, from.u32("claim's incarnation")?);
    let at_ns = from.u64("claim's time")?;
    let held = match (from.u8("claim's end")?, from.u64("claim's end")?) {
        (LIVE, _) => Held::Live,
        (RELEASED, since_ns) => Held::Released(since_ns),
        (CLOSED, _) => Held::Closed,
        _ => return Err(SnapshotError::Field("claim's end")),
    };
    engine.claims.set(entry, Claim { owner, at_ns, held });
    Ok(())
}

/// The limits were kept to when it was remembered; they may have been lowered since.
fn read_closed(engine: &mut Engine, from: &mut Reader<'_>) -> Read<()> {
    let state = State {
        order_id: from.u64("closed order's id")?,
        price: from.i64("closed order's price")?,
        qty: from.i64("closed order's quantity")?,
        cum: from.i64("closed order's executed quantity")?,
        avg_px: from.i64("closed order's average price")?,
        entry: from.u32("closed order's entry")?,
        instrument: from.u32("closed order's instrument")?,
        side: from.code(Side::from_code, "closed order's side")?,
        tif: from.code(TimeInForce::from_code, "closed order's time in force")?,
        status: from.code(OrdStatus::from_code, "closed order's status")?,
    };
    must(engine.parties.knows(state.entry), "closed order's entry")?;
    let text = from.text("closed order's client id")?;
    engine.closed.append(&state, text);
    Ok(())
}

fn read_entry(engine: &mut Engine, from: &mut Reader<'_>) -> Read<()> {
    let name = from.text("entry")?;
    let account = from.u32("entry's account")?;
    let accounts = engine.parties.accounts().len();
    must(
        account != 0 && account as usize <= accounts,
        "entry's account",
    )?;
    let kind = from.code(EntryKind::from_code, "entry's kind")?;
    let number = engine.parties.add_entry(kind, name, account);
    let cancel_on_disconnect = from.u8("cancel on disconnect")? != 0;
    let stp = from.code(Stp::from_code, "entry's self-trade prevention")?;
    engine.parties.set(number, (cancel_on_disconnect, stp));
    engine.parties.raise(number, from.u64("entry's sequence")?);
    engine.parties.rises(number, from.u64("entry's ClOrdID")?);
    for _ in 0..from.u32("client ids")? {
        let whose = (number, engine.parties.ids_mut(number));
        read_client_id(&mut engine.client_ids, whose, from)?;
    }
    let reset = (from.u64("entry's epoch")?, from.u64("entry's base")?);
    engine.parties.restore_reset(number, reset);
    Ok(())
}

fn read_client_id(
    ids: &mut ClientIds,
    whose: (u32, &mut Queue),
    from: &mut Reader<'_>,
) -> Read<()> {
    let text = from.text("client id")?;
    let (order_id, content) = (from.u64("client id's order")?, from.u64("content")?);
    let reason = Reason::from_code(from.u16("reason")?).ok_or(SnapshotError::Field("reason"))?;
    // The limit was kept to when it was remembered; it may have been lowered since.
    let what = (order_id, content, reason);
    ids.remember(whose, u32::MAX, text, what, |_, _| false);
    Ok(())
}

fn read_instrument(engine: &mut Engine, from: &mut Reader<'_>, slots: &mut Vec<u32>) -> Read<()> {
    let instrument = from.u32("instrument")?;
    let symbol = from.text("symbol")?;
    let known = engine.books.instruments();
    must(
        instrument != 0 && !symbol.is_empty() && !known.knows(instrument),
        "instrument",
    )?;
    // Whoever wrote it held it to a limit, which may have been lowered since.
    must(instrument <= NUMBER_MAX, "instrument")?;
    let spec = from.bytes(Instrument::SIZE, "filters")?;
    let spec = Instrument::from_bytes(spec).map_err(|_| SnapshotError::Field("filters"))?;
    let now_ns = engine.position.time_ns;
    engine
        .books
        .add_instrument(instrument, symbol, spec, now_ns);
    engine
        .books
        .restore_last_price(instrument, from.i64("last price")?);
    for side in [Side::Buy, Side::Sell] {
        for _ in 0..from.u32("orders")? {
            let order = read_order(engine, from, (instrument, side))?;
            slots.push(engine.add_to_book(&order, false));
        }
    }
    Ok(())
}

fn read_order(
    engine: &mut Engine,
    from: &mut Reader<'_>,
    (instrument, side): (u32, Side),
) -> Read<Order> {
    let mut order = Order {
        order_id: from.u64("order id")?,
        num: from.u64("order's number")?,
        price: from.i64("price")?,
        leaves: from.i64("open quantity")?,
        cum: from.i64("executed quantity")?,
        quote: i128::from_le_bytes(from.array("executed sum")?),
        entry: from.u32("order's entry")?,
        account: 0,
        instrument,
        text: NONE,
        side,
        tif: from.code(TimeInForce::from_code, "time in force")?,
        exec_inst: from.u8("instructions")?,
        stp: from.code(Stp::from_code, "self-trade prevention")?,
    };
    let text = from.text("order's client id")?;
    must(engine.parties.knows(order.entry), "order's entry")?;
    must(
        order.price > 0 && order.leaves > 0 && order.cum >= 0,
        "order",
    )?;
    must(order.cum.checked_add(order.leaves).is_some(), "quantity")?;
    let standing = engine.books.listing(instrument).side(side).qty;
    must(
        standing.checked_add(order.leaves).is_some(),
        "open quantity",
    )?;
    order.account = engine.parties.entry(order.entry).account;
    order.text = engine.books.keep_text(text);
    Ok(order)
}
