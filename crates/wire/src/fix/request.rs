//! What a client asks about orders and instruments, as command records.

use super::dictionary::Held;
use super::field::{Field, SHORT_TAGS};
use super::scan;
use super::value;
use super::version::Version;
use crate::record::command::{
    Cancel, Command, MassCancel, NO_INSTRUMENT, NO_PRICE, NO_QTY, NewOrder, Replace, Status,
};
use crate::record::{ExecInst, MassCancelType, OrdType, Side, Stp, TimeInForce};
use crate::text::decimal::DecimalError;

/// Longest ClOrdID, in bytes.
pub const CL_ORD_ID_BYTES_MAX: usize = 36;

/// Instruments by their symbols.
pub trait Instruments {
    /// The number of an instrument.
    fn number(&self, symbol: &[u8]) -> Option<u32>;
}

/// Whose a request is, and how it came.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The entry.
    pub entry: u32,
    /// Its account.
    pub account: &'a str,
    /// The version that the session speaks.
    pub version: Version,
    /// Which message it is ([`crate::record::command::in_num`]).
    pub num: u64,
    /// PossResend (97).
    pub poss_resend: bool,
    /// No new orders are taken now.
    pub busy: bool,
}

/// Why a request is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// Reject (3): SessionRejectReason, RefTagID.
    Reject(u16, u32),
    /// BusinessMessageReject (j): BusinessRejectReason, BusinessRejectRefID (none where it is empty), the tag that
    /// is at fault, or 0.
    Business(u16, &'a str, u32),
}

/// A request that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Nothing, and nothing is answered.
    Nothing,
    /// A command record was appended.
    Command,
    /// Tell the instruments: SecurityReqID, and the one instrument or all.
    SecurityList(&'a str, Option<u32>),
    /// Tell how an instrument is: SecurityStatusReqID, and which.
    SecurityStatus(&'a str, u32),
}

const MISSING: u16 = 1;
const INCORRECT: u16 = 5;
const FORMAT: u16 = 6;
const UNKNOWN_SECURITY: u16 = 2;
const UNSUPPORTED: u16 = 3;
const CONDITIONALLY_MISSING: u16 = 5;
const NOT_AUTHORIZED: u16 = 6;

/// The fields that mean something here, in a header or a request.
const TAGS: [u32; 32] = [
    1, 11, 18, 21, 22, 34, 37, 38, 40, 41, 43, 44, 48, 49, 50, 52, 54, 55, 56, 59, 60, 97, 115,
    122, 128, 263, 320, 324, 530, 559, 790, 2964,
];
/// The tags of up to three digits, and where each stands among [`TAGS`]; elsewhere means nowhere.
const SLOTS: [u8; SHORT_TAGS as usize] = {
    let (mut slots, mut at) = ([u8::MAX; SHORT_TAGS as usize], 0);
    while at < TAGS.len() {
        if TAGS[at] < SHORT_TAGS {
            slots[TAGS[at] as usize] = at as u8;
        }
        at += 1;
    }
    slots
};

/// Where a tag stands among [`TAGS`].
#[allow(clippy::arithmetic_side_effects, reason = "a position among the tags")]
const fn slot(tag: u32) -> usize {
    let mut at = 0;
    while TAGS[at] != tag {
        at += 1;
    }
    at
}

/// The fields of a message that mean something here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    values: [Option<&'a [u8]>; TAGS.len()],
    /// MsgSeqNum (34), where it was read when it was checked.
    number: Option<u64>,
    /// SendingTime (52), likewise.
    sending_ns: Option<u64>,
    /// OrderQty (38), likewise.
    qty: Option<i64>,
    /// Price (44), likewise.
    price: Option<i64>,
    /// Whether TransactTime (60) is known to be a time.
    transacted: bool,
}

type Read<'a, T> = Result<T, Refusal<'a>>;

