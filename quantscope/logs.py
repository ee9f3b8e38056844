"""The log, on standard error: a line for who reads it, or a JSON object a line for a program.

A line of JSON is whole whatever is logged: what a library says beside its message, a traceback, a
warning, an exception that nobody caught, and a message that can't be formatted are fields of it.
Only what is written past Python, by ``faulthandler`` or a panic of native code, is not.
"""

import io
import logging
import sys
import threading
from typing import Any

import click
from pythonjsonlogger.msgspec import MsgspecFormatter

from settings import ServerSettings

log = logging.getLogger("quantscope")

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NAMES = {
    "levelname": "level",
    "name": "logger",
    "exc_info": "exception",
    "stack_info": "stack",
}
"""The library's names of fields, and ours."""
TAKEN = ("created", "exc_info", "exc_text", "levelname", "levelno", "name", "stack_info")
"""What is taken of a record beside its message."""


def begin(settings: ServerSettings, process: str) -> None:
    """Log from now on as the settings say; ``process`` says in JSON whose lines these are."""
    handler: logging.Handler
    if settings.log_format == "json":
        if isinstance(sys.stderr, io.TextIOWrapper):
            sys.stderr.reconfigure(encoding="utf-8")
        handler = _JsonHandler(sys.stderr)
        handler.setFormatter(_JsonLines(process))
        sys.excepthook = _uncaught
        threading.excepthook = _uncaught_in_thread
        sys.unraisablehook = _unraisable
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(TEXT))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def be_silent() -> None:
    """Log nothing but what ends the process: that says in a line what others said in many."""
    logging.basicConfig(level=logging.CRITICAL)
    logging.root.setLevel(logging.CRITICAL)


def in_json() -> bool:
    """Whether lines are of JSON."""
    return any(isinstance(handler, _JsonHandler) for handler in logging.root.handlers)


def report(line: str) -> None:
    """Say something on standard error, as it is or as a line of the log in JSON."""
    if in_json():
        log.error("%s", line)
    else:
        click.echo(line, err=True)


class _JsonLines(MsgspecFormatter):
    """The library's formatter, with a fixed set of fields.

    By itself it would let whoever logs set any field, also those that are here.
    """

    def __init__(self, process: str) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields=NAMES,
            static_fields={"process": process},
            timestamp="time",
        )

    def format(self, record: logging.LogRecord) -> str:
        taken = {name: record.__dict__.get(name) for name in TAKEN}
        return super().format(logging.makeLogRecord(taken | {"msg": _utf_8(record.getMessage())}))

    def formatException(self, ei: Any) -> str:
        return _utf_8(logging.Formatter.formatException(self, ei))


class _JsonHandler(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:
        """A record that can't be formatted is one that says so; logging would print a traceback."""
        message = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        said = f"a line of {record.name} can't be formatted: {message}: {sys.exc_info()[1]}"
        again = {"name": log.name, "levelname": "ERROR", "created": record.created, "msg": said}
        try:
            self.stream.write(self.format(logging.makeLogRecord(again)) + self.terminator)
        except (OSError, ValueError):
            # Nobody reads.
            return


def _utf_8(text: str) -> str:
    """What JSON can hold: names of files may be no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    log.critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else "?"
    error = args.exc_value or args.exc_type()
    log.error("the thread %s has ended: %s", name, error, exc_info=error)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    what = args.err_msg or "an exception was ignored"
    error = args.exc_value or args.exc_type()
    log.error("%s in %s", what, args.object, exc_info=error)
