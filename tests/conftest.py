"""Options of the tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the long tests go on."""
    parser.addoption(
        "--sequences",
        type=int,
        default=10_000,
        help="random sequences of commands by which the engine is held to its naive twin",
    )
