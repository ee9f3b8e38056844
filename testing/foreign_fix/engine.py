"""The tests' end of a foreign FIX engine, whichever it is."""

import atexit
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from testing.command import ROOT, SECONDS_MAX, NotReady
from testing.foreign_fix.session import Configured
from testing.foreign_fix.text import Field, ForeignMessage, encoded

_RUNNING: list["ForeignEngine"] = []


@atexit.register
def end_all() -> None:
    """End whatever engines are left running."""
    while _RUNNING:
        _RUNNING[-1].kill()


class Unheard(AssertionError):
    """What was waited for did not come: it shows all that was said."""


class ForeignEngine:
    """An initiator in a process of its own.  Its calls wait: no event loop goes on meanwhile."""

    def __init__(self, command: list[str], session: Configured, **env: str) -> None:
        """Nothing is started yet.  ``command`` starts the driver."""
        self.session = session
        self.messages: list[ForeignMessage] = []
        """All that went over the line in either direction, of all starts."""
        self.logons = 0
        """How often it was logged on, in all starts."""
        self._command = command
        self._env = {**os.environ, **env}
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._changed = threading.Condition()
        self._answers: list[dict[str, Any]] = []
        self._said: list[str] = []
        self._logged_on = False
        self._ready = False
        self._seen = {"in": 0, "out": 0}

    def __enter__(self) -> Self:
        """Connect, and log on."""
        self.start()
        try:
            self.until_logged_on()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Log out where nothing went wrong."""
        if self._process is not None:
            if kind is None:
                self.stop()
            else:
                self.kill()

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it on what its store holds: it connects by itself, for as long as it lives."""
        assert self._process is None, "it runs already"
        self._ready = self._logged_on = False
        self._answers.clear()
        # In a session of its own Ctrl-C does not reach it before the tests have ended it.
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _RUNNING.append(self)
        self._reader = threading.Thread(target=self._read, args=[self._process], daemon=True)
        self._reader.start()
        try:
            self._write({"settings": self.session.settings(), "logon": self.session.logon()})
            self._until(lambda: self._ready, "it is ready")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Let it log out, where it is logged on, and end."""
        if self._logged_on:
            self.log_out()
        self._write({"do": "stop"})
        self._end()

    def kill(self) -> None:
        """Kill it as the kernel would."""
        assert self._process is not None
        self._process.kill()
        self._end()

    def freeze(self) -> None:
        """Let it hang: its connection stays, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        _RUNNING.remove(self)
        try:
            process.wait(SECONDS_MAX)
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            assert self._reader is not None
            self._reader.join()
            process.stdout.close()
            self._logged_on = False

    # -- commands ----------------------------------------------------------------------------

    def send(self, msg_type: str, *fields: Field) -> None:
        """Send a message; the engine writes its header.  Groups stand in their order."""
        whole = [(35, msg_type), (49, "-"), (56, "-"), (34, 1), (52, "20000101-00:00:00"), *fields]
        self.order("send", text=encoded(self.session.begin_string, whole))

    def numbers(self) -> tuple[int, int]:
        """The numbers of the next message out, and of the next one in."""
        answer = self.order("numbers")
        return answer["next_out"], answer["next_in"]

    def until_numbers(self, next_out: int, next_in: int) -> None:
        """Wait until it has acted upon all that it read: then these are the next numbers."""
        end = time.monotonic() + SECONDS_MAX
        while (found := self.numbers()) != (next_out, next_in):
            if time.monotonic() > end:
                raise Unheard(f"the numbers stay {found}.  All that was said:\n{self.said()}")
            time.sleep(0.01)

    def renumber(self, *, next_out: int | None = None, next_in: int | None = None) -> None:
        """Go on with other numbers: the other side sees a gap, or it sees one itself."""
        given = {"next_out": next_out, "next_in": next_in}
        self.order("numbers", **{name: n for name, n in given.items() if n is not None})

    def sequence_reset(self, new_seq_no: int, *, gap_fill: bool = False) -> None:
        """Tell the other side by a SequenceReset to go on with another number, and do so."""
        self.send("4", (123, "Y" if gap_fill else "N"), (36, new_seq_no))
        self.renumber(next_out=new_seq_no)

    def log_out(self, text: str = "") -> None:
        """Log out, wait until that is answered, and stay so."""
        self.order("logout", text=text)
        self._until(lambda: not self._logged_on, "it is logged out")

    def log_on(self) -> None:
        """Log on after ``log_out``, and wait until that is answered."""
        self.order("logon")
        self.until_logged_on()

    def disconnect(self) -> None:
        """Close the connection without a Logout; it comes back by itself."""
        self.order("disconnect")

    def reset(self) -> None:
        """Log out, and begin anew with number 1 on both sides."""
        self.order("reset")

    def order(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Give the driver a command; its answer."""
        count = len(self._answers)
        self._write({"do": do, **arguments})
        self._until(lambda: len(self._answers) > count, f"{do} is answered")
        answer = self._answers[count]
        assert answer["said"] == "done", f"{do}: {answer.get('text')}\n{self.said()}"
        return answer

    # -- what comes --------------------------------------------------------------------------

    def until_logged_on(self, logons: int = 0) -> None:
        """Wait until the other side has answered the Logon, one after so many ``logons``."""
        self._until(lambda: self._logged_on and self.logons > logons, "it is logged on")

    def until_logged_out(self) -> None:
        """Wait until the session has ended, from whichever side."""
        self._until(lambda: not self._logged_on, "it is logged out")

    def until_said(self, words: str) -> None:
        """Wait until these words stand in what it says, or logs."""
        self._until(lambda: any(words in line for line in self._said), f"it says {words!r}")

    def wait(
        self, wanted: Mapping[int, object], *, way: str = "in", seconds_max: float = SECONDS_MAX
    ) -> ForeignMessage:
        """The next message with these values, behind the last one that was waited for that way."""
        found: list[ForeignMessage] = []

        def comes() -> bool:
            for at in range(self._seen[way], len(self.messages)):
                if self.messages[at].way == way and self.messages[at].has(wanted):
                    self._seen[way] = at + 1
                    found.append(self.messages[at])
                    return True
            return False

        self._until(comes, f"a message {way} has {dict(wanted)}", seconds_max)
        return found[0]

    def among(self, way: str, *msg_types: str) -> list[ForeignMessage]:
        """All messages of one way and of these types so far, all types unless told."""
        return [
            message
            for message in list(self.messages)
            if message.way == way and (not msg_types or message[35] in msg_types)
        ]

    def rejects(self) -> list[ForeignMessage]:
        """Every Reject and BusinessMessageReject of either side."""
        return self.among("in", "3", "j") + self.among("out", "3", "j")

    def said(self) -> str:
        """All that it has said so far."""
        return "\n".join(list(self._said))

    # ----------------------------------------------------------------------------------------

    def _write(self, line: dict[str, Any]) -> None:
        assert self._process is not None, f"it does not run\n{self.said()}"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise NotReady(f"the driver has ended:\n{self.said()}") from error

    def _until(self, holds: Any, what: str, seconds_max: float = SECONDS_MAX) -> None:
        end = time.monotonic() + seconds_max
        with self._changed:
            while not holds():
                left = end - time.monotonic()
                lives = self._reader is not None and self._reader.is_alive()
                if left <= 0 or not lives:
                    how = f"within {seconds_max} s" if lives else "before the driver ended"
                    raise Unheard(f"not {how}: {what}.  All that was said:\n{self.said()}")
                self._changed.wait(min(left, 1))

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._changed:
                self._hear(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _hear(self, line: str) -> None:
        try:
            told = json.loads(line)
            what = told["said"]
        except (ValueError, TypeError, KeyError):
            self._said.append(line)  # an error of the program itself
            return
        self._said.append(f"{what} {told.get('text', '')}".replace("\x01", "|"))
        match what:
            case "in" | "out":
                self.messages.append(ForeignMessage(what, told["text"]))
            case "done" | "failed":
                self._answers.append(told)
            case "ready":
                self._ready = True
            case "logged_on":
                self._logged_on = True
                self.logons += 1
            case "logged_out":
                self._logged_on = False
