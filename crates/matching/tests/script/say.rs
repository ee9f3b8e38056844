//! An event as one line.

use wire::record::command::NO_PRICE;
use wire::record::event::{Canceled, Replaced, Trade};
use wire::record::{Event, OrdStatus};

fn price(price: i64) -> String {
    if price == NO_PRICE {
        "market".to_owned()
    } else {
        price.to_string()
    }
}

fn copy(copy: bool) -> &'static str {
    if copy { " (copy)" } else { "" }
}

fn id(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" id={text}")
    }
}

/// The request's own name.
fn asked(request: &str) -> String {
    if request.is_empty() {
        String::new()
    } else {
        format!(" as={request}")
    }
}

/// The line.
pub fn say(event: &Event<'_>) -> String {
    match event {
        Event::Accepted(x, text) => format!(
            "{}.{} new #{} {:?} {}@{} {:?}{}",
            x.entry,
            x.entry_seq,
            x.order_id,
            x.side,
            x.qty,
            price(x.price),
            x.tif,
            id(text)
        ),
        Event::Trade(x, ..) => trade(x),
        Event::Canceled(x, text, request) => canceled(x, text) + &asked(request),
        Event::Replaced(x, text, request) if !request.is_empty() => {
            replaced(x) + &id(text) + &asked(request)
        }
        Event::Replaced(x, ..) => replaced(x),
        Event::Rejected(x, user, text) => format!(
            "{}.{} rejected #{} {:?}{}{}",
            x.entry,
            x.entry_seq,
            x.order_id,
            x.reason,
            if user.is_empty() {
                String::new()
            } else {
                format!(" user={user}")
            },
            id(text)
        ),
        Event::CancelRejected(x, text, request) => format!(
            "{}.{} refused {} #{} {:?}{}{}{}",
            x.entry,
            x.entry_seq,
            if x.response_to == 1 {
                "cancel"
            } else {
                "amend"
            },
            x.order_id,
            x.reason,
            if x.status == OrdStatus::Rejected {
                String::new()
            } else {
                format!(" {:?}", x.status)
            },
            id(text),
            asked(request)
        ),
        Event::MassCanceled(x, request) => format!(
            "{}.{} mass {} {:?}{}",
            x.entry,
            x.entry_seq,
            x.count,
            x.reason,
            asked(request)
        ),
        Event::StatusReport(x, text, request) => format!(
            "{}.{} status #{} num={} {}@{} left {} cum {} {:?}{}{}",
            x.entry,
            x.entry_seq,
            x.order_id,
            x.num,
            x.qty,
            price(x.price),
            x.leaves,
            x.cum,
            x.status,
            id(text),
            asked(request)
        ),
        Event::Repeated(x, text) => format!(
            "{}.{} repeats #{} {} {:?}{}",
            x.entry,
            x.entry_seq,
            x.order_id,
            if x.same { "same" } else { "other" },
            x.reason,
            id(text)
        ),
        Event::EntryOpened(x, name, account) => format!(
            "entry {} {:?} {name} of {account}({}) {:?}{}",
            x.entry,
            x.kind,
            x.account,
            x.stp,
            if x.cancel_on_disconnect {
                " cancels on disconnect"
            } else {
                ""
            }
        ),
        Event::InstrumentSet(x, _, symbol) => format!("instrument {} {symbol}", x.instrument),
        Event::Refused(x) => format!(
            "{}.{} refused {} {}",
            x.entry, x.entry_seq, x.ref_id, x.reason
        ),
        Event::SettingsSet(_) => "settings".to_owned(),
        Event::Raised(x) => format!(
            "raised #{}..{} trade {} after {}",
            x.orders_after, x.orders, x.trades, x.after
        ),
        Event::EntryRaised(x) => format!("entry {} raised {}", x.entry, x.entry_seq),
        Event::RulesSet(x) => format!("rules {}", x.version),
        Event::SessionMessage(x, _, text) => format!(
            "{}.{} says {} {}{}",
            x.entry,
            x.entry_seq,
            char::from(x.msg_type),
            x.number,
            id(text)
        ),
        Event::SessionReset(x) => {
            format!("{}.{} begins epoch {}", x.entry, x.entry_seq, x.epoch)
        }
        Event::EntryClaimed(x) => format!(
            "entry {} {} {}.{} told {} num {}",
            x.entry,
            if x.granted { "is of" } else { "is not of" },
            x.gateway,
            x.incarnation,
            x.entry_seq,
            x.last_num
        ),
        Event::GatewayClosed(x) => format!("gateway {} {} ends", x.gateway, x.incarnation),
        Event::GatewayOpened(x) => format!("gateway {} {}", x.gateway, x.incarnation),
    }
}

fn trade(x: &Trade) -> String {
    format!(
        "trade {} {}@{} taker {}.{} #{} left {} cum {} avg {} maker {}.{} #{} left {} cum {} avg {}",
        x.trade_id,
        x.qty,
        x.price,
        x.taker_entry,
        x.taker_entry_seq,
        x.taker_order_id,
        x.taker_leaves,
        x.taker_cum,
        x.taker_avg_px,
        x.maker_entry,
        x.maker_entry_seq,
        x.maker_order_id,
        x.maker_leaves,
        x.maker_cum,
        x.maker_avg_px,
    )
}

fn canceled(x: &Canceled, text: &str) -> String {
    format!(
        "{}.{} out #{} {} {:?} left {} cum {} {:?} num={}/{}{}{}",
        x.entry,
        x.entry_seq,
        x.order_id,
        x.qty,
        x.reason,
        x.leaves,
        x.cum,
        x.status,
        x.num,
        x.orig_num,
        id(text),
        copy(x.copy)
    )
}

fn replaced(x: &Replaced) -> String {
    format!(
        "{}.{} amended #{} {}@{} left {} was left {}@{} {} {:?} num={}/{}{}",
        x.entry,
        x.entry_seq,
        x.order_id,
        x.qty,
        x.price,
        x.leaves,
        x.old_leaves,
        x.old_price,
        if x.kept_priority { "kept" } else { "lost" },
        x.status,
        x.num,
        x.orig_num,
        copy(x.copy)
    )
}
