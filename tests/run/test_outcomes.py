"""How steps come out, and what the run says of it: outcomes, expectations, results that later steps read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import PreconditionFailedError, ScenarioFailedError
from rehearse.run.attempt import MAX_TRIES

from . import lab_domain
from .bench import cells_after, step

if TYPE_CHECKING:
    from .bench import Lab


def notes_of(run_path: str) -> list[str]:
    """The texts of the notes that were there in the end."""
    after = json.loads((Path(run_path) / "after.json").read_text())
    return [row["text"] for row in after["database_state"]["notes"]]


def test_a_step_that_is_done(lab: Lab) -> None:
    """What it wrote is there, what it answered is kept, and the run passes."""
    result = lab.run(step("put", {"value": 7}), expected_outcome={"cell.a": 7, "steps_done": 1}, debug_mode=True)
    (done,) = result.steps
    assert ("passed", None, None, ()) == (result.status, result.category, result.phase, result.errors)
    assert ("done", True, 1, None) == (done.outcome, done.expected, done.tries, done.error)
    assert ("a", 7) == (done.data["cell"], done.data["value"])
    assert {"a": 7, "b": 1} == cells_after(result)


def test_a_refusal_is_a_result(lab: Lab) -> None:
    """Reasons are kept, journal rows stay, and a step that expects it is content."""
    result = lab.run(step("refuse", {"text": "it is Sunday"}, expect="rejected"), debug_mode=True)
    (refused,) = result.steps
    assert ("passed", "rejected", True) == (result.status, refused.outcome, refused.expected)
    assert ["it is Sunday"] == [reason.text for reason in refused.reasons]
    assert ["refused"] == notes_of(result.run_path)


def test_an_unexpected_refusal_fails_the_run(lab: Lab) -> None:
    """The run fails, and says why the step was refused."""
    result = lab.run(step("refuse", {"text": "it is Sunday"}))
    assert ("failed", "judge") == (result.status, result.phase)
    assert any("it is Sunday" in error for error in result.errors)
    with pytest.raises(ScenarioFailedError, match="it is Sunday"):
        result.raise_for_status()


def test_an_exception_is_an_error_with_its_traceback(lab: Lab) -> None:
    """The transaction is undone, the run ends in status error, and the traceback names the line."""
    result = lab.run(step("crash", {"text": "the tube broke"}), debug_mode=True)
    (crashed,) = result.steps
    assert ("error", "error", "act") == (result.status, result.category, result.phase)
    assert "RuntimeError: the tube broke" == crashed.error
    assert result.error == "step1 crash: RuntimeError: the tube broke"
    assert "in crash" in (result.traceback or "")
    assert {"a": 1, "b": 1} == cells_after(result)


def test_an_expected_error_is_no_crash(lab: Lab) -> None:
    """A step that expects an exception is content with one."""
    assert lab.run(step("crash", expect="error")).status == "passed"


def test_a_critical_step_ends_the_sequence(sqlite_lab: Lab) -> None:
    """What comes after an unexpected outcome of a critical step is skipped, and reported so."""
    result = sqlite_lab.run(step("refuse"), step("put"), together=(step("put"), step("put")))
    assert ["rejected", "skipped", "skipped", "skipped"] == [each.outcome for each in result.steps]
    assert (result.status, result.orders) == ("failed", "")


def test_a_step_that_is_not_critical_ends_nothing(sqlite_lab: Lab) -> None:
    """The steps after it run, and the run fails all the same."""
    result = sqlite_lab.run(step("refuse", critical=False), step("put"))
    assert ["rejected", "done"] == [each.outcome for each in result.steps]
    assert result.status == "failed"


def test_the_clock_moves_with_at(sqlite_lab: Lab) -> None:
    """A step's `at` is its clock, and that of all steps after it."""
    result = sqlite_lab.run(step("look"), step("look", at="2024-12-26T07:00"), step("look"))
    first, later = datetime(2024, 12, 25, 6), datetime(2024, 12, 26, 7)  # noqa: DTZ001  (scenario clocks have no zone)
    assert [first, later, later] == [each.data["at"] for each in result.steps]
    assert [first, later, later] == [each.timestamp for each in result.steps]


