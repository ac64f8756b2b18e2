"""From the set-up as written to the settings of the run and the rows of its database."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from rehearse.domain import TableRows
from residency import schema, stored
from residency.calendar import DAY, HOUR, Interval, day_end, day_start, minute_of, moment_of
from residency.model import DutyKind
from residency.schedule import horizon_of, implied_requirements
from residency.settings import Periods, Program, Settings
from residency.setup.draft import Draft, Made, T, make_draft, row_id, rows_in
from residency.setup.intervals import IntervalError, duty_interval, kind_of_word, span_form, span_intervals
from residency.setup.mentions import Mention, mentions
from residency.setup.packs import rules_of
from residency.setup.rows import ConstraintsRow, DutyFields, HolidayRow, LeaveRequestRow, Period, SpanFields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Table

    from rehearse.domain import StepParameters
    from rehearse.scenario import World

_DEFAULT_DAY = datetime(2024, 1, 1)  # noqa: DTZ001  (there are no zones)
_SEED_WARNING = 78 * HOUR
_USUAL_WARNING = 76 * HOUR


def settle(world: World, steps: tuple[StepParameters, ...], clock: datetime | None) -> Settings:
    """Return what holds for the whole run; what cannot be read is left at its default, and `check` complains of it."""
    row = constraints_of(world)
    periods = periods_of(row)
    draft = make_draft(world, periods)
    rules, _ = rules_of(world)
    named = sorted(set(_mentions(world, steps)))
    warning = row.program.moonlighting_warning_hours
    return Settings(
        rules=rules,
        horizon=_horizon(row, draft, steps, periods, clock),
        periods=periods,
        program=Program(
            max_chain_depth=row.program.max_chain_depth,
            notice_minutes=row.program.notice_minutes,
            moonlighting_warning=(_SEED_WARNING if row.rules == "seed" else _USUAL_WARNING)
            if warning is None
            else warning * HOUR,
            max_major_holidays=row.program.max_major_holidays,
            leave_order=row.program.leave_order,
        ),
        acgme_enabled=row.acgme_enabled,
        contingency_enabled=row.n1_contingency_enabled,
        auto_coverage=row.auto_coverage,
        mentioned_persons=tuple(dict.fromkeys(item.id for item in named if item.section == "persons")),
        mentioned_rotations=tuple(dict.fromkeys(item.id for item in named if item.section == "rotations")),
    )


def default_clock(settings: Settings) -> datetime:
    """Return 00:00 of the first day of the horizon."""
    return moment_of(settings.horizon[0])


def constraints_of(world: World) -> ConstraintsRow:
    """Return the constraints as written."""
    row = world.constraints.value
    return row if isinstance(row, ConstraintsRow) else ConstraintsRow()


def periods_of(row: ConstraintsRow) -> Periods:
    """Return the periods of the day."""
    if row.periods is None:
        return Periods()
    written = ((period, getattr(row.periods, period.value)) for period in Period)
    return Periods(tuple((period, item.start, item.hours) for period, item in written if item is not None))


def _mentions(world: World, steps: Iterable[StepParameters]) -> Iterator[Mention]:
    records = [placed.value for rows in world.sections.values() for placed in rows]
    records += [step.parameters for step in steps if step.parameters is not None]
    for record in records:
        yield from (mention._replace(field="") for mention in mentions(record))


# ── the horizon ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _horizon(
    row: ConstraintsRow, draft: Draft, steps: Iterable[StepParameters], periods: Periods, clock: datetime | None
) -> Interval:
    if row.horizon is not None and row.horizon.end >= row.horizon.start:
        return minute_of(row.horizon.start), minute_of(row.horizon.end) + DAY
    touched = [interval for step in steps for interval in _touched(step.parameters, draft, periods)]
    roster = horizon_of(draft.roster())
    if roster != (0, 0):
        touched.append(roster)
    if not touched:
        day = day_start(minute_of(clock if clock is not None else _DEFAULT_DAY))
        return day, day + DAY
    return day_start(min(start for start, _ in touched)), day_end(max(end for _, end in touched))


def _touched(record: object, draft: Draft, periods: Periods) -> Iterator[Interval]:
    """The intervals that the parameters of a step name, those of records inside them included."""
    if not is_dataclass(record):
        return
    if isinstance(record, SpanFields):
        yield from _span(record)
    elif isinstance(record, DutyFields):
        yield from _duty(record, draft, periods)
    else:
        yield from _dates(record)
    for item in fields(record):
        value = getattr(record, item.name)
        for inner in value if isinstance(value, tuple) else ():
            yield from _touched(inner, draft, periods)


def _span(record: SpanFields) -> Iterator[Interval]:
    try:
        if span_form(record) is not None:
            yield from span_intervals(record)
    except IntervalError:
        return


def _duty(record: DutyFields, draft: Draft, periods: Periods) -> Iterator[Interval]:
    rotation = next((made.value for made in draft.rotations if made.value.id == record.rotation_id), None)
    kind = kind_of_word(record.kind) or (rotation.kind if rotation else DutyKind.CLINICAL)
    try:
        yield duty_interval(record, kind, rotation, periods)
    except IntervalError:
        return


def _dates(record: object) -> Iterator[Interval]:
    """A date touches its day; a moment the minute that it begins, but an `end` the minute before it."""
    for item in fields(record):  # type: ignore[arg-type]  # only dataclasses come here
        value = getattr(record, item.name)
        if isinstance(value, datetime):
            minute = minute_of(value) - (1 if item.name == "end" else 0)
            yield minute, minute + 1
        elif isinstance(value, date):
            yield minute_of(value), minute_of(value) + DAY


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def rows(world: World, settings: Settings, clock: datetime) -> tuple[TableRows, ...]:
    """Return every row of the set-up in an order in which foreign keys hold; requirements that rotations imply are among them."""
    draft = make_draft(world, settings.periods)
    implied = [stored.requirement_row(row) for row in implied_requirements(draft.roster())]
    groups = (
        (schema.PERSONS, _stored(draft.persons, stored.person_row)),
        (schema.ROTATIONS, _stored(draft.rotations, stored.rotation_row)),
        (schema.REQUIREMENTS, [*_stored(draft.requirements, stored.requirement_row), *implied]),
        (schema.ROTATION_PERIODS, _stored(draft.periods, stored.rotation_period_row)),
        (schema.ASSIGNMENTS, _stored(draft.duties, stored.duty_row)),
        (schema.LEAVE_REQUESTS, _leave_rows(draft, clock)),
        (schema.ABSENCES, _stored(draft.absences, stored.absence_row)),
        (schema.BACKUPS, _stored(draft.backups, stored.backup_row)),
        (schema.HOLIDAYS, _holiday_rows(world)),
        (schema.PREFERENCES, _preference_rows(draft)),
    )
    return tuple(_table_rows(table, found) for table, found in groups if found)


def _stored(made: Iterable[Made[T]], row: Callable[[T], stored.StoredRow]) -> list[stored.StoredRow]:
    return [row(item.value) for item in made]


def _table_rows(table: Table, found: list[stored.StoredRow]) -> TableRows:
    columns = tuple(found[0])
    return TableRows(table.name, columns, tuple(tuple(row[column] for column in columns) for row in found))


def _leave_rows(draft: Draft, clock: datetime) -> list[stored.StoredRow]:
    found: list[stored.StoredRow] = []
    for made in draft.leave:
        row = made.row.value
        submitted = row.submitted if isinstance(row, LeaveRequestRow) else None
        found.append({**stored.absence_row(made.value), "submitted": submitted or clock})
    return found


def _holiday_rows(world: World) -> list[stored.StoredRow]:
    return [
        {
            "id": row_id("holidays", placed),
            "date": placed.value.date,
            "name": placed.value.name,
            "major": placed.value.major,
            "worked_by": list(placed.value.worked_by),
        }
        for placed in rows_in(world, "holidays", HolidayRow)
    ]


def _preference_rows(draft: Draft) -> list[stored.StoredRow]:
    return [
        {
            "id": f"preferences-{number}",
            "person_id": made.value.person_id,
            "date": moment_of(made.value.start).date(),
            "block_period": made.value.block_period,
            "want": made.value.want,
            "weight": made.value.weight,
        }
        for number, made in enumerate(draft.preferences, start=1)
    ]
