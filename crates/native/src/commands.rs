//! A buffer into which Python writes commands, and from which it takes sealed batches.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::record::batch::{CommandBatch, CommandBatchHeader};
use wire::record::command::{self, Command};
use wire::record::field::Field;
use wire::record::{EntryKind, MassCancelType, OrdType, Side, Stp, TimeInForce};

use crate::engine::EngineLimits;
use crate::ports::{CommandSource, header};

/// Commands that wait to be sealed into a batch.
#[derive(Debug, Default)]
#[pyclass(module = "core._native")]
pub struct Commands {
    records: Vec<u8>,
    /// Where each record ends in `records`.
    ends: Vec<usize>,
}

fn known<T: Field, I: Into<u64> + Copy>(value: Option<T>, name: &str, code: I) -> PyResult<T> {
    value.ok_or_else(|| PyValueError::new_err(format!("{name} has no value {}", code.into())))
}

fn fits(name: &str, text: &str, bytes_max: usize) -> PyResult<()> {
    if text.len() > bytes_max {
        return Err(PyValueError::new_err(format!(
            "{name} is longer than {bytes_max} bytes"
        )));
    }
    Ok(())
}

/// Longest text in a record, in bytes.
const TEXT_BYTES_MAX: usize = 64;

impl Commands {
    fn push(&mut self, command: &Command<'_>) {
        // What a panic may have left there halfway is no record.
        self.records
            .truncate(self.ends.last().copied().unwrap_or(0));
        command.encode(&mut self.records);
        self.ends.push(self.records.len());
    }

    /// Take up to `commands_max` commands as one batch, appended to `out`; false when there are none.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions of records in memory, which rise"
    )]
    fn take_batch(
        &mut self,
        mut header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> PyResult<bool> {
        let count = self.ends.len().min(commands_max);
        if count == 0 {
            return Ok(false);
        }
        let end = self.ends[count - 1];
        header.count = u32::try_from(count).map_err(|_| PyValueError::new_err("commands_max"))?;
        CommandBatch::write(header, &self.records[..end], out);
        self.records.drain(..end);
        self.ends.drain(..count);
        for later in &mut self.ends {
            *later -= end;
        }
        Ok(true)
    }
}

impl CommandSource for Py<Commands> {
    fn seal(
        &self,
        py: Python<'_>,
        header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> PyResult<bool> {
        self.try_borrow_mut(py)?
            .take_batch(header, commands_max, out)
    }
}

#[pymethods]
impl Commands {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __len__(&self) -> usize {
        self.ends.len()
    }

    fn gateway_open(&mut self, gateway: u16, nonce: u64) {
        self.push(&Command::GatewayOpen(command::GatewayOpen {
            gateway,
            nonce,
        }));
    }

    #[pyo3(signature = (kind, name, account, *, cancel_on_disconnect=false, stp=0))]
    fn entry_open(
        &mut self,
        kind: u8,
        name: &str,
        account: &str,
        cancel_on_disconnect: bool,
        stp: u8,
    ) -> PyResult<()> {
        fits("name", name, TEXT_BYTES_MAX)?;
        fits("account", account, TEXT_BYTES_MAX)?;
        let fixed = command::EntryOpen {
            kind: known(EntryKind::from_code(kind), "kind", kind)?,
            cancel_on_disconnect,
            stp: known(Stp::from_code(stp), "stp", stp)?,
        };
        self.push(&Command::EntryOpen(fixed, name, account));
        Ok(())
    }

    fn entry_claim(&mut self, entry: u32) {
        self.push(&Command::EntryClaim(command::EntryClaim { entry }));
    }

    fn entry_closed(&mut self, entry: u32) {
        self.push(&Command::EntryClosed(command::EntryClosed { entry }));
    }

