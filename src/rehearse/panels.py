"""What a domain adds to a report for people: tables, words and pictures, frozen, that know no hospital.

Each kind has one renderer for the page, and one table for formats that have no pictures (`rehearse.report.panel_tables`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

Mark = Literal["unchanged", "added", "removed", "moved"]
LinkKind = Literal["taken", "released", "open"]


@dataclass(frozen=True)
class PanelTable:
    """A table.

    Attributes:
        title: What it is about; the heading.
        columns: Their names.
        rows: One text a column.
        note: A line below it.
        summary: What a reader in a hurry is told of it, one sentence each.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    summary: tuple[str, ...] = ()


@dataclass(frozen=True)
class PanelWords:
    """Sentences, one a line.

    Attributes:
        nothing: What is said where there is no sentence.
    """

    title: str
    sentences: tuple[str, ...]
    nothing: str = ""
    note: str = ""


# ── a calendar ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class CalendarEntry:
    """Something on one day of somebody.

    Attributes:
        code: A few letters that fit into a cell.
        words: The same in full.
        mark: Whether it came, went, is another than before, or stayed.
        away: It is an absence, so that the whole day is marked.
    """

    code: str
    words: str
    mark: Mark = "unchanged"
    away: bool = False


@dataclass(frozen=True)
class CalendarRow:
    """Somebody's days: as many as the calendar has."""

    label: str
    days: tuple[tuple[CalendarEntry, ...], ...]


@dataclass(frozen=True)
class PanelCalendar:
    """Who has what on which day, before and after in one.

    Attributes:
        days: The columns.
        rows: Who.
        legend: Code → what it stands for.
        named: Days that have a name, such as a holiday.
    """

    title: str
    days: tuple[date, ...]
    rows: tuple[CalendarRow, ...]
    legend: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[date, str], ...] = ()
    note: str = ""
    summary: tuple[str, ...] = ()


# ── a measure against its limit ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class LimitWindow:
    """What was measured over one stretch of days.

    Attributes:
        start: The first day.
        end: The last day.
        value: Afterwards.
        limit: What it may be, or None where nothing limits it.
        before: The value before, or None if it was not measured.
    """

    start: date
    end: date
    value: Fraction
    limit: Fraction | None
    before: Fraction | None = None

    @property
    def headroom(self) -> Fraction | None:
        """How far it is below its limit; negative beyond it."""
        return None if self.limit is None else self.limit - self.value


@dataclass(frozen=True)
class LimitSeries:
    """The windows of one subject, in order of time; there is at least one."""

    subject: str
    windows: tuple[LimitWindow, ...]

    @property
    def closest(self) -> LimitWindow:
        """The window with the least headroom; the highest value if nothing limits any."""
        limited = [window for window in self.windows if window.headroom is not None]
        if not limited:
            return max(self.windows, key=lambda window: window.value)
        return min(limited, key=lambda window: (window.limit or 0) - window.value)


@dataclass(frozen=True)
class PanelLimits:
    """A measure of several subjects against its limit.

    Attributes:
        unit: Of values and limits, such as ``hours a week``.
        series: The subject that is closest to its limit first.
    """

    title: str
    unit: str
    series: tuple[LimitSeries, ...]
    note: str = ""
    summary: tuple[str, ...] = ()


# ── coverage ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class CoverageCell:
    """How a need was met on one day.

    Attributes:
        needed: The most that were needed at once.
        before: Of them the fewest who were there, before.
        after: Likewise afterwards.
        missing: What is missing afterwards, heads times hours.
        words: The shortfall in full; empty if there is none.
    """

    needed: int
    before: int
    after: int
    missing: Fraction = Fraction(0)
    words: str = ""

    @property
    def short(self) -> int:
        """How many are missing at once afterwards."""
        return max(0, self.needed - self.after)

    @property
    def was_short(self) -> int:
        """How many were missing at once before."""
        return max(0, self.needed - self.before)


@dataclass(frozen=True)
class CoverageRow:
    """One need, day by day; None where nothing is needed."""

    label: str
    cells: tuple[CoverageCell | None, ...]


@dataclass(frozen=True)
class PanelCoverage:
    """What was needed on which day, and who was there before and after."""

    title: str
    days: tuple[date, ...]
    rows: tuple[CoverageRow, ...]
    note: str = ""
    summary: tuple[str, ...] = ()


# ── who takes it instead ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ChainLink:
    """Something that passed from one to another, in the order in which one pulled the next.

    Attributes:
        giver: Who had it.
        taker: Who has it now; empty if nobody.
        duty: What it is.
        kind: ``taken``, ``released`` (nobody needs it) or ``open`` (nobody could).
    """

    giver: str
    taker: str
    duty: str
    kind: LinkKind = "taken"


@dataclass(frozen=True)
class PanelChain:
    """Who fell out, who takes it, who takes theirs.

    Attributes:
        absent: Who fell out → why.
    """

    title: str
    absent: tuple[tuple[str, str], ...]
    links: tuple[ChainLink, ...]
    note: str = ""
    summary: tuple[str, ...] = ()


# ── what was done ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TimelineBar:
    """Something that took time.

    Attributes:
        start: Seconds since the first began.
        seconds: How long it took.
        queries: Statements that it sent.
        outcome: How it came out, in a word.
        good: Whether it was meant to come out so.
    """

    label: str
    start: float
    seconds: float
    queries: int
    outcome: str
    good: bool = True


@dataclass(frozen=True)
class PanelTimeline:
    """What was done one after the other, with time and queries."""

    title: str
    bars: tuple[TimelineBar, ...]
    note: str = ""
    summary: tuple[str, ...] = ()


AnyPanel: TypeAlias = PanelTable | PanelWords | PanelCalendar | PanelLimits | PanelCoverage | PanelChain | PanelTimeline
