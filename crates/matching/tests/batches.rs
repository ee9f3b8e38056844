//! Batches: whose turn it is, when they happen, how their events are cut; snapshots and what harms them.
#![allow(clippy::unwrap_used)]

mod batch;

use batch::{apply, batch, order, setup};
use matching::{Engine, Held, RULES, SnapshotError};
use wire::record::batch::HASH;
use wire::record::command::{
    Cancel, EntryClaim, GatewayOpen, MassCancel, NO_INSTRUMENT, Raise, Rules, Settings,
};
use wire::record::{Command, Dropped, Event, EventBatch, MassCancelType, RecordError, Side};
use xxhash_rust::xxh3::xxh3_64;

const SECOND: u64 = 1_000_000_000;

fn split(mut out: &[u8]) -> Vec<(EventBatch<'_>, &[u8])> {
    let mut batches = Vec::new();
    while !out.is_empty() {
        let before = out;
        let batch = EventBatch::take(&mut out).unwrap();
        batches.push((batch, &before[..before.len() - out.len()]));
    }
    batches
}

#[test]
fn a_gateways_batches_count_from_one_under_its_incarnation() {
    let mut engine = Engine::new(0);
    let open = |nonce| Command::GatewayOpen(GatewayOpen { gateway: 7, nonce });
    use Dropped::{Fenced, Gap, No, Repeat};
    let steps = [
        ((7, 1, 1), 1, Fenced, "not open yet"),
        ((7, 0, 0), 1, No, "opened"),
        ((7, 1, 2), 1, Gap, "a gap"),
        ((7, 1, 1), 1, No, "the first"),
        ((7, 1, 1), 1, Repeat, "a repeat"),
        ((7, 1, 2), 1, No, "the second"),
        ((7, 0, 0), 1, Repeat, "the opening that was sent again"),
        ((7, 1, 3), 1, No, "which has ended nothing"),
        ((7, 0, 0), 2, No, "opened again"),
        ((7, 1, 4), 2, Fenced, "of the one before"),
        ((7, 3, 1), 2, Fenced, "an incarnation not given yet"),
        ((7, 2, 9), 2, Gap, "a gap"),
        ((7, 2, 1), 2, No, "the first of the second"),
        ((7, 2, 0), 2, Repeat, "a number that no batch has"),
        ((7, 0, 1), 2, Fenced, "an incarnation that none has"),
        ((0, 0, 5), 2, No, "the engine's own"),
        ((0, 9, 5), 2, No, "which is not numbered"),
    ];
    for (turn, nonce, dropped, what) in steps {
        let before = engine.position();
        let bytes = batch(turn, 0, &[open(nonce), Command::Tick]);
        let out = apply(&mut engine, 0, &bytes);
        let batches = split(&out);
        let header = batches[0].0.header;
        assert_eq!((header.gateway, header.incarnation, header.number), turn);
        assert_eq!(
            (header.dropped, header.command_hash),
            (dropped, xxh3_64(&bytes)),
            "{what}"
        );
        assert!(header.last && batches.len() == 1);
        let commands = engine.position().commands - before.commands;
        assert_eq!(commands, if dropped == No { 2 } else { 0 }, "{what}");
        let opened = dropped == No && turn == (7, 0, 0);
        assert_eq!(header.count, u32::from(opened), "{what}");
        assert_eq!(engine.position().batches, before.batches + 1);
    }
    let gateways: Vec<_> = engine.gateways().collect();
    let [(7, state)] = gateways[..] else {
        panic!("{gateways:?}");
    };
    assert_eq!((state.incarnation, state.number, state.gaps), (2, 1, 2));
    assert_eq!(engine.counts().gaps, 2);
}

#[test]
fn the_last_openings_of_a_gateway_are_known_also_to_who_restores_it() {
    let mut engine = Engine::new(0);
    let open = |nonce| Command::GatewayOpen(GatewayOpen { gateway: 7, nonce });
    for nonce in 0..20 {
        let out = apply(&mut engine, 0, &batch((7, 0, 0), 0, &[open(nonce)]));
        assert_eq!(split(&out)[0].0.header.dropped, Dropped::No);
    }
    let mut snapshot = Vec::new();
    engine.snapshot(&mut snapshot);
    let mut engine = Engine::restore(&snapshot).unwrap();
    for nonce in 4..20 {
        let out = apply(&mut engine, 0, &batch((7, 0, 0), 0, &[open(nonce)]));
        assert_eq!(split(&out)[0].0.header.dropped, Dropped::Repeat, "{nonce}");
    }
    // The oldest are forgotten.
    let out = apply(&mut engine, 0, &batch((7, 0, 0), 0, &[open(3)]));
    assert_eq!(split(&out)[0].0.header.dropped, Dropped::No);
}

