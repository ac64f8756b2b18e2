"""The text format of the Curtois–Qu benchmark: sections of rows of fields, read with every mistake told at its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.files import read_file
from rehearse.source import Span
from residency.solver.curtois.instance import Cover, Employee, Instance, Request, Shift

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rehearse.errors import Code
    from rehearse.source import Source

_PREFIX = "SECTION_"
#: The fields of each section's rows, as the format's own comments name them.
_FIELDS = {
    "SECTION_HORIZON": ("days",),
    "SECTION_SHIFTS": ("ShiftID", "Length in mins", "Shifts which cannot follow this shift"),
    "SECTION_STAFF": (
        "ID",
        "MaxShifts",
        "MaxTotalMinutes",
        "MinTotalMinutes",
        "MaxConsecutiveShifts",
        "MinConsecutiveShifts",
        "MinConsecutiveDaysOff",
        "MaxWeekends",
    ),
    "SECTION_DAYS_OFF": ("EmployeeID", "DayIndexes"),
    "SECTION_SHIFT_ON_REQUESTS": ("EmployeeID", "Day", "ShiftID", "Weight"),
    "SECTION_SHIFT_OFF_REQUESTS": ("EmployeeID", "Day", "ShiftID", "Weight"),
    "SECTION_COVER": ("Day", "ShiftID", "Requirement", "Weight for under", "Weight for over"),
}
_REQUIRED = ("SECTION_HORIZON", "SECTION_SHIFTS", "SECTION_STAFF", "SECTION_COVER")
#: The one section whose rows may have any number of fields.
_OPEN = "SECTION_DAYS_OFF"


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a row: its text without the blanks around it, and where it stands."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class _Section:
    """The rows of a section that have the right number of fields."""

    heading: Span
    rows: tuple[tuple[_Field, ...], ...]


def read_instance(path: Path) -> Instance:
    """Read an instance.

    Raises:
        ScenarioError: the file cannot be read, or is not an instance; every mistake is told.
    """
    complaints = Complaints()
    source = read_file(path, complaints)
    instance = parse_instance(source, complaints) if source else None
    complaints.raise_if_any()
    if instance is None:
        raise AssertionError("a file without mistakes is an instance")
    return instance


def parse_instance(source: Source, complaints: Complaints) -> Instance | None:
    """The instance that a text describes; None if its mistakes, which are added to the complaints, leave none."""
    reader = _Reader(_sections(source, complaints), complaints)
    instance = Instance(
        days=reader.days or 1,
        shifts=reader.shifts(),
        employees=reader.employees(),
        shift_on_requests=reader.requests("SECTION_SHIFT_ON_REQUESTS"),
        shift_off_requests=reader.requests("SECTION_SHIFT_OFF_REQUESTS"),
        covers=reader.covers(),
    )
    return None if complaints.problems else instance


def _sections(source: Source, complaints: Complaints) -> dict[str, _Section]:
    """Split the text; what stands in no section, twice, or in too many or too few fields is told."""
    headings: dict[str, Span] = {}
    rows: dict[str, list[tuple[_Field, ...]]] = {}
    name = ""
    for number, line in enumerate(source.lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        start = line.index(text) + 1
        span = Span(source, number, start, start + len(text))
        if text.startswith(_PREFIX):
            name = text
            _heading(name, span, headings, complaints)
            headings.setdefault(name, span)
        elif not name:
            remedy = "begin with SECTION_HORIZON; a comment begins with #"
            complaints.add(Problem("not-allowed", "this stands in no section", span, remedy))
        elif name in _FIELDS:
            rows.setdefault(name, []).extend(_row(name, _fields(line, source, number), span, complaints))
    end = Span(source, max(1, len(source.lines)), 1, 2)
    for missing in (name for name in _REQUIRED if name not in headings):
        complaints.add(Problem("missing-key", f"there is no `{missing}`", end, f"add it, {_layout(missing)}"))
    return {name: _Section(span, tuple(rows.get(name, ()))) for name, span in headings.items()}


def _heading(name: str, span: Span, headings: dict[str, Span], complaints: Complaints) -> None:
    if name not in _FIELDS:
        complaints.add(Problem("unknown-key", f"unknown section `{name}`", span, did_you_mean(name, _FIELDS)))
    if name in headings:
        also = (("the first one", headings[name]),)
        complaints.add(Problem("duplicate-key", f"`{name}` is there twice", span, "join the two", also=also))


def _layout(section: str) -> str:
    return f"with rows of {', '.join(_FIELDS[section])}"


def _fields(line: str, source: Source, number: int) -> tuple[_Field, ...]:
    fields, start = [], 0
    for part in line.split(","):
        blanks = len(part) - len(part.lstrip())
        text = part.strip()
        column = start + blanks + 1
        fields.append(_Field(text, Span(source, number, column, column + max(1, len(text)))))
        start += len(part) + 1
    return tuple(fields)


def _row(section: str, fields: tuple[_Field, ...], span: Span, complaints: Complaints) -> Iterator[tuple[_Field, ...]]:
    """The row, if it has as many fields as its section asks for."""
    if section == _OPEN or len(fields) == len(_FIELDS[section]):
        yield fields
        return
    summary = f"a row of `{section}` has {len(_FIELDS[section])} fields, this one {len(fields)}"
    complaints.add(Problem("bad-value", summary, span, f"write {', '.join(_FIELDS[section])}, a comma after each"))


class _Reader:
    """Reads sections in their order of need; what is wrong is told, and a stand-in keeps the reading going.

    Attributes:
        days: The length of the horizon; None if it is not told.
    """

    def __init__(self, sections: dict[str, _Section], complaints: Complaints) -> None:
        self._sections = sections
        self._complaints = complaints
        self._shifts = self._numbered("SECTION_SHIFTS", "shift")
        self._employees = self._numbered("SECTION_STAFF", "employee")
        self.days = self._horizon()

    def _rows(self, section: str) -> tuple[tuple[_Field, ...], ...]:
        return self._sections[section].rows if section in self._sections else ()

    def _tell(self, code: Code, summary: str, span: Span, remedy: str) -> None:
        self._complaints.add(Problem(code, summary, span, remedy))

    def _numbered(self, section: str, kind: str) -> dict[str, int]:
        """The ids that a section gives, in order; no id twice."""
        first: dict[str, _Field] = {}
        for field, *_ in self._rows(section):
            if field.text in first:
                also = (("the first one", first[field.text].span),)
                summary = f"there are two of {kind} `{field.text}`"
                self._complaints.add(Problem("duplicate-id", summary, field.span, "rename one", also=also))
            first.setdefault(field.text, field)
        if section in self._sections and not first:
            self._tell("empty", f"there is no {kind}", self._sections[section].heading, f"add one, {_layout(section)}")
        return {name: number for number, name in enumerate(first)}

    def _whole(self, field: _Field, *, least: int = 0, below: int | None = None) -> int:
        """A whole number of at least `least`, and less than `below`."""
        is_whole = field.text.isascii() and field.text.isdecimal()
        if is_whole and least <= int(field.text) and (below is None or int(field.text) < below):
            return int(field.text)
        allowed = f"of {least} or more" if below is None else f"from {least} to {below - 1}"
        summary = f"`{field.text}` is no whole number {allowed}" if field.text else "this field is empty"
        self._tell("bad-value", summary, field.span, f"write a whole number {allowed}")
        return least

    def _known(self, field: _Field, known: dict[str, int], kind: str) -> int:
        if field.text not in known:
            self._tell("unknown-name", f"unknown {kind} `{field.text}`", field.span, did_you_mean(field.text, known))
        return known.get(field.text, 0)

    def _horizon(self) -> int | None:
        """The length of the horizon; None if it is not told, so that no day is called too late."""
        rows = self._rows("SECTION_HORIZON")
        if "SECTION_HORIZON" in self._sections and len(rows) != 1:
            heading = self._sections["SECTION_HORIZON"].heading
            self._tell("bad-value", f"a horizon is one number of days, here are {len(rows)}", heading, "leave one")
        told = [self._whole(row[0], least=1) for row in rows]
        return told[0] if len(told) == 1 else None

    def _day(self, field: _Field) -> int:
        return self._whole(field, below=self.days)

    def shifts(self) -> tuple[Shift, ...]:
        """All kinds of shifts."""
        return tuple(
            Shift(id_.text, self._whole(minutes, least=1), frozenset(self._successors(forbidden)))
            for id_, minutes, forbidden in self._rows("SECTION_SHIFTS")
        )

    def _successors(self, field: _Field) -> Iterator[int]:
        for part in _parts(field):
            if part.text:
                yield self._known(part, self._shifts, "shift")

    def employees(self) -> tuple[Employee, ...]:
        """All persons, with their days off."""
        off: dict[int, set[int]] = {}
        for who, *when in self._rows("SECTION_DAYS_OFF"):
            person = self._known(who, self._employees, "employee")
            off.setdefault(person, set()).update(self._day(day) for day in when if day.text)
        rows = self._rows("SECTION_STAFF")
        return tuple(self._employee(row, frozenset(off.get(number, ()))) for number, row in enumerate(rows))

    def _employee(self, row: Sequence[_Field], off: frozenset[int]) -> Employee:
        id_, max_shifts, most, least, longest, shortest, rest, weekends = row
        employee = Employee(
            id=id_.text,
            max_shifts=self._max_shifts(max_shifts),
            max_total_minutes=self._whole(most),
            min_total_minutes=self._whole(least),
            max_consecutive_shifts=self._whole(longest, least=1),
            min_consecutive_shifts=self._whole(shortest),
            min_consecutive_days_off=self._whole(rest),
            max_weekends=self._whole(weekends),
            days_off=off,
        )
        for name, low, high in (("TotalMinutes", least, most), ("ConsecutiveShifts", shortest, longest)):
            if low.text.isdecimal() and high.text.isdecimal() and int(low.text) > int(high.text):
                summary = f"Min{name} {low.text} is more than Max{name} {high.text}"
                self._tell("conflict", summary, low.span, "lower the one or raise the other")
        return employee

    def _max_shifts(self, field: _Field) -> tuple[int, ...]:
        """Of every shift, by its number."""
        most: dict[int, int] = {}
        for part in _parts(field):
            name, equals, number = part.text.partition("=")
            start = part.span.column
            named = _Field(name, part.span._replace(end_column=start + max(1, len(name))))
            counted = _Field(number, part.span._replace(column=min(start + len(name) + 1, part.span.end_column - 1)))
            if not equals:
                self._tell("bad-value", f"`{part.text}` is no limit of a shift", part.span, "write it as E=14")
            else:
                most[self._known(named, self._shifts, "shift")] = self._whole(counted)
        missing = [name for name, number in self._shifts.items() if number not in most]
        if missing and len(most) == len(_parts(field)):
            remedy = "add " + "|".join(f"{name}=0" for name in missing) + " or another number"
            self._tell("missing-key", f"MaxShifts says nothing of {', '.join(missing)}", field.span, remedy)
        return tuple(most.get(number, 0) for number in self._shifts.values())

    def requests(self, section: str) -> tuple[Request, ...]:
        """The wishes of one section."""
        return tuple(
            Request(
                self._known(who, self._employees, "employee"),
                self._day(day),
                self._known(shift, self._shifts, "shift"),
                self._whole(weight),
            )
            for who, day, shift, weight in self._rows(section)
        )

    def covers(self) -> tuple[Cover, ...]:
        """What is needed; of a day and a shift once."""
        first: dict[tuple[str, str], Span] = {}
        covers = []
        for day, shift, *numbers in self._rows("SECTION_COVER"):
            key = (day.text, shift.text)
            if key in first:
                also = (("the first one", first[key]),)
                summary = f"the cover of day {day.text}, shift {shift.text} is there twice"
                self._complaints.add(Problem("duplicate-key", summary, day.span, "leave one", also=also))
            first.setdefault(key, day.span)
            amounts = [self._whole(number) for number in numbers]
            covers.append(Cover(self._day(day), self._known(shift, self._shifts, "shift"), *amounts))
        return tuple(covers)


def _parts(field: _Field) -> list[_Field]:
    """The parts of a field that bars divide."""
    parts, column = [], field.span.column
    for text in field.text.split("|"):
        parts.append(_Field(text, field.span._replace(column=column, end_column=column + max(1, len(text)))))
        column += len(text) + 1
    return parts
