"""How long a duty period may last (CPR 6.22, 6.22.a, 6.23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from residency.rules.record import Record
from residency.timeline import ids_of
from residency.wording import hours_text, moment_text, number_of

if TYPE_CHECKING:
    from residency.calendar import Interval
    from residency.model import Duty
    from residency.policy.settings import DutyPeriodLimit
    from residency.timeline import Timeline


class _Breach(NamedTuple):
    code: str
    measured: int
    limit: int


def duty_period(timeline: Timeline, setting: DutyPeriodLimit) -> list[Record]:
    """Periods with patient care too long (`clinical`), too long in all (`total`), or over a PGY-1's cap (`pgy1`)."""
    pgy1 = timeline.person is not None and timeline.person.pgy_level == 1
    cap = setting.pgy1_cap if pgy1 else None
    shortest = min(setting.limit, setting.limit + setting.extra, cap if cap is not None else setting.limit)
    records: list[Record] = []
    for period in timeline.periods:
        if period[1] - period[0] <= shortest:
            continue
        segments = timeline.segments_of(period)
        breach = _breach(period, segments, setting, cap)
        if breach is not None:
            records.append(_record(timeline, setting, period, breach))
    return records


def _breach(period: Interval, segments: tuple[Duty, ...], setting: DutyPeriodLimit, cap: int | None) -> _Breach | None:
    exempt = setting.extension_exempt
    ends = [duty.end for duty in segments if not (exempt and duty.kind.traits.extension)]
    care = [duty.end for duty in segments if duty.kind.traits.patient_care or _is_care(duty, exempt=exempt)]
    clinical, total = max(care, default=period[0]) - period[0], max(ends, default=period[0]) - period[0]
    limit, whole = setting.limit, setting.limit + setting.extra
    if setting.exception_limit is not None and any(duty.exception for duty in segments):
        limit = whole = setting.exception_limit
    if clinical > limit:
        return _Breach("clinical", clinical, limit)
    if total > whole:
        return _Breach("total", total, whole)
    if cap is not None and total > cap:
        return _Breach("pgy1", total, cap)
    return None


def _is_care(duty: Duty, *, exempt: bool) -> bool:
    return duty.kind.traits.extension and not exempt


def _record(timeline: Timeline, setting: DutyPeriodLimit, period: Interval, breach: _Breach) -> Record:
    citation = setting.total_citation if breach.code == "total" else setting.citation
    what = "cares for patients" if breach.code == "clinical" else "is on duty"
    message = (
        f"{timeline.person_id} {what} until {hours_text(breach.measured)} after starting at {moment_text(period[0])} "
        f"(at most {hours_text(breach.limit)}; {number_of(citation)})."
    )
    return Record(
        rule=setting.stem,
        code=breach.code,
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=period[0],
        end=period[1],
        measured=breach.measured,
        limit=breach.limit,
        unit="minutes",
        citation=citation,
        duty_ids=ids_of(timeline.segments_of(period)),
        message=message,
    )
