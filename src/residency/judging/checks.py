"""The words that preconditions and assertions name: measures with their units and limits, and checks of one photograph."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Limits, Measure, MeasureValue, State, StateCheck
from rehearse.errors import did_you_mean
from rehearse.fields import Help, Name
from rehearse.values import EMPTY_MAP, FrozenMap
from residency import measures as figures
from residency import schema
from residency.calendar import DAY, clip, minute_of
from residency.judging import run_measures as of_run
from residency.judging import state_measures as of_state
from residency.judging.judged import book
from residency.load import snapshot_rows
from residency.setup.rows import PersonField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, TypeAlias

    from rehearse.domain import Evidence

    Kind: TypeAlias = Literal["bool", "number", "text", "collection", "map"]


@dataclass(frozen=True, kw_only=True)
class OfPerson:
    """Whose."""

    person_id: PersonField


@dataclass(frozen=True, kw_only=True)
class AtMoment(OfPerson):
    """Whose, and when."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Which rows of a table: those with these fields."""

    table: Name
    where: Annotated[FrozenMap, Help("stored fields and their values")] = EMPTY_MAP


def _missing(mentioned: tuple[str, ...], there: Mapping[str, object]) -> bool:
    return any(name not in there for name in mentioned)


def _all_persons_exist(state: State, _: None) -> MeasureValue:
    return not _missing(book(state).settings.mentioned_persons, book(state).schedule.persons)


def _all_rotations_exist(state: State, _: None) -> MeasureValue:
    return not _missing(book(state).settings.mentioned_rotations, book(state).schedule.rotations)


def _persons_active(state: State, _: None) -> MeasureValue:
    held = book(state)
    persons = [held.person(name) for name in held.settings.mentioned_persons]
    return all(person is not None and person.status.value == "active" for person in persons)


def _backup_chains_valid(state: State, _: None) -> MeasureValue:
    return of_state.backup_chain_intact(state)


def _holidays_defined(state: State, _: None) -> MeasureValue:
    low, high = book(state).settings.horizon
    days = (minute_of(row["date"]) for row in snapshot_rows(state.snapshot, schema.HOLIDAYS))
    return any(clip([(day, day + DAY)], (low, high)) for day in days)


def _on_duty(state: State, wanted: AtMoment) -> MeasureValue:
    return bool(book(state).schedule.on_duty(wanted.person_id, minute_of(wanted.at)))


def _hours_of(state: State, wanted: OfPerson) -> MeasureValue:
    held = book(state)
    return figures.weekly_hours(held.schedule.timeline(wanted.person_id), held.settings.rules)


def _days_of(state: State, wanted: OfPerson) -> MeasureValue:
    return figures.consecutive_duty_days(book(state).schedule.timeline(wanted.person_id))


def _count(state: State, wanted: Rows) -> MeasureValue:
    table = schema.METADATA.tables.get(wanted.table)
    if table is None:
        raise ValueError(f"there is no table `{wanted.table}`: {did_you_mean(wanted.table, schema.METADATA.tables)}")
    rows = snapshot_rows(state.snapshot, table)
    return sum(all(row.get(name) == value for name, value in wanted.where.items()) for row in rows)


def _above(limit: int) -> Limits:
    return Limits(above=Decimal(limit))


def _below(limit: int) -> Limits:
    return Limits(below=Decimal(limit))


_FALSE = Limits(on=False)


def _first_line(function: object) -> str:
    return (function.__doc__ or "").strip().split("\n", 1)[0]


def _of_state(name: str, kind: Kind, function: Callable[[State], MeasureValue], unit: str = "", **more: Any) -> Measure:
    return Measure(name, kind, _first_line(function), unit, of_state=function, **more)


def _of_run(
    name: str, kind: Kind, function: Callable[[Evidence], MeasureValue], unit: str = "", **more: Any
) -> Measure:
    return Measure(name, kind, _first_line(function), unit, of_run=function, **more)


