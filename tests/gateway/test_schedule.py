"""The moments of resets by the clock, where days have no such time, or two of it."""

import datetime
import re

import pytest

import settings
from gateway.schedule import ResetTimes
from settings import ConfigError


def last(now: str, time: str, zone: str = "Europe/Berlin", day: str = "") -> str:
    """The newest moment that is not after a time in UTC."""
    given = (f"fix.reset_time={time}", f"fix.reset_zone={zone}", f"fix.reset_day={day}")
    times = ResetTimes.of(settings.load(None, {}, given).fix)
    assert times is not None
    moment = datetime.datetime.fromisoformat(now).replace(tzinfo=datetime.UTC)
    return times.last(moment).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        ("2026-01-15 16:00:00", "2026-01-15 16:00"),
        ("2026-01-15 15:59:59", "2026-01-14 16:00"),
        ("2026-07-15 15:00:00", "2026-07-15 15:00"),
        ("2026-03-29 14:59:59", "2026-03-28 16:00"),
    ],
)
def test_each_day_has_one_by_the_time_of_its_zone(now: str, moment: str) -> None:
    assert last(now, "17:00") == moment


def test_a_time_that_is_left_out_comes_as_if_clocks_were_not_set() -> None:
    assert last("2026-03-29 01:29:59", "02:30") == "2026-03-28 01:30"
    assert last("2026-03-29 01:30:00", "02:30") == "2026-03-29 01:30"
    assert last("2026-03-30 00:30:00", "02:30") == "2026-03-30 00:30"


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    assert last("2026-10-25 00:29:59", "02:30") == "2026-10-24 00:30"
    assert last("2026-10-25 00:30:00", "02:30") == "2026-10-25 00:30"
    assert last("2026-10-25 01:30:00", "02:30") == "2026-10-25 00:30"


def test_a_week_has_one_where_its_day_is_named() -> None:
    assert last("2026-12-01 12:00:00", "22:00", "UTC", "Sunday") == "2026-11-29 22:00"
    assert last("2026-11-29 21:59:59", "22:00", "UTC", "Sunday") == "2026-11-22 22:00"
    assert last("2026-11-29 20:00:00", "05:00", "Asia/Tokyo", "Monday") == "2026-11-29 20:00"


def test_without_a_time_there_are_none() -> None:
    assert ResetTimes.of(settings.load(None, {}).fix) is None


@pytest.mark.parametrize(
    "wrong", ["fix.reset_time=24:00", "fix.reset_zone=Mars/Base", "fix.reset_day=monday"]
)
def test_what_is_no_time_zone_or_day_is_an_error(wrong: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(wrong.partition("=")[0])):
        settings.load(None, {}, [wrong])
