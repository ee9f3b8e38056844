"""Answers of 500 and above are in the log, and a flood of them makes no flood of lines."""

from unittest.mock import MagicMock

import pytest

from facade.errors import ApiError
from facade.message import Answer, Request
from facade.server_errors import LENGTH_MAX, SAY_INTERVAL_S, ServerErrors
from facade.status import refused
from testing.in_process import InProcess

UNAVAILABLE = refused(ApiError(503, "UNAVAILABLE", "nobody is there"))


def asked(path: bytes = b"/orders/5", **headers: bytes) -> Request:
    request = Request(MagicMock(), 0.0)
    request.method, request.path = b"GET", path
    request.headers = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return request


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [row.message for row in caplog.records if row.name == "quantscope.facade"]


async def test_a_request_that_can_not_be_answered_is_in_the_log(
    exchange: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    await exchange.lose_journal()
    answer = await exchange.client.get("/ready")
    assert answer.status_code == 503
    answer = await exchange.client.delete("/orders/5", headers={"X-Request-ID": "a-1"})
    assert answer.status_code == 503
    (line,) = [line for line in messages(caplog) if "was answered" in line]
    assert line.startswith("DELETE /orders/5 (request id a-1) was answered 503 UNAVAILABLE: ")
    await exchange.mend_journal()


def test_one_a_second_is_said_and_how_many_more(caplog: pytest.LogCaptureFixture) -> None:
    errors = ServerErrors()
    line = "GET /orders/5 was answered 503 UNAVAILABLE: nobody is there"
    for number in range(500):
        errors.answered(asked(), UNAVAILABLE, 10 + number / 1_000)
    errors.look(10.9)
    assert messages(caplog) == [line]
    errors.look(10 + SAY_INTERVAL_S)
    assert messages(caplog)[1:] == ["499 more request(s) were answered with 500 or above"]
    errors.answered(asked(), UNAVAILABLE, 12.5)
    assert messages(caplog)[2:] == [line]
    errors.look(20)
    assert len(messages(caplog)) == 3


@pytest.mark.parametrize(
    ("request_", "answer", "line"),
    [
        (asked(b"/ready"), UNAVAILABLE, None),
        (asked(), Answer(501, b"{}"), None),
        (asked(), Answer(505, b"{}"), None),
        (asked(b""), Answer(503, b"not json"), "a connection was answered 503"),
        (
            asked(b"/\xff\n" + 300 * b"x", x_request_id=b"\x1b[2J" + 300 * b"y"),
            Answer(500, b"{}"),
            f"GET /\\xff?{(LENGTH_MAX - 6) * 'x'}... (request id ?[2J{(LENGTH_MAX - 4) * 'y'}...) "
            "was answered 500",
        ),
    ],
)
def test_what_is_said_is_of_the_server_and_one_line(
    request_: Request, answer: Answer, line: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    ServerErrors().answered(request_, answer, 10.0)
    assert messages(caplog) == ([] if line is None else [line])