def test_results_are_read_by_later_steps(sqlite_lab: Lab) -> None:
    """By the step's name, or by the name that it was saved as."""
    result = sqlite_lab.run(
        step("put", {"cell": "b", "value": 5}, save_as="first"),
        step("put", {"value": "${steps.first.data.value}"}),
        step("put", {"cell": "${steps.step1.data.cell}", "value": "${steps.step2.data.value}"}),
        debug_mode=True,
    )
    assert result.status == "passed", result.errors
    assert {"a": 5, "b": 5} == cells_after(result)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("${steps.first.data.value}", "`steps.first.data.value` is not there: first came out rejected"),
        ("${steps.first.outcome}", "`value` must be an int, not text"),
    ],
)
def test_a_result_that_is_missing_or_of_the_wrong_type(sqlite_lab: Lab, asked: str, told: str) -> None:
    """The step does not run, its status is error, and it says what it missed."""
    first = step("leave", save_as="first", expect="any")
    result = sqlite_lab.run(first, step("put", {"value": asked}), cells=[{"id": "a", "value": 1}])
    assert ("error", "error", {}) == (result.status, result.steps[1].outcome, result.steps[1].queries)
    assert told == result.steps[1].error


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("none", "returned NoneType, not an OperationResult"),
        ("text", "returned str, not an OperationResult"),
        ("outcome", "outcome 'perhaps'"),
        ("reasons", "no tuple of Reason"),
        ("reasonless", "refused without a reason"),
        ("dict", "data of type dict, not a FrozenMap"),
        ("object", "object at data.a[1].b"),
        ("nan", "nan at data.a"),
    ],
)
def test_garbage_is_an_error(sqlite_lab: Lab, answer: str, told: str) -> None:
    """What is no answer is undone and told as the operation's defect, before anything is committed."""
    result = sqlite_lab.run(step("garbage", {"text": answer}))
    assert ("error", "act") == (result.status, result.phase)
    assert "TypeError: `garbage`" in (result.error or "")
    assert told in (result.error or "")
    assert "COMMIT" not in result.steps[0].queries


def test_an_async_operation_is_awaited(lab: Lab) -> None:
    """It works like any other."""
    assert lab.run(step("put_later", {"value": 3}), expected_outcome={"cell.a": 3}).status == "passed"


def test_an_async_operation_that_cancels_itself(sqlite_lab: Lab) -> None:
    """Nobody stopped it, so it is an error and no timeout."""
    result = sqlite_lab.run(step("cancel_async"))
    assert ("error", False) == (result.status, result.steps[0].timed_out)
    assert (result.steps[0].error or "").startswith("CancelledError")


def test_a_lost_race_is_tried_again(lab: Lab) -> None:
    """Each try begins on fresh data; only the last one's writes are there."""
    lab_domain.TRIES.clear()
    result = lab.run(step("contend", {"text": f"{id(lab)}:3"}), expected_outcome={"cell.a": 4})
    assert ("passed", 4) == (result.status, result.steps[0].tries)


def test_a_race_that_is_always_lost_is_refused(lab: Lab) -> None:
    """After the last try the step is refused with the code `contention`, and nothing of it stays."""
    lab_domain.TRIES.clear()
    result = lab.run(step("contend", {"text": f"{id(lab)}:99"}, expect={"outcome": "rejected", "code": "contention"}))
    assert ("passed", MAX_TRIES, "rejected") == (result.status, result.steps[0].tries, result.steps[0].outcome)


def test_preconditions_that_do_not_hold_are_told_together(lab: Lab) -> None:
    """Nothing is performed; every one that does not hold is named."""
    asked = [{"check": "total", "expected": 3}, {"check": "cell.a", "expected": 2}, {"check": "total", "expected": 2}]
    result = lab.run(step("put"), preconditions=asked)
    assert ("error", "precondition", "preconditions") == (result.status, result.category, result.phase)
    assert 2 == len(result.errors)
    assert ((), None) == (result.steps, result.traceback)
    with pytest.raises(PreconditionFailedError):
        result.raise_for_status()


