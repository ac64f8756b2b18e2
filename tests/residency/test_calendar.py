from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency import calendar
from residency.calendar import DAY, Interval, Window, WindowKind

spans = st.lists(
    st.tuples(st.integers(-3000, 6000), st.integers(1, 2000)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)
START = calendar.minute_of(date(2024, 12, 2))


def minutes(intervals: list[Interval]) -> set[int]:
    """The minutes of intervals, one by one."""
    return {minute for start, end in intervals for minute in range(start, end)}


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001  wall-clock time
def test_minutes_and_moments_are_the_same(moment: datetime) -> None:
    """A whole minute survives the way to an integer and back, and so does its date."""
    whole = moment.replace(second=0, microsecond=0)
    assert whole == calendar.moment_of(calendar.minute_of(whole))
    assert whole.date() == calendar.date_of(calendar.minute_of(whole))
    assert whole.weekday() == calendar.weekday_of(calendar.minute_of(whole))


def test_the_count_begins_in_1970() -> None:
    """Minute 0 is the first of 1970, and a date stands for its 00:00."""
    assert calendar.minute_of(date(1970, 1, 1)) == 0
    assert calendar.minute_of(datetime(1970, 1, 2, 0, 1)) == DAY + 1  # noqa: DTZ001


@pytest.mark.parametrize(
    "moment",
    [datetime(2024, 1, 1, 7, 0, 1), datetime(2024, 1, 1, 7, 0, 0, 5), datetime(2024, 1, 1, tzinfo=UTC)],  # noqa: DTZ001
)
def test_seconds_and_zones_are_refused(moment: datetime) -> None:
    """A moment with seconds or a zone is no minute of local time."""
    with pytest.raises(ValueError, match="whole minute"):
        calendar.minute_of(moment)


def test_weeks_begin_on_monday() -> None:
    """The week of a Sunday evening began six days before."""
    assert calendar.week_start(START + 7 * DAY - 1) == START


@given(spans, spans)
def test_interval_sets_behave_like_sets_of_minutes(first: list[Interval], second: list[Interval]) -> None:
    """Union, difference, clipping and totals agree with sets of single minutes; what touches an interval is found."""
    left, right = calendar.union(first), calendar.union(second)
    assert minutes(first) == minutes(left)
    assert minutes(first) - minutes(second) == minutes(calendar.subtract(left, right))
    assert minutes(first) & set(range(500)) == minutes(calendar.clip(left, (0, 500)))
    assert len(minutes(first)) == calendar.total(left)
    for low, high in ((-4000, -3990), (0, 333), (333, 9000)):
        begin, stop = calendar.touching(left, (low, high))
        assert [one for one in left if one[0] <= high and one[1] >= low] == left[begin:stop]


@given(spans)
def test_minutes_by_day_are_prefix_sums(written: list[Interval]) -> None:
    """Each entry is how many minutes lie in the days before it."""
    merged = calendar.union(written)
    inside = minutes(written)
    expected = [len([minute for minute in inside if 0 <= minute < day * DAY]) for day in range(4)]
    assert expected == calendar.minutes_by_day(merged, (0, 3 * DAY))


def test_touching_intervals_merge_and_do_not_overlap() -> None:
    """08:00-12:00 and 12:00-16:00 touch: one union, no overlap."""
    assert calendar.merge([(480, 720), (720, 960)]) == [(480, 960)]
    assert not calendar.overlaps((480, 720), (720, 960))


def test_a_gap_is_bridged_up_to_its_length() -> None:
    """An hour is bridged, 61 minutes are not."""
    assert calendar.merge([(0, 10), (70, 80)], 60) == [(0, 80)]
    assert calendar.merge([(0, 10), (71, 80)], 60) == [(0, 10), (71, 80)]


def test_midnights_belong_to_the_date_before() -> None:
    """A shift from 00:00 holds the midnight it begins at, one that ends at 00:00 does not."""
    assert calendar.midnights([(DAY, DAY + 60)]) == [0]
    assert calendar.midnights([(0 - 60, 0)]) == []
    assert calendar.midnights([(DAY - 60, 3 * DAY)]) == [0, 1]


@pytest.mark.parametrize(("days", "expected"), [(28, [28]), (31, [31]), (32, [28, 4]), (56, [28, 28])])
def test_long_stretches_are_cut_into_28_days(days: int, expected: list[int]) -> None:
    """Up to 31 days are one window; more are cut from the start, the remainder its own."""
    assert expected == [window.days for window in calendar.cut_stretch(START, START + days * DAY)]


def test_months_are_clipped_to_the_horizon() -> None:
    """A horizon from 2 December to 3 January holds 30 days of one month and 3 of the next."""
    horizon = (START, calendar.minute_of(date(2025, 1, 4)))
    assert [window.days for window in calendar.horizon_windows(WindowKind.MONTH, horizon)] == [30, 3]


def test_blocks_count_from_their_anchor() -> None:
    """With an anchor before the horizon the first block is what is left of it."""
    horizon = (START, START + 40 * DAY)
    found = calendar.horizon_windows(WindowKind.BLOCK28, horizon, START - 10 * DAY)
    assert [window.days for window in found] == [18, 22]


@pytest.mark.parametrize(("days", "expected"), [(7, 1), (28, 1), (29, 2), (56, 29)])
def test_rolling_windows_end_within_the_horizon(days: int, expected: int) -> None:
    """A horizon of 28 days or less is one window; each day more adds one."""
    assert expected == len(calendar.rolling_windows((START, START + days * DAY)))


def test_windows_without_rotations_are_stretches() -> None:
    """Days in no rotation are treated like a rotation."""
    found = calendar.horizon_windows(WindowKind.ROTATION, (START, START + 35 * DAY))
    assert found == (Window(START, START + 28 * DAY), Window(START + 28 * DAY, START + 35 * DAY))
