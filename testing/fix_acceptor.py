"""An acceptor by a script: it answers as the exchange does, and its line breaks on demand.

Its session is simple and its own: what is ahead of a gap is dropped, and comes again.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

from simplefix.message import FixMessage
from simplefix.parser import FixParser

Breaks = Callable[[int], bool]
Fields = list[tuple[int, str | int]]
ENDED = ("Filled", "Canceled")


def never(_: int) -> bool:
    return False


def now() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]


def text(message: FixMessage, tag: int) -> str:
    value = message.get(tag)
    return "" if value is None else value.decode()


class ScriptedAcceptor:
    """Accepts orders at any price, fills market orders, and remembers every message."""

    def __init__(self, begin_string: str = "FIX.4.4", tls: ssl.SSLContext | None = None) -> None:
        self.begin_string, self._tls = begin_string, tls
        self.next_in = self.next_out = 1
        self.kept: dict[int, tuple[str, str, Fields]] = {}
        self.seen: list[FixMessage] = []
        self.admin: list[FixMessage] = []
        self.orders: dict[str, FixMessage] = {}
        self.open: dict[str, str] = {}
        self.refuse_logons: list[str] = []
        self.break_before: Breaks = never
        self.break_after: Breaks = never
        self.silent = False
        self.deaf = False
        self.idle = False
        self.port = 0
        self._asked = False
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.break_line()
        await self._server.wait_closed()

    def break_line(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def kinds(self) -> list[str]:
        return [text(message, 35) for message in self.seen]

    # The session

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = FixParser()
        self._writer, self._asked, self.silent = writer, False, False
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                parser.append_buffer(data)
                while (message := parser.get_message()) is not None:
                    if not self._take(message, text(message, 35), int(text(message, 34))):
                        writer.close()
                        return
        writer.close()

    def _write(self, kind: str, number: int, fields: Fields, original: str | None = None) -> None:
        message = FixMessage()
        header: Fields = [(8, self.begin_string), (35, kind), (49, "QUANTSCOPE"), (56, "demo1")]
        if original is not None:
            header += [(43, "Y"), (122, original)]
        for tag, value in [*header, (34, number), (52, now()), *fields]:
            message.append_pair(tag, value)
        if self._writer is not None and not self.silent:
            self._writer.write(message.encode())

    def say(self, kind: str, fields: Fields) -> None:
        """An administrative message."""
        self._write(kind, self.next_out, fields)
        self.next_out += 1

    def tell(self, kind: str, fields: Fields) -> None:
        """An application message."""
        self.kept[self.next_out] = kind, now(), fields
        self.say(kind, fields)

    def _take(self, message: FixMessage, kind: str, number: int) -> bool:
        if kind == "A":
            return self._log_on(message, number)
        if kind in "012345":
            self.admin.append(message)
        if kind == "2":
            self._resend(int(text(message, 7)), int(text(message, 16)))
        if kind == "5":
            if not self.deaf:
                self.say("5", [])
            self.next_in += number == self.next_in
            return self.deaf
        if number > self.next_in:
            if not self._asked:
                self._asked = True
                self.say("2", [(7, self.next_in), (16, 0)])
            return True
        if number < self.next_in:
            assert text(message, 43) == "Y"
            return True
        self.next_in = int(text(message, 36)) if kind == "4" else number + 1
        if kind == "1":
            self.say("0", [(112, text(message, 112))])
        return kind in "012345" or self._application(message)

    def _log_on(self, message: FixMessage, number: int) -> bool:
        self.admin.append(message)
        if self.refuse_logons:
            self._write("5", 1, [(58, self.refuse_logons.pop(0))])
            return False
        reset = text(message, 141) == "Y"
        if reset:
            self.next_in = self.next_out = 1
            self.kept.clear()
        fields: Fields = [(98, 0), (108, text(message, 108))]
        self.say("A", [*fields, (141, "Y")] if reset else fields)
        if number > self.next_in:
            self._asked = True
            self.say("2", [(7, self.next_in), (16, 0)])
        else:
            assert number == self.next_in
            self.next_in = number + 1
        return True

    def _resend(self, begin: int, end: int) -> None:
        for number in range(begin, min(end or self.next_out, self.next_out - 1) + 1):
            if number in self.kept:
                kind, sent, fields = self.kept[number]
                self._write(kind, number, fields, sent)
            else:
                self._write("4", number, [(123, "Y"), (36, number + 1)], now())

    def _application(self, message: FixMessage) -> bool:
        if self.break_before(len(self.seen)):
            self.next_in -= 1
            self.break_line()
            return False
        self.seen.append(message)
        broken = self.break_after(len(self.seen))
        if broken:
            self.break_line()
        if not self.idle:
            self._execute(message)
        return not broken

    # The exchange

    def _execute(self, message: FixMessage) -> None:
        {
            "D": self._place,
            "F": self._cancel,
            "G": self._replace,
            "q": self._mass_cancel,
            "H": self._status,
            "x": self._list,
            "e": self._security_status,
        }[text(message, 35)](message)

    def execution(
        self, exec_type: str, status: str, name: str, more: Fields, order: FixMessage | None = None
    ) -> None:
        """An ExecutionReport about the order of this name."""
        order = order or self.orders[name]
        quantity = text(order, 38)
        left = quantity if status in ("0", "5") else "0"
        fields: Fields = [
            (37, 1000 + list(self.orders).index(name)),
            (11, name),
            (17, f"{self.next_out}"),
            (150, exec_type),
            (39, status),
            (55, text(order, 55) or "BTCUSD"),
            (54, text(order, 54)),
            (38, quantity),
            (40, text(order, 40)),
            (151, left),
            (14, quantity if status == "2" else "0"),
            (6, "0"),
            (60, now()),
        ]
        if price := text(order, 44):
            fields.append((44, price))
        if self.begin_string == "FIX.4.2":
            fields.append((20, 0))
        changed = dict(more)
        self.tell("8", [f for f in fields if f[0] not in changed] + more)

    def _place(self, message: FixMessage) -> None:
        name = text(message, 11)
        duplicate = name in self.orders
        self.orders.setdefault(name, message)
        if duplicate or text(message, 38).startswith("-"):
            reason = "6" if duplicate else "13"
            about: Fields = [(37, "NONE"), (103, reason), (58, "refused"), (151, 0)]
            self.execution("8", "8", name, about, message)
            return
        self.execution("0", "0", name, [])
        if text(message, 40) == "1":
            kind = "2" if self.begin_string == "FIX.4.2" else "F"
            self.execution(kind, "2", name, [(31, "50000.5"), (32, text(message, 38))])
        else:
            self.open[name] = name

    def _named(self, message: FixMessage) -> str | None:
        """The order that a request is about, if it is open."""
        number = text(message, 37)
        if number:
            names = list(self.orders)
            at = int(number) - 1000
            name = names[at] if 0 <= at < len(names) else ""
        else:
            name = text(message, 41)
        return name if name in self.open else None

    def _refuse(self, message: FixMessage, response_to: int) -> None:
        self.tell(
            "9",
            [
                (37, "NONE"),
                (11, text(message, 11)),
                (41, text(message, 41) or "NONE"),
                (39, "8"),
                (102, 1),
                (434, response_to),
            ],
        )

    def _cancel(self, message: FixMessage) -> None:
        name = self._named(message)
        if name is None:
            self._refuse(message, 1)
            return
        del self.open[name]
        self.execution("4", "4", name, [(11, text(message, 11)), (41, name)])

    def _replace(self, message: FixMessage) -> None:
        name = self._named(message)
        if name is None:
            self._refuse(message, 2)
            return
        del self.open[name]
        new = text(message, 11)
        self.orders[new] = message
        self.open[new] = new
        self.execution("5", "0", new, [(41, name)])

    def _mass_cancel(self, message: FixMessage) -> None:
        known = text(message, 55) in ("", "BTCUSD")
        names = list(self.open) if known else []
        for name in names:
            del self.open[name]
            self.execution("4", "4", name, [])
        kind = text(message, 530)
        fields: Fields = [(37, 1), (11, text(message, 11)), (530, kind), (531, kind)]
        if not known:
            fields[-1] = (531, 0)
            fields.append((532, 1))
        self.tell("r", [*fields, (533, len(names))])

    def _status(self, message: FixMessage) -> None:
        name = text(message, 11)
        if text(message, 37):
            named = self._named(message) or ""
            assert name in ("", named)
            name = named
        old = self.begin_string == "FIX.4.2"
        ids: Fields = [(20, 3)] if old else [(790, text(message, 790))]
        kind = "0" if old else "I"
        if name in self.open:
            self.execution(kind, "0", name, [*ids, (17, "0")])
            return
        name_of: Fields = [(11, name)] if name else []
        about: Fields = [(37, "NONE"), (17, "0"), (150, kind), (39, "8"), (54, 7)]
        self.tell("8", [*about, *ids, *name_of, (103, 5), (14, 0), (151, 0), (6, 0), (55, "[N/A]")])

    def _list(self, message: FixMessage) -> None:
        wanted, name = text(message, 55), text(message, 320)
        symbols = [symbol for symbol in ("BTCUSD", "ETHUSD") if wanted in ("", symbol)]
        if not symbols:
            self.tell("j", [(45, text(message, 34)), (372, "x"), (379, name), (380, 2)])
        head: Fields = [(320, name), (322, "l"), (560, 0)]
        for number, symbol in enumerate(symbols, 1):
            last = "Y" if number == len(symbols) else "N"
            group: Fields = [(146, 1), (55, symbol), (561, "0.001"), (562, "0.001")]
            self.tell("y", [*head, (393, len(symbols)), (893, last), *group])

    def _security_status(self, message: FixMessage) -> None:
        self.tell("f", [(324, text(message, 324)), (55, text(message, 55)), (326, 17)])
