"""In-house call no more often than every third night, averaged (CPR 6.27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import DutyKind
from residency.rules.record import Record, worst_of_runs
from residency.timeline import Timeline, ids_of
from residency.wording import counted, days_text, number_of

if TYPE_CHECKING:
    from residency.calendar import Window
    from residency.policy.settings import CallFrequency


def call_frequency(timeline: Timeline, setting: CallFrequency) -> list[Record]:
    """Windows with more call nights than one in every so many counted days, or than one (`over`)."""
    if not timeline.call_nights:
        return []
    records: list[Record] = []
    for window in timeline.windows(setting.window, setting.anchor):
        limit = max(1, timeline.counted_days(window) // setting.every)
        if timeline.call_nights_in(window) > limit:
            records.append(_record(timeline, setting, window, limit))
    return worst_of_runs(records, setting.window)


def _record(timeline: Timeline, setting: CallFrequency, window: Window, limit: int) -> Record:
    nights = timeline.call_nights_in(window)
    days = counted(timeline.counted_days(window), "day")
    message = (
        f"{timeline.person_id} has {counted(nights, 'call night')} {days_text(window.start, window.end)} "
        f"(at most {limit} in {days}; {number_of(setting.citation)})."
    )
    calls = (duty for duty in timeline.duties_in(window.start, window.end) if duty.kind is DutyKind.IN_HOUSE_CALL)
    return Record(
        rule=setting.stem,
        code="over",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=window.start,
        end=window.end,
        measured=nights,
        limit=limit,
        unit="nights",
        citation=setting.citation,
        duty_ids=ids_of(calls),
        message=message,
    )
