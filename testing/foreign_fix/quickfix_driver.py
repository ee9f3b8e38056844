"""QuickFIX as an initiator that is spoken to in lines of JSON: the folder's docstring says which.

A program: it runs where QuickFIX can be imported (``engines.quickfix_env``).
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quickfix as fix

_WRITING = threading.Lock()


def say(said: str, text: str | None = None, **more: Any) -> None:
    """One line, whole: the engine's threads speak too."""
    line = {"said": said, **more} if text is None else {"said": said, "text": text, **more}
    with _WRITING:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def as_bytes(text: str) -> str:
    """What QuickFIX gives, with a character for each byte; Python has decoded it as UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def from_bytes(text: str) -> str:
    """The other way."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


class Told(fix.Application):  # type: ignore[misc]
    """What the engine tells; to each Logon it adds what it was given."""

    def __init__(self, logon: list[tuple[int, str]]) -> None:
        super().__init__()
        self._logon = logon

    def onCreate(self, session: Any) -> None:
        """The session is there."""

    def onLogon(self, session: Any) -> None:
        say("logged_on")

    def onLogout(self, session: Any) -> None:
        say("logged_out")

    def toAdmin(self, message: Any, session: Any) -> None:
        if message.getHeader().getField(35) == "A":
            for tag, value in self._logon:
                message.setField(fix.StringField(tag, value))

    def fromAdmin(self, message: Any, session: Any) -> None:
        """The log has it already."""

    def toApp(self, message: Any, session: Any) -> None:
        """The log will have it."""

    def fromApp(self, message: Any, session: Any) -> None:
        """The log has it already."""


class Lines(fix.Log):  # type: ignore[misc]
    """What the engine logs, said as it comes."""

    def clear(self) -> None:
        """Nothing is kept."""

    def backup(self) -> None:
        """Nothing is kept."""

    def onIncoming(self, text: str) -> None:
        say("in", as_bytes(text))

    def onOutgoing(self, text: str) -> None:
        say("out", as_bytes(text))

    def onEvent(self, text: str) -> None:
        say("log", as_bytes(text))


class LinesFactory(fix.LogFactory):  # type: ignore[misc]
    """One log for all sessions, which the engine does not own."""

    def __init__(self) -> None:
        super().__init__()
        self._log = Lines()

    def create(self, *_session: Any) -> Lines:
        return self._log

    def destroy(self, log: Any) -> None:
        """It lives as long as this."""


def configured(settings: dict[str, str]) -> tuple[Any, Any]:
    """The engine's settings, and the name of its one session."""
    if settings["UseDataDictionary"] == "Y" and "DataDictionary" not in settings:
        settings = {**settings, "DataDictionary": str(dictionary(settings["BeginString"]))}
    session = fix.SessionID(
        settings["BeginString"], settings["SenderCompID"], settings["TargetCompID"]
    )
    own = fix.Dictionary()
    for name, value in settings.items():
        own.setString(name, value)
    all_of_them = fix.SessionSettings()
    all_of_them.set(session, own)
    return all_of_them, session


def dictionary(begin_string: str) -> Path:
    """The engine's own dictionary, which it brings."""
    beside = Path(fix.__file__).parent / "share/quickfix"
    return beside / f"{begin_string.replace('.', '')}.xml"


def carry_out(command: dict[str, Any], session: Any, groups: Any) -> dict[str, Any]:
    """Do what a line says; what is to be answered.  ``groups``: a dictionary that knows them."""
    orders: dict[str, Callable[[], Any]] = {
        "logon": session.logon,
        "logout": lambda: session.logout(command["text"]),
        "disconnect": session.disconnect,
        "reset": session.reset,
        "send": lambda: fix.Session.sendToTarget(
            fix.Message(from_bytes(command["text"]), groups, False), session.getSessionID()
        ),
        "numbers": lambda: number(command, session),
    }
    answer = orders[command["do"]]()
    return answer if isinstance(answer, dict) else {}


def number(command: dict[str, Any], session: Any) -> dict[str, int]:
    """Set the numbers that are given; those that are then."""
    if "next_out" in command:
        session.setNextSenderMsgSeqNum(command["next_out"])
    if "next_in" in command:
        session.setNextTargetMsgSeqNum(command["next_in"])
    return {
        "next_out": session.getExpectedSenderNum(),
        "next_in": session.getExpectedTargetNum(),
    }


def main() -> None:
    """Run until the input ends."""
    first = json.loads(sys.stdin.readline())
    settings, name = configured(first["settings"])
    application, logs = Told(first["logon"]), LinesFactory()
    store = fix.FileStoreFactory(settings)
    initiator = fix.SocketInitiator(application, store, settings, logs)
    initiator.start()
    session = fix.Session.lookupSession(name)
    groups = fix.DataDictionary(str(dictionary(first["settings"]["BeginString"])))
    say("ready")
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "stop":
            break
        try:
            say("done", **carry_out(command, session, groups))
        except Exception as error:  # noqa: BLE001
            say("failed", f"{type(error).__name__}: {error}")
    os._exit(0)  # threads of the engine would go on


if __name__ == "__main__":
    main()
