"""The set-up's rows and constraints as their author writes them: one frozen record a section (see `rehearse.fields`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from rehearse.fields import ANY_CASE, Alias, ClockTime, Help, Hours, Name, Pattern, Range, Ref, RowId
from rehearse.values import EMPTY_MAP, FrozenMap
from residency.model import PersonStatus, Role, RotationType

#: A calendar date; a field of that name would hide the type.
Day: TypeAlias = date
PersonId: TypeAlias = Annotated[RowId, Ref("persons")]
RotationId: TypeAlias = Annotated[RowId, Ref("rotations")]
AssignmentId: TypeAlias = Annotated[RowId, Ref("assignments")]
PersonField: TypeAlias = Annotated[PersonId, Alias("person")]
RotationField: TypeAlias = Annotated[RotationId, Alias("rotation")]
AnyCaseRole: TypeAlias = Annotated[Role, ANY_CASE]

LONGEST_DUTY_HOURS = 72


class Period(StrEnum):
    """A part of the day in which duties start."""

    AM = "AM"
    PM = "PM"
    DAY = "DAY"
    NIGHT = "NIGHT"
    CALL = "CALL"


class KindWord(StrEnum):
    """A kind of duty as it may be written."""

    CLINICAL = "clinical"
    EDUCATION = "education"
    IN_HOUSE_CALL = "in_house_call"
    NIGHT_FLOAT = "night_float"
    TRANSITION = "transition"
    EXTENSION = "extension"
    MOONLIGHT_INT = "moonlight_int"
    MOONLIGHTING_INTERNAL = "moonlighting_internal"
    MOONLIGHT_EXT = "moonlight_ext"
    MOONLIGHTING_EXTERNAL = "moonlighting_external"
    HOME_CALL_IDLE = "home_call_idle"
    HOME_CALL = "home_call"
    HOME_CALL_ACTIVE = "home_call_active"
    CLINICAL_HOME = "clinical_home"


class AbsenceWord(StrEnum):
    """A kind of absence as it may be written."""

    ILLNESS = "illness"
    SICK = "sick"
    EMERGENCY = "emergency"
    VACATION = "vacation"
    PARENTAL = "parental"
    MEDICAL = "medical"
    CONFERENCE = "conference"
    DEPLOYMENT = "deployment"
    TDY = "tdy"
    DAY_OFF = "day_off"
    OTHER = "other"


class StatusWord(StrEnum):
    """Where a request for absence stands."""

    APPROVED = "approved"
    PENDING = "pending"
    DENIED = "denied"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class PreferenceRow:
    """What somebody would like on one day: off, on, or a rotation."""

    date: Day
    block_period: Annotated[Period | None, Alias("period")] = None
    want: RowId
    weight: Annotated[int, Range(1, 10)] = 1


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """Somebody who may hold duties."""

    id: RowId
    first_name: str | None = None
    last_name: str = ""
    role: AnyCaseRole = Role.RESIDENT
    pgy_level: Annotated[
        int | None, Range(1, 8), Help("post-graduate year; residents need one, nobody else has one")
    ] = None
    status: PersonStatus = PersonStatus.ACTIVE
    max_hours_per_week: Annotated[
        Hours | None, Range(above=0), Help("a personal weekly limit, never above the pack's")
    ] = None
    backup_for: tuple[PersonId, ...] = ()
    can_supervise: bool | None = None
    may_moonlight: bool | None = None
    qualifications: Annotated[tuple[Name, ...], Alias("quals")] = ()
    preferences: tuple[PreferenceRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RotationRow:
    """A service to staff."""

    id: RowId
    name: str | None = None
    rotation_type: RotationType = RotationType.OTHER
    kind: KindWord | None = None
    hours_per_block: Annotated[Hours | None, Range(above=0, maximum=LONGEST_DUTY_HOURS)] = None
    min_persons: Annotated[int | None, Range(0), Help("residents needed whenever it runs; 0: it may stand empty")] = (
        None
    )
    max_persons: Annotated[int | None, Range(0)] = None
    requires_supervision: bool = False
    requires: tuple[Name, ...] = ()
    min_pgy: Annotated[int, Range(1, 8)] = 1
    critical: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SpanFields:
    """A SPAN: `date`, `dates`, `start_date` with `end_date`, or `start` with `end`; exactly one of these forms."""

    date: Annotated[Day | None, Help("one whole day")] = None
    dates: Annotated[tuple[Day, ...] | None, Help("whole days; each run of them is a span")] = None
    start_date: Annotated[Day | None, Help("the first whole day")] = None
    end_date: Annotated[Day | None, Help("the last whole day, included; by default the first")] = None
    start: Annotated[datetime | None, Help("the first minute")] = None
    end: Annotated[datetime | None, Help("the minute after the last")] = None


@dataclass(frozen=True, kw_only=True)
class ShiftRow:
    """A stretch of work, from moment to moment."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class ShiftFields(SpanFields):
    """A SPAN, or a list of shifts; exactly one of these."""

    shifts: tuple[ShiftRow, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class RequirementRow(SpanFields):
    """So many people of a role that a service needs."""

    id: RowId | None = None
    rotation_id: RotationField
    block_period: Annotated[Period | None, Alias("period"), Help("required with dates")] = None
    min_persons: Annotated[int, Range(0)]
    role: AnyCaseRole = Role.RESIDENT


@dataclass(frozen=True, kw_only=True)
class RotationPeriodRow:
    """Whole days of one person on one rotation: a window over which averages are taken."""

    id: RowId | None = None
    person_id: PersonField
    start_date: Day
    end_date: Day
    rotation_id: Annotated[RotationId | None, Alias("rotation")] = None
    weekly_limit_hours: Annotated[
        Hours | None, Help("an exception over 80 and up to 88, with rotation and granted_by")
    ] = None
    granted_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class DutyFields:
    """The fields of an assignment: whose, where, and one of the four ways to write an interval."""

    person_id: PersonField
    rotation_id: Annotated[RotationId | None, Alias("rotation"), Help("required for kinds that cover a service")] = None
    block_date: Annotated[Day | None, Alias("date"), Help("the day on which it starts")] = None
    block_period: Annotated[
        Period | None, Alias("period"), Help("the part of that day; by default what the kind implies")
    ] = None
    start: Annotated[ClockTime | datetime | None, Help("a time of that day, or a moment")] = None
    end: Annotated[ClockTime | datetime | None, Help("likewise, excluded; not after the start: on the next day")] = None
    hours: Annotated[Hours | None, Range(above=0, maximum=LONGEST_DUTY_HOURS), Help("its length, without an end")] = (
        None
    )
    kind: Annotated[KindWord | None, Help("by default the rotation's, else clinical")] = None
    exception: Annotated[bool, Help("a granted longer period, where the pack knows one")] = False
    pinned: Annotated[bool, Alias("locked"), Help("no operation moves it")] = False


@dataclass(frozen=True, kw_only=True)
class AssignmentRow(DutyFields):
    """A duty."""

    id: RowId | None = None


@dataclass(frozen=True, kw_only=True)
class AbsenceRow(SpanFields):
    """Somebody is away, or free by design (`day_off`)."""

    id: RowId | None = None
    person_id: PersonField
    kind: AbsenceWord = AbsenceWord.OTHER
    status: StatusWord = StatusWord.APPROVED
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LeaveRequestRow(SpanFields):
    """A request for leave; an approved one makes the absence too."""

    id: RowId | None = None
    person_id: PersonField
    kind: AbsenceWord = AbsenceWord.VACATION
    status: StatusWord = StatusWord.PENDING
    submitted: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BackupRow(SpanFields):
    """`backup_id` steps in for `person_id`."""

    id: RowId | None = None
    person_id: PersonField
    backup_id: PersonId
    rank: Annotated[int | None, Range(1)] = None
    rotations: tuple[RotationId, ...] | None = None
    capacity: Annotated[int | None, Range(1)] = None


@dataclass(frozen=True, kw_only=True)
class HolidayRow:
    """A holiday, and who worked it if it is past."""

    id: RowId | None = None
    date: Day
    name: str
    major: bool = True
    worked_by: tuple[PersonId, ...] = ()


# ── constraints ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class HorizonRow:
    """The days that rules and measures look at, both included."""

    start: Day
    end: Day


@dataclass(frozen=True, kw_only=True)
class PeriodRow:
    """When a period of the day begins and how long it is."""

    start: ClockTime
    hours: Annotated[Hours, Range(above=0, maximum=LONGEST_DUTY_HOURS)]


@dataclass(frozen=True, kw_only=True)
class PeriodsRow:
    """Periods that differ from the usual ones."""

    AM: PeriodRow | None = None
    PM: PeriodRow | None = None
    DAY: PeriodRow | None = None
    NIGHT: PeriodRow | None = None
    CALL: PeriodRow | None = None


LeaveOrder = Literal["seniority", "holiday_equity", "recent_leave"]


@dataclass(frozen=True, kw_only=True)
class ProgramRow:
    """The program's own choices."""

    max_chain_depth: Annotated[int, Range(1, 20)] = 4
    notice_minutes: Annotated[int, Range(0, 1440)] = 0
    moonlighting_warning_hours: Annotated[int | None, Range(0)] = None
    max_major_holidays: Annotated[int | None, Range(0)] = None
    leave_order: tuple[LeaveOrder, ...] = ("seniority", "holiday_equity", "recent_leave")


PackName: TypeAlias = Annotated[str, Pattern(r"\S(.*\S)?", "a rule pack's name or path")]


@dataclass(frozen=True, kw_only=True)
class ConstraintsRow:
    """`setup.constraints`: the rules in force and the program's choices."""

    rules: PackName = "acgme-2025"
    acgme_enabled: bool = True
    n1_contingency_enabled: bool = True
    auto_coverage: bool = True
    horizon: HorizonRow | None = None
    periods: PeriodsRow | None = None
    policy: Annotated[FrozenMap, Help("rule to parameters: the program's own rules, none looser than a must")] = (
        EMPTY_MAP
    )
    program: ProgramRow = ProgramRow()
