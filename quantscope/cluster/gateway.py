"""The gateway's role in a cluster: order entry over TCP on a lane to the engines."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from core import Engine, JournalError, OrderEntry
from gateway.binary import BinaryGateway
from gateway.checkpoints import SessionCheckpoints
from gateway.connections import Connections
from gateway.fix import FixGateway
from gateway.restart import Fresh
from gateway.retention import first_command
from journal.kafka import AppendFailed, EnginesLog, Standing
from quantscope.acceptor import Acceptor
from quantscope.cluster.on_lane import OnLane
from quantscope.cluster.surroundings import Surroundings
from quantscope.cluster.users import GatewayUsers
from quantscope.metrics.exposition import Part
from quantscope.metrics.lane import LaneFigures
from quantscope.metrics.order_entry import OrderEntryFigures
from quantscope.metrics.ports import PortFigures
from quantscope.roles.gateway import listen, serve_lines
from quantscope.roles.sessions import fix_order_entry, fix_sessions
from settings import Config

log = logging.getLogger("quantscope")

HEAR_S = 0.02
"""How often it is looked whether events were told, where that is waited for, in seconds."""


class ClusterGateway:
    """The gateway of one number."""

    def __init__(self, around: Surroundings, number: int) -> None:
        """Nothing is opened yet; no other gateway or facade has this number."""
        config = around.process.config
        self._around = around
        self._number = number
        self._config = config
        self._on_lane = OnLane(around, number)
        self.lane = self._on_lane.lane
        deadline_s = config.kafka.append_deadline_s
        self.checkpoints = SessionCheckpoints(
            around.clients, around.topics, deadline_s=deadline_s, bases=around.bases
        )
        self._users = GatewayUsers(config.users, around.journal)
        self._opened = contextlib.ExitStack()
        self._log: EnginesLog
        self.ports: dict[str, Acceptor] = {}
        self.binary: BinaryGateway
        self.fix: FixGateway

    @property
    def protocols(self) -> tuple[Connections[Any], ...]:
        """Order entry by each protocol."""
        return (self.binary, self.fix)

    @property
    def heard(self) -> int:
        """See ``ClusterRole``."""
        return self.lane.heard

    def standing(self) -> list[str]:
        """It is ready while commands are taken, and by its clock will be."""
        faults = [] if self.lane.ready else [f"commands are not taken: {self.lane.fault}"]
        faults += self._on_lane.standing()
        for gateway in self.protocols:
            if (fault := gateway.order_entry.fault) is not None:
                faults.append(f"order entry failed ({gateway.protocol}): {fault}")
        return faults

    @property
    def figures(self) -> tuple[Part, ...]:
        """See ``ClusterRole``."""
        return (
            LaneFigures(self.lane),
            OrderEntryFigures(self.binary),
            PortFigures(tuple(self.ports.values())),
        )

    async def open(self) -> None:
        """Learn the sessions from an engine's log, and listen."""
        process, settings = self._around.process, self._config.gateway
        engine = await self._on_lane.learn()
        order_entry = OrderEntry(settings, process.clock)
        users = self._users.begin(engine, order_entry)
        fix_entry = fix_order_entry(self._config, process.clock)
        sessions = fix_sessions(self._config, engine, fix_entry)
        events = await asyncio.to_thread(self._on_lane.followed.log)
        self._log = await asyncio.to_thread(self._opened.enter_context, events)
        for each in (order_entry, fix_entry):
            await asyncio.to_thread(self._index(each, engine))
        self.binary = BinaryGateway(
            order_entry,
            users,
            self.lane,
            settings,
            process.clock,
            events=self._events,
            fresh=self._fresh,
            faults=process.faults,
        )
        self.fix = FixGateway(
            fix_entry,
            self._config.users,
            self._config.fix,
            sessions,
            self.lane,
            settings,
            process.clock,
            events=self._events,
            fresh=self._fresh_fix,
            faults=process.faults,
        )
        self.lane.attach(*self.protocols)
        await listen(process, {"binary": self.binary, "fix": self.fix}, self.ports)

    async def run(self, stop: asyncio.Event) -> None:
        """Take connections; at the end answer what was asked, and close every connection."""
        process = self._around.process
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(self._on_lane.run()),
                *(group.create_task(gateway.run()) for gateway in self.protocols),
                group.create_task(
                    process.faults.keep("gateway", "the checkpoints of sessions", self._keep)
                ),
            ]
            await serve_lines(self.protocols, self.ports.values(), stop, self._on_lane.drain)
            for task in working:
                task.cancel()

    async def close(self) -> None:
        """Let go of the brokers, and listen no more where it never ran."""
        for acceptor in self.ports.values():
            acceptor.close()
        self.lane.close()
        await asyncio.to_thread(self._opened.close)

    # -- sessions ----------------------------------------------------------------------------

    async def reread(self, config: Config) -> None:
        """Let those log in whom the configuration has now; who is logged in stays.

        Where somebody is new nothing is told until an engine was read that knows him.
        """
        users, order_entry = config.users, self.binary.order_entry
        if self._users.adds(users):
            try:
                await self._hear_all()
                async with self.lane.at_rest() as engine:
                    if order_entry.fault is not None:
                        raise JournalError("order entry has failed, and begins again")
                    admitted, lines = self._users.take(users, engine, order_entry)
            except (JournalError, TimeoutError) as error:
                log.error("the users are not read again: %s", error)
                return
        else:
            admitted, lines = self._users.take(users, None, order_entry)
        self.binary.admit(admitted)
        self.fix.allow(users)
        for line in lines:
            log.error("%s", line)
        log.info("the users were read again: %d may log in", len(admitted))

    async def _hear_all(self) -> None:
        """Wait until the events of all commands that are there now were told; ``TimeoutError``."""
        end = await asyncio.to_thread(self._on_lane.followed.commands_end)
        seconds = self._config.kafka.append_deadline_s
        try:
            async with asyncio.timeout(seconds):
                while self.lane.told is None or self.lane.told[0] < end:
                    await asyncio.sleep(HEAR_S)
        except TimeoutError as error:
            raise TimeoutError(
                f"the engine has not told of command batch {end} within {seconds:g} s "
                "(kafka.append_deadline_s)"
            ) from error

    def _index(self, order_entry: OrderEntry, engine: Engine) -> Callable[[], None]:
        """What learns, blocking, where messages stand that the engine has told of."""
        command = engine.position().command_offset
        return lambda: self.checkpoints.learn(order_entry, self._events(), command)

    async def _keep(self) -> None:
        """Publish checkpoints; of several gateways whoever comes first in an interval does it."""
        seen: int | None = None
        while True:
            try:
                # Nobody is promised any more what engines have deleted.
                first = await asyncio.to_thread(self._first_command)
                for gateway in self.protocols:
                    gateway.order_entry.forget_before(first)
                newest = await asyncio.to_thread(self.checkpoints.newest, 1)
                last = newest[0].good.command_offset if newest else 0
                if last == seen or not newest:
                    await self._checkpoint(last)
                seen = last
            except (AppendFailed, JournalError, ValueError) as error:
                log.error("gateway %d: no checkpoint of sessions: %s", self._number, error)
            await asyncio.sleep(self._config.journal.snapshot_interval_s)

    def _first_command(self) -> int:
        events = self._events()
        events.look()
        return first_command(events)

    def _events(self) -> EnginesLog:
        """What was told, from an engine's log that goes on."""
        trailing = self.lane.trailing
        return self._log.choose(trailing.is_silent, trailing.preferred)

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        self._on_lane.on_standing(standing)

    async def _checkpoint(self, last: int) -> None:
        told, order_entries = self.lane.told, [it.order_entry for it in self.protocols]
        faulty = any(order_entry.fault is not None for order_entry in order_entries)
        if told is None or told[0] == last or faulty:
            return
        command, end = told
        await self.checkpoints.publish(
            f"gateway.{self._number}",
            self._around.journal,
            command,
            end,
            order_entries,
            self._config.gateway,
        )
        log.info("gateway %d: checkpoint of sessions at command batch %d", self._number, command)

    def _fresh(self, engine: Engine) -> Fresh:
        again = OrderEntry(self._config.gateway, self._around.process.clock)
        self._users.begin(engine, again)
        return Fresh(again, 0, self._index(again, engine))

    def _fresh_fix(self, engine: Engine) -> Fresh:
        again = fix_order_entry(self._config, self._around.process.clock)
        fix_sessions(self._config, engine, again)
        return Fresh(again, 0, self._index(again, engine))
