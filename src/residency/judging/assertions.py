"""The types of assertion that the residency brings: duties, presence, coverage, rules, notices, audit entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rehearse.domain import AssertionType, Evidence, Finding
from rehearse.fields import Alias, ClockTime, Help, Range, RowId
from residency import schema
from residency.calendar import DAY, Interval, clip, minute_of
from residency.duties import is_in_period
from residency.judging.judged import book, new_rows, records
from residency.judging.rule_names import stem_of
from residency.model import Role, Severity
from residency.services import covering
from residency.setup.intervals import kind_of_word
from residency.setup.rows import AnyCaseRole, Day, KindWord, Period, PersonField, PersonId, RotationField, RotationId
from residency.wording import span_text
from residency.words import NoticeKind, NoticeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from residency.load import Book
    from residency.model import Duty
    from residency.settings import Periods


# ── duties ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class SuchDuty:
    """A duty with all of these."""

    person_id: Annotated[PersonId | None, Alias("person")] = None
    rotation_id: Annotated[RotationId | None, Alias("rotation")] = None
    block_date: Annotated[date | None, Alias("date")] = None
    block_period: Annotated[Period | None, Alias("period")] = None
    start: ClockTime | datetime | None = None
    end: ClockTime | datetime | None = None
    kind: KindWord | None = None
    expected: bool = True


def assignment_exists(evidence: Evidence, wanted: SuchDuty) -> Finding:
    """A duty with all of these fields is there after the run (or none is, with `expected: false`)."""
    held = book(evidence.after)
    found = [duty for duty in held.schedule.duties if _is_such(duty, wanted, held.settings.periods)]
    ids = ", ".join(duty.id for duty in found[:_SHOWN])
    return Finding(bool(found) is wanted.expected, bool(found), f"found {ids}" if found else "there is no such duty")


_SHOWN = 5


def _is_such(duty: Duty, wanted: SuchDuty, periods: Periods) -> bool:
    kind = kind_of_word(wanted.kind)
    return (
        wanted.person_id in (None, duty.person_id)
        and wanted.rotation_id in (None, duty.rotation_id)
        and (wanted.block_date is None or _is_on(duty.start, wanted.block_date))
        and (wanted.block_period is None or is_in_period(duty, wanted.block_period, periods))
        and _is_at(duty.start, wanted.start)
        and _is_at(duty.end, wanted.end)
        and kind in (None, duty.kind)
    )


def _is_on(minute: int, day: date) -> bool:
    return 0 <= minute - minute_of(day) < DAY


def _is_at(minute: int, wanted: int | datetime | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, datetime):
        return minute == minute_of(wanted)
    return minute % DAY == wanted % DAY


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Somebody at a minute, or in any minute of a day."""

    person_id: PersonField
    at: datetime | None = None
    date: Annotated[Day | None, Help("any minute of that day")] = None
    expected: bool = True


def person_on_duty(evidence: Evidence, wanted: Presence) -> Finding:
    """Somebody is on duty at a minute, or in any minute of a day (or is not)."""
    start, end = _moment_or_day(wanted)
    duties = book(evidence.after).schedule.timeline(wanted.person_id).duties_in(start, end)
    ids = ", ".join(duty.id for duty in duties)
    return Finding(bool(duties) is wanted.expected, bool(duties), f"on duty: {ids}" if duties else "not on duty")


def _moment_or_day(wanted: Presence) -> Interval:
    if wanted.at is not None:
        minute = minute_of(wanted.at)
        return minute, minute + 1
    if wanted.date is None:
        raise ValueError("`person_on_duty` needs `at` or `date`")
    day = minute_of(wanted.date)
    return day, day + DAY


# ── coverage and rules ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """People on a service at every minute of an interval."""

    rotation_id: RotationField
    block_date: Annotated[date | None, Alias("date")] = None
    block_period: Annotated[Period | None, Alias("period")] = None
    start: datetime | None = None
    end: datetime | None = None
    min: Annotated[int, Range(0)] = 1
    role: AnyCaseRole = Role.RESIDENT


def coverage(evidence: Evidence, wanted: Coverage) -> Finding:
    """So many people of a role are present on a service at every minute; those on leave are not there."""
    held = book(evidence.after)
    interval = _interval_of(wanted, held)
    heads = _fewest(held, wanted, interval)
    where = span_text(*interval)
    return Finding(heads >= wanted.min, heads, f"at least {heads} on {wanted.rotation_id} {where}")


def _interval_of(wanted: Coverage, held: Book) -> Interval:
    if wanted.start is not None and wanted.end is not None:
        return minute_of(wanted.start), minute_of(wanted.end)
    if wanted.block_date is None or wanted.block_period is None:
        raise ValueError("`coverage` needs `date` with `period`, or `start` with `end`")
    start, length = held.settings.periods.of(wanted.block_period)
    day = minute_of(wanted.block_date)
    return day + start, day + start + length


