"""Measures of one photograph: coverage, rules, hours, integrity. All exact but a square root."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

from residency import measures as figures
from residency import schema
from residency.calendar import DAY, HOUR
from residency.judging.judged import (
    active_residents,
    audit_breaks,
    book,
    broken_backups,
    broken_keys,
    double_bookings,
    orphans,
    records,
)
from residency.load import snapshot_rows
from residency.model import Severity
from residency.policy import INTEGRITY_STEMS
from residency.policy.settings import SupervisionRatio
from residency.setup.rows import Period
from residency.stored import preference_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.domain import MeasureValue, State
    from residency.model import Preference
    from residency.rules import Record
    from residency.settings import Settings
    from residency.timeline import Timeline

_WHOLE = Fraction(100)


# ── coverage ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _totals(state: State) -> figures.CoverageTotals:
    return figures.coverage_totals(book(state).schedule)


def coverage_gap_hours(state: State) -> MeasureValue:
    """Missing heads × time over all requirements; the absent are not there."""
    return Fraction(state.derived(_totals).missing, HOUR)


def coverage_complete(state: State) -> MeasureValue:
    """Whether no requirement is short."""
    return state.derived(_totals).missing == 0


def coverage_completeness(state: State) -> MeasureValue:
    """100 × (1 − gap ÷ required head-hours); 100 if nothing is required."""
    totals = state.derived(_totals)
    return _covered_share(totals.missing, totals.required)


def critical_coverage(state: State) -> MeasureValue:
    """The completeness of services that are covered first."""
    totals = state.derived(_totals)
    return _covered_share(totals.missing_critical, totals.required_critical)


def _covered_share(missing: int, required: int) -> Fraction:
    return _WHOLE if not required else _WHOLE - Fraction(100 * missing, required)


def backup_coverage_depth(state: State) -> MeasureValue:
    """The share of residents' duties whose holder has a backup that is valid and not absent then; 100 if there are none."""
    held = book(state)
    duties = [
        duty
        for person_id in held.schedule.residents
        for duty in held.schedule.timeline(person_id).duties_in(*held.schedule.horizon)
    ]
    if not duties:
        return _WHOLE
    backed = sum(has_backup(state, duty.person_id, duty.start, duty.end, duty.rotation_id) for duty in duties)
    return Fraction(100 * backed, len(duties))


def has_backup(state: State, person_id: str, start: int, end: int, rotation_id: str | None) -> bool:
    """Whether somebody has a backup who is valid for all of an interval and not on leave in it."""
    held = book(state)
    return any(
        (backup.start is None or backup.start <= start)
        and (backup.end is None or backup.end >= end)
        and (backup.rotations is None or rotation_id in backup.rotations)
        and held.may_be_given_duty(backup.backup_id)
        and not held.schedule.is_on_leave(backup.backup_id, start, end)
        for backup in held.backups_of(person_id)
    )


# ── rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def acgme_compliant(state: State) -> MeasureValue:
    """Whether no work-hour rule is violated (integrity rules apart)."""
    return not any(record.is_work_hour_violation for record in records(state))


def policy_compliant(state: State) -> MeasureValue:
    """Whether no rule of the program's own is broken."""
    return not _of(state, Severity.POLICY)


def acgme_compliance(state: State) -> MeasureValue:
    """The share of pairs of a resident and a work-hour rule without a violation."""
    residents = book(state).schedule.residents
    rules: Settings = state.policy
    stems = {item.stem for item in rules.rules.settings if item.severity is Severity.VIOLATION} - INTEGRITY_STEMS
    pairs = len(residents) * len(stems)
    if not pairs:
        return _WHOLE
    broken = {
        (person, record.rule)
        for record in records(state)
        if record.is_work_hour_violation
        for person in record.persons
        if person in residents
    }
    return Fraction(100 * (pairs - len(broken)), pairs)


def _of(state: State, severity: Severity) -> list[Record]:
    return [record for record in records(state) if record.severity is severity]


def violations(state: State) -> MeasureValue:
    """How many records are violations, those of the integrity rules included."""
    return len(_of(state, Severity.VIOLATION))


def advisories(state: State) -> MeasureValue:
    """How many records are advisories."""
    return len(_of(state, Severity.ADVISORY))


def policy_violations(state: State) -> MeasureValue:
    """How many records break a rule of the program's own."""
    return len(_of(state, Severity.POLICY))


def compliance_violations(state: State) -> MeasureValue:
    """`rule:person` of each violation; of one without persons, `rule:rotation`."""
    found = [
        f"{record.rule}:{name}"
        for record in _of(state, Severity.VIOLATION)
        for name in record.persons or (record.rotation_id or "",)
    ]
    return tuple(sorted(found))


def supervision_maintained(state: State) -> MeasureValue:
    """Whether no service has too many residents for its supervisors."""
    return not any(record.rule == SupervisionRatio.stem for record in records(state))


