"""The values a duty roster is made of: people, services, duties, absences and what surrounds them.

All times are whole minutes of local wall-clock time since 1970-01-01T00:00 (see `residency.calendar`), and every
interval is half-open. Values are settled: whoever reads rows applies the defaults of the scenario format
(`KIND_OF_TYPE`, `CRITICAL_TYPES`) before one of these is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What somebody is employed as."""

    RESIDENT = "RESIDENT"
    FACULTY = "FACULTY"
    PROGRAM_DIRECTOR = "PROGRAM_DIRECTOR"
    COORDINATOR = "COORDINATOR"


class PersonStatus(StrEnum):
    """Whether somebody is given duty; only `inactive` bars a person as such."""

    ACTIVE = "active"
    UNAVAILABLE = "unavailable"
    INACTIVE = "inactive"


class RotationType(StrEnum):
    """The sort of service that a rotation staffs."""

    INPATIENT = "inpatient"
    ICU = "icu"
    ER = "er"
    CALL = "call"
    NIGHT_FLOAT = "night_float"
    HOME_CALL = "home_call"
    CLINIC = "clinic"
    PROCEDURES = "procedures"
    ELECTIVE = "elective"
    EDUCATION = "education"
    ADMIN = "admin"
    OTHER = "other"


class AbsenceKind(StrEnum):
    """Why somebody is away. A `day_off` is a designated free day and no leave."""

    ILLNESS = "illness"
    EMERGENCY = "emergency"
    VACATION = "vacation"
    PARENTAL = "parental"
    MEDICAL = "medical"
    CONFERENCE = "conference"
    DEPLOYMENT = "deployment"
    TDY = "tdy"
    DAY_OFF = "day_off"
    OTHER = "other"


class RequestStatus(StrEnum):
    """Where a request for absence stands; only `approved` has an effect."""

    APPROVED = "approved"
    PENDING = "pending"
    DENIED = "denied"
    CANCELLED = "cancelled"


class Severity(StrEnum):
    """How grave a record is: a requirement's *must*, its *should*, or a program's own rule."""

    VIOLATION = "violation"
    POLICY = "policy"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class KindTraits:
    """What a kind of duty means to the rules.

    Attributes:
        counts: its minutes are hours worked.
        in_period: it is a segment of a duty period.
        breaks_day_off: a day off cannot hold it.
        patient_care: it is care of patients, limited to the clinical part of a duty period.
        covers: who does it is present on the service.
        supervised: it counts for supervision ratios.
        extension: the resident chose to stay for one patient (CPR 6.23).
    """

    counts: bool = True
    in_period: bool = True
    breaks_day_off: bool = True
    patient_care: bool = False
    covers: bool = False
    supervised: bool = False
    extension: bool = False


_CARE = KindTraits(patient_care=True, covers=True, supervised=True)
_TEACHING = KindTraits()
_WORK_FROM_HOME = KindTraits(in_period=False)


class DutyKind(StrEnum):
    """A kind of duty with its row of the table of kinds, and its number there from 0."""

    traits: KindTraits
    number: int

    def __new__(cls, value: str, traits: KindTraits) -> Self:  # noqa: D102
        member = str.__new__(cls, value)
        member._value_ = value
        member.traits = traits
        member.number = len(cls.__members__)
        return member

    CLINICAL = "clinical", _CARE
    IN_HOUSE_CALL = "in_house_call", _CARE
    NIGHT_FLOAT = "night_float", _CARE
    EDUCATION = "education", _TEACHING
    TRANSITION = "transition", _TEACHING
    EXTENSION = "extension", KindTraits(covers=True, supervised=True, extension=True)
    MOONLIGHT_INT = "moonlight_int", KindTraits(patient_care=True, covers=True)
    MOONLIGHT_EXT = "moonlight_ext", KindTraits(patient_care=True)
    HOME_CALL_ACTIVE = "home_call_active", _WORK_FROM_HOME
    CLINICAL_HOME = "clinical_home", _WORK_FROM_HOME
    HOME_CALL_IDLE = "home_call_idle", KindTraits(counts=False, in_period=False)

    @property
    def is_moonlighting(self) -> bool:
        """Whether it is moonlighting, in house or outside."""
        return self in (DutyKind.MOONLIGHT_INT, DutyKind.MOONLIGHT_EXT)

    @property
    def is_home_call(self) -> bool:
        """Whether it is home call, idle or active."""
        return self in (DutyKind.HOME_CALL_IDLE, DutyKind.HOME_CALL_ACTIVE)


#: The kind of a rotation's duties where its row does not say; every other type means `clinical`.
KIND_OF_TYPE: Mapping[RotationType, DutyKind] = {
    RotationType.CALL: DutyKind.IN_HOUSE_CALL,
    RotationType.NIGHT_FLOAT: DutyKind.NIGHT_FLOAT,
    RotationType.HOME_CALL: DutyKind.HOME_CALL_IDLE,
    RotationType.EDUCATION: DutyKind.EDUCATION,
}