def _fewest(held: Book, wanted: Coverage, within: Interval) -> int:
    service = held.schedule.service(wanted.rotation_id)
    present = [
        clip(intervals, within)
        for person_id, intervals in covering(held.schedule, service, within).items()
        if (person := held.person(person_id)) is not None and person.role is wanted.role
    ]
    moments = sorted({within[0], *(start for intervals in present for interval in intervals for start in interval)})
    return min(
        sum(any(start <= moment < end for start, end in intervals) for intervals in present)
        for moment in moments
        if moment < within[1]
    )


@dataclass(frozen=True, kw_only=True)
class RuleWanted:
    """A rule, for one person or for all."""

    rule: Annotated[str, Help("the stem of a rule, or a companion's name for it")]
    person_id: Annotated[PersonId | None, Alias("person")] = None
    expected: bool = True


def rule_compliant(evidence: Evidence, wanted: RuleWanted) -> Finding:
    """A rule has no violation or policy record, of one person or of anybody (or it has)."""
    stem = stem_of(wanted.rule)
    if not book(evidence.after).settings.rules.in_force(stem):
        raise ValueError(f"the rule `{wanted.rule}` is not in force")
    found = [
        record
        for record in records(evidence.after)
        if record.rule == stem
        and record.severity is not Severity.ADVISORY
        and (wanted.person_id is None or wanted.person_id in record.persons)
    ]
    told = " ".join(record.message for record in found[:_SHOWN])
    return Finding((not found) is wanted.expected, not found, told or "nothing is broken")


# ── journals ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class NoticeWanted:
    """A notice of this run with all of these."""

    recipient: RowId | None = None
    kind: NoticeKind | None = None
    status: NoticeStatus | None = None
    contains: str | None = None
    expected: bool = True
    count: Annotated[int | None, Range(0)] = None


def notification_exists(evidence: Evidence, wanted: NoticeWanted) -> Finding:
    """A notice of this run has all of these fields (or none has, or exactly `count` have)."""
    found = [
        row
        for row in new_rows(evidence, schema.NOTIFICATIONS)
        if _has(row, {"recipient": wanted.recipient, "kind": wanted.kind, "status": wanted.status})
        and (wanted.contains is None or wanted.contains in row["text"])
    ]
    return _counted(len(found), wanted.expected, wanted.count, "notice")


@dataclass(frozen=True, kw_only=True)
class EntryWanted:
    """An audit entry of this run with all of these."""

    action: str | None = None
    person_id: Annotated[PersonId | None, Alias("person"), Help("among those it concerns")] = None
    actor_id: RowId | None = None
    outcome: Literal["done", "rejected"] | None = None
    contains: Annotated[str | None, Help("part of its reason")] = None
    expected: bool = True
    count: Annotated[int | None, Range(0)] = None


def audit_exists(evidence: Evidence, wanted: EntryWanted) -> Finding:
    """An audit entry of this run has all of these fields (or none has, or exactly `count` have)."""
    found = [
        row
        for row in new_rows(evidence, schema.AUDIT_LOG)
        if _has(row, {"action": wanted.action, "actor_id": wanted.actor_id, "outcome": wanted.outcome})
        and (wanted.person_id is None or wanted.person_id in row["persons"])
        and (wanted.contains is None or wanted.contains in row["reason"])
    ]
    return _counted(len(found), wanted.expected, wanted.count, "audit entry")


def _has(row: Mapping[str, Any], wanted: Mapping[str, object]) -> bool:
    return all(value is None or row[name] == value for name, value in wanted.items())


def _counted(found: int, expected: bool, count: int | None, what: str) -> Finding:  # noqa: FBT001  (a field's value)
    if count is not None:
        return Finding(found == count, found, f"{found} of {count} wanted, each a {what}")
    return Finding((found > 0) is expected, found > 0, f"found {found}, each a {what}")


_TYPES = (
    AssertionType("assignment_exists", (assignment_exists.__doc__ or ""), SuchDuty, assignment_exists),
    AssertionType("person_on_duty", (person_on_duty.__doc__ or ""), Presence, person_on_duty),
    AssertionType("coverage", (coverage.__doc__ or ""), Coverage, coverage),
    AssertionType("rule_compliant", (rule_compliant.__doc__ or ""), RuleWanted, rule_compliant),
    AssertionType("notification_exists", (notification_exists.__doc__ or ""), NoticeWanted, notification_exists),
    AssertionType("audit_exists", (audit_exists.__doc__ or ""), EntryWanted, audit_exists),
)
ASSERTION_TYPES = {item.name: item for item in _TYPES}
