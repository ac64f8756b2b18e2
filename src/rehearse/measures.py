"""The measures that every domain has: what a run cost, how its steps came out, how many rows it touched."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from rehearse.domain import Limits, Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rehearse.domain import Domain, Evidence, MeasureValue

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
PERFORMANCE_MEASURES = frozenset({"execution_time_seconds", "db_queries", "peak_memory_mb", "operation_times"})
"""Measures whose checks have the category ``performance``, with everything below them (``db_queries.select``)."""


def _number(seconds: float) -> Decimal:
    """Give a float as its shortest decimal, so that comparisons are exact."""
    return Decimal(repr(seconds))


def _execution_time(evidence: Evidence) -> MeasureValue:
    return _number(evidence.execution.seconds)


def _peak_memory(evidence: Evidence) -> MeasureValue:
    return _number(evidence.execution.peak_memory_mb)


def _operation_times(evidence: Evidence) -> MeasureValue:
    return {step.name: _number(step.seconds) for step in evidence.execution.steps if step.outcome != "skipped"}


def _error_message(evidence: Evidence) -> MeasureValue:
    texts = []
    for step in evidence.execution.steps:
        texts += [reason.text for reason in step.reasons]
        texts += [step.error] if step.error else []
    return "; ".join(texts)


def _queries(*verbs: str) -> Callable[[Evidence], MeasureValue]:
    def count(evidence: Evidence) -> MeasureValue:
        return sum(evidence.execution.queries_by_verb.get(verb, 0) for verb in verbs)

    return count


def _steps(outcome: str) -> Callable[[Evidence], MeasureValue]:
    def count(evidence: Evidence) -> MeasureValue:
        return sum(step.outcome == outcome for step in evidence.execution.steps)

    return count


def _rows(kind: str, journal_tables: tuple[str, ...]) -> Callable[[Evidence], MeasureValue]:
    def count(evidence: Evidence) -> MeasureValue:
        return sum(
            change.kind == kind
            for table, changes in evidence.diff.changes.items()
            if table not in journal_tables
            for change in changes
        )

    return count


_OF_THE_RUN = (
    Measure(
        "execution_time_seconds",
        "number",
        "Seconds of the act phase, first step to last.",
        "s",
        of_run=_execution_time,
        warn=Limits(above=Decimal(30)),
    ),
    Measure(
        "db_queries",
        "number",
        "Statements that the operations sent.",
        "count",
        of_run=_queries(*VERBS),
        warn=Limits(above=Decimal(100)),
    ),
    Measure(
        "peak_memory_mb",
        "number",
        "Greatest growth of resident memory in the act phase.",
        "MB",
        of_run=_peak_memory,
        warn=Limits(at_least=Decimal(512)),
    ),
    Measure("operation_times", "map", "Step to its seconds.", "s", of_run=_operation_times),
    Measure("error_message", "text", "Reasons and errors of all steps, joined by `; `.", of_run=_error_message),
    *(
        Measure(f"db_queries.{verb.lower()}", "number", f"Its {verb} statements.", "count", of_run=_queries(verb))
        for verb in VERBS
    ),
    *(
        Measure(f"steps_{outcome}", "number", f"Steps that came out {outcome}.", "count", of_run=_steps(outcome))
        for outcome in ("done", "rejected", "skipped")
    ),
)


@cache
def engine_measures(journal_tables: tuple[str, ...] = ()) -> Mapping[str, Measure]:
    """Return the engine's own measures by name; rows of `journal_tables` are not counted as changes."""
    of_rows = tuple(
        Measure(name, "number", f"{doc}, journal tables apart.", "count", of_run=_rows(kind, journal_tables))
        for name, doc, kind in (
            ("rows_inserted", "Rows that were added", "insert"),
            ("rows_updated", "Rows that were changed", "update"),
            ("rows_deleted", "Rows that were removed", "delete"),
        )
    )
    return {measure.name: measure for measure in (*_OF_THE_RUN, *of_rows)}


def measures_of(domain: Domain) -> Mapping[str, Measure]:
    """Return every name that means a measure in `domain`, aliases included; the domain's own come before the engine's."""
    named: dict[str, Measure] = dict(engine_measures(domain.journal_tables))
    named.update(domain.measures)
    for measure in tuple(named.values()):
        for alias in measure.aliases:
            named.setdefault(alias, measure)
    return named
