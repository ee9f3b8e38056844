//! A line as a command.
//!
//! `<who> buy|sell <qty> [@<price>] [tif] [words]`, `<who> cancel|amend|status <names>`,
//! `<who> mass all|one [side=]`, `<who> claims`, `<who> closed`, `entry <kind> <name> <account>`, `spec k=v`,
//! `set k=v`, `at <seconds>`, `raise k=v`, `told entry= seq=`, `opens via=<gateway>`.  Who: an entry's
//! number, a user's name, or `any`.  A ClOrdID is the entry's next unless `num=` says otherwise.  Of FIX:
//! `<who> says <MsgType> [number=]`, `<who> resets`, the request's own name `as=`, its epoch `epoch=`, `resend`.

use std::collections::HashMap;
use wire::record::command::{
    Cancel, EntryClaim, EntryClosed, EntryOpen, GatewayOpen, MassCancel, NO_ENTRY, NO_INSTRUMENT,
    NO_PRICE, NO_QTY, NewOrder, Raise, RaiseEntry, Refuse, Replace, Rules, SessionMessage,
    SessionReset, SetInstrument, Settings, Status, in_num,
};
use wire::record::{Command, EntryKind, ExecInst, MassCancelType, OrdType, Side, Stp, TimeInForce};

/// What goes on from line to line.
pub struct Sender {
    pub now_ns: u64,
    nums: HashMap<u32, u64>,
    nonce: u64,
}

/// The words of a line: plain ones, and those with a value.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        let found = |word: &&'a str| word.strip_prefix(name)?.strip_prefix('=');
        self.0.iter().find_map(found)
    }

    fn number<T: std::str::FromStr>(&self, name: &str, absent: T) -> T {
        self.value(name).map_or(absent, |value| {
            value.parse().unwrap_or_else(|_| panic!("{name}={value}"))
        })
    }

    fn order_id(&self) -> u64 {
        let id = self.0.iter().find_map(|word| word.strip_prefix('#'));
        id.map_or(0, |id| id.parse().unwrap())
    }

    fn stp(&self) -> Stp {
        match self.value("stp") {
            Some("none") => Stp::None,
            Some("newest") => Stp::CancelNewest,
            Some("oldest") => Stp::CancelOldest,
            Some("both") => Stp::CancelBoth,
            Some("dec") => Stp::Decrement,
            _ => Stp::Default,
        }
    }
}

impl Sender {
    pub fn new() -> Self {
        Self {
            now_ns: 0,
            nums: HashMap::new(),
            nonce: 0,
        }
    }

    /// Encode a line: how many commands it makes.
    pub fn write(&mut self, line: &str, out: &mut Vec<u8>) -> u32 {
        let words = Words(line.split_whitespace().collect());
        let rest = Words(words.0[1..].to_vec());
        match words.0[0] {
            "at" => {
                self.now_ns = words.0[1].parse::<u64>().unwrap() * 1_000_000_000;
                Command::Tick.encode(out);
            }
            "spec" => spec(&rest, out),
            "set" => set(&rest, out),
            "entry" => open(&rest, out),
            "raise" => raise(&rest, out),
            "opens" => {
                let gateway = rest.number("via", 0);
                self.nonce += 1;
                let nonce = self.nonce;
                Command::GatewayOpen(GatewayOpen { gateway, nonce }).encode(out);
            }
            "rules" => {
                let version = words.0[1].parse().unwrap();
                Command::Rules(Rules { version }).encode(out);
            }
            "told" => {
                let (entry, entry_seq) = (rest.number("entry", 0), rest.number("seq", 0));
                Command::RaiseEntry(RaiseEntry { entry, entry_seq }).encode(out);
            }
            who => self.request(who, &rest, out),
        }
        1
    }

    fn request(&mut self, who: &str, words: &Words<'_>, out: &mut Vec<u8>) {
        let (entry, user) = match who.parse::<u32>() {
            Ok(entry) => (entry, ""),
            Err(_) if who == "any" => (NO_ENTRY, ""),
            Err(_) => (NO_ENTRY, who),
        };
        let next = self.nums.get(&entry).copied().unwrap_or(0) + 1;
        let num = words.number("num", next);
        self.nums.insert(entry, num.max(next - 1));
        let text = words.value("id").unwrap_or("");
        let request = words.value("as").unwrap_or("");
        let num = match words.value("epoch") {
            Some(epoch) => in_num(epoch.parse().unwrap(), num),
            None => num,
        };
        let poss_resend = words.has("resend");
        let instrument = words.number("on", NO_INSTRUMENT);
        let (orig_num, order_id) = (words.number("of", 0), words.order_id());
        match words.0[0] {
            "cancel" => {
                let fixed = Cancel {
                    entry,
                    num,
                    orig_num,
                    order_id,
                    instrument,
                    poss_resend,
                };
                Command::Cancel(fixed, user, text, request).encode(out);
            }
            "amend" => {
                let (price, qty) = (words.number("px", NO_PRICE), words.number("qty", NO_QTY));
                let fixed = Replace {
                    entry,
                    num,
                    orig_num,
                    order_id,
                    price,
                    qty,
                    instrument,
                    poss_resend,
                };
                Command::Replace(fixed, user, text, request).encode(out);
            }
            "mass" => {
                let one = words.has("one");
                let kind = if one {
                    MassCancelType::Security
                } else {
                    MassCancelType::All
                };
                let side = words.number("side", 0);
                let fixed = MassCancel {
                    entry,
                    num,
                    instrument,
                    kind,
                    side,
                    quiet: words.has("quiet"),
                    prior: words.number("prior", 0),
                };
                Command::MassCancel(fixed, user, request).encode(out);
            }
            "status" => {
                let fixed = Status {
                    entry,
                    req_id: 7,
                    num: if text.is_empty() { orig_num } else { num },
                    order_id,
                    instrument,
                };
                Command::Status(fixed, text, request).encode(out);
            }
            "says" => {
                let said = SessionMessage {
                    entry,
                    num,
                    msg_type: words.0[1].as_bytes()[0],
                    number: words.number("number", 0),
                    end: 0,
                    ref_tag: 0,
                    reason: 0,
                    flag: false,
                };
                Command::SessionMessage(said, "", text).encode(out);
            }
            "resets" => {
                let epoch = words.number("epoch", 0);
                Command::SessionReset(SessionReset { entry, epoch }).encode(out);
            }
            "claims" => Command::EntryClaim(EntryClaim { entry }).encode(out),
            "closed" => Command::EntryClosed(EntryClosed { entry }).encode(out),
            "refuse" => {
                let fixed = Refuse {
                    entry,
                    ref_id: 9,
                    template: 100,
                    reason: 3,
                };
                Command::Refuse(fixed).encode(out);
            }
            side => {
                let side = if side == "buy" { Side::Buy } else { Side::Sell };
                let new = new_order((entry, num), side, words);
                Command::New(new, user, text).encode(out);
            }
        }
    }
}

