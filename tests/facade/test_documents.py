"""The document, the pages that show it, and that both say what is served."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from core import SHOWN_MAX, Stretch, cancel_reasons, refusals
from facade import models
from facade.errors import CODES
from facade.models import REASONS
from facade.pages import Pages
from facade.queries import DEPTH_DEFAULT, DEPTH_MAX, LIMIT_DEFAULT, LIMIT_MAX
from settings import FacadeSettings
from testing.in_process import InProcess

ROOT = Path(__file__).parents[2]
STRUCTURES = {
    "/orders/{order_id}": models.Order,
    "/orders/{order_id}/fills": models.Fills,
    "/orders/{order_id}/history": models.History,
    "/orders": models.Orders,
    "/orderbook/{symbol}": models.OrderBook,
    "/trades/{symbol}": models.Trades,
    "/ticker/{symbol}": models.Ticker,
    "/ticker": models.Tickers,
    "/instruments": models.Instruments,
    "/health": models.Health,
    "/ready": models.Readiness,
}


async def test_answers_have_the_fields_that_the_document_gives_them(exchange: InProcess) -> None:
    await exchange.place(side="SELL", user_id="bob")
    order = await exchange.place(quantity=2)
    params = {"/orders": {"user_id": "alice"}}
    exchange.store.stretch = Stretch(json=b"[]", count=0, of=0, next=None)
    exchange.record_all()
    for path, structure in STRUCTURES.items():
        url = path.format(order_id=order["order_id"], symbol="BTCUSD")
        answer = (await exchange.client.get(url, params=params.get(path))).content
        decoded = msgspec.json.decode(answer, type=structure, strict=True)
        assert json.loads(msgspec.json.encode(decoded)) == json.loads(answer), path


async def test_the_document_names_every_page_and_every_reference_is_there(
    exchange: InProcess,
) -> None:
    document = await exchange.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    served = {(r.method.lower(), r.path) for r in exchange.facade._router.routes}
    described = {(m, path) for path, page in document["paths"].items() for m in page}
    assert described == served
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert names <= set(document["components"]["schemas"])
    for page in document["paths"].values():
        for operation in page.values():
            for field in operation.get("parameters", ()):
                assert field["description"]


PROVOKED = [
    *(("GET", f"/{page}/NOPE", 404) for page in ("orderbook", "trades", "ticker")),
    *((method, "/orders/5", 404) for method in ("GET", "DELETE", "PATCH")),
    *(("GET", f"/orders/5/{page}", 404) for page in ("fills", "history", "nope")),
    ("DELETE", "/orders/5?symbol=NOPE", 404),
    ("DELETE", "/orders?user_id=a&symbol=NOPE", 422),
    ("GET", "/orders?user_id=a&symbol=NOPE", 422),
    ("GET", "/docs/nope", 404),
    ("GET", "/ws/notifications?user_id=a", 426),
]
ASKED = ["/orders?user_id=alice", "/trades/BTCUSD", "/ticker/BTCUSD", "/ticker"]


def operations(exchange: InProcess) -> list[tuple[str, str, set[str]]]:
    """Method, a path, and the statuses that the document has."""
    return [
        (method.upper(), re.sub(r"{\w+}", "x", page), set(operation["responses"]))
        for page, methods in exchange.document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_the_document_has_what_is_served_when_something_is_wrong(exchange: InProcess) -> None:
    """That the document has the status is looked at by the harness, for the answers of any test."""
    for method, path, expected in PROVOKED:
        body = {"price": 1} if method == "PATCH" else None
        answer = await exchange.client.request(method, path, json=body)
        assert answer.status_code == expected, (method, path)
    for method, path, statuses in operations(exchange):
        unknown = await exchange.client.request(method, f"{path}?nope=1")
        assert (unknown.status_code == 400) == ("400" in statuses), (method, path)
        foreign = await exchange.client.request(method, path, headers={"Host": "evil.example"})
        assert foreign.status_code == 403
        assert "default" in statuses


async def test_the_document_has_what_is_served_when_nothing_can_be_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with InProcess(
        FacadeSettings(recent_orders_max=4, overlay_orders_max=1, recent_trades_max=1)
    ) as exchange:
        for _ in range(2):
            await exchange.place(side="SELL", user_id="bob")
            await exchange.place()
        order_id = await exchange.dropped()
        await exchange.lose_journal()
        monkeypatch.setattr(exchange.facade, "_group", None)
        assert (await exchange.place(503))["code"] == "UNAVAILABLE"
        for path in ("/orders/5", "/orders?user_id=alice"):
            assert (await exchange.client.delete(path)).status_code == 503
        assert (await exchange.client.patch("/orders/5", json={"price": 1})).status_code == 503
        for path in (*ASKED, f"/orders/{order_id}", "/ready"):
            assert (await exchange.client.get(path)).status_code == 503, path


async def test_no_document_offers_what_is_not_there(exchange: InProcess) -> None:
    order = (await exchange.get("/openapi.json"))["components"]["schemas"]["NewOrder"]
    assert order["properties"]["order_type"]["enum"] == ["MARKET", "LIMIT"]
    assert "STOP" not in json.dumps(order)
    assert set(order["required"]) == {"symbol", "side", "order_type", "quantity", "user_id"}


async def test_the_page_needs_nothing_from_elsewhere(exchange: InProcess) -> None:
    page = await exchange.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(needed) == 4
    for path in [*needed, "/openapi.json"]:
        assert path.startswith("/")
        answer = await exchange.client.get(path)
        assert (answer.status_code, answer.content != b"") == (200, True)
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for wrong in ("nope.js", "..%2Fpages.py", "swagger-ui.css.map"):
        assert (await exchange.client.get(f"/docs/{wrong}")).status_code == 404


async def test_who_asks_for_nothing_is_led_to_the_page(exchange: InProcess) -> None:
    answer = await exchange.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/docs")


async def test_without_its_files_the_page_says_so(
    exchange: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facade.pages.find_spec", lambda name: None)
    monkeypatch.setattr(exchange.facade.pages, "_static", Pages()._static)
    assert (await exchange.client.get("/docs/swagger-ui.css")).status_code == 404


async def test_metrics_are_what_the_callable_renders(exchange: InProcess) -> None:
    answer = await exchange.client.get("/metrics")
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == (
        "orders 1\n",
        "text/plain",
    )


async def test_reasons_are_one_closed_list(exchange: InProcess) -> None:
    schemas = (await exchange.get("/openapi.json"))["components"]["schemas"]
    for name in ("Order", "HistoryEntry", "Notification"):
        assert schemas[name]["properties"]["reason"]["enum"] == [*REASONS, None]
    manual = (ROOT / "docs/rest-api.md").read_text()
    table = manual.partition("### Reasons")[2].partition("## Markets")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(cancel_reasons())
    codes = manual.partition("## Codes")[2].partition("## FacadeSettings")[0]
    for code in refusals():
        assert f"`{code}`" in codes, code


def test_the_manual_names_every_call_and_every_code() -> None:
    manual = (ROOT / "docs/rest-api.md").read_text()
    for code in CODES:
        assert f"`{code}`" in manual
    for path in (*STRUCTURES, "/metrics", "/docs", "/openapi.json", "/ws/notifications"):
        assert path in manual


async def test_the_manual_has_the_pages_of_every_list(exchange: InProcess) -> None:
    manual = (ROOT / "docs/rest-api.md").read_text()
    table = manual.partition("## Pages")[2].partition("## Orders")[0]
    told = {
        path: (limit, most)
        for paths, limit, most in re.findall(r"^\| (.*?) \| ([\d,]+) \| ([\d,]+) \|", table, re.M)
        for path in re.findall(r"`(/[^`?]+)", paths)
    }
    listed = {}
    for page, methods in exchange.document["paths"].items():
        fields = {f["name"]: f["schema"] for f in methods.get("get", {}).get("parameters", ())}
        if "cursor" in fields:
            listed[page] = tuple(f"{fields['limit'][key]:,}" for key in ("default", "maximum"))
        schema = exchange.document["components"]["schemas"]
        answer = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = (
            answer.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        )
        has = {"count", "next_cursor"} & schema.get(name, {}).get("properties", {}).keys()
        assert len(has) == 2 * ("cursor" in fields), page
    assert told == listed


def test_the_manual_of_operations_says_what_answers_hold() -> None:
    manual = (ROOT / "docs/operations.md").read_text()
    part = manual.partition("## What an answer holds\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `GET ([^ `?]+)[^|]*\| ([^|]*) \|", part, re.MULTILINE))
    pages = f"{LIMIT_DEFAULT} unless given, {LIMIT_MAX:,} at most"
    for path in ("/trades/:symbol", "/orders/:id/fills"):
        assert pages in rows[path], path
    assert f"{DEPTH_DEFAULT} unless given, {DEPTH_MAX:,} at most" in rows["/orderbook/:symbol"]
    assert f"its newest {SHOWN_MAX} fills and {SHOWN_MAX} entries" in part
    named = set(re.findall(r"`facade\.(\w+)`", part))
    assert "page_bytes_max" in named
    assert named <= set(FacadeSettings.__struct_fields__)
    assert "`complete_since`" in part
