"""What a rule finds: a record, how grave it is, and which of several stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import DAY, Interval, Window, WindowKind
from residency.model import Severity
from residency.policy.settings import INTEGRITY_STEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: How grave each severity is.
GRAVITY = {Severity.ADVISORY: 0, Severity.POLICY: 1, Severity.VIOLATION: 2}


@dataclass(frozen=True, slots=True)
class Record:
    """One breach of one rule.

    Attributes:
        rule: the rule's stem.
        code: which of the rule's breaches.
        pack: the pack whose figure was breached.
        persons: whom it concerns, sorted; empty where a service lacks people.
        start: the first minute of the window, period, gap or overlap.
        end: the minute after its last.
        measured: what was found, in `unit`; averages keep the total of their window.
        limit: what was allowed or due, in `unit`.
        unit: minutes, days, nights, persons or count.
        citation: the number of the requirement.
        duty_ids: the duties concerned, sorted.
        message: the breach in words.
        rotation_id: the service, for rules about services.
    """

    rule: str
    code: str
    severity: Severity
    pack: str
    persons: tuple[str, ...]
    start: int
    end: int
    measured: int
    limit: int
    unit: str
    citation: str
    duty_ids: tuple[str, ...]
    message: str
    rotation_id: str | None = None

    @property
    def excess(self) -> int:
        """How far what was found lies from what was allowed or due."""
        return abs(self.measured - self.limit)

    @property
    def interval(self) -> Interval:
        """Start and end."""
        return (self.start, self.end)

    @property
    def is_work_hour_violation(self) -> bool:
        """Whether it breaks compliance with the work-hour rules; integrity rules have measures of their own."""
        return self.severity is Severity.VIOLATION and self.rule not in INTEGRITY_STEMS


def record_order(record: Record) -> tuple[str, str, tuple[str, ...], int, int, str, str, tuple[str, ...]]:
    """The key that records are sorted by: rule, code, persons, start, then what tells equals apart."""
    return (
        record.rule,
        record.code,
        record.persons,
        record.start,
        record.end,
        record.rotation_id or "",
        record.pack,
        record.duty_ids,
    )


def strictest(records: Iterable[Record]) -> list[Record]:
    """Of records of several packs with the same rule, persons and interval, the graver, then the stricter."""
    kept: dict[tuple[object, ...], Record] = {}
    for record in records:
        key = (record.rule, record.persons, record.start, record.end, record.rotation_id, record.duty_ids)
        other = kept.get(key)
        if other is None or _rank(record) > _rank(other):
            kept[key] = record
    return list(kept.values())


def _rank(record: Record) -> tuple[int, int]:
    return (GRAVITY[record.severity], record.excess)


class Finding(NamedTuple):
    """What a rule found in one window, before anything is said about it; `days` are its counted days."""

    code: str
    window: Window
    measured: int
    limit: int
    days: int


def worst_of_runs(findings: Sequence[Finding], kind: WindowKind) -> list[Finding]:
    """Of rolling windows with one code that begin on consecutive days, only the worst; the earliest of equals.

    Findings of other windows, all in order of start, are returned as they are.
    """
    if kind is not WindowKind.ROLLING28:
        return list(findings)
    worst: list[Finding] = []
    previous: Finding | None = None
    for finding in findings:
        follows = (
            previous is not None
            and previous.code == finding.code
            and finding.window.start == previous.window.start + DAY
        )
        if not follows:
            worst.append(finding)
        elif _excess(finding) > _excess(worst[-1]):
            worst[-1] = finding
        previous = finding
    return worst


def _excess(finding: Finding) -> int:
    return abs(finding.measured - finding.limit)
