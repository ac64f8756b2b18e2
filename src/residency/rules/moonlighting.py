"""Who may moonlight (CPR 6.25.b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.rules.record import Record
from residency.wording import hours_text, number_of, span_text

if TYPE_CHECKING:
    from residency.model import Duty
    from residency.policy.settings import Moonlighting
    from residency.timeline import Timeline


def moonlighting(timeline: Timeline, setting: Moonlighting) -> list[Record]:
    """Moonlighting of a PGY-1 (`pgy1`), one record a duty; its hours count through `weekly_hours`."""
    level = timeline.person.pgy_level if timeline.person is not None else None
    if level is None or level >= setting.min_pgy:
        return []
    return [_record(timeline, setting, duty, level) for duty in timeline.duties if duty.kind.is_moonlighting]


def _record(timeline: Timeline, setting: Moonlighting, duty: Duty, level: int) -> Record:
    message = (
        f"{timeline.person_id} moonlights {hours_text(duty.end - duty.start)} as a PGY-{level}, "
        f"{span_text(duty.start, duty.end)} ({number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="pgy1",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=duty.start,
        end=duty.end,
        measured=duty.end - duty.start,
        limit=0,
        unit="minutes",
        citation=setting.citation,
        duty_ids=(duty.id,),
        message=message,
    )
