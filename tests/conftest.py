"""Options of the tests."""

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest.register_assert_rewrite("testing")
pytest_plugins = ("testing.fixtures",)

# A busy machine is no failure.  (Hypothesis is imported here: CPython 3.11 can not compile one
# of its modules as deep in the stack as its plugin imports it first.)
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


WHOLE_CLUSTERS = ("tests/cluster/", "tests/deploy/", "tests/supervisor/")
"""Where tests run so many processes that two at a time are too much for a small machine."""
LONGEST_FIRST = (WHOLE_CLUSTERS, "tests/kafka/", "tests/system/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: [not item.nodeid.startswith(room) for room in LONGEST_FIRST])


class ByFile(LoadScopeScheduling):
    """Where tests run in several processes, one has a file's tests, and one all whole clusters.

    (pytest-xdist's own ``loadgroup`` does not group with pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "clusters" if nodeid.startswith(WHOLE_CLUSTERS) else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """The order of files is that of ``LONGEST_FIRST``."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_configure() -> None:
    """No test is run on an extension of yesterday."""
    from testing.sources import stale

    if why := stale():
        raise pytest.UsageError(why)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the long tests go on."""
    parser.addoption(
        "--sequences",
        type=int,
        default=2_000,
        help="random sequences of commands by which the engine is held to its naive twin",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=2,
        help="how often a test of the journal kills its writer",
    )
    parser.addoption(
        "--fix-kills",
        type=int,
        default=2,
        help="how often the exchange is killed while QuickFIX trades with it",
    )
    parser.addoption(
        "--whole-flow",
        action="store_true",
        help="all of the real order flow is sent over FIX, too, which takes minutes",
    )
    parser.addoption(
        "--brokers",
        type=int,
        choices=(1, 3),
        default=1,
        help="how many brokers there are where a test kills every process of a cluster",
    )
    parser.addoption(
        "--outage-s",
        type=float,
        default=2.0,
        help="for how many seconds a test lets a broker or Redis be away",
    )
    parser.addoption(
        "--cases",
        type=int,
        default=5_000,
        help="random inputs that a port is given, where a test gives it any bytes",
    )
    parser.addoption(
        "--cluster",
        action="store_true",
        help="tests that take any exchange run on one whose roles are processes, on Kafka",
    )
    parser.addoption(
        "--alarms",
        action="store_true",
        help="every alarm of a cluster is made to fire by its cause, on a real Prometheus",
    )
    parser.addoption(
        "--builds",
        action="store_true",
        help="a second build is made, with newer rules, and takes over from this one under load",
    )
    parser.addoption(
        "--seed", type=int, default=None, help="what they follow from; a failure prints it"
    )