#: Services that are covered first where their row does not say.
CRITICAL_TYPES = frozenset(
    {RotationType.INPATIENT, RotationType.ICU, RotationType.ER, RotationType.CALL, RotationType.NIGHT_FLOAT}
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may hold duties.

    Attributes:
        pgy_level: the post-graduate year, for residents only.
        max_weekly_minutes: a personal limit at level policy, in minutes a week.
        can_supervise: whether they count as faculty for supervision ratios.
    """

    id: str
    role: Role = Role.RESIDENT
    pgy_level: int | None = None
    status: PersonStatus = PersonStatus.ACTIVE
    first_name: str = ""
    last_name: str = ""
    max_weekly_minutes: int | None = None
    can_supervise: bool = False
    may_moonlight: bool = False
    qualifications: frozenset[str] = frozenset()

    @property
    def is_resident(self) -> bool:
        """Whether the work-hour rules hold for them."""
        return self.role is Role.RESIDENT


@dataclass(frozen=True, slots=True)
class Rotation:
    """A service to staff.

    Attributes:
        block_minutes: the length of a half-day duty where its row does not say, in minutes.
        requires: the skills that everybody on it must hold.
        min_pgy: the lowest post-graduate year that may work on it.
    """

    id: str
    name: str = ""
    rotation_type: RotationType = RotationType.OTHER
    kind: DutyKind = DutyKind.CLINICAL
    block_minutes: int | None = None
    min_persons: int = 1
    max_persons: int | None = None
    requires_supervision: bool = False
    requires: frozenset[str] = frozenset()
    min_pgy: int = 1
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many people of a role that a service needs at every minute of an interval."""

    id: str
    rotation_id: str
    start: int
    end: int
    min_persons: int
    role: Role = Role.RESIDENT


@dataclass(frozen=True, slots=True)
class RotationPeriod:
    """Whole days that one person spends on one rotation: a window of averages.

    Attributes:
        weekly_limit: a granted exception in minutes a week, over 80 hours and up to 88 (CPR 6.24).
        granted_by: who granted it.
    """

    id: str
    person_id: str
    start: int
    end: int
    rotation_id: str | None = None
    weekly_limit: int | None = None
    granted_by: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """One person's duty as an interval of minutes.

    Attributes:
        exception: a granted longer period, where the rule pack knows one.
        pinned: no operation moves it.
    """

    id: str
    person_id: str
    rotation_id: str | None
    start: int
    end: int
    kind: DutyKind = DutyKind.CLINICAL
    exception: bool = False
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Absence:
    """An interval in which somebody is away, or free by design (`day_off`)."""

    id: str
    person_id: str
    start: int
    end: int
    kind: AbsenceKind = AbsenceKind.OTHER
    status: RequestStatus = RequestStatus.APPROVED
    reason: str = ""

    @property
    def is_leave(self) -> bool:
        """Whether it is approved leave, which rules leave out and duty must not touch."""
        return self.status is RequestStatus.APPROVED and self.kind is not AbsenceKind.DAY_OFF

    @property
    def is_free_day(self) -> bool:
        """Whether it is an approved designated free day."""
        return self.status is RequestStatus.APPROVED and self.kind is AbsenceKind.DAY_OFF


@dataclass(frozen=True, slots=True)
class LeaveRequest:
    """Leave that somebody asked for, as it was asked; what was granted of it is an absence.

    Attributes:
        submitted: the minute of asking.
    """

    id: str
    person_id: str
    start: int
    end: int
    submitted: int
    kind: AbsenceKind = AbsenceKind.VACATION
    status: RequestStatus = RequestStatus.PENDING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A line of the equity ledger: what somebody carried or is owed, on the day that begins at minute `start`."""

    person_id: str
    kind: str
    amount: int
    start: int


@dataclass(frozen=True, slots=True)
class Backup:
    """Who steps in for whom: `backup_id` covers `person_id`, the lowest `rank` first.

    Attributes:
        start: the first minute in which it holds, or None for always.
        end: the minute after the last, or None.
        rotations: the services it holds for, or None for all.
        capacity: how many duties it may take over at most, or None.
    """

    id: str
    person_id: str
    backup_id: str
    rank: int
    start: int | None = None
    end: int | None = None
    rotations: frozenset[str] | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Holiday:
    """A holiday on the day that begins at minute `start`, and who worked it."""

    start: int
    name: str
    major: bool = True
    worked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preference:
    """What somebody would like on the day that begins at minute `start`: `off`, `on` or a rotation's id."""

    person_id: str
    start: int
    block_period: str | None
    want: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything that a schedule is built from, as it was written."""

    persons: tuple[Person, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    duties: tuple[Duty, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    periods: tuple[RotationPeriod, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two schedules; a changed row is removed as it was and added as it is."""

    added: tuple[Duty, ...] = ()
    removed: tuple[Duty, ...] = ()
    absences_added: tuple[Absence, ...] = ()
    absences_removed: tuple[Absence, ...] = ()