    #[pyo3(signature = (
        *, side, ord_type, tif, qty, instrument=None, price=None, exec_inst=0, stp=Stp::Default.code(),
        entry=None, user="", num=0, text=""
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new_order(
        &mut self,
        side: u8,
        ord_type: u8,
        tif: u8,
        qty: i64,
        instrument: Option<u32>,
        price: Option<i64>,
        exec_inst: u8,
        stp: u8,
        entry: Option<u32>,
        user: &str,
        num: u64,
        text: &str,
    ) -> PyResult<()> {
        fits("user", user, TEXT_BYTES_MAX)?;
        fits("text", text, TEXT_BYTES_MAX)?;
        let fixed = command::NewOrder {
            entry: entry.unwrap_or(command::NO_ENTRY),
            num,
            price: price.unwrap_or(command::NO_PRICE),
            qty,
            instrument: instrument.unwrap_or(command::NO_INSTRUMENT),
            side: known(Side::from_code(side), "side", side)?,
            ord_type: known(OrdType::from_code(ord_type), "ord_type", ord_type)?,
            tif: known(TimeInForce::from_code(tif), "tif", tif)?,
            exec_inst,
            stp: known(Stp::from_code(stp), "stp", stp)?,
        };
        self.push(&Command::New(fixed, user, text));
        Ok(())
    }

