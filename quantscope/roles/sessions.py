"""Order entry with its sessions, as the configuration names them and the engine has them."""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from core import Clock, Engine, Faults, JournalError, OrderEntry
from engine.recovery import READ_BYTES
from engine.service import Service
from engine.setup import entries_by_name
from gateway.binary import BinaryGateway
from gateway.fix import FixGateway, sessions_of
from gateway.index_file import IndexFile
from gateway.restart import Fresh
from gateway.users import User, session_id
from journal.datadir import Era
from protocol.fix import VERSIONS, dictionary
from protocol.terms import EntryKind
from settings import Config, UserSettings

log = logging.getLogger("quantscope")


def binary_gateway(
    config: Config,
    service: Service,
    era: Era,
    index: IndexFile | None,
    faults: Faults | None = None,
) -> BinaryGateway:
    """Binary order entry, with the sessions of an era; ``learn_sessions`` is to follow."""
    order_entry = OrderEntry(config.gateway, service.clock)
    journal_id = service.journals.commands.journal_id

    def users_in(engine: Engine, sessions: OrderEntry) -> list[User]:
        def named(name: str) -> Callable[[int], str]:
            return partial(session_id, journal_id, era, name)

        return users_of(config.users, engine, sessions, named)

    users = users_in(service.engine, order_entry)

    def fresh(engine: Engine) -> Fresh:
        again, next_offset = (
            OrderEntry(config.gateway, service.clock),
            service.journals.events.next_offset,
        )
        users_in(engine, again)

        def learn() -> None:
            service.journals.events.sync()
            learn_sessions(service, [again], index, next_offset)

        return Fresh(again, next_offset, learn)

    return BinaryGateway(
        order_entry,
        users,
        service,
        config.gateway,
        service.clock,
        events=lambda: service.journals.events,
        fresh=fresh,
        faults=faults,
    )


def fix_order_entry(config: Config, clock: Clock) -> OrderEntry:
    """Order entry over FIX, without sessions."""
    dictionaries = [(version, dictionary(version).flat) for version in VERSIONS]
    return OrderEntry(config.gateway, clock, config.fix, dictionaries)


def fix_sessions(config: Config, engine: Engine, order_entry: OrderEntry) -> list[User]:
    """A session in order entry for each that the engine has of FIX."""
    order_entry.learn_instruments(engine)
    return sessions_of(order_entry, config.fix, engine.entries())


def fix_gateway(
    config: Config,
    service: Service,
    index: IndexFile | None,
    faults: Faults | None = None,
) -> FixGateway:
    """FIX order entry, with the sessions that the engine has; ``learn_sessions`` is to follow."""
    order_entry = fix_order_entry(config, service.clock)
    sessions = fix_sessions(config, service.engine, order_entry)

    def fresh(engine: Engine) -> Fresh:
        again = fix_order_entry(config, service.clock)
        next_offset = service.journals.events.next_offset
        fix_sessions(config, engine, again)

        def learn() -> None:
            service.journals.events.sync()
            learn_sessions(service, [again], index, next_offset)

        return Fresh(again, next_offset, learn)

    return FixGateway(
        order_entry,
        config.users,
        config.fix,
        sessions,
        service,
        config.gateway,
        service.clock,
        events=lambda: service.journals.events,
        fresh=fresh,
        faults=faults,
    )


class UnknownUser(Exception):
    """A configured user of whom no engine was told."""


def users_of(
    users: Iterable[UserSettings],
    engine: Engine,
    order_entry: OrderEntry,
    session_ids_of: Callable[[str], Callable[[int], str]],
) -> list[User]:
    """These users, and a session for each in order entry, as far as the engine has come.

    ``session_ids_of`` gives the ids of a user's session: each reset gives another.  Raises
    ``UnknownUser``.
    """
    order_entry.learn_instruments(engine)
    entries = entries_by_name(engine)
    made = []
    for user in users:
        entry = entries.get((EntryKind.BINARY, user.name.lower()))
        if entry is None:
            raise UnknownUser(
                f"user {user.name} of the configuration is not known to the exchange: "
                "quantscope setup makes it known"
            )
        slot = order_entry.add_session(
            entry.entry, entry.entry_seq, entry.base, entry.epoch, entry.last_cl_ord_id
        )
        made.append(User.of(user, entry, slot, session_ids_of(user.name)))
    return made


def learn_sessions(
    service: Service, order_entries: Sequence[OrderEntry], index: IndexFile | None, end: int
) -> None:
    """Learn which messages of each session the events log keeps before ``end``, and where.

    What ``index`` knows is not read: a start takes no longer the more is kept.
    """
    events, commands = service.journals.events, service.journals.commands
    begin = None if index is None else index.restore(order_entries, commands, events)
    offset = begin or events.first_offset
    for order_entry in order_entries:
        order_entry.set_next_offset(offset)
    log.info("sessions: reading event batches from %d to %d", offset, end - 1)
    while offset < end:
        records = events.read(offset, READ_BYTES)
        if not records:
            raise JournalError(f"the events log holds no batch {offset}, of {end - 1}")
        batches = b"".join(record.batch for record in records if record.offset < end)
        for order_entry in order_entries:
            order_entry.scan(batches)
        offset = records[-1].offset + 1