impl<'a> Request<'a> {
    /// Take note of a field, and of what was read of it; of one that stands several times, the first counts.
    #[inline(always)]
    pub fn take(&mut self, field: Field<'a>, held: Held) {
        let slot = match SLOTS.get(field.tag as usize) {
            Some(slot) => usize::from(*slot),
            None if field.tag == 2964 => const { slot(2964) },
            None => return,
        };
        let Some(slot @ None) = self.values.get_mut(slot) else {
            return;
        };
        *slot = Some(field.value);
        if held.is_nothing() {
            return;
        }
        match field.tag {
            34 => self.number = held.as_number(),
            38 => self.qty = held.as_decimal(),
            44 => self.price = held.as_decimal(),
            52 => self.sending_ns = held.as_time(),
            60 => self.transacted = held.as_time().is_some(),
            _ => {}
        }
    }

    /// MsgSeqNum (34), if it is a number.
    #[inline(always)]
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.number.or_else(|| value::unsigned(self.value::<34>()?))
    }

    /// SendingTime (52), in ns since the epoch, if it can be said so.
    #[inline(always)]
    #[must_use]
    pub fn sending_ns(&self) -> Option<u64> {
        self.sending_ns
            .or_else(|| value::timestamp(self.value::<52>()?))
    }

    /// The value of a field, one of those that mean something.
    #[inline(always)]
    #[must_use]
    pub fn value<const TAG: u32>(&self) -> Option<&'a [u8]> {
        self.values[const { slot(TAG) }]
    }

    /// Append the command that a message of this type asks for, or say what it asks, or why it is refused.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing is appended then.
    pub fn decode(
        &self,
        msg_type: &[u8],
        asking: &Asking<'_>,
        instruments: &impl Instruments,
        out: &mut Vec<u8>,
    ) -> Read<'a, Asked<'a>> {
        match (msg_type, asking.version) {
            (b"D", _) => self.new_order(asking, instruments, out)?,
            (b"F", _) => self.cancel(asking, instruments, out)?,
            (b"G", _) => self.replace(asking, instruments, out)?,
            (b"H", _) => self.status(asking, instruments, out)?,
            (b"q", Version::Fix44) => self.mass_cancel(asking, instruments, out)?,
            (b"x", Version::Fix44) => return self.security_list(instruments),
            (b"e", Version::Fix44) => return self.security_status(instruments),
            // What a client could not read of ours, it says; there is nothing to be done.
            (b"j", _) => return Ok(Asked::Nothing),
            // Those that the standard does not have were rejected before.
            _ => return Err(Refusal::Business(UNSUPPORTED, "", 0)),
        }
        Ok(Asked::Command)
    }

    fn new_order(
        &self,
        asking: &Asking<'_>,
        instruments: &impl Instruments,
        out: &mut Vec<u8>,
    ) -> Read<'a, ()> {
        let cl_ord_id = self.id()?;
        let side = self.side()?.ok_or(Refusal::Reject(MISSING, 54))?;
        let ord_type = self.ord_type()?.ok_or(Refusal::Reject(MISSING, 40))?;
        self.times(asking)?;
        self.own_account(asking, cl_ord_id)?;
        let missing = || Refusal::Business(CONDITIONALLY_MISSING, shown(cl_ord_id), 38);
        let qty = self.qty()?.ok_or_else(missing)?;
        let mut exec_inst = self.exec_inst()?;
        if asking.poss_resend {
            exec_inst |= ExecInst::POSS_RESEND;
        }
        if asking.busy {
            exec_inst |= ExecInst::REPEAT_ONLY;
        }
        let new = NewOrder {
            entry: asking.entry,
            num: asking.num,
            price: self.price()?.unwrap_or(NO_PRICE),
            qty,
            instrument: self.instrument(instruments, cl_ord_id)?,
            side,
            ord_type,
            tif: self.tif()?,
            exec_inst,
            stp: self.stp()?,
        };
        new.encode_entry(cl_ord_id, out);
        Ok(())
    }

    fn cancel(
        &self,
        asking: &Asking<'_>,
        instruments: &impl Instruments,
        out: &mut Vec<u8>,
    ) -> Read<'a, ()> {
        let cl_ord_id = self.id()?;
        self.side()?.ok_or(Refusal::Reject(MISSING, 54))?;
        self.times(asking)?;
        self.own_account(asking, cl_ord_id)?;
        self.qty()?;
        let (orig, order_id) = self.named(cl_ord_id)?;
        let cancel = Cancel {
            entry: asking.entry,
            num: asking.num,
            orig_num: 0,
            order_id,
            instrument: self.instrument(instruments, cl_ord_id)?,
            poss_resend: asking.poss_resend,
        };
        Command::Cancel(cancel, "", orig, shown(cl_ord_id)).encode(out);
        Ok(())
    }

    fn replace(
        &self,
        asking: &Asking<'_>,
        instruments: &impl Instruments,
        out: &mut Vec<u8>,
    ) -> Read<'a, ()> {
        let cl_ord_id = self.id()?;
        self.side()?.ok_or(Refusal::Reject(MISSING, 54))?;
        match self.ord_type()?.ok_or(Refusal::Reject(MISSING, 40))? {
            OrdType::Limit => {}
            // Whatever is open is a limit order, and stays one.
            _ => return Err(Refusal::Reject(INCORRECT, 40)),
        }
        self.times(asking)?;
        self.own_account(asking, cl_ord_id)?;
        let (orig, order_id) = self.named(cl_ord_id)?;
        let replace = Replace {
            entry: asking.entry,
            num: asking.num,
            orig_num: 0,
            order_id,
            price: self.price()?.unwrap_or(NO_PRICE),
            qty: self.qty()?.unwrap_or(NO_QTY),
            instrument: self.instrument(instruments, cl_ord_id)?,
            poss_resend: asking.poss_resend,
        };
        Command::Replace(replace, "", orig, shown(cl_ord_id)).encode(out);
        Ok(())
    }

    fn status(
        &self,
        asking: &Asking<'_>,
        instruments: &impl Instruments,
        out: &mut Vec<u8>,
    ) -> Read<'a, ()> {
        let cl_ord_id = match self.value::<11>() {
            Some(_) => self.id()?,
            None if self.value::<37>().is_some() => b"",
            None => return Err(Refusal::Reject(MISSING, 11)),
        };
        self.side()?;
        self.own_account(asking, cl_ord_id)?;
        let status = Status {
            entry: asking.entry,
            req_id: 0,
            num: asking.num,
            order_id: self.order_id()?,
            instrument: self.instrument(instruments, cl_ord_id)?,
        };
        let request = text(self.value::<790>().unwrap_or_default(), 255, 790)?;
        Command::Status(status, shown(cl_ord_id), request).encode(out);
        Ok(())
    }

    fn mass_cancel(
        &self,
        asking: &Asking<'_>,
        instruments: &impl Instruments,
        out: &mut Vec<u8>,
    ) -> Read<'a, ()> {
        let cl_ord_id = self.id()?;
        self.times(asking)?;
        let kind = match self.value::<530>() {
            None => return Err(Refusal::Reject(MISSING, 530)),
            Some(b"1") => MassCancelType::Security,
            Some(b"7") => MassCancelType::All,
            Some(_) => return Err(Refusal::Reject(INCORRECT, 530)),
        };
        let instrument = match kind {
            MassCancelType::All => NO_INSTRUMENT,
            // It has an answer of its own for what is unknown.
            MassCancelType::Security => match self.instrument(instruments, cl_ord_id) {
                Err(Refusal::Business(..)) => NO_INSTRUMENT,
                known => known?,
            },
        };
        let mass = MassCancel {
            entry: asking.entry,
            num: asking.num,
            instrument,
            kind,
            side: self.side()?.map_or(0, Side::code),
            quiet: false,
            prior: 0,
        };
        Command::MassCancel(mass, "", shown(cl_ord_id)).encode(out);
        Ok(())
    }

    fn security_list(&self, instruments: &impl Instruments) -> Read<'a, Asked<'a>> {
        let id = self.value::<320>().ok_or(Refusal::Reject(MISSING, 320))?;
        let id = text(id, 255, 320)?;
        match self.value::<559>() {
            None => Err(Refusal::Reject(MISSING, 559)),
            Some(b"0") => {
                let instrument = self.instrument(instruments, id.as_bytes())?;
                Ok(Asked::SecurityList(id, Some(instrument)))
            }
            Some(b"4") => Ok(Asked::SecurityList(id, None)),
            Some(_) => Err(Refusal::Reject(INCORRECT, 559)),
        }
    }

    fn security_status(&self, instruments: &impl Instruments) -> Read<'a, Asked<'a>> {
        let id = self.value::<324>().ok_or(Refusal::Reject(MISSING, 324))?;
        let id = text(id, 255, 324)?;
        match self.value::<263>() {
            None => return Err(Refusal::Reject(MISSING, 263)),
            Some(b"0") => {}
            Some(_) => return Err(Refusal::Reject(INCORRECT, 263)),
        }
        let instrument = self.instrument(instruments, id.as_bytes())?;
        Ok(Asked::SecurityStatus(id, instrument))
    }

    // -- fields ------------------------------------------------------------------------------

    fn id(&self) -> Read<'a, &'a [u8]> {
        let id = self.value::<11>().ok_or(Refusal::Reject(MISSING, 11))?;
        printable(id, CL_ORD_ID_BYTES_MAX, 11)
    }

    fn order_id(&self) -> Read<'a, u64> {
        match self.value::<37>() {
            None | Some(b"NONE") => Ok(0),
            Some(id) => value::unsigned(id).ok_or(Refusal::Reject(FORMAT, 37)),
        }
    }

    /// The order that is meant, by the client's name and by ours.
    fn named(&self, cl_ord_id: &'a [u8]) -> Read<'a, (&'a str, u64)> {
        let orig = match self.value::<41>() {
            None | Some(b"NONE") => "",
            Some(orig) => text(orig, CL_ORD_ID_BYTES_MAX, 41)?,
        };
        let order_id = self.order_id()?;
        if orig.is_empty() && order_id == 0 {
            return Err(Refusal::Business(
                CONDITIONALLY_MISSING,
                shown(cl_ord_id),
                41,
            ));
        }
        Ok((orig, order_id))
    }

    fn instrument(&self, instruments: &impl Instruments, id: &'a [u8]) -> Read<'a, u32> {
        let symbol = match (self.value::<55>(), self.value::<48>(), self.value::<22>()) {
            (Some(b"[N/A]"), Some(id), Some(b"8")) | (None, Some(id), Some(b"8")) => id,
            (Some(symbol), ..) => symbol,
            (None, ..) => return Err(Refusal::Reject(MISSING, 55)),
        };
        if let Some(number) = instruments.number(symbol) {
            return Ok(number);
        }
        text(symbol, 255, 55)?;
        Err(Refusal::Business(UNKNOWN_SECURITY, shown(id), 55))
    }

    fn own_account(&self, asking: &Asking<'_>, id: &'a [u8]) -> Read<'a, ()> {
        match self.value::<1>() {
            Some(account) if account != asking.account.as_bytes() => {
                let reason = match asking.version {
                    Version::Fix42 => 0,
                    Version::Fix44 => NOT_AUTHORIZED,
                };
                Err(Refusal::Business(reason, shown(id), 1))
            }
            _ => Ok(()),
        }
    }

    fn times(&self, asking: &Asking<'_>) -> Read<'a, ()> {
        match self.value::<60>() {
            None => return Err(Refusal::Reject(MISSING, 60)),
            Some(time) if !self.transacted && !value::is_timestamp(time) => {
                return Err(Refusal::Reject(FORMAT, 60));
            }
            Some(_) => {}
        }
        // HandlInst (21) means nothing here, but FIX.4.2 requires it of what has an OrdType.
        let needed = asking.version == Version::Fix42 && self.value::<40>().is_some();
        match self.value::<21>() {
            None if needed => Err(Refusal::Reject(MISSING, 21)),
            Some(b"1" | b"2" | b"3") | None => Ok(()),
            Some(_) => Err(Refusal::Reject(INCORRECT, 21)),
        }
    }

    fn side(&self) -> Read<'a, Option<Side>> {
        match self.value::<54>() {
            None => Ok(None),
            Some(b"1") => Ok(Some(Side::Buy)),
            Some(b"2") => Ok(Some(Side::Sell)),
            Some(_) => Err(Refusal::Reject(INCORRECT, 54)),
        }
    }

    fn ord_type(&self) -> Read<'a, Option<OrdType>> {
        match self.value::<40>() {
            None => Ok(None),
            Some(b"1") => Ok(Some(OrdType::Market)),
            Some(b"2") => Ok(Some(OrdType::Limit)),
            Some(b"3") => Ok(Some(OrdType::Stop)),
            Some(b"4") => Ok(Some(OrdType::StopLimit)),
            Some(_) => Err(Refusal::Reject(INCORRECT, 40)),
        }
    }

    fn qty(&self) -> Read<'a, Option<i64>> {
        match self.qty {
            None => decimal(self.value::<38>(), 38),
            units => Ok(units),
        }
    }

    fn price(&self) -> Read<'a, Option<i64>> {
        match self.price {
            None => decimal(self.value::<44>(), 44),
            units => Ok(units),
        }
    }

    fn tif(&self) -> Read<'a, TimeInForce> {
        match self.value::<59>() {
            None | Some(b"0") => Ok(TimeInForce::Day),
            Some(b"1") => Ok(TimeInForce::Gtc),
            Some(b"3") => Ok(TimeInForce::Ioc),
            Some(b"4") => Ok(TimeInForce::Fok),
            Some(b"6") => Ok(TimeInForce::Gtd),
            Some(_) => Err(Refusal::Reject(INCORRECT, 59)),
        }
    }

    fn exec_inst(&self) -> Read<'a, u8> {
        match self.value::<18>() {
            None => Ok(0),
            Some(b"6") => Ok(ExecInst::POST_ONLY),
            Some(_) => Err(Refusal::Reject(INCORRECT, 18)),
        }
    }

    fn stp(&self) -> Read<'a, Stp> {
        match self.value::<2964>() {
            None => Ok(Stp::Default),
            Some(b"0") => Ok(Stp::None),
            Some(b"1") => Ok(Stp::CancelNewest),
            Some(b"2") => Ok(Stp::CancelOldest),
            Some(b"3") => Ok(Stp::CancelBoth),
            Some(b"100") => Ok(Stp::Decrement),
            Some(_) => Err(Refusal::Reject(INCORRECT, 2964)),
        }
    }
}

