"""The document, the pages that show it, and that both say what is served."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from facade import models
from facade.errors import CODES
from facade.pages import Pages
from tests.facade.harness import Exchange

ROOT = Path(__file__).parents[2]
STRUCTURES = {
    "/orders/{order_id}": models.Order,
    "/orders": models.Orders,
    "/orderbook/{symbol}": models.OrderBook,
    "/trades/{symbol}": models.Trades,
    "/ticker/{symbol}": models.Ticker,
    "/ticker": models.Tickers,
    "/instruments": models.Instruments,
    "/health": models.Health,
    "/ready": models.Health,
}


async def test_answers_have_the_fields_that_the_document_gives_them(exchange: Exchange) -> None:
    await exchange.place(side="SELL", user_id="bob")
    order = await exchange.place(quantity=2)
    params = {"/orders": {"user_id": "alice"}}
    for path, structure in STRUCTURES.items():
        url = path.format(order_id=order["order_id"], symbol="BTCUSD")
        answer = (await exchange.client.get(url, params=params.get(path))).content
        decoded = msgspec.json.decode(answer, type=structure, strict=True)
        assert json.loads(msgspec.json.encode(decoded)) == json.loads(answer), path


async def test_the_document_names_every_page_and_every_reference_is_there(
    exchange: Exchange,
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


async def test_no_document_offers_what_is_not_there(exchange: Exchange) -> None:
    order = (await exchange.get("/openapi.json"))["components"]["schemas"]["NewOrder"]
    assert order["properties"]["order_type"]["enum"] == ["MARKET", "LIMIT"]
    assert "STOP" not in json.dumps(order)
    assert set(order["required"]) == {"symbol", "side", "order_type", "quantity", "user_id"}


async def test_the_page_needs_nothing_from_elsewhere(exchange: Exchange) -> None:
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


async def test_without_its_files_the_page_says_so(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facade.pages.find_spec", lambda name: None)
    monkeypatch.setattr(exchange.facade.pages, "_static", Pages()._static)
    assert (await exchange.client.get("/docs/swagger-ui.css")).status_code == 404


async def test_metrics_are_what_the_callable_renders(exchange: Exchange) -> None:
    answer = await exchange.client.get("/metrics")
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == (
        "orders 1\n",
        "text/plain",
    )


def test_the_manual_names_every_call_and_every_code() -> None:
    manual = (ROOT / "docs/rest-api.md").read_text()
    for code in CODES:
        assert f"`{code}`" in manual
    for path in (*STRUCTURES, "/metrics", "/docs", "/openapi.json", "/ws/notifications"):
        assert path in manual