fn new_order((entry, num): (u32, u64), side: Side, words: &Words<'_>) -> NewOrder {
    let price = words.0.iter().find_map(|word| word.strip_prefix('@'));
    let ord_type = match () {
        () if words.has("stop") => OrdType::Stop,
        () if words.has("stop_limit") => OrdType::StopLimit,
        () if words.has("market") => OrdType::Market,
        () => OrdType::Limit,
    };
    let tifs = [
        ("day", TimeInForce::Day),
        ("ioc", TimeInForce::Ioc),
        ("fok", TimeInForce::Fok),
        ("gtd", TimeInForce::Gtd),
    ];
    let tif = tifs.iter().find(|(name, _)| words.has(name));
    let resend = match words.has("resend") {
        true => ExecInst::POSS_RESEND,
        false => 0,
    };
    NewOrder {
        entry,
        num,
        price: price.map_or(NO_PRICE, |price| price.parse().unwrap()),
        qty: words.0[1].parse().unwrap(),
        instrument: words.number("on", 1),
        side,
        ord_type,
        tif: tif.map_or(TimeInForce::Gtc, |(_, tif)| *tif),
        exec_inst: words.number("inst", u8::from(words.has("post"))) | resend,
        stp: words.stp(),
    }
}

fn spec(words: &Words<'_>, out: &mut Vec<u8>) {
    let mut spec = super::SPEC;
    spec.tick = words.number("tick", spec.tick);
    spec.lot = words.number("lot", spec.lot);
    spec.qty_min = words.number("qty_min", spec.qty_min);
    spec.qty_max = words.number("qty_max", 0);
    spec.notional_min = words.number("notional_min", 0);
    spec.price_band_bps = words.number("band", 0);
    spec.orders_per_side_max = words.number("per_side", 0);
    spec.session_end_s = words.number("end", 0);
    spec.open = !words.has("closed");
    let symbol = words.value("symbol").unwrap_or("X");
    // X, Y and Z are 1, 2 and 3, unless a script says otherwise.
    let usual = symbol
        .bytes()
        .next()
        .map_or(0, |letter| u32::from(letter.wrapping_sub(b'W')));
    let set = SetInstrument {
        instrument: words.number("number", usual),
    };
    Command::Instrument(set, spec, symbol).encode(out);
}

fn set(words: &Words<'_>, out: &mut Vec<u8>) {
    let settings = Settings {
        accounts_max: words.number("accounts", 1_000_000),
        client_ids_per_account_max: words.number("ids", 10_000),
        instruments_max: words.number("instruments", 1_000),
        event_batch_bytes_max: 1 << 20,
        stamp_ahead_ns_max: 1_000_000_000,
        stamp_behind_ns_max: 10_000_000_000,
        gateway_lease_ns: words.number("lease", 5) * 1_000_000_000,
        handover_grace_ns: words.number("grace", 0) * 1_000_000_000,
        claim_interval_ns: words.number("interval", 1) * 1_000_000_000,
        client_ids_per_session_max: words.number("session_ids", 100_000),
        closed_orders_per_session_max: words.number("session_closed", 10_000),
        closed_orders_bytes_max: words.number("closed_bytes", 64 << 20),
    };
    Command::Settings(settings).encode(out);
}

fn raise(words: &Words<'_>, out: &mut Vec<u8>) {
    let raise = Raise {
        orders: words.number("orders", 0),
        trades: words.number("trades", 0),
        events: words.number("events", 0),
    };
    Command::Raise(raise).encode(out);
}

fn open(words: &Words<'_>, out: &mut Vec<u8>) {
    let kind = match words.0[0] {
        "rest" => EntryKind::Rest,
        "binary" => EntryKind::Binary,
        _ => EntryKind::Fix,
    };
    let fixed = EntryOpen {
        kind,
        cancel_on_disconnect: words.has("disconnect"),
        stp: words.stp(),
    };
    Command::EntryOpen(fixed, words.0[1], words.0[2]).encode(out);
}