/// A text that may be journaled.
fn text<'a>(value: &'a [u8], bytes_max: usize, tag: u32) -> Read<'a, &'a str> {
    Ok(shown(printable(value, bytes_max, tag)?))
}

/// Printable ASCII as text.
fn shown(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

/// What may be journaled: printable ASCII, of a bounded length.
#[inline(always)]
fn printable<'a>(value: &'a [u8], bytes_max: usize, tag: u32) -> Read<'a, &'a [u8]> {
    if value.len() > bytes_max {
        return Err(Refusal::Reject(INCORRECT, tag));
    }
    if !scan::is_text(value) {
        return Err(Refusal::Reject(FORMAT, tag));
    }
    Ok(value)
}

fn decimal<'a>(value: Option<&'a [u8]>, tag: u32) -> Read<'a, Option<i64>> {
    let Some(value) = value else {
        return Ok(None);
    };
    match value::decimal(value) {
        Ok(units) => Ok(Some(units)),
        Err(DecimalError::Syntax) => Err(Refusal::Reject(FORMAT, tag)),
        Err(_) => Err(Refusal::Reject(INCORRECT, tag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tag_that_means_something_has_a_place_of_its_own() {
        let mut noted = Request::default();
        let texts = TAGS.map(|tag| tag.to_string());
        for (tag, text) in TAGS.iter().zip(&texts) {
            for value in [text.as_bytes(), b"later"] {
                noted.take(Field { tag: *tag, value }, Held::NOTHING);
            }
        }
        for tag in [2, 999, 1_000, 1_023, 1_024, 2_965] {
            noted.take(Field { tag, value: b"x" }, Held::NOTHING);
        }
        let values = texts.each_ref().map(|text| Some(text.as_bytes()));
        assert_eq!(noted.values, values);
        assert_eq!(noted.value::<11>(), Some(&b"11"[..]));
        assert_eq!(noted.value::<2964>(), Some(&b"2964"[..]));
    }
}
