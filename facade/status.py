"""The pages by which a process says how it does: ``/health``, ``/ready`` and ``/metrics``."""

from collections.abc import Callable
from typing import Any

import msgspec

from facade.errors import ApiError
from facade.message import Answer, Request
from facade.models import Health, Readiness
from facade.routes import Route

EXPOSITION = b"text/plain; version=0.0.4; charset=utf-8"
"""The content type of what Prometheus reads."""


class StatusRoutes:
    """These pages, of the facade and of roles that have none."""

    def __init__(self, metrics: Callable[[], bytes], standing: Callable[[], list[str]]) -> None:
        """``metrics`` renders the figures, ``standing`` says all that does not work now."""
        self._metrics = metrics
        self._standing = standing

    def health(self, request: Request) -> Answer:
        """``GET /health``."""
        return Answer(200, msgspec.json.encode(Health("ok")))

    def readiness(self, request: Request) -> Answer:
        """``GET /ready``."""
        faults = self._standing()
        ready = Readiness("not ready" if faults else "ready", faults)
        return Answer(503 if faults else 200, msgspec.json.encode(ready))

    def metrics(self, request: Request) -> Answer:
        """``GET /metrics``."""
        return Answer(200, self._metrics(), EXPOSITION)

    def table(self) -> tuple[Route, ...]:
        """Their rows."""
        return (
            service_page(
                "/health",
                "Whether the server lives",
                handle=self.health,
                answers={200: ("it does", Health)},
            ),
            service_page(
                "/ready",
                "Whether orders are taken, and every part does its work",
                handle=self.readiness,
                answers={
                    200: ("it is so", Readiness),
                    503: ("it is not: see faults", Readiness),
                },
            ),
            service_page(
                "/metrics",
                "Figures for Prometheus",
                handle=self.metrics,
                answers={200: ("text exposition format", "text/plain")},
            ),
        )


def service_page(path: str, summary: str, **more: Any) -> Route:
    """The row of a page that is no call of the exchange, and is served whatever has failed."""
    return Route(
        method="GET",
        path=path,
        summary=summary,
        tag="service",
        any_query=True,
        needs_view=False,
        **more,
    )


def refused(error: ApiError) -> Answer:
    """The answer that a refusal is."""
    return Answer(error.status, error.body, headers=error.headers)
