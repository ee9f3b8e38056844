"""Who waits for a turn of the loop gets it in order, and none takes more of it than there is."""

import asyncio
from collections.abc import Callable
from unittest.mock import MagicMock

import pytest

from core import PanicException, Turns


class Clock:
    """Time that passes only where a test lets it."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


class Pieces:
    """So many pieces of work, each of which takes some time."""

    def __init__(self, turns: Turns, name: str, count: int, piece: Callable[[str], None]) -> None:
        self.abort = MagicMock()
        self._turns = turns
        self._name = name
        self._left = count
        self._piece = piece

    def go_on(self, until: int) -> None:
        while True:
            self._left -= 1
            self._piece(self._name)
            if self._turns.clock() >= until:
                break
            if not self._left:
                return
        if self._left:
            self._turns.later(self)


class Scene:
    """Pieces of 50 us in turns of 200 us: what was done in which turn of the loop."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.turns = Turns(200, self.clock)
        self.done: list[str] = []
        self.count = 0

    def piece(self, name: str) -> None:
        self.clock.ns += 50_000
        self.done[-1] += name

    def wait(self, name: str, count: int) -> Pieces:
        pieces = Pieces(self.turns, name, count, self.piece)
        self.turns.later(pieces)
        return pieces

    async def run(self, turns: int) -> list[str]:
        for _ in range(turns):
            self.done.append("")
            await asyncio.sleep(0)
        return self.done


async def test_pieces_are_done_in_turns_of_the_loop_and_nobody_goes_first_twice() -> None:
    scene = Scene()
    scene.wait("a", 7)
    scene.wait("b", 2)
    scene.wait("c", 1)
    assert await scene.run(5) == ["abca", "baaa", "aa", "", ""]


async def test_what_others_ask_of_the_loop_is_done_in_between() -> None:
    scene = Scene()
    scene.wait("a", 20)
    loop = asyncio.get_running_loop()
    said: list[int] = []

    def other() -> None:
        said.append(len("".join(scene.done)))
        if len(said) < 4:
            loop.call_soon(other)

    loop.call_soon(other)
    await scene.run(6)
    assert said == [4, 8, 12, 16]


async def test_time_that_others_took_is_no_longer_there() -> None:
    scene = Scene()
    assert scene.turns.open
    scene.turns.charge(150_000)
    assert scene.turns.open
    assert scene.turns.until(7) == 50_007
    scene.turns.charge(50_000)
    assert not scene.turns.open
    assert scene.turns.until(7) == 7
    await scene.run(1)
    assert scene.turns.open


async def test_what_is_charged_within_a_turn_counts_in_it() -> None:
    scene = Scene()

    def dear(name: str) -> None:
        scene.piece(name)
        scene.turns.charge(100_000)

    for name in "abc":
        scene.turns.later(Pieces(scene.turns, name, 1, dear))
    assert await scene.run(3) == ["ab", "c", ""]


async def test_nobody_goes_on_while_all_are_held() -> None:
    scene = Scene()
    scene.wait("a", 5)
    scene.turns.hold()
    scene.wait("b", 1)
    assert await scene.run(2) == ["", ""]
    scene.turns.resume()
    assert await scene.run(3) == ["", "", "abaa", "aa", ""]


@pytest.mark.parametrize("error", [ZeroDivisionError("a"), PanicException("a")])
async def test_a_fault_cuts_its_own_connection_and_no_other(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene()

    def fail(name: str) -> None:
        raise error

    faulty = Pieces(scene.turns, "a", 1, fail)
    # Not even where it can't be closed.
    faulty.abort.side_effect = error
    scene.turns.later(faulty)
    scene.wait("b", 5)
    assert await scene.run(3) == ["bbbb", "b", ""]
    faulty.abort.assert_called_once_with()
    assert "in fail" in caplog.text
