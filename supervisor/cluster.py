"""The cluster as a whole: its start, its life until a signal, its end in an order."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Iterable

from supervisor.console import Console
from supervisor.failure import Failure
from supervisor.keeper import Keeper
from supervisor.plan import KAFKA_SCRIPT, Plan
from supervisor.program import Kind, Program

WAITS_S = 10.0
"""How often a start says what it waits for, in seconds."""


class Cluster:
    """All programs of a plan."""

    def __init__(self, plan: Plan, console: Console) -> None:
        """Nothing is started yet."""
        self._plan = plan
        self._console = console
        self._keepers: list[Keeper] = []
        self._stop = asyncio.Event()
        self._failure: Failure | None = None

    async def run(self) -> None:
        """Until SIGINT or SIGTERM, or its terminal is gone; raises ``Failure`` for a bad start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, signal.Signals(number).name)
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(self._try_to_start(group))
            await self._stop.wait()
            starting.cancel()
            await asyncio.wait((starting,))
            await self._end()
        if self._failure is not None:
            raise self._failure
        self._console.say("stopped")

    def _on_signal(self, name: str) -> None:
        if not self._stop.is_set():
            self._console.say(f"stopping, by {name}; another one kills what is left")
            self._stop.set()
            return
        self._console.say(f"killing what is left, by {name}")
        for keeper in self._keepers:
            keeper.kill()

    # -- the start ---------------------------------------------------------------------------

    async def _try_to_start(self, group: asyncio.TaskGroup) -> None:
        try:
            await self._start(group)
        except (Failure, OSError) as error:
            self._failure = error if isinstance(error, Failure) else Failure(str(error))
            self._stop.set()

    async def _start(self, group: asyncio.TaskGroup) -> None:
        await self._make_broker()
        if self._plan.prometheus is not None:
            self._plan.configure_prometheus()
        else:
            self._console.say("prometheus is not started: it is not installed, or not configured")
        await self._begin(group, self._plan.servers())
        await self._begin(group, (self._plan.setup(),))
        await self._begin(group, self._plan.roles())
        print(self._plan.ready_line(), flush=True)

    async def _make_broker(self) -> None:
        """Fetch Kafka, once, and make the broker's directory, whole or not at all."""
        plan = self._plan
        await self._script("fetch")
        if plan.directory.port_of_kafka() is None:
            part = plan.directory.begun("kafka")
            ports = f"{plan.ports['kafka']}:{plan.ports['kafka.controller']}"
            await self._script("format", str(part), ports)
            part.rename(plan.directory.kafka)

    async def _script(self, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(str(KAFKA_SCRIPT), *words), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
        )
        try:
            said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode != 0:
            for line in said.decode(errors="replace").splitlines():
                self._console.say(line, "kafka")
            raise Failure(f"kafka.sh {words[0]} failed: the lines above say why")

    async def _begin(self, group: asyncio.TaskGroup, programs: Iterable[Program]) -> None:
        """Start programs, and wait until all of them are ready."""
        lock = self._plan.directory.lock
        keepers = [Keeper(program, self._console, lock) for program in programs]
        for keeper in keepers:
            self._keepers.append(keeper)
            group.create_task(keeper.run())
        waiting = asyncio.create_task(self._say_what_is_waited_for(keepers))
        try:
            for keeper in keepers:
                await keeper.ready()
        finally:
            waiting.cancel()

    async def _say_what_is_waited_for(self, keepers: list[Keeper]) -> None:
        while True:
            await asyncio.sleep(WAITS_S)
            for keeper in keepers:
                if not keeper.is_ready:
                    why = keeper.waits_for or "it has not ended"
                    self._console.say(f"waiting for {keeper.program.name}: {why}")

    # -- the end -----------------------------------------------------------------------------

    async def _end(self) -> None:
        """Stop what stands on others before these."""
        for kind in sorted(Kind, reverse=True):
            async with asyncio.TaskGroup() as group:
                for keeper in self._keepers:
                    if keeper.program.kind is kind:
                        group.create_task(keeper.stop())
