"""Where commands stand in their topic, and which stand there, by a list of bases."""

import random

import msgspec
import pytest

from journal.kafka import NEW, PLAIN, Base, Bases, Journal


def placed(bases: Bases, end: int) -> dict[int, int]:
    """The places of all that counts, by Kafka's offsets."""
    return {at: bases.command(at) for at in range(end) if bases.counts(at)}


def test_a_new_journal_begins_with_command_1() -> None:
    assert placed(NEW, 4) == {0: 1, 1: 2, 2: 3, 3: 4}
    assert [NEW.kafka_offset(place) for place in range(5)] == [0, 0, 1, 2, 3]
    assert [NEW.first_place(at) for at in (0, 3)] == [1, 4]
    assert not any(NEW.lost(place) for place in range(5))
    assert placed(PLAIN, 3) == {0: 0, 1: 1, 2: 2}
    assert (PLAIN.first_place(0), PLAIN.kafka_offset(0)) == (0, 0)


def test_an_imported_journal_goes_on_behind_what_was_before() -> None:
    bases = Bases((Base(0, 501, behind=500),))
    assert placed(bases, 2) == {0: 501, 1: 502}
    assert bases.kafka_offset(500) == bases.kafka_offset(501) == 0
    assert [bases.first_place(at) for at in (0, 3)] == [501, 504]
    assert not bases.lost(500)
    assert not bases.lost(501)


CUT = (Base(0, 1), Base(9, 991, kafka_end=6, behind=6))
"""Of nine records the last three are nobody's; what follows stands at 1000 and behind."""


def test_behind_an_end_that_was_lost_places_go_on_far_above() -> None:
    bases = Bases(CUT)
    assert placed(bases, 11) == {0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 9: 1000, 10: 1001}
    # Whoever asks for what was lost gets what follows on it.
    assert [bases.kafka_offset(place) for place in (6, 7, 999, 1000, 1001)] == [5, 9, 9, 9, 10]
    assert [bases.command(at) for at in (6, 8)] == [1000, 1000]
    assert [bases.lost(place) for place in (6, 7, 999, 1000)] == [False, True, True, False]
    # Nothing is missing between 6 and 1000.
    assert [bases.first_place(at) for at in (0, 5, 6, 9, 10)] == [1, 6, 7, 7, 1001]


def test_what_a_snapshot_alone_holds_no_command_leads_to() -> None:
    bases = Bases((Base(0, 1), Base(9, 991, kafka_end=6, behind=8)))
    assert [bases.first_place(at) for at in (0, 9, 10)] == [9, 9, 1001]
    assert [bases.lost(place) for place in (7, 8, 9)] == [False, False, True]
    assert bases.kafka_offset(9) == 9


def test_a_topic_that_was_made_anew_has_nothing_of_before() -> None:
    bases = Bases((*CUT, Base(2, 4998, kafka_end=0, behind=1500)))
    assert placed(bases, 4) == {2: 5000, 3: 5001}
    assert bases.first_place(0) == 1501
    assert bases.lost(7)
    assert not bases.lost(1001)


def test_a_topic_that_was_cut_before_an_earlier_base_forgets_it() -> None:
    bases = Bases((*CUT, Base(5, 2995, kafka_end=4, behind=4)))
    assert placed(bases, 6) == {0: 1, 1: 2, 2: 3, 3: 4, 5: 3000}
    assert all(bases.lost(place) for place in (5, 6, 7, 1000, 2999))
    assert [bases.first_place(at) for at in (0, 4, 5)] == [1, 5, 5]


def test_whoever_knows_of_what_was_lost_goes_back_to_what_is_kept() -> None:
    bases = Bases((*CUT, Base(12, 4988, kafka_end=10, behind=1000), Base(14, 7986, 4, behind=4)))
    assert [bases.kept_before(x) for x in (3, 4, 5, 7, 1000, 1001, 5000, 8000)] == [
        *(3, 4, 4, 4, 4, 4, 4),
        8000,
    ]
    assert bases.until_lost(7).rows == CUT[:1]
    assert bases.until_lost(1001).rows == CUT
    assert len(bases.until_lost(5000).rows) == 3
    assert bases.until_lost(8000).rows == bases.rows


@pytest.mark.parametrize("seed_of_one", range(20))
def test_no_place_comes_twice_whatever_was_lost(seed_of_one: int) -> None:
    rng = random.Random(seed_of_one)
    rows, end, ever = [Base(0, 1)], 0, set[int]()
    for _ in range(6):
        end += rng.randrange(10)
        before = Bases(rows)
        ever |= set(placed(before, end).values())
        kept = rng.choice([0, *(at + 1 for at in placed(before, end))])
        behind = before.command(kept - 1) if kept else 0
        if ever and rng.random() < 0.3:
            behind = max(ever)
        begin = rng.randrange(kept, end + 1) if rng.random() < 0.8 else end
        first = max(ever, default=0) + rng.randrange(10, 100)
        rows.append(Base(begin, first - begin, kept, behind))
        bases = Bases(rows)
        end = max(end, begin) + 3
        places = placed(bases, end)
        assert list(places.values()) == sorted(set(places.values()))
        for at, place in places.items():
            assert bases.kafka_offset(place) == at
            assert not bases.lost(place)
            assert at < begin or place not in ever
        for place in range(bases.command(end)):
            # Who asks for any place gets the next that stands somewhere.
            found = bases.command(bases.kafka_offset(place))
            assert found == min(x for x in places.values() if x >= place)


def test_a_list_of_the_version_before_is_read() -> None:
    said = b'{"type":"journal","journal_id":7,"era":1,"bases":[{"kafka_offset":0,"base":1}]}'
    journal = msgspec.json.decode(said, type=Journal)
    assert journal == Journal(7)
    assert placed(Bases(journal.bases), 2) == {0: 1, 1: 2}
