"""The engine says what its naive twin says: same commands, same events, field by field."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.twin.pair import Step, run, shortest
from tests.twin.sequences import Sequence

# Sequences that one example of the seeded test runs.
BLOCK = 20
# Seeds that once showed a difference.
REGRESSIONS: tuple[int, ...] = (0, 1, 2)


def follow(seed: int) -> None:
    """One sequence; a difference is shown with its seed and its shortest form."""
    steps: list[Step] = []
    sequence = Sequence(seed)
    try:
        for step in sequence.steps():
            steps.append(step)
            sequence.pair.apply(step)
        sequence.pair.restore()
        sequence.pair.check_end()
    except AssertionError:
        steps = shortest(steps)
        shown = "\n".join(map(repr, steps))
        print(f"twin seed {seed}; the shortest sequence that differs:\n{shown}")  # noqa: T201
        run(steps)
        raise


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_sequences_that_once_differed_are_alike(seed: int) -> None:
    follow(seed)


@pytest.mark.timeout(0)
def test_random_sequences_are_alike(pytestconfig: pytest.Config) -> None:
    wanted: int = pytestconfig.getoption("sequences")
    blocks = -(-wanted // BLOCK)
    ran = 0

    @settings(
        max_examples=blocks,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(block=st.integers(0, 2**58))
    def some(block: int) -> None:
        nonlocal ran
        for seed in range(block * BLOCK, (block + 1) * BLOCK):
            follow(seed)
            ran += 1

    some()
    assert ran >= wanted
