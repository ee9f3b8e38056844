"""Keeps one program running: starts it, shows what it says, starts it again when it dies."""

import asyncio
import contextlib
import os
import signal
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path

from supervisor.console import Console
from supervisor.failure import Failure
from supervisor.program import Kind, Program

ROOT = Path(__file__).parents[1]
PAUSE_S_MIN = 0.5
"""Seconds between the first end of a program and its next start; each is twice the one before."""
PAUSE_S_MAX = 30.0
LASTED_S = 60.0
"""A program that ran for so many seconds has its pauses begin anew."""
ATTEMPTS_MAX = 5
"""How often a program may die before it was ever ready; then the start of the cluster fails."""
LOOK_S = 0.2
"""How often it is looked whether a program is ready, in seconds."""
READ_BYTES = 65_536
LINE_BYTES_MAX = 16_384
"""A longer line is shown in parts."""
UNREAD_S = 1.0
"""How long is waited for the last words of a program that has ended, in seconds."""


class Keeper:
    """One program, from its first start until it is told to stop."""

    def __init__(self, program: Program, console: Console, lock: int) -> None:
        """Nothing is started yet; the program inherits ``lock``."""
        self.program = program
        self._console = console
        self._lock = lock
        self._stopping = asyncio.Event()
        self._killing = asyncio.Event()
        self._ready = asyncio.Event()
        self._was_ready = False
        self._ended = asyncio.Event()
        self.waits_for: str | None = None
        """Why it is not ready, as it said last."""

    async def run(self) -> None:
        """Until it is told to stop, or ends for good: also where it was never ready."""
        clock = asyncio.get_running_loop()
        pause_s, died = PAUSE_S_MIN, 0
        try:
            while True:
                started = clock.time()
                code = await self._once()
                if self._stopping.is_set() or self._for_good(code):
                    return
                died += 1
                if not self._was_ready and died >= ATTEMPTS_MAX:
                    self._say(f"{how(code)}, for the {ATTEMPTS_MAX}th time; it is given up")
                    return
                if clock.time() - started >= LASTED_S:
                    pause_s = PAUSE_S_MIN
                self._say(f"{how(code)}; it is started again in {pause_s:g} s")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._stopping.wait()
                        return
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
        finally:
            self._ended.set()

    async def ready(self) -> None:
        """Wait until it is ready; what runs once is when it has ended without an error.

        Raises ``Failure`` where it has ended for good, and never was.
        """
        ready = asyncio.create_task(self._ready.wait())
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait((ready, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if not self._ready.is_set():
            raise Failure(f"{self.program.name} has ended, and never was ready: its lines say why")

    @property
    def is_ready(self) -> bool:
        """Whether it is, as far as is known."""
        return self._ready.is_set()

    async def stop(self) -> None:
        """Tell it to end, and wait until it has; it is killed when its time is over."""
        self._stopping.set()
        await self._ended.wait()

    def kill(self) -> None:
        """Let it have no more time."""
        self._killing.set()

    # -- one life ----------------------------------------------------------------------------

    async def _once(self) -> int:
        """Run it to its end; its exit code, below 0 for a signal."""
        program = self.program
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", *program.command),
            cwd=ROOT,
            env={**os.environ, **program.environment},
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            pass_fds=(self._lock,),
            # Ctrl-C is the supervisor's alone, which stops them in an order.
            start_new_session=True,
        )
        self._say(f"started, process {process.pid}")
        try:
            return await self._watched(process)
        finally:
            if process.returncode is None:
                process.kill()
            self._ready.clear()

    async def _watched(self, process: Process) -> int:
        async with asyncio.TaskGroup() as group:
            showing = group.create_task(self._show(process.stdout))
            beside = [
                group.create_task(self._end_when_told(process)),
                group.create_task(self._look()),
            ]
            code = await process.wait()
            for task in beside:
                task.cancel()
            # Whoever inherited its output may hold it open.
            await asyncio.wait((showing,), timeout=UNREAD_S)
            showing.cancel()
        return code

    async def _show(self, said: StreamReader | None) -> None:
        rest = b""
        while said is not None and (some := await said.read(READ_BYTES)):
            *lines, rest = (rest + some).split(b"\n")
            if len(rest) > LINE_BYTES_MAX:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._show_line(line)
        if rest:
            self._show_line(rest)

    def _show_line(self, line: bytes) -> None:
        self._console.say(line.decode(errors="replace").rstrip(), self.program.name)

    async def _look(self) -> None:
        """See when it becomes ready; after that it says by itself how it is."""
        probe = self.program.ready
        if probe is None:
            return
        while (fault := await probe.fault()) is not None:
            self.waits_for = fault
            await asyncio.sleep(LOOK_S)
        self._say("ready")
        self._was_ready = True
        self.waits_for = None
        self._ready.set()

    async def _end_when_told(self, process: Process) -> None:
        await self._stopping.wait()
        signal_to(process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.program.stop_s):
                await self._killing.wait()
        self._say("killed: it did not end in its time")
        signal_to(process, signal.SIGKILL)

    def _for_good(self, code: int) -> bool:
        """Whether it is not started again."""
        match self.program.kind:
            case Kind.ONCE:
                if code == 0:
                    self._ready.set()
                return True
            case Kind.ROLE | Kind.DOOR if code == 0:
                self._say(
                    "has ended without an error, and is not started again: another process has "
                    "its name now, or somebody has told it to stop"
                )
                return True
            case _:
                return False

    def _say(self, text: str) -> None:
        self._console.say(f"{self.program.name}: {text}")


def signal_to(process: Process, which: signal.Signals) -> None:
    """Send it, unless the process has ended just now."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(which)


def how(code: int) -> str:
    """How a program ended."""
    if code < 0:
        return f"died by {signal.Signals(-code).name}"
    return f"died with exit code {code}"
