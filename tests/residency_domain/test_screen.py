"""The arithmetic of a sweep says yes exactly where admission has no refusal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.admission import breaches
from residency.calendar import DAY, HOUR, minute_of
from residency.compliance import blocking
from residency.contingency.heads import Heads
from residency.contingency.needs import Part
from residency.contingency.screen import ASK, NO, YES, Screen, Slot, Slots
from residency.contingency.takers import take_of
from residency.load import Book
from residency.model import (
    Absence,
    AbsenceKind,
    Duty,
    DutyKind,
    Person,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
)
from residency.policy import load_policy
from residency.rules import SERVICE_STEMS
from residency.schedule import Schedule
from residency.settings import Settings

from .tries import TRIES

FIRST = minute_of(date(2024, 12, 2))
DAYS = 42
SHIFTS = ((7, 12), (7, 9), (19, 12), (13, 6), (7, 24), (0, 5))
KINDS = (DutyKind.CLINICAL, DutyKind.CLINICAL, DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT)
RARE = (DutyKind.EDUCATION, DutyKind.EXTENSION, DutyKind.MOONLIGHT_INT, DutyKind.MOONLIGHT_EXT, DutyKind.HOME_CALL_IDLE)
ROTATIONS = (Rotation("ward"), Rotation("icu", requires=frozenset({"x"})), Rotation("clinic", min_persons=0))


@st.composite
def books(draw: st.DrawFn, rules: str = "acgme-2025") -> Book:
    """Six weeks of one busy resident, and of a colleague whose presence decides whether the first is missed."""
    person = Person("R1", pgy_level=draw(st.integers(1, 2)), qualifications=draw(st.sampled_from([frozenset(), {"x"}])))
    person = replace(person, qualifications=frozenset(person.qualifications))
    odd = draw(st.integers(0, 3)) == 0
    away = _away(draw)
    drawn = [duty for day in range(DAYS) for duty in _drawn(draw, day, odd=odd)]
    duties = drawn if draw(st.integers(0, 5)) == 0 else _sensible(drawn, away, person)
    there = draw(st.sets(st.integers(0, DAYS - 1), max_size=10))
    helper = [_duty("R2", "ward", day, 7, 12) for day in sorted(there)]
    needed = tuple(Requirement(f"n{day}", "ward", FIRST + day * DAY, FIRST + (day + 1) * DAY, 1) for day in range(DAYS))
    roster = Roster((person, Person("R2", pgy_level=2)), ROTATIONS, (*duties, *helper), needed, _periods(draw), away)
    settings = Settings(load_policy(rules), (FIRST, FIRST + DAYS * DAY), acgme_enabled=draw(st.integers(0, 9)) > 0)
    return Book(Schedule.of(roster, settings.horizon), (), settings)


def _sensible(drawn: list[Duty], away: tuple[Absence, ...], person: Person) -> list[Duty]:
    """Without duties on leave, without the skill, or too soon after the last one: most of these break nothing."""
    kept: list[Duty] = []
    free_from = FIRST
    for duty in drawn:
        is_away = any(item.start < duty.end and item.end > duty.start for item in away)
        is_able = duty.rotation_id != "icu" or "x" in person.qualifications
        if duty.start >= free_from and is_able and not is_away:
            kept.append(duty)
            free_from = duty.end + 14 * HOUR
    return kept


def _drawn(draw: st.DrawFn, day: int, *, odd: bool) -> list[Duty]:
    if draw(st.integers(0, 9)) < 4:
        return []
    start, hours = draw(st.sampled_from(SHIFTS))
    kind = draw(st.sampled_from(RARE if odd and draw(st.integers(0, 4)) == 0 else KINDS))
    rotation = draw(st.sampled_from(("ward", "icu", "clinic")))
    duty = _duty("R1", rotation, day, start, hours)
    return [replace(duty, kind=kind, pinned=draw(st.integers(0, 19)) == 0)]


def _duty(person: str, rotation: str, day: int, start: int, hours: int) -> Duty:
    begin = FIRST + day * DAY + start * HOUR
    return Duty(f"{person}-{day}", person, rotation, begin, begin + hours * HOUR)


def _periods(draw: st.DrawFn) -> tuple[RotationPeriod, ...]:
    if not draw(st.booleans()):
        return ()
    cut = FIRST + draw(st.integers(7, DAYS - 7)) * DAY
    return (
        RotationPeriod("p1", "R1", FIRST, cut, weekly_limit=draw(st.sampled_from([None, 88 * HOUR]))),
        RotationPeriod("p2", "R1", cut, FIRST + DAYS * DAY),
    )


def _away(draw: st.DrawFn) -> tuple[Absence, ...]:
    """A stretch of leave that need not begin at midnight, and a free day."""
    found: list[Absence] = []
    if draw(st.booleans()):
        start = FIRST + draw(st.integers(0, DAYS - 8)) * DAY + draw(st.sampled_from([0, 0, 600]))
        found.append(Absence("a", "R1", start, start + draw(st.integers(1, 7)) * DAY, AbsenceKind.VACATION))
    if draw(st.booleans()):
        start = FIRST + draw(st.integers(0, DAYS - 1)) * DAY
        found.append(Absence("f", "R1", start, start + DAY, AbsenceKind.DAY_OFF))
    return tuple(found)


def all_slots(book: Book) -> Slots:
    """Return a slot of each sort on every eighth day, so that every weekday has its turn."""
    rows = [
        Slot(rotation, FIRST + day * DAY + start * HOUR, FIRST + day * DAY + (start + hours) * HOUR, kind)
        for day, (start, hours), (rotation, kind) in product(
            range(0, DAYS, 8),
            SHIFTS,
            (("ward", DutyKind.CLINICAL), ("icu", DutyKind.IN_HOUSE_CALL), ("clinic", DutyKind.NIGHT_FLOAT)),
        )
    ]
    return Slots(rows, sorted(book.schedule.rotations))


def verdicts(book: Book, slots: Slots) -> list[int]:
    """Return what the screen of R1 says."""
    broken = [
        record for record in blocking(book.records) if record.rule not in SERVICE_STEMS and "R1" in record.persons
    ]
    heads = Heads(book.schedule, Role.RESIDENT)
    screen = Screen(book.schedule.timeline("R1"), book.settings, heads.spare, is_clean=not broken)
    return [int(verdict) for verdict in screen.verdicts(slots)]


def is_admitted(book: Book, slot: Slot) -> bool:
    """Whether R1 may be asked, and admission has no refusal: a service that misses them is one."""
    timeline = book.schedule.timeline("R1")
    rotation = book.schedule.rotations[slot.rotation_id]
    if timeline.person is None or not rotation.requires <= timeline.person.qualifications:
        return False
    if any(item.start < slot.end and item.end > slot.start for item in timeline.absences):
        return False
    for duty in timeline.duties_in(slot.start, slot.end):
        is_there = duty.rotation_id == slot.rotation_id and duty.kind.traits.covers
        if duty.pinned or duty.kind is DutyKind.MOONLIGHT_EXT or is_there:
            return False
    part = Part(Duty("slot", "R9", slot.rotation_id, slot.start, slot.end, slot.kind), slot.start, slot.end)
    return not breaches(book, book.after(take_of(timeline, part).change))


@pytest.mark.parametrize("rules", ["acgme-2025", "ny405", "seed"])
def test_the_screen_agrees_with_admission(rules: str) -> None:
    """Yes means admitted, no means refused; where it asks, either may be true."""
    told: Counter[int] = Counter()

    @TRIES
    @given(books(rules))
    def check(book: Book) -> None:
        slots = all_slots(book)
        for slot, verdict in zip(slots.rows, verdicts(book, slots), strict=True):
            told[verdict] += 1
            if verdict != ASK:
                assert (verdict == YES) == is_admitted(book, slot), slot

    check()
    assert set(told) <= {NO, YES, ASK}
    assert told[YES] > 50 or rules == "seed"
    assert told[NO] > 50
