//! Deterministic bytes for fuzzing: a stream of client packets, and damage to it.
//!
//! `FUZZ_CASES` says how many cases, `FUZZ_SEED` where to begin; a failure prints the seed of its case.

use wire::sbe::{
    Message, NewOrderSingle, OrderCancelReplaceRequest, OrderCancelRequest, OrderMassCancelRequest,
    OrderStatusRequest, SecurityListRequest,
};
use wire::soup::{self, LoginRequest, kind};

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// A number that code likes to trip over, half of the time a small one.
    fn number(&mut self) -> u64 {
        match self.below(8) {
            0 => u64::MAX,
            1 => i64::MAX as u64,
            2 => i64::MIN as u64,
            3 => self.next(),
            _ => self.next() % 8,
        }
    }
}

/// Prints how to run a case again, unless it ends well.
struct Case(u64);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed: run with FUZZ_SEED={} FUZZ_CASES=1", self.0);
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap(),
        Err(_) => default,
    }
}

/// Run `case` on each seed.
pub fn each_case(default: u64, mut case: impl FnMut(&mut Random)) {
    let seed = setting("FUZZ_SEED", 1);
    for number in seed..seed + setting("FUZZ_CASES", default) {
        let running = Case(number);
        case(&mut Random::new(number));
        drop(running);
    }
}

/// A request of any kind with fields of any kind.
pub fn request(random: &mut Random) -> Message {
    let (a, b, c) = (random.number(), random.number(), random.number());
    let (d, e) = (random.number() as i64, random.number() as i64);
    let instrument = random.number() as u32;
    let mut code = || random.number() as u8;
    match a % 6 {
        0 => Message::NewOrderSingle(NewOrderSingle {
            cl_ord_id: b,
            price: d,
            order_qty: e,
            stop_px: c as i64,
            security_id: instrument,
            side: code(),
            ord_type: code(),
            time_in_force: code(),
            exec_inst: code(),
            self_match_prevention_instruction: code(),
        }),
        1 => Message::OrderCancelRequest(OrderCancelRequest {
            cl_ord_id: b,
            orig_cl_ord_id: c,
            order_id: d as u64,
            security_id: instrument,
        }),
        2 => Message::OrderCancelReplaceRequest(OrderCancelReplaceRequest {
            cl_ord_id: b,
            orig_cl_ord_id: c,
            order_id: a,
            price: d,
            order_qty: e,
            security_id: instrument,
        }),
        3 => Message::OrderMassCancelRequest(OrderMassCancelRequest {
            cl_ord_id: b,
            security_id: instrument,
            mass_cancel_request_type: code(),
            side: code(),
        }),
        4 => Message::OrderStatusRequest(OrderStatusRequest {
            ord_status_req_id: b,
            cl_ord_id: c,
            order_id: d as u64,
            security_id: instrument,
        }),
        _ => Message::SecurityListRequest(SecurityListRequest {
            security_req_id: b,
            security_id: instrument,
            security_list_request_type: code(),
        }),
    }
}

/// A login and up to four packets behind it, appended to `out`.
pub fn stream(random: &mut Random, out: &mut Vec<u8>) {
    LoginRequest {
        user: "demo1",
        password: "demo",
        session: "",
        sequence: random.number(),
    }
    .push(out);
    for _ in 0..random.below(5) {
        match random.below(6) {
            0 => soup::push_empty(kind::CLIENT_HEARTBEAT, out),
            1 => soup::push_debug("text", out),
            _ => request(random).push(out),
        }
    }
}

/// Damage some bytes: none, one, or a few.
pub fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            3 => bytes.truncate(at),
            4 => {
                let piece = random.next().to_le_bytes();
                bytes.splice(at..at, piece[..random.below(9)].iter().copied());
            }
            _ => {
                bytes.drain(at..(at + random.below(20)).min(bytes.len()));
            }
        }
    }
}
