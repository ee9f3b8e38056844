"""The engine says what its naive twin says: same commands, same events, field by field."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from testing.twin.edges import EdgeSequence
from testing.twin.pair import Step, is_fault, run, shortest
from testing.twin.sequences import Sequence

# Sequences that one example of the seeded test runs.
BLOCK = 20
# Seeds that once showed a difference.
REGRESSIONS: tuple[int, ...] = (0, 1, 2)


def follow(seed: int, make: type[Sequence] = Sequence) -> None:
    """One sequence; a difference is shown with its seed and its shortest form."""
    steps: list[Step] = []
    sequence = make(seed)
    try:
        for step in sequence.steps():
            steps.append(step)
            sequence.pair.apply(step)
        sequence.pair.restore()
        sequence.pair.check_end()
    except BaseException as error:
        if not is_fault(error):
            raise
        steps = shortest(steps)
        shown = "\n".join(map(repr, steps))
        name = f"{make.__name__}({seed})"
        print(f"twin {name}; the shortest sequence that differs:\n{shown}")  # noqa: T201
        run(steps)
        raise


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_sequences_that_once_differed_are_alike(seed: int) -> None:
    follow(seed)


# Sequences at the edges are a quarter as many.
KINDS = ((Sequence, 1), (EdgeSequence, 4))


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("make", "part"), KINDS)
def test_random_sequences_are_alike(
    pytestconfig: pytest.Config, make: type[Sequence], part: int
) -> None:
    wanted: int = pytestconfig.getoption("sequences") // part
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
            follow(seed, make)
            ran += 1

    some()
    assert ran >= wanted
