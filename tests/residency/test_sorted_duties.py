from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_rosters import START, Digits

from residency.calendar import DAY, HOUR
from residency.model import Duty
from residency.sorted_duties import ORDER, SortedDuties

starts = st.integers(0, 400 * DAY)
lengths = st.sampled_from((1, 4 * HOUR, DAY, 3 * DAY))


def duties(spans: list[tuple[int, int]], mark: str = "d") -> list[Duty]:
    """Duties of R1 at these starts, with these lengths."""
    return [Duty(f"{mark}{n}", "R1", None, START + at, START + at + length) for n, (at, length) in enumerate(spans)]


@given(st.integers(0, 2**40), st.lists(st.tuples(starts, lengths), max_size=4), st.data())
@settings(max_examples=60)
def test_they_are_found_by_time_before_and_after_a_change(
    seed: int, more: list[tuple[int, int]], data: st.DataObject
) -> None:
    """However they are kept, those are found that share a minute with an interval, and it is known whether others lie beyond."""
    several = [Digits(seed * 1024 + place) for place in range(240)]
    held = duties([(one.below(400 * DAY), one.pick((1, 4 * HOUR, DAY, 3 * DAY))) for one in several])
    added = duties(more, "x")
    removed = data.draw(st.lists(st.sampled_from(held), unique=True, max_size=4))
    kept = sorted([duty for duty in held if duty not in removed] + added, key=ORDER)
    before = SortedDuties(held)
    for made, rows in ((before, sorted(held, key=ORDER)), (before.changed(added, removed), kept)):
        start = START + data.draw(starts)
        end = start + data.draw(st.sampled_from((1, DAY, 60 * DAY, 900 * DAY)))
        found = tuple(duty for duty in rows if duty.start < end and duty.end > start)
        assert found == made.within(start, end) == made.near(start, end).all
        beyond = (any(duty.start < start for duty in rows), any(duty.end > end for duty in rows))
        assert beyond == made.is_any_outside(start, end)
        assert tuple(rows) == made.all
        assert made.longest >= max(duty.end - duty.start for duty in rows)


def test_what_is_not_there_cannot_go() -> None:
    """A duty is removed exactly as it is, or not at all."""
    (there,) = duties([(0, 60)])
    with pytest.raises(ValueError, match="not there as given"):
        SortedDuties([there]).changed((), duties([(0, 61)]))
