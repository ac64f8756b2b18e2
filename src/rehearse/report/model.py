"""What a report is made from: a result, and what stands around it. Every format is a pure function of a `RunReport`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.database.observe import Statement
from rehearse.panels import AnyPanel
from rehearse.report.visible import CELL_BYTES, cell
from rehearse.run.outcome import ScenarioResult
from rehearse.values import FrozenMap, Value, plain, plain_fraction

if TYPE_CHECKING:
    from rehearse.expect.verdict import CheckResult
    from rehearse.snapshot.model import Diff, RowChange


LINE_CELL_BYTES = 80
"""A value in a line of text or Markdown holds so much; pages and files hold more."""


@dataclass(frozen=True)
class Limits:
    """How much of what there is goes into one report; whatever is cut is marked where it was cut.

    Attributes:
        rows: Rows of one table.
        cell: Bytes of one cell.
        statements: Statements of the SQL log.
        sql: Bytes of one statement.
    """

    rows: int = 1000
    cell: int = CELL_BYTES
    statements: int = 10_000
    sql: int = 10_000

    def brief(self) -> Limits:
        """Return the limits of a line of text, where a stored document or a list of hashes is only in the way."""
        return replace(self, cell=min(self.cell, LINE_CELL_BYTES))

    def smaller(self) -> Limits:
        """Return a quarter of everything, for a report that came out too large."""
        return Limits(*(max(1, limit // 4) for limit in (self.rows, self.cell, self.statements, self.sql)))


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Which scenario it was, as its author wrote it."""

    category: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()
    rationale: str = ""
    file: str = ""
    domain: str = ""
    clock: str = ""
    seed: int | None = None


@dataclass(frozen=True)
class EventLine:
    """One event of a run's log: its name, and every field that says more."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """One run, with all that a reader may want to know of it.

    Attributes:
        result: What became of it.
        subject: Which scenario it was.
        panels: What the domain adds for people.
        statements: The SQL log, as far as it was kept.
        statements_dropped: How many more were counted only.
        values_logged: Whether the SQL log holds parameter values.
        events: What the run said while it went.
        environment: Label and value: versions, platform.
        command: How to run it again.
        suite: Address of the page of all runs beside which this one was made, relative to this one's; empty if it stands alone.
        journal: Tables that the domain keeps as its journal; text and Markdown count their rows instead of showing them.
    """

    result: ScenarioResult
    subject: Subject = Subject()
    panels: tuple[AnyPanel, ...] = ()
    statements: tuple[Statement, ...] = ()
    statements_dropped: int = 0
    values_logged: bool = False
    events: tuple[EventLine, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    command: str = ""
    suite: str = ""
    journal: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeLine:
    """A changed row in words.

    Attributes:
        sign: ``~``, ``+`` or ``−``.
        table: Its table.
        row: Its key.
        details: What changed (``person_id R1 → R3``), or what the row held.
    """

    sign: str
    table: str
    row: str
    details: tuple[str, ...]


SIGNS = {"update": "~", "insert": "+", "delete": "−"}


def change_lines(diff: Diff, table: str, *, limits: Limits = LIMITS) -> tuple[ChangeLine, ...]:
    """Return the changed rows of one table, at most ``limits.rows``."""
    columns = diff.columns.get(table, ())
    return tuple(_change_line(change, columns, limits) for change in diff.changes[table][: limits.rows])


def journal_text(diff: Diff, journal: tuple[str, ...]) -> str:
    """Return how many rows of journal tables changed: ``4 rows of notifications, 1 row of audit_log``; empty if none did."""
    changed = [table for table in changed_tables(diff) if table in journal]
    return ", ".join(f"{count_text(len(diff.changes[table]), 'row')} of {visible_name(table)}" for table in changed)


def rows_cut(diff: Diff, table: str, *, limits: Limits = LIMITS) -> int:
    """Return how many changed rows of a table a report leaves out."""
    return max(0, len(diff.changes[table]) - limits.rows)


def changed_tables(diff: Diff) -> tuple[str, ...]:
    """Return the tables of which a row changed, in schema order."""
    return tuple(table for table, rows in diff.changes.items() if rows)


def _change_line(change: RowChange, columns: tuple[str, ...], limits: Limits) -> ChangeLine:
    row = cell("/".join(shown(part) for part in change.key), limit=limits.cell)
    before = dict(zip(columns, change.before or (), strict=False))
    after = dict(zip(columns, change.after or (), strict=False))
    if change.kind == "update":
        details = tuple(
            f"{visible_name(name)} {value_cell(before.get(name), limits)} → {value_cell(after.get(name), limits)}"
            for name in change.changed
        )
    else:
        held = before if change.kind == "delete" else after
        key = set(change.key)
        details = tuple(
            f"{visible_name(name)} {value_cell(value, limits)}"
            for name, value in held.items()
            if value is not None and not (name == "id" and value in key)
        )
    return ChangeLine(SIGNS[change.kind], visible_name(change.table), row, details)


def checks_in_order(result: ScenarioResult) -> tuple[CheckResult, ...]:
    """Return the checks as a reader wants them: those that stand in the way first, else as judged, critical ones first."""
    return tuple(sorted(result.validations.values(), key=lambda check: (check.passed, check.status == "passed")))


def visible_name(name: str) -> str:
    """Return a table's or a column's name, fit for one line."""
    return cell(name, limit=200)


def value_cell(value: Value, limits: Limits = LIMITS) -> str:
    """Return a value as a person would write it, fit for one cell."""
    return cell(shown(value), limit=limits.cell)


def shown(value: object) -> str:
    """Return anything that a check expected or found as a person would write it."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, Mapping) and not isinstance(value, FrozenMap):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    return plain(value)  # type: ignore[arg-type]


def rounded(value: object) -> str:
    """Return what a passed check found: a number with more than four decimals is rounded, since nothing hangs on the rest."""
    if isinstance(value, Decimal | float) and math.isfinite(value):
        return plain_fraction(Fraction(value))
    return shown(value)


def seconds_text(seconds: float) -> str:
    """Return a stretch of time with its unit: ``3 ms``, ``1.2 s``, ``2 min 5 s``."""
    if seconds < 0.001:  # noqa: PLR2004  (a millisecond is the finest that anybody reads)
        return "<1 ms"
    if seconds < 0.9995:  # noqa: PLR2004  (it would round to a second)
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:  # noqa: PLR2004  (it would round to a minute)
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count_text(count: int, noun: str, *, plural: str = "") -> str:
    """Return a number with its noun: ``1 query``, ``9 queries``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def isolation_text(result: ScenarioResult) -> str:
    """Return back-end, version, how the database was made and the isolation level: every result names them."""
    isolation = result.isolation
    if isolation is None:
        return "no database"
    return cell(f"{isolation.backend} {isolation.version}, {isolation.how}, {isolation.level}")
