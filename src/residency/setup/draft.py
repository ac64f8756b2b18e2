"""The set-up's rows as values of the model, each with the row it came from; what cannot be read is left out and kept as a mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from rehearse.scenario import Placed
from residency.calendar import DAY, minute_of
from residency.model import (
    CRITICAL_TYPES,
    KIND_OF_TYPE,
    Absence,
    Backup,
    Duty,
    DutyKind,
    Holiday,
    Person,
    Preference,
    RequestStatus,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
)
from residency.setup.intervals import (
    IntervalError,
    absence_of_word,
    duty_interval,
    kind_of_word,
    span_days,
    span_form,
    span_intervals,
)
from residency.setup.rows import (
    AbsenceRow,
    AssignmentRow,
    BackupRow,
    HolidayRow,
    LeaveRequestRow,
    PersonRow,
    RequirementRow,
    RotationPeriodRow,
    RotationRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rehearse.scenario import World
    from residency.calendar import Interval
    from residency.settings import Periods

T = TypeVar("T", covariant=True)  # noqa: PLC0105  (the value's type; the name is used in signatures)
R = TypeVar("R")


@dataclass(frozen=True)
class Made(Generic[T]):
    """A value with the row that it was made from."""

    value: T
    row: Placed[object]
    section: str


@dataclass(frozen=True)
class Mistake:
    """A row whose interval cannot be read."""

    error: IntervalError
    row: Placed[object]


@dataclass
class Draft:
    """The set-up in the model's values. Absences made by approved leave requests are among `absences`, after the others."""

    persons: list[Made[Person]] = field(default_factory=list)
    rotations: list[Made[Rotation]] = field(default_factory=list)
    requirements: list[Made[Requirement]] = field(default_factory=list)
    periods: list[Made[RotationPeriod]] = field(default_factory=list)
    duties: list[Made[Duty]] = field(default_factory=list)
    absences: list[Made[Absence]] = field(default_factory=list)
    leave: list[Made[Absence]] = field(default_factory=list)
    backups: list[Made[Backup]] = field(default_factory=list)
    holidays: list[Made[Holiday]] = field(default_factory=list)
    preferences: list[Made[Preference]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def roster(self) -> Roster:
        """The part that schedules are made of."""
        return Roster(
            persons=values(self.persons),
            rotations=values(self.rotations),
            duties=values(self.duties),
            requirements=values(self.requirements),
            periods=values(self.periods),
            absences=values(self.absences),
        )


def values(made: Iterable[Made[T]]) -> tuple[T, ...]:
    """The values without their rows."""
    return tuple(item.value for item in made)


def rows_in(world: World, section: str, kind: type[R]) -> tuple[Placed[R], ...]:
    """The rows of a section, whose type the domain declares."""
    del kind
    return cast("tuple[Placed[R], ...]", world.sections.get(section, ()))


def row_id(section: str, placed: Placed[R]) -> str:
    """The id of a row: its own, or section and place."""
    return getattr(placed.value, "id", None) or f"{section}-{placed.index}"


def make_draft(world: World, periods: Periods) -> Draft:
    """Read every section; nothing is checked but what cannot be read at all."""
    draft = Draft()
    for person in rows_in(world, "persons", PersonRow):
        draft.persons.append(Made(_person(person.value), person, "persons"))
    for rotation in rows_in(world, "rotations", RotationRow):
        draft.rotations.append(Made(_rotation(rotation.value), rotation, "rotations"))
    rotations = {made.value.id: made.value for made in draft.rotations}
    _read_requirements(world, draft, periods)
    for period in rows_in(world, "rotation_periods", RotationPeriodRow):
        _read_period(draft, period)
    for assignment in rows_in(world, "assignments", AssignmentRow):
        _read_assignment(draft, assignment, rotations, periods)
    _read_absences(world, draft)
    _read_backups(world, draft)
    for holiday in rows_in(world, "holidays", HolidayRow):
        row = holiday.value
        made = Holiday(minute_of(row.date), row.name, row.major, row.worked_by)
        draft.holidays.append(Made(made, holiday, "holidays"))
    for person in rows_in(world, "persons", PersonRow):
        for wish in person.value.preferences:
            named = wish.block_period.value if wish.block_period else None
            value = Preference(person.value.id, minute_of(wish.date), named, wish.want, wish.weight)
            draft.preferences.append(Made(value, person, "persons"))
    return draft


def _person(row: PersonRow) -> Person:
    can_supervise = row.role is Role.FACULTY if row.can_supervise is None else row.can_supervise
    return Person(
        id=row.id,
        role=row.role,
        pgy_level=row.pgy_level,
        status=row.status,
        first_name=row.id if row.first_name is None else row.first_name,
        last_name=row.last_name,
        max_weekly_minutes=row.max_hours_per_week,
        can_supervise=can_supervise,
        may_moonlight=row.pgy_level != 1 if row.may_moonlight is None else row.may_moonlight,
        qualifications=frozenset(row.qualifications),
    )


def _rotation(row: RotationRow) -> Rotation:
    kind = kind_of_word(row.kind) or KIND_OF_TYPE.get(row.rotation_type, DutyKind.CLINICAL)
    needed = (1 if kind.traits.covers else 0) if row.min_persons is None else row.min_persons
    return Rotation(
        id=row.id,
        name=row.id if row.name is None else row.name,
        rotation_type=row.rotation_type,
        kind=kind,
        block_minutes=row.hours_per_block,
        min_persons=needed,
        max_persons=row.max_persons,
        requires_supervision=row.requires_supervision,
        requires=frozenset(row.requires),
        min_pgy=row.min_pgy,
        critical=row.rotation_type in CRITICAL_TYPES if row.critical is None else row.critical,
    )


def _numbered(identity: str, intervals: Iterable[Interval]) -> Iterator[tuple[str, Interval]]:
    """Each interval with an id: the row's own, or that and a number where a row makes several."""
    found = tuple(intervals)
    for number, interval in enumerate(found, start=1):
        yield (identity if len(found) == 1 else f"{identity}.{number}"), interval


def _read_requirements(world: World, draft: Draft, periods: Periods) -> None:
    for placed in rows_in(world, "requirements", RequirementRow):
        row = placed.value
        try:
            intervals = _requirement_intervals(row, periods)
        except IntervalError as error:
            draft.mistakes.append(Mistake(error, placed))
            continue
        for identity, (start, end) in _numbered(row_id("requirements", placed), intervals):
            made = Requirement(identity, row.rotation_id, start, end, row.min_persons, row.role)
            draft.requirements.append(Made(made, placed, "requirements"))


def _requirement_intervals(row: RequirementRow, periods: Periods) -> tuple[Interval, ...]:
    form = span_form(row)
    if form is None or form == "start":
        if row.block_period is not None and form == "start":
            summary = "moments and `block_period` say the time twice"
            raise IntervalError("conflict", summary, "leave `block_period` out", "block_period")
        return span_intervals(row)
    if row.block_period is None:
        raise IntervalError(
            "missing-key", "a requirement in dates needs `block_period`", "write AM, PM, DAY, NIGHT or CALL", form
        )
    start, length = periods.of(row.block_period)
    return tuple((day + start, day + start + length) for day in span_days(row))


def _read_period(draft: Draft, placed: Placed[RotationPeriodRow]) -> None:
    row = placed.value
    start, end = minute_of(row.start_date), minute_of(row.end_date) + DAY
    if end <= start:
        error = IntervalError("bad-value", "`end_date` is before `start_date`", "put them in order", "end_date")
        draft.mistakes.append(Mistake(error, placed))
        return
    identity = row_id("rotation_periods", placed)
    made = RotationPeriod(
        identity, row.person_id, start, end, row.rotation_id, row.weekly_limit_hours, row.granted_by or ""
    )
    draft.periods.append(Made(made, placed, "rotation_periods"))


def _read_assignment(
    draft: Draft, placed: Placed[AssignmentRow], rotations: Mapping[str, Rotation], periods: Periods
) -> None:
    row = placed.value
    rotation = rotations.get(row.rotation_id) if row.rotation_id else None
    kind = kind_of_word(row.kind) or (rotation.kind if rotation else DutyKind.CLINICAL)
    try:
        start, end = duty_interval(row, kind, rotation, periods)
    except IntervalError as error:
        draft.mistakes.append(Mistake(error, placed))
        return
    identity = row_id("assignments", placed)
    made = Duty(identity, row.person_id, row.rotation_id, start, end, kind, row.exception, row.pinned)
    draft.duties.append(Made(made, placed, "assignments"))


def _read_absences(world: World, draft: Draft) -> None:
    for absence in rows_in(world, "absences", AbsenceRow):
        draft.absences += _made_absences(draft, "absences", absence)
    for request in rows_in(world, "leave_requests", LeaveRequestRow):
        draft.leave += _made_absences(draft, "leave_requests", request)
    draft.absences += [made for made in draft.leave if made.value.status is RequestStatus.APPROVED]


def _made_absences(draft: Draft, section: str, placed: Placed[AbsenceRow | LeaveRequestRow]) -> list[Made[Absence]]:
    try:
        intervals = span_intervals(placed.value)
    except IntervalError as error:
        draft.mistakes.append(Mistake(error, placed))
        return []
    numbered = _numbered(row_id(section, placed), intervals)
    return [Made(_absence(placed.value, identity, start, end), placed, section) for identity, (start, end) in numbered]


def _absence(row: AbsenceRow | LeaveRequestRow, identity: str, start: int, end: int) -> Absence:
    kind, status = absence_of_word(row.kind), RequestStatus(row.status.value)
    return Absence(identity, row.person_id, start, end, kind, status, row.reason)


def _read_backups(world: World, draft: Draft) -> None:
    taken: dict[str, set[int]] = {}
    rows = rows_in(world, "backups", BackupRow)
    for placed in rows:
        if placed.value.rank is not None:
            taken.setdefault(placed.value.person_id, set()).add(placed.value.rank)
    for placed in rows:
        _read_backup(draft, placed, taken)
    number = len(rows)
    for person in rows_in(world, "persons", PersonRow):
        for backed in person.value.backup_for:
            number += 1
            made = Backup(f"backups-{number}", backed, person.value.id, _next_rank(taken, backed))
            draft.backups.append(Made(made, person, "persons"))


def _read_backup(draft: Draft, placed: Placed[BackupRow], taken: dict[str, set[int]]) -> None:
    row = placed.value
    try:
        spans: tuple[Interval | None, ...] = (None,) if span_form(row) is None else span_intervals(row)
    except IntervalError as error:
        draft.mistakes.append(Mistake(error, placed))
        return
    identity = row_id("backups", placed)
    for number, span in enumerate(spans, start=1):
        rank = row.rank if row.rank is not None and number == 1 else _next_rank(taken, row.person_id)
        made = Backup(
            id=identity if len(spans) == 1 else f"{identity}.{number}",
            person_id=row.person_id,
            backup_id=row.backup_id,
            rank=rank,
            start=span[0] if span else None,
            end=span[1] if span else None,
            rotations=frozenset(row.rotations) if row.rotations is not None else None,
            capacity=row.capacity,
        )
        draft.backups.append(Made(made, placed, "backups"))


def _next_rank(taken: dict[str, set[int]], person_id: str) -> int:
    ranks = taken.setdefault(person_id, set())
    rank = next(number for number in range(1, len(ranks) + 2) if number not in ranks)
    ranks.add(rank)
    return rank