_MEASURES = (
    _of_state("coverage_gap_hours", "number", of_state.coverage_gap_hours, "hours", fail=_above(12), warn=_above(4)),
    _of_state("coverage_complete", "bool", of_state.coverage_complete),
    _of_run("coverage_maintained", "bool", of_run.coverage_maintained),
    _of_state(
        "coverage_completeness", "number", of_state.coverage_completeness, "%", fail=_below(95), warn=_below(100)
    ),
    _of_state("critical_coverage", "number", of_state.critical_coverage, "%", fail=_below(100)),
    _of_state("backup_coverage_depth", "number", of_state.backup_coverage_depth, "%", warn=_below(85)),
    _of_run("backup_activated", "bool", of_run.backup_activated, aliases=("backup_assigned",)),
    _of_state("acgme_compliant", "bool", of_state.acgme_compliant, aliases=("acgme_compliant_final",), fail=_FALSE),
    _of_state("policy_compliant", "bool", of_state.policy_compliant, fail=_FALSE),
    _of_state("acgme_compliance", "number", of_state.acgme_compliance, "%", fail=_below(100)),
    _of_state("violations", "number", of_state.violations, "count"),
    _of_state("advisories", "number", of_state.advisories, "count"),
    _of_state("policy_violations", "number", of_state.policy_violations, "count"),
    _of_state("compliance_violations", "collection", of_state.compliance_violations, item="text"),
    _of_state("weekly_hours", "map", of_state.weekly_hours, "hours", warn=Limits(at_least=Decimal(78))),
    _of_state("peak_weekly_hours", "number", of_state.peak_weekly_hours, "hours", warn=Limits(at_least=Decimal(78))),
    _of_state("consecutive_duty_days", "map", of_state.consecutive_duty_days, "days"),
    _of_state("consecutive_nights", "map", of_state.consecutive_nights, "nights"),
    _of_state("duty_period_hours", "map", of_state.duty_period_hours, "hours"),
    _of_state("rest_after_call_hours", "map", of_state.rest_after_call_hours, "hours"),
    _of_state(
        "supervision_maintained", "bool", of_state.supervision_maintained, unavailable=of_state.no_supervision_rule
    ),
    _of_state("workload_balance", "number", of_state.workload_balance, "hours", warn=_above(10)),
    _of_state(
        "utilization_rate", "number", of_state.utilization_rate, "%", warn=Limits(below=Decimal(60), above=Decimal(80))
    ),
    _of_state("peak_utilization", "number", of_state.peak_utilization, "%", warn=_above(85)),
    _of_run("schedule_stability", "number", of_run.schedule_stability, "%", warn=_below(70)),
    _of_state("preference_satisfaction", "number", of_state.preference_satisfaction, "%", warn=_below(40)),
    _of_run("assignments_modified", "number", of_run.assignments_modified, "count", warn=_above(20)),
    _of_run("reassignments", "number", of_run.reassignments, "count", warn=_above(20)),
    _of_run("persons_affected", "number", of_run.persons_affected, "count", warn=_above(10)),
    _of_run("affected_persons", "collection", of_run.affected_persons, item="text"),
    _of_run("all_swaps_completed", "bool", of_run.all_swaps_completed),
    _of_run("swap_chain_length", "number", of_run.swap_chain_length, "count"),
    _of_run("notification_delivery", "number", of_run.notification_delivery, "%", fail=_below(100)),
    _of_run("notifications_queued", "number", of_run.notifications_queued, "count"),
    _of_run("audit_trail_completeness", "number", of_run.audit_trail_completeness, "%", fail=_below(100)),
    _of_state("double_bookings", "number", of_state.double_booking_count, "count", fail=_above(0)),
    _of_state("orphaned_assignments", "number", of_state.orphan_count, "count", fail=_above(0)),
    _of_state("no_double_booking", "bool", of_state.no_double_booking),
    _of_state("no_orphaned_assignments", "bool", of_state.no_orphaned_assignments),
    _of_state("state_consistent", "bool", of_state.state_consistent, fail=_FALSE),
    _of_state("backup_chain_intact", "bool", of_state.backup_chain_intact, fail=_FALSE),
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _MEASURES}

_CHECKS = (
    StateCheck("all_persons_exist", "Whether every person that the scenario mentions is there.", _all_persons_exist),
    StateCheck(
        "all_rotations_exist", "Whether every rotation that the scenario mentions is there.", _all_rotations_exist
    ),
    StateCheck("persons_active", "Whether every person that the scenario mentions is active.", _persons_active),
    StateCheck(
        "backup_chains_valid", "Whether the backups have no circle and no dead reference.", _backup_chains_valid
    ),
    StateCheck("holidays_defined", "Whether a holiday lies in the horizon.", _holidays_defined),
    StateCheck("on_duty", "Whether somebody is on duty at a minute.", _on_duty, AtMoment),
    StateCheck(
        "weekly_hours", "The highest weekly average of one person's windows, in hours.", _hours_of, OfPerson, "number"
    ),
    StateCheck("consecutive_duty_days", "The days of one person's longest run.", _days_of, OfPerson, "number"),
    StateCheck("count", "How many rows of a table have these fields.", _count, Rows, "number"),
)
CHECKS: Mapping[str, StateCheck] = {check.name: check for check in _CHECKS}