#[test]
fn a_batch_that_comes_late_is_dropped_and_ends_its_incarnation() {
    let mut engine = Engine::new(0);
    let open = |nonce| Command::GatewayOpen(GatewayOpen { gateway: 7, nonce });
    let mut dropped = |turn, stamp_s: u64, append_s: u64, nonce| {
        let bytes = batch(turn, stamp_s * SECOND, &[open(nonce)]);
        let out = apply(&mut engine, append_s * SECOND, &bytes);
        split(&out)[0].0.header.dropped
    };
    assert_eq!(dropped((7, 0, 0), 0, 11, 1), Dropped::Late);
    assert_eq!(dropped((7, 0, 0), 1, 11, 1), Dropped::No);
    assert_eq!(dropped((7, 0, 0), 1, 99, 1), Dropped::Repeat);
    assert_eq!(dropped((7, 1, 1), 20, 30, 0), Dropped::No);
    assert_eq!(dropped((0, 0, 0), 0, 99, 0), Dropped::No);
    assert_eq!(dropped((7, 1, 2), 20, 31, 0), Dropped::Late);
    assert_eq!(dropped((7, 1, 3), 31, 31, 0), Dropped::Fenced);
    assert_eq!(dropped((7, 0, 0), 31, 31, 2), Dropped::No);
    assert_eq!(dropped((7, 2, 1), 31, 31, 0), Dropped::No);
}

#[test]
fn what_a_late_incarnation_owned_waits_for_a_claim_also_in_who_restores_it() {
    let mut engine = Engine::new(0);
    let mut setup = setup();
    setup.push(Command::Settings(Settings {
        handover_grace_ns: 3 * SECOND,
        ..engine.settings()
    }));
    apply(&mut engine, 0, &batch((0, 0, 0), 0, &setup));
    let nonce = 1;
    let claims = [
        Command::GatewayOpen(GatewayOpen { gateway: 7, nonce }),
        Command::EntryClaim(EntryClaim { entry: 1 }),
        Command::EntryClaim(EntryClaim { entry: 2 }),
    ];
    apply(&mut engine, 0, &batch((7, 0, 0), 0, &claims));
    let held = |engine: &Engine| {
        let claims = engine.claims();
        let held = claims.map(|(entry, claim)| (entry, claim.owner.gateway(), claim.held));
        held.collect::<Vec<_>>()
    };
    assert_eq!(held(&engine), [(1, 7, Held::Live), (2, 7, Held::Live)]);
    let late = batch((7, 1, 1), 0, &[Command::Tick]);
    apply(&mut engine, 11 * SECOND, &late);
    let waiting = Held::Released(0);
    assert_eq!(held(&engine), [(1, 7, waiting), (2, 7, waiting)]);

    let mut snapshot = Vec::new();
    engine.snapshot(&mut snapshot);
    let mut engine = Engine::restore(&snapshot).unwrap();
    assert_eq!(held(&engine), [(1, 7, waiting), (2, 7, waiting)]);
    let nonce = 2;
    let again = [
        Command::GatewayOpen(GatewayOpen { gateway: 8, nonce }),
        Command::EntryClaim(EntryClaim { entry: 2 }),
    ];
    apply(&mut engine, 0, &batch((8, 0, 0), 0, &again));
    for second in 1..=3 {
        let tick = batch((0, 0, 0), second * SECOND, &[Command::Tick]);
        apply(&mut engine, second * SECOND, &tick);
    }
    assert_eq!(held(&engine), [(1, 7, Held::Closed), (2, 8, Held::Live)]);
    let mut snapshot = Vec::new();
    engine.snapshot(&mut snapshot);
    assert_eq!(held(&Engine::restore(&snapshot).unwrap()), held(&engine));
}

#[test]
fn ids_have_their_partition_in_the_top_byte() {
    let mut engine = Engine::new(3);
    let mut commands = setup();
    commands.extend([order(1, 1, Side::Buy, 10), order(2, 2, Side::Sell, 10)]);
    let out = apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    let batches = split(&out);
    let mut events = batches[0].0.events().map(|event| event.unwrap().1);
    let trade = events.find_map(|event| match event {
        Event::Trade(trade, ..) => Some(trade),
        _ => None,
    });
    let trade = trade.unwrap();
    assert_eq!(
        (trade.trade_id, trade.maker_order_id, trade.taker_order_id),
        (3 << 56 | 1, 3 << 56 | 1, 3 << 56 | 2)
    );
}

