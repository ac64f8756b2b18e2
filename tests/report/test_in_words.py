"""A run in plain sentences: what was done, how it came out, and what did not hold."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from rehearse.report.in_words import in_words, unmet
from rehearse.report.model import RunReport
from report.samples import CRASHED, FAILED, PASSED, STEPS, UNREADY

if TYPE_CHECKING:
    from rehearse.run.outcome import ScenarioResult


def told(result: ScenarioResult) -> str:
    """What is said of a result."""
    return " ".join(in_words(RunReport(result=result)))


def test_a_run_that_passed() -> None:
    """How many operations, whether they came out as meant, what changed, and that all checks hold."""
    assert (
        "2 operations were performed. Each came out as it was meant to. 4 rows of 3 tables changed. "
        "It passed: all 2 checks hold."
    ) == told(PASSED)


def test_a_run_that_failed() -> None:
    """How many checks do not hold; which, with expected and found, stands beside it."""
    assert told(FAILED).endswith("No row changed. It failed: 2 of 3 checks do not hold.")
    assert ("coverage_gap_hours: expected 0, found 6.5", "backup_activated: expected true, found null") == unmet(FAILED)


def test_a_run_that_crashed() -> None:
    """Which operation ended how, why, and that the rest was skipped."""
    assert (
        "1 of 2 operations was begun. Operation 1 of 2, mark_unavailable, ended as “error”, which it was not meant to: "
        "ValueError: no such duty. 1 operation after that was skipped. It ended with an error in its phase “act”."
    ) == told(CRASHED)


def test_a_run_that_ran_out_of_time() -> None:
    """In which operation the deadline passed."""
    late = replace(STEPS[0], outcome="unknown", expected=False, timed_out=True, seconds=2.0)
    text = told(replace(CRASHED, status="timeout", steps=(late, replace(STEPS[1], outcome="skipped"))))
    assert "Operation 1 of 2, mark_unavailable, was stopped after 2.0 s, when the deadline passed." in text
    assert text.endswith("It ran out of time, so it counts as not passed whatever its checks say.")


def test_a_run_that_never_began() -> None:
    """Nothing was performed, and the phase in which it ended is named."""
    assert (
        "Nothing was performed: the run ended in its phase “preconditions”. "
        "It ended with an error in its phase “preconditions”."
    ) == told(UNREADY)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "1 of 1 check could not be answered or was not met."),
        (3, "3 of 3 checks could not be answered or were not met."),
    ],
)
def test_nobody_knows(count: int, expected: str) -> None:
    """An unknown outcome is neither passed nor failed."""
    checks = {f"c{n}": replace(next(iter(FAILED.validations.values())), status="unknown") for n in range(count)}
    assert f"Nobody knows whether it holds: {expected}" in told(
        replace(FAILED, status="unknown", validations=MappingProxyType(checks))
    )


def test_warnings_and_single_checks_are_told() -> None:
    """A pass with a warning says so, and one check is one check."""
    (first, *_) = PASSED.validations.values()
    alone = replace(PASSED, steps=STEPS[:1], validations=MappingProxyType({"a": replace(first, status="warned")}))
    assert told(alone).startswith("1 operation was performed. It came out as it was meant to.")
    assert told(alone).endswith("It passed: the one check holds, 1 with a warning.")


def test_many_unmet_checks_are_counted() -> None:
    """Five stand there, the others are counted."""
    first = next(iter(FAILED.validations.values()))
    checks = {f"c{n}": replace(first, key=f"c{n}") for n in range(9)}
    found = unmet(replace(FAILED, validations=MappingProxyType(checks)))
    assert (6, "and 4 more checks") == (len(found), found[-1])
