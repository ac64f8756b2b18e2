"""A scenario in plain words: every part of it is told, whatever it uses, and nothing of it can harm a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearse.expectation import InvariantCheck
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import load_written
from rehearse.plan import make_plan
from rehearse.report.explain import check_text, explanation_lines
from residency import DOMAIN

LIBRARY = {written.id: written for written in Catalog((), bundled=(DOMAIN.scenario_root or Path(),)).all()}


def explained(identity: str) -> list[str]:
    """What is said of a scenario of the library."""
    return [line.text for line in explanation_lines(make_plan(load_written(LIBRARY[identity])))]


@pytest.mark.parametrize("identity", LIBRARY)
def test_every_scenario_can_be_explained(identity: str) -> None:
    """Its name, each of its steps and each of its checks are told."""
    plan = make_plan(load_written(LIBRARY[identity]))
    text = "\n".join(explained(identity))
    assert plan.scenario.name in text
    assert all(f"] {planned.step.operation}" in text for planned in plan.steps)
    checks = [item for item in plan.scenario.expected_outcome.checks if not isinstance(item, InvariantCheck)]
    assert [] == [check.key for check in checks if f"  {check_text(check)}" not in text]


def test_the_parts_of_an_explanation() -> None:
    """World, preconditions, steps with their parameters, checks in words, and how it runs."""
    lines = explained("n1-holiday-coverage-001")
    for expected in (
        "Who and what is there",
        "  The clock stands at 2024-12-25 06:00.",
        "  coverage_complete: true",
        "  [1/4] mark_unavailable",
        "      with plan_id ${steps.plan.data.plan_id}",
        "  coverage_gap_hours is 0 (critical)",
        "  plan_is_feasible: data.feasible of step2 is true",
        "  r3_hours_before: weekly_hours.R3 before is 40.5",
        "  nothing else in the database has changed",
        "  the steps have 30 seconds",
    ):
        assert expected in lines


def test_a_precondition_says_whom_it_is_about() -> None:
    """Two checks of one name are told apart by their parameters."""
    lines = explained("swap-one-to-one-simple-001")
    assert ["  weekly_hours (person_id R1): 50", "  weekly_hours (person_id R2): 50"] == [
        line for line in lines if line.startswith("  weekly_hours (")
    ]


def test_refusals_and_sessions_are_told() -> None:
    """What must be refused, and what happens at the same time."""
    lines = explained("integration-write-skew-001")
    assert "  at the same time, each in a session of its own:" in lines
    assert any(line.startswith("      must be done or rejected") for line in lines)
    assert any("copied for 2 sessions at once" in line for line in lines)
