"""What each service needed on which day, who was there before and after, and what remains uncovered in words."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from rehearse.panels import CoverageCell, CoverageRow, PanelCoverage, PanelWords
from residency.calendar import DAY, HOUR, clip, date_of
from residency.judging.judged import book
from residency.judging.naming import counted_key, service_text
from residency.model import Role
from residency.services import Gap, gaps, needs
from residency.wording import clock_text, days_text, span_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.domain import Evidence
    from residency.load import Book
    from residency.schedule import Service


def uncovered(evidence: Evidence) -> tuple[PanelWords, ...]:
    """Which service lacks how many people, and when; nothing if no service needs anybody."""
    before, after = book(evidence.before), book(evidence.after)
    if not any(service.requirements for service in after.schedule.services.values()):
        return ()
    was_open = set(_all_gaps(before))
    told = tuple(_sentence(after, spell) for spell in _spells(_all_gaps(after), was_open))
    nothing = "Nothing: every service has whom it needs."
    return (PanelWords("What remains uncovered", told, nothing),)


class _Spell(NamedTuple):
    """A gap that is the same at the same hours on one day or on several in a row."""

    rotation_id: str
    first: Gap
    last: Gap
    was_open: bool


def _spells(found: list[tuple[str, Gap]], was_open: set[tuple[str, Gap]]) -> list[_Spell]:
    """Gaps of neighbouring days told together, in the order in which they begin; what is new is not told with what was there before."""
    spells: list[_Spell] = []
    awaited: dict[tuple[str, Gap, bool], int] = {}
    for name, gap in sorted(found, key=lambda each: (each[1].start, each[0], each[1].role)):
        old = (name, gap) in was_open
        at = awaited.pop((name, gap, old), len(spells))
        if at == len(spells):
            spells.append(_Spell(name, gap, gap, old))
        else:
            spells[at] = spells[at]._replace(last=gap)
        awaited[name, gap._replace(start=gap.start + DAY, end=gap.end + DAY), old] = at
    return spells


def _all_gaps(held: Book) -> list[tuple[str, Gap]]:
    return [(name, gap) for name, service in held.schedule.services.items() for gap in _gaps(held, service)]


def _gaps(held: Book, service: Service) -> Iterator[Gap]:
    """The gaps of a service inside the horizon."""
    for gap in gaps(held.schedule, service):
        for start, end in clip([(gap.start, gap.end)], held.schedule.horizon):
            yield gap._replace(start=start, end=end)


def _sentence(held: Book, spell: _Spell) -> str:
    gap = spell.first
    role = gap.role.value.lower().replace("_", " ")
    lacking = gap.needed - gap.present
    noun = role if lacking == 1 or role == "faculty" else f"{role}s"
    service = service_text(held, spell.rotation_id)
    before = ", as before" if spell.was_open else ""
    return f"{service} lacks {lacking} {noun} of {gap.needed} {_when(spell)}{before}."


def _when(spell: _Spell) -> str:
    first, last = spell.first, spell.last
    if first == last:
        return span_text(first.start, first.end)
    return f"from {clock_text(first.start)} to {_until(first.end)} every day {days_text(first.start, last.start + 1)}"


# ── the grid ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def coverage(evidence: Evidence) -> tuple[PanelCoverage, ...]:
    """Every need of a service for a role, day by day over the horizon; nothing if no service needs anybody."""
    before, after = book(evidence.before), book(evidence.after)
    low, high = after.schedule.horizon
    rows = [
        _row(before, after, name, role)
        for name in sorted(after.schedule.services, key=counted_key)
        for role in after.schedule.services[name].roles
    ]
    met = [row for row in rows if any(row.cells)]
    if not met:
        return ()
    days = tuple(date_of(minute) for minute in range(low, high, DAY))
    note = "How many are needed at once, and the fewest of them who are there; a duty’s night belongs to both its days."
    return (PanelCoverage("Coverage by day and service", days, tuple(met), note),)


def _row(before: Book, after: Book, name: str, role: Role) -> CoverageRow:
    old = _by_day(before, before.schedule.service(name), role)
    service = after.schedule.service(name)
    new = _by_day(after, service, role)
    low, high = after.schedule.horizon
    most: dict[int, int] = {}
    for start, end, number in needs(service.requirements, role, (low, high)):
        for day in range(start // DAY, (end - 1) // DAY + 1):
            most[day] = max(most.get(day, 0), number)
    cells = (_cell(most.get(day, 0), old.get(day, []), new.get(day, [])) for day in range(low // DAY, high // DAY))
    label = service_text(after, name)
    return CoverageRow(
        label if role is Role.RESIDENT else f"{label}, {role.value.lower().replace('_', ' ')}", tuple(cells)
    )


def _by_day(held: Book, service: Service, role: Role) -> dict[int, list[Gap]]:
    """Gaps cut at midnight, by the number of the day."""
    found: dict[int, list[Gap]] = {}
    for gap in _gaps(held, service):
        if gap.role is role:
            for day in range(gap.start // DAY, (gap.end - 1) // DAY + 1):
                start, end = max(gap.start, day * DAY), min(gap.end, (day + 1) * DAY)
                found.setdefault(day, []).append(gap._replace(start=start, end=end))
    return found


def _cell(needed: int, old: list[Gap], new: list[Gap]) -> CoverageCell | None:
    if not needed:
        return None
    missing = sum((gap.needed - gap.present) * (gap.end - gap.start) for gap in new)
    words = ", ".join(
        f"{gap.needed - gap.present} of {gap.needed} missing {clock_text(gap.start)}–{_until(gap.end)}" for gap in new
    )
    return CoverageCell(needed, needed - _most(old), needed - _most(new), Fraction(missing, HOUR), words)


def _until(minute: int) -> str:
    return clock_text(minute) if minute % DAY else "24:00"


def _most(found: list[Gap]) -> int:
    return max((gap.needed - gap.present for gap in found), default=0)
