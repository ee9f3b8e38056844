"""A client of FIX that says every message itself, byte for byte if need be."""

import asyncio
import datetime
from collections.abc import Iterable
from typing import Self

SOH = b"\x01"
SECONDS_MAX = 20.0
Field = tuple[int, object]
Message = dict[int, str]
"""Fields by tag; of one that stands several times, the last."""


def utc_now(shift_s: float = 0) -> str:
    """The time now as a UTCTimestamp, or so many seconds later."""
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=shift_s)
    return now.strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


def encoded(begin_string: str, fields: Iterable[Field]) -> bytes:
    """A message of these fields, with its length and checksum."""
    body = "".join(f"{tag}={value}\x01" for tag, value in fields).encode("latin-1")
    head = f"8={begin_string}\x019={len(body)}\x01".encode() + body
    return head + f"10={sum(head) % 256:03}\x01".encode()


def fields_of(message: bytes) -> list[tuple[int, str]]:
    """Its fields, in order; the message is one of ours, without data."""
    pairs = (field.split(b"=", 1) for field in message.split(SOH)[:-1])
    return [(int(tag), value.decode("latin-1")) for tag, value in pairs]


class FixClient:
    """One line; nothing is answered but by what a test says."""

    def __init__(
        self,
        port: int,
        comp_id: str = "demo1",
        *,
        begin_string: str = "FIX.4.4",
        password: str = "demo",  # noqa: S107
        sub_id: str = "",
    ) -> None:
        """Nothing is opened yet."""
        self.port = port
        self.comp_id = comp_id
        self.begin_string = begin_string
        self.password = password
        self.sub_id = sub_id
        self.number = 1
        """MsgSeqNum of what is said next."""
        self.heard: list[Message] = []
        """All that was read, in order."""
        self.came: list[bytes] = []
        """The same, byte for byte."""
        self.reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        """Open a line."""
        return await self.connect()

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        self.cut()

    async def connect(self) -> Self:
        """Open a line, or another one in its place."""
        if self._writer is not None:
            self.cut()
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    @property
    def writer(self) -> asyncio.StreamWriter:
        """What writes to the line."""
        assert self._writer is not None
        return self._writer

    def cut(self) -> None:
        """Close the line at once."""
        self.writer.transport.abort()
        self.writer.close()

    def say(
        self,
        msg_type: str,
        *fields: Field,
        number: int | None = None,
        sending: str | None = None,
        header: Iterable[Field] = (),
    ) -> None:
        """Say a message with the number that is next, or with another."""
        self.writer.write(
            self.made(msg_type, *fields, number=number, sending=sending, header=header)
        )

    def made(
        self,
        msg_type: str,
        *fields: Field,
        number: int | None = None,
        sending: str | None = None,
        header: Iterable[Field] = (),
    ) -> bytes:
        """A message with the number that is next, or with another; it is not said."""
        first: list[Field] = [
            (35, msg_type),
            (49, self.comp_id),
            *([(50, self.sub_id)] if self.sub_id else []),
            (56, "QUANTSCOPE"),
            (34, self.number if number is None else number),
            (52, sending or utc_now()),
        ]
        if number is None:
            self.number += 1
        return encoded(self.begin_string, [*first, *header, *fields])

    def credentials(self) -> list[Field]:
        """What a Logon has to show."""
        if self.begin_string == "FIX.4.2":
            return [(95, len(self.password)), (96, self.password)]
        return [(553, self.comp_id), (554, self.password)]

    async def log_on(self, *fields: Field, heartbeat_s: int = 30) -> Message:
        """Say a Logon, which must be answered by one."""
        self.say("A", (98, 0), (108, heartbeat_s), *self.credentials(), *fields)
        answer = await self.hear()
        assert answer[35] == "A", answer
        return answer

    async def hear(self) -> Message:
        """The next message; its length and checksum are right."""
        return dict(await self.hear_fields())

    async def hear_fields(self) -> list[tuple[int, str]]:
        """The next message, field by field."""
        async with asyncio.timeout(SECONDS_MAX):
            head = await self.reader.readuntil(SOH + b"9=")
            length = await self.reader.readuntil(SOH)
            body = await self.reader.readexactly(int(length[:-1]))
            trailer = await self.reader.readexactly(7)
        message = head + length + body
        assert trailer == f"10={sum(message) % 256:03}\x01".encode(), message
        fields = fields_of(message + trailer)
        self.came.append(message + trailer)
        self.heard.append(dict(fields))
        return fields

    async def hear_until(self, msg_type: str) -> list[Message]:
        """All messages up to one of this type."""
        found = [await self.hear()]
        while found[-1][35] != msg_type:
            found.append(await self.hear())
        return found

    async def closed(self) -> list[Message]:
        """The line is closed by the other side: what was said before that."""
        found = []
        while True:
            try:
                found.append(await self.hear())
            except (asyncio.IncompleteReadError, ConnectionError):
                return found

    async def goes_on(self) -> list[Message]:
        """Both sides have the same numbers still: what came before the answer to a TestRequest."""
        self.say("1", (112, f"after {self.number}"))
        *before, answer = await self.hear_until("0")
        assert answer.get(112) == f"after {self.number - 1}", answer
        return before

    # -- orders ------------------------------------------------------------------------------

    def place(
        self,
        cl_ord_id: str,
        *fields: Field,
        side: int = 1,
        qty: object = 1,
        price: object = 100,
        header: Iterable[Field] = (),
    ) -> None:
        """NewOrderSingle of a limit order."""
        self.say(
            "D",
            *self._of_version(),
            (11, cl_ord_id),
            (55, "BTCUSD"),
            (54, side),
            (60, utc_now()),
            (38, qty),
            (40, 2),
            (44, price),
            *fields,
            header=header,
        )

    def cancel(self, cl_ord_id: str, orig: str, *fields: Field, side: int = 1) -> None:
        """OrderCancelRequest."""
        self.say(
            "F", (11, cl_ord_id), (41, orig), (55, "BTCUSD"), (54, side), (60, utc_now()), *fields
        )

    def amend(self, cl_ord_id: str, orig: str, *fields: Field, side: int = 1) -> None:
        """OrderCancelReplaceRequest of a limit order."""
        self.say(
            "G",
            *self._of_version(),
            (11, cl_ord_id),
            (41, orig),
            (55, "BTCUSD"),
            (54, side),
            (60, utc_now()),
            (40, 2),
            *fields,
        )

    def _of_version(self) -> list[Field]:
        return [(21, 1)] if self.begin_string == "FIX.4.2" else []
