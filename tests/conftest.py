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
    parser.addoption(
        "--kills",
        type=int,
        default=4,
        help="how often a test of the journal kills its writer",
    )