#[test]
fn newer_rules_stop_an_engine_that_does_not_know_them() {
    let mut engine = Engine::new(0);
    let rules = |version| batch((0, 0, 0), 0, &[Command::Rules(Rules { version })]);
    for (version, events) in [(RULES, 1), (RULES, 0), (0, 0), (RULES + 1, 1)] {
        let out = apply(&mut engine, 0, &rules(version));
        assert_eq!(split(&out)[0].0.header.count, events, "{version}");
    }
    assert_eq!(engine.rules(), RULES + 1);
    let position = engine.position();
    let tick = batch((0, 0, 0), 0, &[Command::Tick]);
    let refused = engine.apply(9, 0, &tick, &mut Vec::new());
    assert_eq!(refused, Err(RecordError::Rules(RULES + 1)));
    assert_eq!(engine.position(), position);
    let mut snapshot = Vec::new();
    engine.snapshot(&mut snapshot);
    assert_eq!(Engine::restore(&snapshot).unwrap().rules(), RULES + 1);
}

#[test]
fn an_opening_batch_must_open_its_own_gateway() {
    let mut engine = Engine::new(0);
    let other = Command::GatewayOpen(GatewayOpen {
        gateway: 8,
        nonce: 1,
    });
    let own = Command::GatewayOpen(GatewayOpen {
        gateway: 7,
        nonce: 1,
    });
    for commands in [vec![other], vec![Command::Tick, own], vec![]] {
        apply(&mut engine, 0, &batch((7, 0, 0), 0, &commands));
        assert_eq!(engine.gateways().count(), 0);
    }
    let out = apply(&mut engine, 0, &batch((7, 0, 0), 0, &[own]));
    let events: Vec<_> = split(&out)[0].0.events().collect::<Result<_, _>>().unwrap();
    assert!(matches!(events[..], [(1, Event::GatewayOpened(x))] if x.incarnation == 1));
}

#[test]
fn engine_time_never_goes_back_nor_far_ahead_of_the_journal() {
    let mut engine = Engine::new(0);
    for (stamp_ns, append_ns, time_ns) in [
        (5 * SECOND, 5 * SECOND, 5 * SECOND),
        (4 * SECOND, 5 * SECOND, 5 * SECOND),
        (9 * SECOND, 5 * SECOND, 6 * SECOND),
        (9 * SECOND, 9 * SECOND, 9 * SECOND),
        (u64::MAX, u64::MAX, u64::MAX),
    ] {
        let out = apply(
            &mut engine,
            append_ns,
            &batch((0, 0, 0), stamp_ns, &[Command::Tick]),
        );
        assert_eq!(engine.position().time_ns, time_ns);
        assert_eq!(split(&out)[0].0.header.time_ns, time_ns);
    }
}

#[test]
fn a_dropped_batch_does_not_move_time() {
    let mut engine = Engine::new(0);
    apply(
        &mut engine,
        99 * SECOND,
        &batch((7, 1, 1), 99 * SECOND, &[Command::Tick]),
    );
    assert_eq!(engine.position().time_ns, 0);
}

#[test]
fn event_batches_are_cut_and_chained() {
    let mut engine = Engine::new(3);
    let settings = Settings {
        event_batch_bytes_max: 2_000,
        ..engine.settings()
    };
    apply(
        &mut engine,
        0,
        &batch((0, 0, 0), 0, &[Command::Settings(settings)]),
    );
    let mut commands = setup();
    commands.extend((1..100).map(|num| order(1, num, Side::Buy, 10)));
    let (mut hash, mut seq) = (engine.position().event_hash, engine.position().event_seq);
    let out = apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    let batches = split(&out);
    assert!(batches.len() > 3);
    for (part, (batch, bytes)) in batches.iter().enumerate() {
        let header = batch.header;
        assert_eq!((usize::from(header.part), header.partition), (part, 3));
        assert_eq!(header.last, part + 1 == batches.len());
        assert_eq!((header.first_seq, header.previous_hash), (seq + 1, hash));
        assert_eq!(batch.hash, xxh3_64(&bytes[..bytes.len() - HASH]));
        let records = bytes.len() - HASH - wire::record::EventBatchHeader::SIZE;
        assert!(
            records < 2_000 + 100 && (header.last || records >= 2_000),
            "{records}"
        );
        (hash, seq) = (batch.hash, seq + u64::from(header.count));
    }
    assert_eq!(
        (engine.position().event_hash, engine.position().event_seq),
        (hash, seq)
    );
    let ids: Vec<u64> = engine.orders().map(|order| order.order_id).collect();
    assert_eq!(ids, (1..100).map(|n| 3 << 56 | n).collect::<Vec<_>>());
}

