"""Judging a whole roster, judging again after a change, and what a change made new or worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from residency.calendar import EVER, Interval, merge, overlap_minutes, overlaps, subtract
from residency.model import Severity
from residency.rules import (
    PERSON_RULES,
    RULES_FOR_EVERYBODY,
    SERVICE_RULES,
    SERVICE_STEMS,
    STEMS,
    PersonRule,
    Record,
    ServiceRule,
    record_order,
    strictest,
)
from residency.rules.record import GRAVITY

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from residency.model import Change
    from residency.policy import Policy
    from residency.schedule import Schedule, Service
    from residency.timeline import Timeline

#: A roster of so many duties is screened before it is judged.
LARGE = 10_000


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change may alter the verdict on.

    Attributes:
        persons: whose duties or absences changed, and in which intervals.
        services: rotation ids with the intervals in which their people changed.
    """

    persons: Mapping[str, tuple[Interval, ...]]
    services: Mapping[str, tuple[Interval, ...]]

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
        return cls(
            _by_name(
                (
                    *((duty.person_id, (duty.start, duty.end)) for duty in duties),
                    *((absence.person_id, (absence.start, absence.end)) for absence in absences),
                )
            ),
            _by_name((duty.rotation_id, (duty.start, duty.end)) for duty in (*duties, *held) if duty.rotation_id),
        )


def _by_name(intervals: Iterable[tuple[str, Interval]]) -> dict[str, tuple[Interval, ...]]:
    found: dict[str, tuple[Interval, ...]] = {}
    for name, interval in intervals:
        found[name] = (*found.get(name, ()), interval)
    return found


@dataclass(frozen=True)
class Judgement:
    """Every record of a roster, by whom and what it is about; only of intervals that overlap the horizon.

    Attributes:
        of_persons: person → records of the rules about persons, sorted; whoever has none is left out.
        of_services: rotation id → records of the rules about services, sorted; likewise.
    """

    of_persons: Mapping[str, tuple[Record, ...]]
    of_services: Mapping[str, tuple[Record, ...]]

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """All of them, sorted."""
        found = chain(*self.of_persons.values(), *self.of_services.values())
        return tuple(sorted(found, key=record_order))

    def of_person(self, person_id: str) -> Judgement:
        """The part about one person, services apart."""
        found = self.of_persons.get(person_id, ())
        return Judgement({person_id: found} if found else {}, {})


def check(schedule: Schedule, policy: Policy) -> tuple[Record, ...]:
    """Every record of a roster, sorted; only those whose interval overlaps the horizon."""
    return judge(schedule, policy).records


def judge(schedule: Schedule, policy: Policy) -> Judgement:
    """Judge a whole roster; of a large one, whom and what the screen cannot prove clean."""
    if sum(len(timeline.duties) for timeline in schedule.timelines.values()) >= LARGE:
        return judge_suspects(schedule, policy)
    of_persons = ((name, _judge_person(timeline, policy)) for name, timeline in schedule.timelines.items())
    of_services = ((name, _judge_services(schedule, service, policy)) for name, service in schedule.services.items())
    return Judgement(_sorted(of_persons), _sorted(of_services))


def judge_suspects(schedule: Schedule, policy: Policy) -> Judgement:
    """Judge whom and what a look at the whole cannot prove clean; the same as judging all, of a roster with duties."""
    from residency.suspects import suspects  # noqa: PLC0415  (loading numpy takes longer than judging a small roster)

    found = suspects(schedule, policy)
    of_persons = (
        (name, _judge_person(schedule.timeline(name), policy, stems)) for name, stems in found.persons.items()
    )
    of_services = (
        (name, _judge_services(schedule, schedule.service(name), policy, stems))
        for name, stems in found.services.items()
    )
    return Judgement(_sorted(of_persons), _sorted(of_services))