    #[pyo3(signature = (
        *, entry=None, user="", num=0, orig_num=0, text="", order_id=0, instrument=None,
        request="", poss_resend=false
    ))]
    #[allow(clippy::too_many_arguments)]
    fn cancel(
        &mut self,
        entry: Option<u32>,
        user: &str,
        num: u64,
        orig_num: u64,
        text: &str,
        order_id: u64,
        instrument: Option<u32>,
        request: &str,
        poss_resend: bool,
    ) -> PyResult<()> {
        fits("user", user, TEXT_BYTES_MAX)?;
        fits("text", text, TEXT_BYTES_MAX)?;
        fits("request", request, TEXT_BYTES_MAX)?;
        let fixed = command::Cancel {
            entry: entry.unwrap_or(command::NO_ENTRY),
            num,
            orig_num,
            order_id,
            instrument: instrument.unwrap_or(command::NO_INSTRUMENT),
            poss_resend,
        };
        self.push(&Command::Cancel(fixed, user, text, request));
        Ok(())
    }

    #[pyo3(signature = (
        *, entry=None, user="", num=0, orig_num=0, text="", order_id=0, price=None, qty=None,
        instrument=None, request="", poss_resend=false
    ))]
    #[allow(clippy::too_many_arguments)]
    fn replace(
        &mut self,
        entry: Option<u32>,
        user: &str,
        num: u64,
        orig_num: u64,
        text: &str,
        order_id: u64,
        price: Option<i64>,
        qty: Option<i64>,
        instrument: Option<u32>,
        request: &str,
        poss_resend: bool,
    ) -> PyResult<()> {
        fits("user", user, TEXT_BYTES_MAX)?;
        fits("text", text, TEXT_BYTES_MAX)?;
        fits("request", request, TEXT_BYTES_MAX)?;
        let fixed = command::Replace {
            entry: entry.unwrap_or(command::NO_ENTRY),
            num,
            orig_num,
            order_id,
            price: price.unwrap_or(command::NO_PRICE),
            qty: qty.unwrap_or(command::NO_QTY),
            instrument: instrument.unwrap_or(command::NO_INSTRUMENT),
            poss_resend,
        };
        self.push(&Command::Replace(fixed, user, text, request));
        Ok(())
    }

    #[pyo3(signature = (
        *, kind, entry=None, user="", num=0, instrument=None, side=0, quiet=false, prior=0,
        request=""
    ))]
    #[allow(clippy::too_many_arguments)]
    fn mass_cancel(
        &mut self,
        kind: u8,
        entry: Option<u32>,
        user: &str,
        num: u64,
        instrument: Option<u32>,
        side: u8,
        quiet: bool,
        prior: u32,
        request: &str,
    ) -> PyResult<()> {
        fits("user", user, TEXT_BYTES_MAX)?;
        fits("request", request, TEXT_BYTES_MAX)?;
        let fixed = command::MassCancel {
            entry: entry.unwrap_or(command::NO_ENTRY),
            num,
            instrument: instrument.unwrap_or(command::NO_INSTRUMENT),
            kind: known(MassCancelType::from_code(kind), "kind", kind)?,
            side,
            quiet,
            prior,
        };
        self.push(&Command::MassCancel(fixed, user, request));
        Ok(())
    }

    #[pyo3(signature = (
        *, entry, req_id, num=0, order_id=0, instrument=None, text="", request=""
    ))]
    #[allow(clippy::too_many_arguments)]
    fn status(
        &mut self,
        entry: u32,
        req_id: u64,
        num: u64,
        order_id: u64,
        instrument: Option<u32>,
        text: &str,
        request: &str,
    ) -> PyResult<()> {
        fits("text", text, TEXT_BYTES_MAX)?;
        fits("request", request, TEXT_BYTES_MAX)?;
        let fixed = command::Status {
            entry,
            req_id,
            num,
            order_id,
            instrument: instrument.unwrap_or(command::NO_INSTRUMENT),
        };
        self.push(&Command::Status(fixed, text, request));
        Ok(())
    }

    /// What a FIX session says that is about no order; see `SessionMessage` of the records.
    #[pyo3(signature = (
        *, entry, num, msg_type, number=0, end=0, ref_tag=0, reason=0, flag=false, ref_msg_type="", text=""
    ))]
    #[allow(clippy::too_many_arguments)]
    fn session_message(
        &mut self,
        entry: u32,
        num: u64,
        msg_type: u8,
        number: u64,
        end: u64,
        ref_tag: u32,
        reason: u16,
        flag: bool,
        ref_msg_type: &str,
        text: &str,
    ) -> PyResult<()> {
        fits("ref_msg_type", ref_msg_type, TEXT_BYTES_MAX)?;
        fits("text", text, TEXT_BYTES_MAX)?;
        let fixed = command::SessionMessage {
            entry,
            num,
            msg_type,
            number,
            end,
            ref_tag,
            reason,
            flag,
        };
        self.push(&Command::SessionMessage(fixed, ref_msg_type, text));
        Ok(())
    }

    fn refuse(&mut self, entry: u32, ref_id: u64, template: u16, reason: u16) {
        self.push(&Command::Refuse(command::Refuse {
            entry,
            ref_id,
            template,
            reason,
        }));
    }

    #[pyo3(signature = (
        instrument, symbol, *, tick, lot, qty_min=0, qty_max=0, notional_min=0, price_band_bps=0,
        orders_per_side_max=0, session_end_s=0, open=true
    ))]
    #[allow(clippy::too_many_arguments)]
    fn instrument(
        &mut self,
        instrument: u32,
        symbol: &str,
        tick: i64,
        lot: i64,
        qty_min: i64,
        qty_max: i64,
        notional_min: i64,
        price_band_bps: u32,
        orders_per_side_max: u32,
        session_end_s: u32,
        open: bool,
    ) -> PyResult<()> {
        fits("symbol", symbol, TEXT_BYTES_MAX)?;
        let fixed = command::Instrument {
            tick,
            lot,
            qty_min,
            qty_max,
            notional_min,
            price_band_bps,
            orders_per_side_max,
            session_end_s,
            open,
        };
        let set = command::SetInstrument { instrument };
        self.push(&Command::Instrument(set, fixed, symbol));
        Ok(())
    }

    fn settings(&mut self, limits: &EngineLimits) {
        self.push(&Command::Settings(limits.settings()));
    }

    /// From here on the rules of this version decide.
    fn rules(&mut self, version: u32) {
        self.push(&Command::Rules(command::Rules { version }));
    }

    fn tick(&mut self) {
        self.push(&Command::Tick);
    }

    /// Go on above numbers that were told: orders, trades, events.
    #[pyo3(signature = (*, orders=0, trades=0, events=0))]
    fn raise_numbers(&mut self, orders: u64, trades: u64, events: u64) {
        self.push(&Command::Raise(command::Raise {
            orders,
            trades,
            events,
        }));
    }

    /// The same for what an entry was told.
    fn raise_entry(&mut self, entry: u32, entry_seq: u64) {
        self.push(&Command::RaiseEntry(command::RaiseEntry {
            entry,
            entry_seq,
        }));
    }

    /// Let the numbers of an entry's session begin anew, in both directions, where `epoch` is the one it has.
    fn session_reset(&mut self, entry: u32, epoch: u64) {
        self.push(&Command::SessionReset(command::SessionReset {
            entry,
            epoch,
        }));
    }

    /// Forget what waits.
    fn clear(&mut self) {
        self.records.clear();
        self.ends.clear();
    }

    /// Take up to `commands_max` commands as one batch; `None` when there are none.
    fn seal<'py>(
        &mut self,
        py: Python<'py>,
        gateway: u16,
        incarnation: u32,
        number: u64,
        stamp_ns: u64,
        commands_max: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let header = header(gateway, incarnation, number, stamp_ns);
        let mut batch = Vec::new();
        let some = self.take_batch(header, commands_max, &mut batch)?;
        Ok(some.then(|| PyBytes::new(py, &batch)))
    }
}
