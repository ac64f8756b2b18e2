"""No two duties of one person at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import DutyKind
from residency.rules.record import Record
from residency.timeline import ids_of
from residency.wording import hours_text, span_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from residency.model import Duty
    from residency.policy.settings import DoubleBooking
    from residency.timeline import Timeline

_DURING_IDLE_CALL = frozenset({DutyKind.HOME_CALL_ACTIVE, DutyKind.CLINICAL_HOME})


def double_booking(timeline: Timeline, setting: DoubleBooking) -> list[Record]:
    """Pairs of duties that share a minute (`overlap`); idle home call may hold active call and work from home."""
    return [_record(timeline, setting, first, second) for first, second in overlapping_pairs(timeline)]


def overlapping_pairs(timeline: Timeline) -> Iterator[tuple[Duty, Duty]]:
    """The pairs of a person's duties that must not share a minute and do, the earlier first."""
    latest: int | None = None
    running: list[Duty] = []
    for duty in timeline.duties:
        if latest is None or duty.start >= latest:
            latest = duty.end
            running = [duty]
            continue
        running = [other for other in running if other.end > duty.start]
        for other in running:
            if not _may_overlap(other, duty):
                yield other, duty
        running.append(duty)
        latest = max(latest, duty.end)


def _may_overlap(first: Duty, second: Duty) -> bool:
    if first.kind is DutyKind.HOME_CALL_IDLE:
        return second.kind in _DURING_IDLE_CALL
    return second.kind is DutyKind.HOME_CALL_IDLE and first.kind in _DURING_IDLE_CALL


def _record(timeline: Timeline, setting: DoubleBooking, first: Duty, second: Duty) -> Record:
    start, end = max(first.start, second.start), min(first.end, second.end)
    message = f"{timeline.person_id} is in two places for {hours_text(end - start)}, {span_text(start, end)}."
    return Record(
        rule=setting.stem,
        code="overlap",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=end - start,
        limit=0,
        unit="minutes",
        citation=setting.citation,
        duty_ids=ids_of((first, second)),
        message=message,
    )