def rejudge(before: Judgement, schedule: Schedule, touched: Touched, policy: Policy) -> Judgement:
    """The judgement after a change, equal to that of `judge`, at the cost of what the change touches.

    Args:
        before: the judgement before it, under the same policy.
        schedule: the roster after it.
        touched: what it touches.
        policy: what both are judged by.
    """
    of_persons = dict(before.of_persons)
    for person_id, spans in touched.persons.items():
        known = of_persons.pop(person_id, ())
        of_persons |= _sorted([(person_id, _rejudge_person(schedule.timeline(person_id), policy, spans, known))])
    of_services = dict(before.of_services)
    for rotation_id, spans in touched.services.items():
        known = of_services.pop(rotation_id, ())
        service = schedule.service(rotation_id)
        of_services |= _sorted([(rotation_id, _rejudge_service(schedule, service, policy, spans, known))])
    return Judgement(of_persons, of_services)


def _sorted(found: Iterable[tuple[str, list[Record]]]) -> dict[str, tuple[Record, ...]]:
    return {name: tuple(sorted(records, key=record_order)) for name, records in found if records}


# ── persons ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_person(timeline: Timeline, policy: Policy, stems: Container[str] = STEMS) -> list[Record]:
    if not timeline.duties:
        return []
    rules = (rule for rule in _rules_for(timeline) if rule.stem in stems)
    return [record for rule in rules for record in _by_rule(rule, timeline, policy)]


def _rejudge_person(
    timeline: Timeline, policy: Policy, spans: Iterable[Interval], known: Sequence[Record]
) -> list[Record]:
    near = [timeline.around(span, policy.windows) for span in merge(sorted(spans))]
    reaches = [part.reach for part in near]
    found: list[Record] = []
    for rule in _rules_for(timeline):
        if rule.stem in policy.far_reaching:
            found += _by_rule(rule, timeline, policy)
            continue
        if known:
            found += [record for record in known if record.rule == rule.stem and not _touches(record, reaches)]
        for place, part in enumerate(near):
            for record in _by_rule(rule, part, policy):
                if _touches(record, (part.reach,)) and not _touches(record, reaches[:place]):
                    found.append(record)
    return found


def _rules_for(timeline: Timeline) -> tuple[PersonRule[Any], ...]:
    return PERSON_RULES if timeline.is_resident else RULES_FOR_EVERYBODY


def _by_rule(rule: PersonRule[Any], timeline: Timeline, policy: Policy) -> list[Record]:
    settings = policy.of(rule.setting)
    records: list[Record] = []
    for setting in settings:
        records += rule.judge(timeline, setting)
    if not records:
        return records
    low, high = timeline.horizon
    kept = [record for record in records if record.start < high and record.end > low]
    return strictest(kept) if len(settings) > 1 else kept


def _touches(record: Record, areas: Iterable[Interval]) -> bool:
    return any(record.start <= high and record.end >= low for low, high in areas)


# ── services ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_services(
    schedule: Schedule, service: Service, policy: Policy, stems: Container[str] = STEMS
) -> list[Record]:
    rules = (rule for rule in SERVICE_RULES if rule.stem in stems)
    return [record for rule in rules for record in _judge_service(rule, schedule, service, policy, EVER)]


def _rejudge_service(
    schedule: Schedule, service: Service, policy: Policy, spans: Iterable[Interval], known: Sequence[Record]
) -> list[Record]:
    found: list[Record] = []
    for rule in SERVICE_RULES:
        own = [record for record in known if record.rule == rule.stem]
        stretches = _stretches(spans, own)
        found += [record for record in own if not _inside(record, stretches)]
        for stretch in stretches:
            found += _judge_service(rule, schedule, service, policy, _opened(stretch, schedule.horizon))
    return found


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
    earlier = tuple(before)
    same = set(map(id, earlier))
    fresh = [record for record in after if id(record) not in same]
    if not fresh:
        return ()
    known: dict[tuple[object, ...], list[Record]] = {}
    for record in earlier:
        known.setdefault(_identity(record), []).append(record)
    return tuple(record for record in fresh if not _was_so(record, known.get(_identity(record), ())))


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
