"""Every rule a second time, on arrays of minutes: slow, obvious, and written from the rule sheet alone.

A minute is a byte that is 1 or 0; runs of minutes are found by searching. Nothing of `residency.timeline`,
`residency.services` or `residency.rules` is used.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations, groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from naive_minutes import DAY, OFF, ON, Found, sheet_of
from naive_services import coverage, supervision_ratio

from residency.model import AbsenceKind, Duty, DutyKind, Person, RequestStatus, Role, Roster, Severity
from residency.policy import settings as ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from residency.policy import Policy, Setting

EPOCH = date(1970, 1, 1)
_AT_HOME = (DutyKind.HOME_CALL_IDLE, DutyKind.HOME_CALL_ACTIVE, DutyKind.CLINICAL_HOME)


class Window(NamedTuple):
    """First minute, minute after the last, granted weekly limit."""

    start: int
    end: int
    granted: int | None


class Life:
    """One person over one horizon, as the sheet's section 3 describes them."""

    def __init__(self, roster: Roster, person: Person, horizon: tuple[int, int]) -> None:
        self.person = person
        self.horizon = horizon
        self.duties = [duty for duty in roster.duties if duty.person_id == person.id]
        self.absences = [absence for absence in roster.absences if absence.person_id == person.id]
        self.periods = [period for period in roster.periods if period.person_id == person.id]
        self.sheet = sheet_of(roster, horizon)
        self.worked = self.sheet.paint(_times(self.duties, lambda kind: kind is not DutyKind.HOME_CALL_IDLE))
        self.busy = self.sheet.paint(_times(self.duties, lambda _: True))
        leave = self.sheet.paint(
            (absence.start, absence.end)
            for absence in self.absences
            if absence.status is RequestStatus.APPROVED and absence.kind is not AbsenceKind.DAY_OFF
        )
        self.days = range(horizon[0], horizon[1], DAY)
        self.leave_days = {day for day in self.days if self.sheet.count(leave, day, day + DAY) == DAY}

    def counted(self, window: Window) -> int:
        """Days less leave days."""
        return sum(1 for day in range(window.start, window.end, DAY) if day not in self.leave_days)

    def duty_periods(self) -> list[tuple[int, int]]:
        """Segments with gaps of up to an hour filled in."""
        inside = self.sheet.paint(_times(self.duties, lambda kind: kind not in _AT_HOME))
        segments = self.sheet.runs(inside)
        gaps = ((one[1], other[0]) for one, other in pairwise(segments) if other[0] - one[1] <= 60)
        return self.sheet.runs(self.sheet.paint([*segments, *gaps]))

    def days_off(self) -> list[int]:
        """The starts of all days off."""
        free = bytearray(self.busy.translate(bytes([1, 0]) + bytes(254)))
        for day in self.leave_days:
            free[day - self.sheet.low : day + DAY - self.sheet.low] = OFF * DAY
        low, high = self.horizon
        free[: low - self.sheet.low] = OFF * (low - self.sheet.low)
        free[high - self.sheet.low :] = OFF * (self.sheet.high - high)
        starts: list[int] = []
        for start, end in self.sheet.runs(free):
            whole = (end - start) // DAY
            ended_by_work = end < high and self.busy[end - self.sheet.low] == 1
            if whole == 0 and end - start >= 720 and not ended_by_work:
                whole = 1
            starts += [start + number * DAY for number in range(whole)]
        return starts

    def nights(self, kind: DutyKind) -> list[int]:
        """The first minutes of the dates whose closing midnight lies in duty of that kind."""
        minutes = self.sheet.paint(_times(self.duties, lambda other: other is kind))
        first = self.sheet.low - self.sheet.low % DAY + DAY
        return [midnight - DAY for midnight in range(first, self.sheet.high, DAY) if minutes[midnight - self.sheet.low]]

    def windows(self, kind: str, anchor: int | None) -> list[Window]:
        """The windows of the sheet, found by giving every day a name."""
        low, high = self.horizon
        if kind == "rolling28":
            if high - low <= 28 * DAY:
                return [Window(low, high, None)]
            return [Window(day, day + 28 * DAY, None) for day in self.days if day + 28 * DAY <= high]
        name: Callable[[int], tuple[object, ...]]
        if kind == "month":

            def name(day: int) -> tuple[object, ...]:
                there = EPOCH + timedelta(days=day // DAY)
                return (there.year, there.month, None)
        elif kind == "block28":
            origin = low if anchor is None else anchor - anchor % DAY

            def name(day: int) -> tuple[object, ...]:
                return ((day - origin) // (28 * DAY), None)
        else:
            name = self._rotation_names.__getitem__
        found: list[Window] = []
        for label, group in groupby(self.days, key=name):
            days = list(group)
            granted = label[-1]
            found.append(Window(days[0], days[-1] + DAY, granted if isinstance(granted, int) else None))
        return found

    @cached_property
    def _rotation_names(self) -> dict[int, tuple[object, ...]]:
        return {day: self._rotation_name(day) for day in self.days}

    @cached_property
    def _in_period(self) -> set[int]:
        return {day for day in self.days for period in self.periods if period.start <= day < period.end}

    def _rotation_name(self, day: int) -> tuple[object, ...]:
        for period in self.periods:
            if period.start <= day < period.end:
                piece = (day - period.start) // (28 * DAY) if period.end - period.start > 31 * DAY else 0
                return (period.id, piece, period.weekly_limit)
        first, last = day, day
        while first - DAY >= self.horizon[0] and first - DAY not in self._in_period:
            first -= DAY
        while last + DAY < self.horizon[1] and last + DAY not in self._in_period:
            last += DAY
        piece = (day - first) // (28 * DAY) if last + DAY - first > 31 * DAY else 0
        return (first, piece, None)


def _times(duties: Iterable[Duty], wanted: Callable[[DutyKind], bool]) -> Iterator[tuple[int, int]]:
    return ((duty.start, duty.end) for duty in duties if wanted(duty.kind))


def _one(life: Life, setting: Setting, code: str, span: tuple[int, int], figures: tuple[int, int]) -> Found:
    return Found(setting.stem, code, (life.person.id,), None, *span, *figures, setting.severity)


def _worst(found: list[Found], window: str) -> list[Found]:
    if window != "rolling28":
        return found
    runs: list[list[Found]] = []
    for one in found:
        if runs and runs[-1][-1].code == one.code and runs[-1][-1].start + DAY == one.start:
            runs[-1].append(one)
        else:
            runs.append([one])
    return [max(run, key=lambda one: (abs(one.measured - one.limit), -one.start)) for run in runs]


def weekly_hours(life: Life, setting: ask.WeeklyHours) -> list[Found]:
    """6.20: hours over the limit, or near it."""
    found: list[Found] = []
    for window in life.windows(setting.window.value, setting.anchor):
        days = life.counted(window) if setting.exclude_leave else (window.end - window.start) // DAY
        days = max(7, days)
        limits = [setting.limit] if setting.limit is not None else []
        if setting.exceptions and window.granted is not None:
            limits = [window.granted]
        if setting.personal and life.person.max_weekly_minutes is not None:
            limits.append(life.person.max_weekly_minutes)
        worked = life.sheet.count(life.worked, window.start, window.end)
        span = (window.start, window.end)
        if limits and worked * 7 > min(limits) * days:
            found.append(_one(life, setting, "over", span, (worked, min(limits) * days // 7)))
        elif setting.warn is not None and worked * 7 >= setting.warn * days:
            near = _one(life, setting, "near", span, (worked, -((-setting.warn * days) // 7)))
            found.append(near._replace(severity=Severity.ADVISORY))
    return _worst(found, setting.window.value)


def one_day_in_seven(life: Life, setting: ask.OneDayInSeven) -> list[Found]:
    """6.21.b: too few days off, or runs of too many days."""
    if setting.strict:
        return _long_runs(life, setting)
    found: list[Found] = []
    starts = life.days_off()
    for window in life.windows(setting.window.value, setting.anchor):
        due = life.counted(window) // 7
        there = sum(1 for start in starts if window.start <= start < window.end)
        if there < due:
            found.append(_one(life, setting, "too_few", (window.start, window.end), (there, due)))
    found = _worst(found, setting.window.value)
    if setting.unaveraged_on_night_float:
        nights = life.nights(DutyKind.NIGHT_FLOAT)
        found += [
            run for run in _long_runs(life, setting) if any(run.start <= night + DAY < run.end for night in nights)
        ]
    return found


def _long_runs(life: Life, setting: ask.OneDayInSeven) -> list[Found]:
    groups: list[list[tuple[int, int]]] = []
    for stretch in life.sheet.runs(life.busy):
        last = groups[-1][-1] if groups else None
        if last is None or (stretch[0] - last[1] >= DAY and stretch[0] // DAY - last[0] // DAY >= 2):
            groups.append([stretch])
        else:
            groups[-1].append(stretch)
    found: list[Found] = []
    for group in groups:
        days = group[-1][0] // DAY - group[0][0] // DAY + 1
        if days > setting.max_days:
            found.append(_one(life, setting, "run", (group[0][0], group[-1][1]), (days, setting.max_days)))
    return found


def rest_after_call(life: Life, setting: ask.RestAfterCall) -> list[Found]:
    """6.21.a: rest after 24 hours or more."""
    return [
        _one(life, setting, "short", (first[1], second[0]), (second[0] - first[1], setting.rest))
        for first, second in pairwise(life.duty_periods())
        if first[1] - first[0] >= 24 * 60 and second[0] - first[1] < setting.rest
    ]


def rest_between_shifts(life: Life, setting: ask.RestBetweenShifts) -> list[Found]:
    """6.21: rest after less than 24 hours."""
    return [
        _one(life, setting, "short", (first[1], second[0]), (second[0] - first[1], setting.rest))
        for first, second in pairwise(life.duty_periods())
        if first[1] - first[0] < 24 * 60 and second[0] - first[1] < setting.rest
    ]


def duty_period(life: Life, setting: ask.DutyPeriodLimit) -> list[Found]:
    """6.22, 6.22.a, 6.23: care too long, or the whole too long."""
    care = {
        DutyKind.CLINICAL,
        DutyKind.IN_HOUSE_CALL,
        DutyKind.NIGHT_FLOAT,
        DutyKind.MOONLIGHT_INT,
        DutyKind.MOONLIGHT_EXT,
    }
    rest = {DutyKind.EDUCATION, DutyKind.TRANSITION}
    if not setting.extension_exempt:
        care.add(DutyKind.EXTENSION)
    found: list[Found] = []
    for start, end in life.duty_periods():
        inside = [duty for duty in life.duties if start <= duty.start < end and duty.kind not in _AT_HOME]
        clinical = max([start, *(duty.end for duty in inside if duty.kind in care)]) - start
        total = max([start, *(duty.end for duty in inside if duty.kind in care | rest)]) - start
        limits = (setting.limit, setting.limit + setting.extra)
        if setting.exception_limit is not None and any(duty.exception for duty in inside):
            limits = (setting.exception_limit, setting.exception_limit)
        if clinical > limits[0]:
            found.append(_one(life, setting, "clinical", (start, end), (clinical, limits[0])))
        elif total > limits[1]:
            found.append(_one(life, setting, "total", (start, end), (total, limits[1])))
        elif setting.pgy1_cap is not None and life.person.pgy_level == 1 and total > setting.pgy1_cap:
            found.append(_one(life, setting, "pgy1", (start, end), (total, setting.pgy1_cap)))
    return found


def call_frequency(life: Life, setting: ask.CallFrequency) -> list[Found]:
    """6.27: call nights in a window."""
    found: list[Found] = []
    nights = life.nights(DutyKind.IN_HOUSE_CALL)
    for window in life.windows(setting.window.value, setting.anchor):
        limit = max(1, life.counted(window) // setting.every)
        there = sum(1 for night in nights if window.start <= night < window.end)
        if there > limit:
            found.append(_one(life, setting, "over", (window.start, window.end), (there, limit)))
    return _worst(found, setting.window.value)


def night_float(life: Life, setting: ask.NightFloat) -> list[Found]:
    """6.26: nights in a row, and the free time between blocks."""
    shifts = life.sheet.runs(life.sheet.paint(_times(life.duties, lambda kind: kind is DutyKind.NIGHT_FLOAT)))

    def shift_of(night: int) -> tuple[int, int]:
        return next(shift for shift in shifts if shift[0] <= night + DAY < shift[1])

    blocks: list[list[int]] = []
    for night in life.nights(DutyKind.NIGHT_FLOAT):
        if blocks and blocks[-1][-1] + DAY == night:
            blocks[-1].append(night)
        else:
            blocks.append([night])
    found: list[Found] = []
    for block in blocks:
        if setting.max_nights is not None and len(block) > setting.max_nights:
            span = (shift_of(block[0])[0], shift_of(block[-1])[1])
            found.append(_one(life, setting, "run", span, (len(block), setting.max_nights)))
    for first, second in pairwise(blocks):
        start, end = shift_of(first[-1])[1], shift_of(second[0])[0]
        between = life.busy[start - life.sheet.low : end - life.sheet.low]
        longest = max(map(len, between.split(ON)))
        if setting.gap is not None and longest < setting.gap:
            found.append(_one(life, setting, "block_gap", (start, end), (longest, setting.gap)))
    return found


def home_call(life: Life, setting: ask.HomeCall) -> list[Found]:
    """6.28: home call over a free day."""
    return [
        _one(life, setting, "on_day_off", _shared(duty, absence), (_minutes(duty, absence), 0))
        for duty in life.duties
        for absence in life.absences
        if duty.kind in (DutyKind.HOME_CALL_IDLE, DutyKind.HOME_CALL_ACTIVE)
        and absence.kind is AbsenceKind.DAY_OFF
        and absence.status is RequestStatus.APPROVED
        and _minutes(duty, absence) > 0
    ]


def moonlighting(life: Life, setting: ask.Moonlighting) -> list[Found]:
    """6.25: moonlighting of a PGY-1."""
    return [
        _one(life, setting, "pgy1", (duty.start, duty.end), (duty.end - duty.start, 0))
        for duty in life.duties
        if life.person.pgy_level == 1 and duty.kind in (DutyKind.MOONLIGHT_INT, DutyKind.MOONLIGHT_EXT)
    ]


def leave_exclusion(life: Life, setting: ask.LeaveExclusion) -> list[Found]:
    """Duty over leave."""
    return [
        _one(life, setting, "duty_on_leave", _shared(duty, absence), (_minutes(duty, absence), 0))
        for duty in life.duties
        for absence in life.absences
        if absence.status is RequestStatus.APPROVED
        and absence.kind is not AbsenceKind.DAY_OFF
        and duty.kind is not DutyKind.MOONLIGHT_EXT
        and _minutes(duty, absence) > 0
    ]


def double_booking(life: Life, setting: ask.DoubleBooking) -> list[Found]:
    """Pairs of duties at once."""
    allowed = (
        {DutyKind.HOME_CALL_IDLE, DutyKind.HOME_CALL_ACTIVE},
        {DutyKind.HOME_CALL_IDLE, DutyKind.CLINICAL_HOME},
    )
    return [
        _one(life, setting, "overlap", _shared(first, second), (_minutes(first, second), 0))
        for first, second in combinations(life.duties, 2)
        if _minutes(first, second) > 0 and {first.kind, second.kind} not in allowed
    ]


def qualification(life: Life, setting: ask.Qualification, roster: Roster) -> list[Found]:
    """Skills and level that the service asks for."""
    found: list[Found] = []
    for duty in life.duties:
        for rotation in roster.rotations:
            if rotation.id != duty.rotation_id:
                continue
            missing = sum(1 for skill in rotation.requires if skill not in life.person.qualifications)
            if life.person.role is Role.RESIDENT and (life.person.pgy_level or 0) < rotation.min_pgy:
                missing += 1
            if missing:
                one = _one(life, setting, "missing", (duty.start, duty.end), (missing, 0))
                found.append(one._replace(rotation_id=rotation.id))
    return found


def _shared(first: Duty, second: Duty) -> tuple[int, int]:
    return max(first.start, second.start), min(first.end, second.end)


def _minutes(first: Duty, second: Duty) -> int:
    start, end = _shared(first, second)
    return end - start


_PERSONAL = {
    ask.WeeklyHours: weekly_hours,
    ask.OneDayInSeven: one_day_in_seven,
    ask.RestAfterCall: rest_after_call,
    ask.RestBetweenShifts: rest_between_shifts,
    ask.DutyPeriodLimit: duty_period,
    ask.CallFrequency: call_frequency,
    ask.NightFloat: night_float,
    ask.HomeCall: home_call,
    ask.Moonlighting: moonlighting,
}
_GRAVE = [Severity.ADVISORY, Severity.POLICY, Severity.VIOLATION]


def _by(setting: Setting, roster: Roster, lives: list[Life], horizon: tuple[int, int]) -> list[Found]:
    if isinstance(setting, ask.Coverage):
        return coverage(roster, setting, horizon)
    if isinstance(setting, ask.SupervisionRatio):
        return supervision_ratio(roster, setting, horizon)
    if isinstance(setting, ask.LeaveExclusion):
        return [one for life in lives for one in leave_exclusion(life, setting)]
    if isinstance(setting, ask.DoubleBooking):
        return [one for life in lives for one in double_booking(life, setting)]
    if isinstance(setting, ask.Qualification):
        return [one for life in lives for one in qualification(life, setting, roster)]
    rule = _PERSONAL[type(setting)]
    return [one for life in lives if life.person.role is Role.RESIDENT for one in rule(life, setting)]


def check(roster: Roster, horizon: tuple[int, int], policy: Policy) -> Counter[Found]:
    """How often each record is found."""
    lives = [Life(roster, person, horizon) for person in roster.persons]
    kept: Counter[Found] = Counter()
    for kind in ask.SETTING_TYPES:
        chosen = [setting for setting in policy.settings if type(setting) is kind]
        found = [_by(setting, roster, lives, horizon) for setting in chosen]
        if len(found) == 1:
            kept.update(found[0])
        else:
            kept.update(_graver(one for records in found for one in records))
    return Counter({one: n for one, n in kept.items() if one.start < horizon[1] and one.end > horizon[0]})


def _graver(found: Iterable[Found]) -> Iterator[Found]:
    def place(one: Found) -> tuple[object, ...]:
        return (one.persons, one.rotation_id or "", one.start, one.end)

    for _, group in groupby(sorted(found, key=place), key=place):
        yield max(group, key=lambda one: (_GRAVE.index(one.severity), abs(one.measured - one.limit)))
