"""What each service needed on which day, who was there before and after, and what remains uncovered in words."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.panels import CoverageCell, CoverageRow, PanelCoverage, PanelWords
from residency.calendar import DAY, HOUR, clip, date_of
from residency.judging.judged import book
from residency.judging.naming import counted_key, service_text
from residency.model import Role
from residency.services import Gap, gaps, needs
from residency.wording import clock_text, span_text

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
    told = tuple(
        _sentence(after, name, gap) + (", as before" if (name, gap) in was_open else "") + "."
        for name, gap in sorted(_all_gaps(after), key=lambda found: (found[1].start, found[0], found[1].role))
    )
    nothing = "Nothing: every service has whom it needs."
    return (PanelWords("What remains uncovered", told, nothing),)


def _all_gaps(held: Book) -> list[tuple[str, Gap]]:
    return [(name, gap) for name, service in held.schedule.services.items() for gap in _gaps(held, service)]


def _gaps(held: Book, service: Service) -> Iterator[Gap]:
    """The gaps of a service inside the horizon."""
    for gap in gaps(held.schedule, service):
        for start, end in clip([(gap.start, gap.end)], held.schedule.horizon):
            yield gap._replace(start=start, end=end)


def _sentence(held: Book, rotation_id: str, gap: Gap) -> str:
    role = gap.role.value.lower().replace("_", " ")
    lacking = gap.needed - gap.present
    noun = role if lacking == 1 or role == "faculty" else f"{role}s"
    return f"{service_text(held, rotation_id)} lacks {lacking} {noun} of {gap.needed} {span_text(gap.start, gap.end)}"


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
