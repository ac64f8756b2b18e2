"""``final_state``: patterns of rows after the run, and the status of rules."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from rehearse.domain import Finding
from rehearse.expect.case import SPECS, Case, Judgement
from rehearse.expect.comparisons import shown, unmet, words
from rehearse.expect.paths import Key, Row, key_text
from rehearse.expectation import CompliancePattern, Equal, FieldPattern, FinalStatePattern, Spec
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.expectation import NumericSpec
    from rehearse.snapshot.model import Table

_PERSON = "person_id"
_LISTED = 5


def judge_pattern(case: Case, check: FinalStatePattern) -> Judgement:
    """Judge one pattern: which rows it picks, how many these are, and what must hold for each."""
    table = case.after.table(check.table)
    where = tuple((name, case.resolved(value)) for name, value in check.where)
    rows = case.after.rows(table, where)
    expected = _pattern_words(case, check, where)
    if check.absent:
        return Judgement(not rows, expected, _keys(rows), f"found {_keys(rows)}" if rows else "")
    if not rows and check.count is None and check.coverage_count is None:
        allowed = check.table in case.validation.allow_missing
        return Judgement(allowed, expected, "no such row", f"no such row in {check.table}")
    faults = [(why, check.critical) for why in _group_faults(case, check, table, rows)]
    faults += _row_faults(case, check, table, rows)
    if not faults:
        return Judgement.met(expected, _keys(rows))
    whys = list(dict.fromkeys(why for why, _ in faults))
    return Judgement.unmet(expected, _keys(rows), "; ".join(whys), critical=any(critical for _, critical in faults))


def judge_nothing_else(case: Case, table: str) -> Judgement:
    """Judge ``allow_extra_<table>: false``: every row is picked by some pattern of its table."""
    stored = case.after.table(table)
    picked: set[Key] = set()
    for check in case.scenario.expected_outcome.checks:
        if isinstance(check, FinalStatePattern) and check.table == table:
            where = tuple((name, case.resolved(value)) for name, value in check.where)
            picked.update(key for key, _ in case.after.rows(stored, where))
    extra = tuple((key, row) for key, row in stored.rows.items() if key not in picked)
    why = f"no pattern picks {_keys(extra)}" if extra else ""
    return Judgement(not extra, f"every row of {table} picked by a pattern", _keys(extra) if extra else "", why)


def judge_compliance(case: Case, check: CompliancePattern) -> Judgement:
    """Judge the status of a rule, as the domain sees it."""
    if case.domain.compliance is None:
        raise TypeError(f"domain `{case.domain.name}` has no rules")
    status = case.domain.compliance(case.evidence, check.rule, check.person_id)
    whom = f" for {check.person_id}" if check.person_id else ""
    why = "" if status == check.status else f"{check.rule}{whom} is {status}, not {check.status}"
    return Judgement(status == check.status, f"{check.rule}{whom} {check.status}", status, why)


# ── the group ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _group_faults(
    case: Case, check: FinalStatePattern, table: Table, rows: tuple[tuple[Key, Row], ...]
) -> Iterator[str]:
    if check.count is not None:
        yield from _count_fault(case, check.count, "count", len(rows))
    if check.coverage_count is not None:
        yield from _count_fault(case, check.coverage_count, "coverage_count", _persons(case, table, rows))
    if check.exact:
        named = {name for name, _ in check.where} | {pattern.name for pattern in check.fields}
        unnamed = [column.name for column in table.columns if column.name not in named]
        if unnamed:
            yield f"exact, but the pattern does not name {', '.join(unnamed)}"


def _count_fault(case: Case, written: NumericSpec, name: str, found: int) -> Iterator[str]:
    spec = case.spec(written)
    why = unmet(spec, found, case.leeway((name,), (), spec=spec))
    if why:
        yield f"{name}: {why}"


def _persons(case: Case, table: Table, rows: tuple[tuple[Key, Row], ...]) -> int:
    """Count the persons of `rows` who are there, each once."""
    position, present = table.position(_PERSON), case.domain.present
    state = case.after.state
    there = (row for _, row in rows if present is None or present(table.record(row), state))
    return len({row[position] for row in there if row[position] is not None})


# ── each row ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _row_faults(
    case: Case, check: FinalStatePattern, table: Table, rows: tuple[tuple[Key, Row], ...]
) -> Iterator[tuple[str, bool]]:
    if case.validation.comparison_strategy == "custom":
        for key, row in rows:
            for mismatch in _custom_faults(case, check, table, row):
                yield f"{key_text(key)}: {mismatch}", check.critical
        return
    for pattern in check.fields:
        spec = case.spec(pattern.expected)
        for key, row in rows:
            why = _field_fault(case, pattern, spec, table, (key, row))
            if why:
                yield (
                    _told(f"{key_text(key)}.{pattern.name}: {why}", pattern.message),
                    pattern.critical or check.critical,
                )


def _field_fault(case: Case, pattern: FieldPattern, spec: Spec, table: Table, row: tuple[Key, Row]) -> str | None:
    paths = (f"{table.name}.{pattern.name}", f"{table.name}.{key_text(row[0])}.{pattern.name}")
    granted = case.leeway((pattern.name,), paths, spec=spec)
    return unmet(spec, case.after.field(table, row[1], pattern.name), granted, ordered=case.ordered)


def _told(why: str, message: str) -> str:
    return f"{message} ({why})" if message else why


def _custom_faults(case: Case, check: FinalStatePattern, table: Table, row: Row) -> tuple[str, ...]:
    """Ask the project's own function; it answers true or false, or with a list of mismatches."""
    named = {pattern.name: expected_value(case, pattern.expected) for pattern in check.fields}
    record = dict(table.record(row))
    for name in named:
        record.setdefault(name, case.after.field(table, row, name))
    parameters = {"expected": FrozenMap(named), "actual": FrozenMap(record)}
    answer = case.custom.call(case.validation.comparison_function or "", parameters)
    if isinstance(answer, Finding):
        answer = answer.passed or (answer.message or "does not hold",)
    if isinstance(answer, bool):
        return () if answer else (f"{case.validation.comparison_function} says no",)
    if isinstance(answer, tuple):
        return tuple(item if isinstance(item, str) else shown(item) for item in answer)
    raise TypeError(f"a comparison function answers with a bool or a list, not {shown(answer)}")