def test_an_invariant_by_name_that_is_broken_from_the_start_is_a_failed_precondition(lab: Lab) -> None:
    """It can prove nothing about the steps, so none is performed; one that a scenario need not name is not asked beforehand."""
    huge, named = [{"id": "a", "value": 101}], {"invariants": ["none_huge"]}
    result = lab.run(step("put", {"value": 3}), cells=huge, expected_outcome=named)
    assert ("error", "precondition", ()) == (result.status, result.category, result.steps)
    assert ("invariant none_huge does not hold before the first step: a is 101",) == result.errors
    assert "passed" == lab.run(step("put", {"value": 3}), cells=huge).status
    assert "passed" == lab.run(step("put", {"value": 3}), cells=[{"id": "a", "value": -1}]).status


@pytest.mark.parametrize(
    ("expected", "fails_in", "why"),
    [
        (True, "", "expected true, found false: a is 101"),
        (False, "", ""),
        (True, "named invariant", "expected true, found false"),
    ],
)
def test_a_precondition_that_is_an_invariant_too_tells_what_breaks_it(
    sqlite_lab: Lab, fails_in: str, why: str, *, expected: bool
) -> None:
    """If it can be told; what was expected to be broken is no failure."""
    asked = [{"check": "none_huge", "expected": expected}]
    result = sqlite_lab.run(
        step("put", {"value": 3}),
        cells=[{"id": "a", "value": 101}],
        preconditions=asked,
        constraints={"fails_in": fails_in} if fails_in else {},
    )
    assert ((f"precondition none_huge: {why}",) if why else ()) == result.errors


def test_an_invariant_by_name_that_crashes_beforehand_is_unknown(sqlite_lab: Lab) -> None:
    """Nobody knows whether it held, which is no failed precondition."""
    named = {"invariants": ["none_huge"]}
    result = sqlite_lab.run(step("put"), constraints={"fails_in": "named invariant"}, expected_outcome=named)
    assert ("unknown", "unknown") == (result.status, result.validations["invariants.none_huge"].status)


def test_a_broken_invariant_is_told_with_its_step(lab: Lab) -> None:
    """It names the step after which it was broken, even if a later step mended it."""
    result = lab.run(step("put", {"value": -1}), step("put", {"value": 1}), step("put", {"cell": "b", "value": -2}))
    assert ("failed", "invariant") == (result.status, result.category)
    assert any("after step1: a is -1" in error and "after step3: b is -2" in error for error in result.errors)


def test_an_invariant_looks_only_at_what_was_written(sqlite_lab: Lab) -> None:
    """A step that only reads costs no photograph; a delete takes along the tables that depend on it."""
    result = sqlite_lab.run(step("look"), step("put"), step("remove"), debug_mode=True)
    lines = [json.loads(line) for line in (Path(result.run_path) / "sql.jsonl").read_text().splitlines()]
    captures = [line["tables"] for line in lines if line["step"] == "capture" and line["verb"] == "SELECT"]
    assert [["cells"], ["notes"]] * 3 == captures, "before the run, after step 2, after step 3"


@pytest.mark.parametrize("place", ["invariant", "first invariant"])
def test_an_invariant_that_crashes_is_unknown(sqlite_lab: Lab, place: str) -> None:
    """Nobody knows whether it held; the steps and the other checks keep their results."""
    result = sqlite_lab.run(step("put", {"value": 4}), step("look"), constraints={"fails_in": place})
    assert ("unknown", ["done", "done"]) == (result.status, [each.outcome for each in result.steps])
    assert "unknown" == result.validations["invariants.no_negative"].status
    assert f"fails in {place}" in result.validations["invariants.no_negative"].message
    assert "passed" == result.validations["success"].status


def test_a_measure_that_crashes_is_unknown(sqlite_lab: Lab) -> None:
    """A check that cannot be computed never passes."""
    result = sqlite_lab.run(step("put"), constraints={"fails_in": "measure"}, expected_outcome={"total": 2})
    assert ("unknown", "unknown") == (result.status, result.validations["total"].status)


def test_the_same_run_has_the_same_fingerprint(lab: Lab) -> None:
    """Twice the same scenario: the same final state, named by the same hash."""
    first, second = (lab.run(step("put", {"value": 9}), step("increment")) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert first.run_id != second.run_id
    assert first.fingerprint != lab.run(step("put", {"value": 8}), step("increment")).fingerprint
