"""The words in which a test speaks to an exchange over REST, one request after the other."""

import json
import urllib.error
import urllib.request
from typing import Any

PLAIN = {"symbol": "BTCUSD", "side": "BUY", "order_type": "LIMIT", "price": "100", "quantity": "1"}
"""An order, unless a test says otherwise: a buy of one at 100."""


class Requests:
    """Whoever has a port of REST.  Each word expects a status, and gives the body."""

    http: int

    def place(self, status: int = 201, /, **fields: Any) -> Any:
        """Place an order: a buy of one at 100 by the user ``rest``, unless told otherwise."""
        return self._expect(status, "POST", "/orders", {**PLAIN, "user_id": "rest", **fields})

    def try_place(self, **fields: Any) -> tuple[int, Any]:
        """Place an order, whatever is answered: status and body."""
        return self.ask("/orders", "POST", **{**PLAIN, "user_id": "rest", **fields})

    def cancel(self, order_id: str | int, status: int = 200) -> Any:
        """Cancel an order."""
        return self._expect(status, "DELETE", f"/orders/{order_id}")

    def cancel_all(self, user: str, status: int = 200) -> Any:
        """Cancel whatever a user has open."""
        return self._expect(status, "DELETE", f"/orders?user_id={user}")

    def amend(self, order_id: str | int, status: int = 200, /, **fields: Any) -> Any:
        """Amend an order."""
        return self._expect(status, "PATCH", f"/orders/{order_id}", fields)

    def get(self, path: str, status: int = 200) -> Any:
        """A page."""
        return self._expect(status, "GET", path)

    def ask(self, path: str, method: str = "GET", **fields: Any) -> tuple[int, Any]:
        """Status and body, where a test does not know which status to expect."""
        status, body = self._request(method, path, fields or None)
        return status, json.loads(body)

    def metrics(self) -> dict[str, float]:
        """What ``/metrics`` shows, which it must: name, with labels, and value."""
        return parse_metrics(self.exposition())

    def exposition(self) -> str:
        """``/metrics`` as it is."""
        status, body = self._request("GET", "/metrics")
        assert status == 200, body
        return body.decode()

    def _expect(self, status: int, method: str, path: str, fields: Any = None) -> Any:
        found, body = self._request(method, path, fields)
        assert found == status, (method, path, found, body[:1000])
        return json.loads(body)

    def _request(self, method: str, path: str, fields: Any = None) -> tuple[int, bytes]:
        url = f"http://127.0.0.1:{self.http}{path}"
        data = None if fields is None else json.dumps(fields).encode()
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


def parse_metrics(text: str) -> dict[str, float]:
    """The samples of an exposition, by name with labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, _, value in lines}
