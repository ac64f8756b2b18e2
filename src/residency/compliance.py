"""Judging a whole roster, judging again after a change, and what a change made new or worse."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from residency.calendar import Interval, merge, overlap_minutes, overlaps, subtract
from residency.model import Severity
from residency.rules import PERSON_RULES, SERVICE_RULES, SERVICE_STEMS, Record, ServiceRule, record_order, strictest
from residency.rules.record import GRAVITY
from residency.services import EVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from residency.model import Change
    from residency.policy import Policy
    from residency.schedule import Schedule, Service
    from residency.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change may alter the verdict on.

    Attributes:
        persons: whose duties or absences changed.
        services: rotation ids with an interval in which their people changed.
    """

    persons: frozenset[str] = frozenset()
    services: tuple[tuple[str, Interval], ...] = ()

    @classmethod
    def of(cls, schedule: Schedule, change: Change) -> Touched:
        """What a change touches; `schedule` is the one after it."""
        duties = (*change.added, *change.removed)
        absences = (*change.absences_added, *change.absences_removed)
        held = [
            duty
            for absence in absences
            for duty in schedule.timeline(absence.person_id).duties_in(absence.start, absence.end)
        ]
        persons = {duty.person_id for duty in duties} | {absence.person_id for absence in absences}
        services = [
            (duty.rotation_id, (duty.start, duty.end)) for duty in (*duties, *held) if duty.rotation_id is not None
        ]
        return cls(frozenset(persons), tuple(services))


def check(schedule: Schedule, policy: Policy) -> tuple[Record, ...]:
    """Every record of a roster, sorted; only those whose interval overlaps the horizon."""
    found: list[Record] = []
    for timeline in schedule.timelines.values():
        found += _judge_person(timeline, policy)
    for service in schedule.services.values():
        for rule in SERVICE_RULES:
            found += _judge_service(rule, schedule, service, policy, EVER)
    return tuple(sorted(found, key=record_order))


def recheck(schedule: Schedule, previous: Sequence[Record], touched: Touched, policy: Policy) -> tuple[Record, ...]:
    """The records after a change, equal to those of `check`, at the cost of what the change touches.

    Args:
        schedule: the roster after the change.
        previous: the records of the roster before it, under the same policy.
        touched: what the change touches.
        policy: what both are judged by.
    """
    spans: dict[str, list[Interval]] = {}
    for rotation_id, interval in touched.services:
        spans.setdefault(rotation_id, []).append(interval)
    kept: list[Record] = []
    old: dict[tuple[str, str], list[Record]] = {}
    for record in previous:
        if record.rule not in SERVICE_STEMS:
            if record.persons[0] not in touched.persons:
                kept.append(record)
        elif record.rotation_id in spans:
            old.setdefault((record.rule, record.rotation_id), []).append(record)
        else:
            kept.append(record)
    found: list[Record] = []
    for person_id in touched.persons:
        found += _judge_person(schedule.timeline(person_id), policy)
    for rotation_id, intervals in spans.items():
        for rule in SERVICE_RULES:
            known = old.get((rule.stem, rotation_id), [])
            stretches = _stretches(intervals, known)
            found += [record for record in known if not _inside(record, stretches)]
            for stretch in stretches:
                within = _opened(stretch, schedule.horizon)
                found += _judge_service(rule, schedule, schedule.service(rotation_id), policy, within)
    return _inserted(kept, sorted(found, key=record_order))


def _inserted(kept: Sequence[Record], found: Iterable[Record]) -> tuple[Record, ...]:
    """Two sorted lists as one; the longer is searched, not walked, since computing its keys would cost the most."""
    merged: list[Record] = []
    position = 0
    for record in found:
        place = bisect_left(kept, record_order(record), lo=position, key=record_order)
        merged += kept[position:place]
        merged.append(record)
        position = place
    return (*merged, *kept[position:])


def _judge_person(timeline: Timeline, policy: Policy) -> Iterator[Record]:
    if not timeline.duties:
        return
    low, high = timeline.horizon
    for rule in PERSON_RULES:
        if not rule.for_everybody and not timeline.is_resident:
            continue
        settings = policy.of(rule.setting)
        records = [record for setting in settings for record in rule.judge(timeline, setting)]
        if records:
            kept = [record for record in records if record.start < high and record.end > low]
            yield from strictest(kept) if len(settings) > 1 else kept


def _judge_service(
    rule: ServiceRule[Any], schedule: Schedule, service: Service, policy: Policy, within: Interval
) -> Iterator[Record]:
    settings = policy.of(rule.setting)
    records = [record for setting in settings for record in rule.judge(schedule, service, setting, within)]
    kept = [record for record in records if overlaps(record.interval, schedule.horizon)]
    yield from strictest(kept) if len(settings) > 1 else kept


def _stretches(touched: Iterable[Interval], records: Iterable[Record]) -> list[Interval]:
    """Touched intervals, each widened by the breaches that overlap or adjoin it, so that maximal stays maximal."""
    own = merge(sorted(touched))
    joined = merge(sorted([*own, *(record.interval for record in records)]))
    return [stretch for stretch in joined if any(overlaps(stretch, interval) for interval in own)]


def _inside(record: Record, stretches: Iterable[Interval]) -> bool:
    return any(overlaps(record.interval, stretch) for stretch in stretches)


def _opened(stretch: Interval, horizon: Interval) -> Interval:
    """A stretch at an edge of the horizon, open beyond it: breaches out there have left no record to widen it by."""
    low = EVER[0] if stretch[0] <= horizon[0] else stretch[0]
    return (low, EVER[1] if stretch[1] >= horizon[1] else stretch[1])


def new_or_worse(before: Iterable[Record], after: Iterable[Record]) -> tuple[Record, ...]:
    """The records of `after` that are new or worse, in their order; advisories among them block nothing.

    One is neither when `before` has a record of the same rule, code, persons and service, no less grave, with an
    overlapping interval and no smaller excess. Breaches of coverage and supervision lie where their interval lies and
    may change hands: there the service stands for the persons, and every minute must have been as bad before.
    """
    known: dict[tuple[object, ...], list[Record]] = {}
    for record in before:
        known.setdefault(_identity(record), []).append(record)
    return tuple(record for record in after if not _was_so(record, known.get(_identity(record), ())))


def blocking(records: Iterable[Record]) -> tuple[Record, ...]:
    """The records that refuse a decision: violations and a program's own rules."""
    return tuple(record for record in records if record.severity is not Severity.ADVISORY)


def _identity(record: Record) -> tuple[object, ...]:
    persons = () if record.rule in SERVICE_STEMS else record.persons
    return (record.rule, record.code, persons, record.rotation_id)


def _was_so(record: Record, candidates: Iterable[Record]) -> bool:
    as_bad = [
        other.interval
        for other in candidates
        if overlap_minutes(other.interval, record.interval)
        and other.excess >= record.excess
        and GRAVITY[other.severity] >= GRAVITY[record.severity]
    ]
    if record.rule in SERVICE_STEMS:
        return not subtract([record.interval], merge(sorted(as_bad)))
    return bool(as_bad)