#[test]
fn what_is_no_batch_is_passed_over_and_counted() {
    let mut engine = Engine::new(3);
    apply(&mut engine, 9, &batch((0, 0, 0), 9, &setup()));
    let before = engine.position();
    let mut short = batch((0, 0, 0), 20, &[order(1, 1, Side::Buy, 10)]);
    short.pop();
    let len = short.len() as u32;
    short[4..8].copy_from_slice(&len.to_le_bytes());
    let unreadable = [&short[..], &short[..9], b"", b"what is this?"];
    for bytes in unreadable {
        let out = apply(&mut engine, 20, bytes);
        let [(events, _)] = split(&out)[..] else {
            panic!("{out:?}");
        };
        let header = events.header;
        assert_eq!((header.dropped, header.count), (Dropped::Unreadable, 0));
        assert_eq!(
            (header.gateway, header.incarnation, header.number),
            (0, 0, 0)
        );
        assert_eq!((header.partition, header.time_ns), (3, 9));
        assert_eq!(header.command_hash, xxh3_64(bytes));
        assert_eq!(header.command_offset, engine.position().command_offset);
    }
    let after = engine.position();
    assert_eq!(after.command_offset, before.command_offset + 4);
    assert_eq!(
        (after.event_seq, after.commands),
        (before.event_seq, before.commands)
    );
    let mut snapshot = Vec::new();
    engine.snapshot(&mut snapshot);
    assert_eq!(Engine::restore(&snapshot).unwrap().counts().unreadable, 4);
}

/// Many orders, so that the prefetcher is at work here too.
fn crowd() -> Engine {
    let mut engine = Engine::new(0);
    let mut commands = setup();
    for num in 1..=3_000 {
        let far = (num * 37 % 900) as i64;
        commands.push(order(1, num, Side::Buy, 1_000 - far));
        commands.push(order(2, num, Side::Sell, 1_001 + far));
    }
    apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    assert_eq!(engine.counts().open_orders, 6_000);
    engine
}

#[test]
fn a_crowd_is_canceled_in_any_order_and_by_one_word() {
    let mut engine = crowd();
    let mut commands = Vec::new();
    for n in 1..=1_000_u64 {
        let cancel = Cancel {
            entry: 1,
            num: 10_000 + n,
            orig_num: if n % 2 == 0 { n * 3 } else { 0 },
            order_id: if n % 2 == 0 { 0 } else { n * 4 - 1 },
            instrument: NO_INSTRUMENT,
            poss_resend: false,
        };
        commands.push(Command::Cancel(cancel, "", "", ""));
        commands.push(order(3, n, Side::Buy, 1_001 + (n % 50) as i64));
    }
    let canceled = |out: &[u8]| -> usize {
        let events = |(batch, _): &(EventBatch<'_>, _)| -> usize {
            let gone = |e: &Result<_, _>| matches!(e, Ok((_, Event::Canceled(..))));
            batch.events().filter(gone).count()
        };
        split(out).iter().map(events).sum()
    };
    let out = apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    assert!(canceled(&out) > 800, "{}", canceled(&out));
    let left = engine.orders().filter(|order| order.entry == 1).count();
    let all = MassCancel {
        entry: 1,
        num: 99_999,
        instrument: NO_INSTRUMENT,
        kind: MassCancelType::All,
        side: 0,
        quiet: false,
        prior: 0,
    };
    let out = apply(
        &mut engine,
        0,
        &batch((0, 0, 0), 0, &[Command::MassCancel(all, "", "")]),
    );
    assert_eq!(canceled(&out), left);
    assert!(engine.orders().all(|order| order.entry != 1));
}

#[test]
fn a_snapshot_holds_all_and_goes_on_alike() {
    let mut engine = crowd();
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    let mut twin = Engine::restore(&bytes).unwrap();
    assert_eq!(twin.state_hash(), engine.state_hash());
    assert_eq!(twin.position(), engine.position());
    assert!(twin.orders().eq(engine.orders()));
    assert!(twin.entries().eq(engine.entries()));
    assert!(twin.levels(1, Side::Sell).eq(engine.levels(1, Side::Sell)));
    let mut again = Vec::new();
    twin.snapshot(&mut again);
    assert_eq!(bytes, again);
    let next = batch(
        (0, 0, 0),
        0,
        &[order(3, 1, Side::Buy, 1_700), order(3, 2, Side::Sell, 1)],
    );
    assert_eq!(apply(&mut engine, 0, &next), apply(&mut twin, 0, &next));
    assert_eq!(twin.state_hash(), engine.state_hash());
}

