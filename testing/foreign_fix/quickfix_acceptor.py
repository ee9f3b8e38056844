"""An acceptor on QuickFIX that acknowledges orders, and does nothing else with them.

A program: it runs where QuickFIX can be imported (``engines.quickfix_env``), says ``ready
fix=HOST:PORT`` and serves until it is ended.  Tests try foreign engines on it, and benchmarks show
it beside the exchange.
"""

import argparse
import signal
from typing import Any

import quickfix as fix

from testing.foreign_fix.quickfix_driver import dictionary

ANSWERS = {"D": ("0", "0"), "G": ("5", "0"), "F": ("4", "4"), "H": ("I", "0")}
"""By the type of the request: ExecType and OrdStatus of its ExecutionReport."""
LEAVE_OUT = 58
"""A request that has a Text gets a report without the tags that stand there: a wrong one."""


class Acknowledges(fix.Application):  # type: ignore[misc]
    """Each request about an order gets one ExecutionReport, whatever it says."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def onCreate(self, session: Any) -> None:
        """The session is there."""

    def onLogon(self, session: Any) -> None:
        """Whoever knows the names may come in."""

    def onLogout(self, session: Any) -> None:
        """Nothing is to be done."""

    def toAdmin(self, message: Any, session: Any) -> None:
        """The engine's own."""

    def fromAdmin(self, message: Any, session: Any) -> None:
        """The engine's own."""

    def toApp(self, message: Any, session: Any) -> None:
        """It may go."""

    def fromApp(self, message: Any, session: Any) -> None:
        msg_type = message.getHeader().getField(35)
        if msg_type in ANSWERS:
            self._report(message, session, *ANSWERS[msg_type])

    def _report(self, message: Any, session: Any, exec_type: str, status: str) -> None:
        old = session.getBeginString().getValue() == "FIX.4.2"
        self._count += 1
        quantity = message.getField(38) if message.isSetField(38) else "0"
        report = fix.Message()
        report.getHeader().setField(fix.MsgType("8"))
        fields = {
            37: f"O{self._count}",
            17: f"E{self._count}",
            11: message.getField(11),
            150: status if old and exec_type == "I" else exec_type,
            39: status,
            55: message.getField(55),
            54: message.getField(54),
            38: quantity,
            151: quantity if status == "0" else "0",
            14: "0",
            6: "0",
        }
        if old:
            fields[20] = "3" if exec_type == "I" else "0"
        if message.isSetField(41):
            fields[41] = message.getField(41)
        if message.isSetField(LEAVE_OUT):
            for tag in message.getField(LEAVE_OUT).split():
                del fields[int(tag)]
        for tag, value in fields.items():
            report.setField(fix.StringField(tag, value))
        fix.Session.sendToTarget(report, session)


def settings(port: int, store: str | None, clients: list[str], *, validate: bool) -> Any:
    """Those of an acceptor that knows each client by both versions of FIX."""
    every = fix.SessionSettings()
    common = fix.Dictionary()
    for name, value in {
        "ConnectionType": "acceptor",
        "SocketAcceptPort": str(port),
        "SocketReuseAddress": "Y",
        "SocketNodelay": "Y",
        "NonStopSession": "Y",
        "FileStorePath": store or "",
    }.items():
        common.setString(name, value)
    every.set(common)
    for begin_string in ("FIX.4.2", "FIX.4.4"):
        for client in clients:
            own = fix.Dictionary()
            own.setString("UseDataDictionary", "Y" if validate else "N")
            own.setString("DataDictionary", str(dictionary(begin_string)))
            every.set(fix.SessionID(begin_string, "QUANTSCOPE", client), own)
    return every


def main() -> None:
    """Serve until SIGTERM."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("port", type=int)
    options.add_argument("clients", nargs="+", help="their CompIDs")
    options.add_argument("--store", help="a folder where sessions are kept; else in memory")
    options.add_argument("--no-validation", action="store_true", help="no data dictionary")
    given = options.parse_args()
    # Whoever starts it ends it; signals are waited for, and not handled in the engine's threads.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    configured = settings(given.port, given.store, given.clients, validate=not given.no_validation)
    application = Acknowledges()
    store = fix.FileStoreFactory(configured) if given.store else fix.MemoryStoreFactory()
    acceptor = fix.SocketAcceptor(application, store, configured)
    acceptor.start()
    print(f"ready fix=127.0.0.1:{given.port}", flush=True)  # noqa: T201
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    acceptor.stop(True)


if __name__ == "__main__":
    main()
