"""``changes``: what happened to rows, by the fullest matching of entries with changed rows; with `only`, that nothing else did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rehearse.expect.case import Case, Judgement, UnavailableError
from rehearse.expect.comparisons import shown, unlike
from rehearse.expect.matching import fullest_matching
from rehearse.expect.paths import NotThereError, key_text
from rehearse.expectation import ChangeEntry
from rehearse.snapshot.model import RowChange
from rehearse.values import Value, plain

if TYPE_CHECKING:
    from rehearse.expectation import Changes

_SIGNS = {"update": "~", "insert": "+", "delete": "−"}
_LISTED = 10


@dataclass(frozen=True)
class Sought:
    """An entry with its expected values resolved.

    Attributes:
        entry: As written.
        row: The id that it names, or None.
        where: Fields that pick the row.
        changes: Field, new value, old value, and whether the old one was written.
        missing: Why a result that it mentions cannot be read; such an entry fits no row.
    """

    entry: ChangeEntry
    row: Value = None
    where: tuple[tuple[str, Value], ...] = ()
    changes: tuple[tuple[str, Value, Value, bool], ...] = ()
    missing: Exception | None = None


@dataclass(frozen=True)
class Claims:
    """Which entry has which changed row.

    Attributes:
        sought: The entries, in the order written.
        rows: The changed rows of the tables that entries name.
        claimed_by: Number of a row → the entry that it counts for.
        fitting: For each entry the numbers of all rows that would do.
    """

    sought: tuple[Sought, ...]
    rows: tuple[RowChange, ...]
    claimed_by: Mapping[int, ChangeEntry]
    fitting: tuple[tuple[int, ...], ...]


def matched(case: Case, changes: Changes) -> Claims:
    """Give every changed row to at most one entry, so that as many as possible are given."""
    diff = case.evidence.diff
    tables = dict.fromkeys(entry.table for entry in changes.entries)
    rows = tuple(row for table in tables for row in diff.changes.get(table, ()))
    sought = tuple(_resolved(case, entry) for entry in changes.entries)
    fitting = tuple(tuple(n for n, row in enumerate(rows) if _fits(case, item, row)) for item in sought)
    slots = [(item.entry, fits) for item, fits in zip(sought, fitting, strict=True) for _ in range(item.entry.count)]
    partners = fullest_matching([fits for _, fits in slots])
    claimed = {partner: entry for (entry, _), partner in zip(slots, partners, strict=True) if partner is not None}
    return Claims(sought, rows, claimed, fitting)


def judge_entries(claims: Claims) -> Iterator[Callable[[], Judgement]]:
    """Yield the judge of each entry: exactly as many changed rows as it says, none of which counts for another."""
    for sought, fitting in zip(claims.sought, claims.fitting, strict=True):
        yield partial(_judge_entry, claims, sought, fitting)


def _judge_entry(claims: Claims, sought: Sought, fitting: tuple[int, ...]) -> Judgement:
    if sought.missing is not None:
        raise sought.missing
    entry = sought.entry
    mine = [number for number in fitting if claims.claimed_by.get(number) is entry]
    free = [number for number in fitting if number not in claims.claimed_by]
    expected, found = _entry_words(sought), f"{len(mine) + len(free)} of {entry.count}"
    if len(mine) == entry.count and not free:
        return Judgement.met(expected, found)
    if len(mine) == entry.count:
        rows = _row_words(claims.rows[number] for number in free)
        return Judgement.unmet(expected, found, f"{len(free)} more than {entry.count} such rows changed: {rows}")
    kindred = [row for row in claims.rows if row.table == entry.table and row.kind == entry.kind]
    seen = f"; there were: {_row_words(kindred)}" if kindred else ""
    taken = " that counts for no other entry" if len(fitting) > len(mine) else ""
    what = f"{len(mine)} of {entry.count} such rows{taken}" if entry.count > 1 else f"no such row{taken}"
    return Judgement.unmet(expected, found, what + seen)


def judge_only(case: Case, changes: Changes, claims: Claims) -> Judgement:
    """Judge that every changed row has its entry, and that updated rows changed in the named fields alone."""
    claimed = {id(claims.rows[number]): entry for number, entry in claims.claimed_by.items()}
    faults = []
    for row in _watched(case, changes):
        entry = claimed.get(id(row))
        if entry is None:
            faults.append(row_words(case, row))
        elif row.kind == "update":
            named = {change.name for change in entry.changes}
            others = [name for name in row.changed if name not in named]
            faults += [f"{row.table} {key_text(row.key)} also changed {', '.join(others)}"] if others else []
    why = f"besides: {_listed(faults)}" if faults else ""
    return Judgement(not faults, "no other change", f"{len(faults)} other changes" if faults else "none", why)


def judge_none(case: Case, changes: Changes) -> Judgement:
    """Judge ``changes: none``: nothing changed at all, journals apart."""
    found = [row_words(case, row) for row in _watched(case, changes)]
    return Judgement(not found, "no change", f"{len(found)} changes", _listed(found))


def _watched(case: Case, changes: Changes) -> tuple[RowChange, ...]:
    """Return the changed rows that `only` looks at: no exempt table, and a journal only where it is listed."""
    listed = {entry.table for entry in changes.entries} | set(changes.listed)
    passed_over = set(changes.exempt) | (set(case.domain.journal_tables) - listed)
    return tuple(row for table, rows in case.evidence.diff.changes.items() if table not in passed_over for row in rows)


# ── matching ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _resolved(case: Case, entry: ChangeEntry) -> Sought:
    try:
        where = tuple((name, case.resolved(value)) for name, value in entry.where)
        changes = tuple((c.name, case.resolved(c.new), case.resolved(c.old), c.has_old) for c in entry.changes)
        return Sought(entry, case.resolved(entry.row), where, changes)
    except (NotThereError, UnavailableError) as error:
        return Sought(entry, missing=error)


def _fits(case: Case, sought: Sought, row: RowChange) -> bool:
    entry = sought.entry
    if row.table != entry.table or row.kind != entry.kind or sought.missing is not None:
        return False
    if sought.row is not None and key_text(row.key) != plain(sought.row):
        return False
    before, after = _record(case, row, row.before), _record(case, row, row.after)
    told = after if entry.kind == "insert" else before
    if not all(_same(case, row.table, name, value, told.get(name)) for name, value in sought.where):
        return False
    return all(
        name in row.changed
        and _same(case, row.table, name, new, after.get(name))
        and (not has_old or _same(case, row.table, name, old, before.get(name)))
        for name, new, old, has_old in sought.changes
    )


def _record(case: Case, row: RowChange, values: tuple[Value, ...] | None) -> Mapping[str, Value]:
    return dict(zip(case.evidence.diff.columns[row.table], values, strict=True)) if values else {}


def _same(case: Case, table: str, name: str, expected: Value, actual: Value) -> bool:
    granted = case.leeway((name,), (f"{table}.{name}",))
    return unlike(expected, actual, granted, ordered=case.ordered) is None


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _entry_words(sought: Sought) -> str:
    """Return an entry in words: ``~ assignments call-r1 person_id "R1" → "R3"``."""
    entry = sought.entry
    parts = [_SIGNS[entry.kind], entry.table]
    parts += [] if sought.row is None else [plain(sought.row)]
    details = [f"{name} {shown(value)}" for name, value in sought.where]
    details += [
        f"{name} {shown(old)} → {shown(new)}" if has else f"{name} → {shown(new)}"
        for name, new, old, has in sought.changes
    ]
    parts += [", ".join(details)] if details else []
    return " ".join(parts) + (f", {entry.count} times" if entry.count != 1 else "")


def row_words(case: Case, row: RowChange) -> str:
    """Return a changed row in words."""
    head = f"{_SIGNS[row.kind]} {row.table} {key_text(row.key)}"
    if row.kind != "update":
        return head
    before, after = _record(case, row, row.before), _record(case, row, row.after)
    return f"{head} " + ", ".join(f"{name} {shown(before[name])} → {shown(after[name])}" for name in row.changed)


def _row_words(rows: Iterable[RowChange]) -> str:
    return _listed([f"{_SIGNS[row.kind]} {key_text(row.key)}" for row in rows])


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return "; ".join(words[:_LISTED]) + more