#[test]
fn a_snapshot_knows_which_ids_were_passed_over() {
    let raise = |engine: &mut Engine, orders| {
        let raise = Command::Raise(Raise {
            orders,
            trades: 0,
            events: 0,
        });
        apply(engine, 0, &batch((0, 0, 0), 0, &[raise]));
        let mut bytes = Vec::new();
        engine.snapshot(&mut bytes);
        let twin = Engine::restore(&bytes).unwrap();
        assert_eq!(twin.state_hash(), engine.state_hash());
        assert_eq!(twin.skipped(), engine.skipped());
        engine.skipped().to_vec()
    };
    let mut engine = Engine::new(0);
    assert_eq!(raise(&mut engine, 0), []);
    assert_eq!(raise(&mut engine, 7), [(1, 7)]);
    assert_eq!(raise(&mut engine, 6), [(1, 7)]);
    assert_eq!(raise(&mut engine, 9), [(1, 9)]);
    let mut commands = setup();
    commands.push(order(1, 1, Side::Buy, 10));
    apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    assert_eq!(raise(&mut engine, 20), [(1, 9), (11, 20)]);
}

#[test]
fn a_harmed_snapshot_is_not_restored() {
    let mut engine = Engine::new(0);
    let mut commands = setup();
    commands.extend((1..5).map(|num| order(1, num, Side::Buy, 10 + num as i64)));
    apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    for at in 0..bytes.len() {
        let mut harmed = bytes.clone();
        harmed[at] ^= 0x10;
        assert!(Engine::restore(&harmed).is_err(), "byte {at}");
        assert!(Engine::restore(&bytes[..at]).is_err(), "cut at {at}");
    }
    bytes[4] = 99;
    assert!(matches!(
        Engine::restore(&bytes),
        Err(SnapshotError::Version(99))
    ));
}

/// A snapshot without its hash and checksum, with what belongs to these bytes.
fn sealed(mut forged: Vec<u8>) -> Vec<u8> {
    let hash = xxh3_64(&forged[8..]);
    forged.extend_from_slice(&hash.to_le_bytes());
    let checksum = xxh3_64(&forged);
    forged.extend_from_slice(&checksum.to_le_bytes());
    forged
}

#[test]
fn a_snapshot_that_is_refused_says_why() {
    let why = |bytes: &[u8]| Engine::restore(bytes).unwrap_err().to_string();
    assert_eq!(
        why(&[0; 24]),
        "snapshot cut short or out of range at length"
    );
    assert_eq!(why(&[0; 25]), "not a snapshot");
    let mut engine = Engine::new(0);
    let mut commands = setup();
    commands.push(order(1, 1, Side::Buy, 77_777_777));
    apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    bytes.truncate(bytes.len() - 16);
    assert!(Engine::restore(&sealed(bytes.clone())).is_ok());
    let price = 77_777_777_i64.to_le_bytes();
    let at = bytes.windows(8).position(|it| it == price).unwrap();
    // Price, open and executed quantity follow each other.
    for (field, wrong) in [(at, 0), (at, -1), (at + 8, 0), (at + 8, -1), (at + 16, -1)] {
        let mut forged = bytes.clone();
        forged[field..field + 8].copy_from_slice(&i64::to_le_bytes(wrong));
        let forged = sealed(forged);
        let said = why(&forged);
        assert_eq!(said, "snapshot cut short or out of range at order");
    }
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let changed = [&bytes[..], &[0; 16]].concat();
    assert!(why(&changed).contains("checksum"));
}

/// Whoever makes the checksums right again still gets an error or a sound engine, never a panic.
#[test]
fn a_forged_snapshot_does_no_harm() {
    let mut engine = Engine::new(0);
    let mut commands = setup();
    commands.extend((1..5).map(|num| order(1, num, Side::Buy, 10 + num as i64)));
    apply(&mut engine, 0, &batch((0, 0, 0), 0, &commands));
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    let (state, end) = (8, bytes.len() - 16);
    for at in state..end {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut forged = bytes[..end].to_vec();
            forged[at] = value;
            if let Ok(restored) = Engine::restore(&sealed(forged)) {
                assert_eq!(restored.validate(), Ok(()), "byte {at} as {value}");
            }
        }
    }
}
