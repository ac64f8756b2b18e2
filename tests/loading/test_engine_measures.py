"""The engine's measures read the run, and nothing but the run."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from rehearse.domain import Evidence, ExecutionView, Reason, State, StepView
from rehearse.measures import engine_measures
from rehearse.snapshot.model import Diff, RowChange, Snapshot
from rehearse.values import EMPTY_MAP

NOW = datetime(2024, 12, 25, 6)  # noqa: DTZ001


def step(name: str, outcome: str, **more: object) -> StepView:
    """Return a step that came out so."""
    given = {"reasons": (), "error": None, "seconds": 0.25, "queries": 3} | more
    return StepView(name=name, operation="buy", outcome=outcome, data=EMPTY_MAP, clock=NOW, **given)  # type: ignore[arg-type]


def changes(table: str, *kinds: str) -> tuple[RowChange, ...]:
    """Return one change of each kind."""
    return tuple(RowChange(table, (str(place),), kind, None, None) for place, kind in enumerate(kinds))  # type: ignore[arg-type]


@pytest.fixture
def evidence() -> Evidence:
    """Return a run of four steps that changed two tables and a journal."""
    state = State(Snapshot("a", "a", "pre_execution", NOW, {}), None)
    steps = (
        step("step1", "done"),
        step("step2", "rejected", reasons=(Reason("full", "no room"), Reason("late", "too late"))),
        step("step3", "error", error="ValueError: bad", seconds=0.1),
        step("step4", "skipped"),
    )
    execution = ExecutionView(steps, {"SELECT": 5, "INSERT": 2, "BEGIN": 4}, 0.1 + 0.2, 1.5)
    diff = Diff(
        {
            "orders": changes("orders", "insert", "insert", "update"),
            "products": changes("products", "update", "delete"),
            "ledger": changes("ledger", "insert", "update", "delete"),
        }
    )
    return Evidence(state, state, diff, execution)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("execution_time_seconds", Decimal("0.30000000000000004")),
        ("peak_memory_mb", Decimal("1.5")),
        ("db_queries", 7),
        ("db_queries.select", 5),
        ("db_queries.insert", 2),
        ("db_queries.update", 0),
        ("db_queries.delete", 0),
        ("operation_times", {"step1": Decimal("0.25"), "step2": Decimal("0.25"), "step3": Decimal("0.1")}),
        ("steps_done", 1),
        ("steps_rejected", 1),
        ("steps_skipped", 1),
        ("rows_inserted", 2),
        ("rows_updated", 2),
        ("rows_deleted", 1),
        ("error_message", "no room; too late; ValueError: bad"),
    ],
)
def test_a_measure_of_the_run(name: str, value: object, evidence: Evidence) -> None:
    """Times are their shortest decimals, rows of the journal do not count, texts are joined in order."""
    measure = engine_measures(("ledger",))[name]

    assert measure.of_run is not None
    assert measure.of_run(evidence) == value


def test_nothing_went_wrong_is_the_empty_text(evidence: Evidence) -> None:
    """Without reasons and errors there is an empty message, not null."""
    quiet = Evidence(
        evidence.before, evidence.after, evidence.diff, ExecutionView((step("main", "done"),), {}, 0.0, 0.0)
    )
    measure = engine_measures()["error_message"]

    assert measure.of_run is not None
    assert measure.of_run(quiet) == ""


def test_every_measure_says_what_it_is() -> None:
    """Each has a sentence for the reference, reads the run alone, and the three of performance have limits to warn at."""
    measures = engine_measures()

    assert all(measure.doc and measure.of_run and measure.of_state is None for measure in measures.values())
    assert {name for name, measure in measures.items() if measure.warn} == {
        "execution_time_seconds",
        "db_queries",
        "peak_memory_mb",
    }
