"""Maximum hours of work a week, averaged (CPR 6.20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.averages import Load, loads
from residency.model import Severity
from residency.rules.record import Record, worst_of_runs
from residency.timeline import Timeline, ids_of
from residency.wording import counted, days_text, hours_text, number_of

if TYPE_CHECKING:
    from residency.policy.settings import WeeklyHours


def weekly_hours(timeline: Timeline, setting: WeeklyHours) -> list[Record]:
    """Windows with more hours than the limit allows (`over`), or as many as the pack warns of (`near`)."""
    if setting.limit is None and (timeline.person is None or timeline.person.max_weekly_minutes is None):
        return []
    records: list[Record] = []
    for load in loads(timeline, setting):
        if load.weekly_limit is not None and load.worked * 7 > load.weekly_limit * load.days:
            records.append(_record(timeline, setting, load, warns=False))
        elif setting.warn is not None and load.worked * 7 >= setting.warn * load.days:
            records.append(_record(timeline, setting, load, warns=True))
    return worst_of_runs(records, setting.window)


def _record(timeline: Timeline, setting: WeeklyHours, load: Load, *, warns: bool) -> Record:
    limit = -(-(setting.warn or 0) * load.days // 7) if warns else load.limit or 0
    average = -(-load.worked * 7 // load.days)
    word = "warned of from" if warns else "limit"
    start, end, _ = load.window
    message = (
        f"{timeline.person_id} averages {hours_text(average)} a week {days_text(start, end)} "
        f"({hours_text(load.worked)} in {counted(load.counted_days, 'day')}, {word} {hours_text(limit)}; "
        f"{number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="near" if warns else "over",
        severity=Severity.ADVISORY if warns else setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=load.worked,
        limit=limit,
        unit="minutes",
        citation=setting.citation,
        duty_ids=ids_of(duty for duty in timeline.duties_in(start, end) if duty.kind.traits.counts),
        message=message,
    )