def expected_value(case: Case, expected: object) -> Value:
    """Return what a field must be, for a function that compares by itself: a value, or a spec as a map of what it says."""
    if not isinstance(expected, SPECS):
        return case.resolved(expected)
    spec = case.spec(expected)
    if isinstance(spec, Equal):
        return case.resolved(spec.expected)
    said = ((item.name, getattr(spec, item.name)) for item in fields(spec))
    return FrozenMap((name, value) for name, value in said if value is not None)


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pattern_words(case: Case, check: FinalStatePattern, where: tuple[tuple[str, Value], ...]) -> str:
    picked = ", ".join(f"{name} {shown(value)}" for name, value in where)
    subject = f"{check.table} with {picked}" if picked else f"{check.table}"
    if check.absent:
        return f"no row of {subject}"
    wanted = [f"{pattern.name} {words(case.spec(pattern.expected))}" for pattern in check.fields]
    wanted += [f"count {words(case.spec(check.count))}"] if check.count else []
    wanted += [f"coverage_count {words(case.spec(check.coverage_count))}"] if check.coverage_count else []
    wanted += ["every stored field named"] if check.exact else []
    return f"{subject}: {', '.join(wanted)}" if wanted else f"a row of {subject}"


def _keys(rows: tuple[tuple[Key, Row], ...]) -> str:
    names = [key_text(key) for key, _ in rows[:_LISTED]]
    more = f" and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    return (", ".join(names) + more) if rows else "no row"
