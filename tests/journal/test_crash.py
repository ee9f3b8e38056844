"""What is left when the writer is killed, or its disk fails."""

import itertools
import random
import resource
from pathlib import Path

import pytest

from tests.journal.writer import Writer

SIZES = (60, 700, 20_000)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("words", [(), ("delete",), ("normal",)])
def test_nothing_durable_is_lost_when_the_writer_is_killed(
    tmp_path: Path, pytestconfig: pytest.Config, size: int, words: tuple[str, ...]
) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    following = 1
    for _ in range(max(1, pytestconfig.getoption("kills") // 4)):
        with Writer(tmp_path / "log.db", size, *words) as writer:
            writer.wait_for("durable")
            writer.listen(chance.uniform(0, 0.4))
            writer.kill()
            now = writer.check()
        assert now > following, f"seed {seed}"
        following = now


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("sync 3", "fsync failed"),
        ("write 5", "write failed"),
        ("space 5", "full"),
        ("torn 5", "failed"),
        ("lost 5", "fsync failed"),
    ],
)
@pytest.mark.parametrize("size", [60, 20_000])
def test_a_failing_disk_ends_the_claims_and_a_good_one_lets_the_log_go_on(
    tmp_path: Path, faults: Path, fault: str, says: str, size: int
) -> None:
    with Writer(tmp_path / "log.db", size, "reopen", faults=faults) as writer:
        for _ in range(2):
            writer.wait_for("durable")
            begin = len(writer.lines)
            writer.fault(fault)
            failed = writer.wait_for("failed", begin)
            assert says in failed
            since = writer.lines.index(failed, begin)
            durable = writer.durable_at(since)
            writer.listen(0.2)
            # It may be open again by now, and then what it finds on the disk counts.
            before = itertools.takewhile(
                lambda it: not it.startswith("opened"), writer.lines[since:]
            )
            assert not [line for line in before if line.startswith("durable")]
            writer.fault("")
            opened = int(writer.wait_for("opened", since).split()[1])
            assert opened > durable
            if fault.startswith("lost"):
                assert opened == durable + 1
            writer.wait_for("durable")
        writer.kill()
        writer.check()


def test_a_log_of_events_whose_sync_fails_says_so(tmp_path: Path, faults: Path) -> None:
    with Writer(tmp_path / "log.db", 700, "normal", faults=faults) as writer:
        writer.wait_for("durable")
        writer.fault("sync 1")
        assert "sync: " in writer.wait_for("failed")
        writer.kill()
        writer.check()


def test_a_full_disk_ends_the_claims(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, limits[1]))
    try:
        writer = Writer(tmp_path / "log.db", 20_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with writer:
        failed = writer.wait_for("failed")
        assert "checkpoint" in failed or "commit" in failed
        assert writer.durable > 0
        writer.kill()
        writer.check()