def consecutive_duty_days(state: State) -> MeasureValue:
    """Resident → the days of their longest run without a day off."""
    return _of_residents(state, figures.consecutive_duty_days)


def consecutive_nights(state: State) -> MeasureValue:
    """Resident → the nights of their longest block of night float."""
    return _of_residents(state, figures.consecutive_nights)


def duty_period_hours(state: State) -> MeasureValue:
    """Resident → their longest duty period."""
    return _of_residents(state, figures.duty_period_hours)


def _of_residents(state: State, figure: Callable[[Timeline], int | Fraction]) -> MeasureValue:
    schedule = book(state).schedule
    return {person: figure(schedule.timeline(person)) for person in schedule.residents}


def no_supervision_rule(policy: Settings) -> str | None:
    """Why supervision cannot be asked about, or None."""
    if policy.rules.in_force(SupervisionRatio.stem):
        return None
    return "`supervision_ratio` is not in force; set it under `constraints.policy`, or use `rules: seed`"


# ── hours ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def weekly_hours(state: State) -> MeasureValue:
    """Resident → the highest average of their windows."""
    schedule, rules = book(state).schedule, book(state).settings.rules
    return {person: figures.weekly_hours(schedule.timeline(person), rules) for person in schedule.residents}


def peak_weekly_hours(state: State) -> MeasureValue:
    """The highest average of all residents."""
    return figures.peak_weekly_hours(book(state).schedule, book(state).settings.rules)


def rest_after_call_hours(state: State) -> MeasureValue:
    """Resident → the shortest rest after a call; null where nothing follows one."""
    schedule, rules = book(state).schedule, book(state).settings.rules
    return {person: figures.rest_after_call_hours(schedule.timeline(person), rules) for person in schedule.residents}


def workload_balance(state: State) -> MeasureValue:
    """The population standard deviation of active residents' weekly hours."""
    schedule, rules = book(state).schedule, book(state).settings.rules
    hours = [figures.weekly_hours(schedule.timeline(person), rules) for person in active_residents(state)]
    if not hours:
        return 0
    mean = sum(hours, Fraction(0)) / len(hours)
    return square_root(sum(((value - mean) ** 2 for value in hours), Fraction(0)) / len(hours))


def square_root(value: Fraction) -> Fraction | Decimal:
    """The square root: exact if it is rational, else to thirty digits."""
    roots = isqrt(value.numerator), isqrt(value.denominator)
    if (roots[0] ** 2, roots[1] ** 2) == (value.numerator, value.denominator):
        return Fraction(*roots)
    with localcontext() as context:
        context.prec = 30
        return (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()


def _utilisations(state: State) -> list[Fraction]:
    schedule, rules = book(state).schedule, book(state).settings.rules
    return [100 * figures.utilisation(schedule.timeline(person), rules) for person in active_residents(state)]


def utilization_rate(state: State) -> MeasureValue:
    """The mean share of their limit that active residents work."""
    found = _utilisations(state)
    return sum(found, Fraction(0)) / len(found) if found else Fraction(0)


def peak_utilization(state: State) -> MeasureValue:
    """The greatest share of their limit that an active resident works."""
    return max(_utilisations(state), default=Fraction(0))


def preference_satisfaction(state: State) -> MeasureValue:
    """The weight of honoured preferences as a share of all; null if there are none."""
    wishes = [preference_of(tuple(row.values())) for row in snapshot_rows(state.snapshot, schema.PREFERENCES)]
    if not wishes:
        return None
    honoured = sum(wish.weight for wish in wishes if _is_honoured(state, wish))
    return Fraction(100 * honoured, sum(wish.weight for wish in wishes))


def _is_honoured(state: State, wish: Preference) -> bool:
    held = book(state)
    start, end = wish.start, wish.start + DAY
    if wish.block_period is not None:
        begin, length = held.settings.periods.of(Period(wish.block_period))
        start, end = wish.start + begin, wish.start + begin + length
    duties = held.schedule.timeline(wish.person_id).duties_in(start, end)
    if wish.want == "off":
        return not duties
    return any(wish.want in ("on", duty.rotation_id) for duty in duties)


# ── integrity ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def state_consistent(state: State) -> MeasureValue:
    """Whether keys, constraints, backups and the audit chain hold."""
    return not (broken_keys(state.snapshot) or broken_backups(book(state)) or audit_breaks(state))


def backup_chain_intact(state: State) -> MeasureValue:
    """Whether the backups have no circle and no dead reference."""
    return not broken_backups(book(state))


def no_double_booking(state: State) -> MeasureValue:
    """Whether nobody is in two places at once."""
    return not double_bookings(state)


def no_orphaned_assignments(state: State) -> MeasureValue:
    """Whether every duty has its person and service."""
    return not orphans(state)


def double_booking_count(state: State) -> MeasureValue:
    """Pairs of duties of one person that share a minute."""
    return len(double_bookings(state))


def orphan_count(state: State) -> MeasureValue:
    """Duties without a person, or that cover no service that there is."""
    return len(orphans(state))
