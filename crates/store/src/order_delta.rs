//! What a transaction will write of one order, gathered in memory from all its events.

use projection::change::InForce;
use projection::{Execution, State};
use wire::record::event::StatusReport;
use wire::record::{OrdType, Side, TimeInForce};

/// The terms of an order, which no event changes.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Account.
    pub account: u32,
    /// Entry.
    pub entry: u32,
    /// Instrument.
    pub instrument: u32,
    /// Side.
    pub side: Side,
    /// Type.
    pub ord_type: OrdType,
    /// Time in force.
    pub tif: TimeInForce,
}

/// All changes of one order within a transaction.
#[derive(Debug)]
pub struct OrderDelta {
    /// Order id.
    pub order_id: u64,
    /// The order began in this transaction; otherwise its row is there already, or its beginning is lost.
    pub begun: bool,
    /// Price, total quantity, `num` and client order id are new; otherwise the first three are guesses, for an
    /// order whose beginning is not known.
    pub amended: bool,
    /// Its terms; of an order that has not begun here, as far as its first event says them.
    pub terms: Terms,
    /// Client order id in text.
    pub text: String,
    /// User id, where the order has no account.
    pub user: String,
    /// How far it is; a `why` of `None` leaves what the row has.
    pub state: State,
    /// Time of the first event of the transaction.
    pub created_ns: u64,
    /// Time of the last.
    pub updated_ns: u64,
    /// Price and total quantity before the first of them.
    pub before: InForce,
    /// How many changes, and how many of them are fills.
    pub history: u64,
    pub fills: u64,
    /// The changes, packed.
    pub changes: Vec<u8>,
}

impl OrderDelta {
    /// The delta of the order of the first execution of the transaction, which is then applied to it.
    #[must_use]
    pub fn new(first: &Execution<'_>, time_ns: u64) -> Self {
        let (ord_type, tif) = first.terms();
        Self {
            order_id: first.order_id,
            begun: first.change.begins(),
            amended: false,
            terms: Terms {
                account: first.account,
                entry: first.entry,
                instrument: first.instrument,
                side: first.side,
                ord_type,
                tif,
            },
            text: first.text.to_owned(),
            user: first.user.to_owned(),
            state: State::new(first.num, first.before()),
            created_ns: time_ns,
            updated_ns: time_ns,
            before: first.before(),
            history: 0,
            fills: 0,
            changes: Vec::with_capacity(64),
        }
    }

    /// Go on by an execution.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "changes are counted one by one"
    )]
    pub fn apply(&mut self, x: &Execution<'_>, time_ns: u64) {
        self.state.apply(x);
        if x.change.amends() {
            self.amended = true;
            x.text.clone_into(&mut self.text);
        }
        self.updated_ns = time_ns;
        self.history += 1;
        self.fills += u64::from(x.change.is_fill());
        self.changes
            .extend_from_slice(x.change.pack(time_ns).as_slice());
    }

    /// It stands so, by what happened before anything that is recorded.
    pub fn stands(&mut self, x: &StatusReport) {
        (self.begun, self.history, self.fills) = (false, 0, 0);
        self.changes.clear();
        self.state.stand(x);
    }
}
