"""A run in a few plain sentences, for a reader who wants to know what happened before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.model import changed_tables, checks_in_order, count_text, seconds_text, shown
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.report.model import RunReport
    from rehearse.run.outcome import ScenarioResult, StepResult

_MOST_UNMET = 5


def in_words(report: RunReport) -> tuple[str, ...]:
    """Return what happened and what it says, one sentence each, without what the domain has to add."""
    result = report.result
    sentences = (*_happened(result), *_changed(result), _verdict(result))
    return tuple(sentence for sentence in sentences if sentence)


def unmet(result: ScenarioResult) -> tuple[str, ...]:
    """Return why a run has not passed, the gravest first, few enough to read."""
    found = [check for check in checks_in_order(result) if not check.passed]
    told = [
        f"{cell(check.key, limit=200)}: expected {cell(check.expected, limit=200)}, found {cell(shown(check.actual), limit=200)}"
        for check in found[:_MOST_UNMET]
    ]
    more = len(found) - len(told)
    return (*told, f"and {count_text(more, 'more check')}") if more > 0 else tuple(told)


def _happened(result: ScenarioResult) -> Iterator[str]:
    steps = result.steps
    if not steps:
        yield f"Nothing was performed: the run ended in its phase “{result.phase}”." if result.phase else ""
        return
    performed = [step for step in steps if step.outcome != "skipped"]
    wrong = [step for step in performed if not step.expected]
    were = "was" if len(performed) == 1 else "were"
    if len(performed) == len(steps) and not wrong:
        yield f"{count_text(len(performed), 'operation')} {were} performed."
    else:
        yield f"{len(performed)} of {count_text(len(steps), 'operation')} {were} begun."
    if not wrong:
        yield "Each came out as it was meant to." if len(performed) > 1 else "It came out as it was meant to."
    for step in wrong[:2]:
        yield _wrong(step, steps.index(step) + 1, len(steps))
    skipped = len(steps) - len(performed)
    if skipped:
        yield f"{count_text(skipped, 'operation')} after that {'was' if skipped == 1 else 'were'} skipped."


def _wrong(step: StepResult, position: int, total: int) -> str:
    name = f"Operation {position} of {total}, {cell(step.operation, limit=100)},"
    if step.timed_out:
        return f"{name} was stopped after {seconds_text(step.seconds)}, when the deadline passed."
    why = step.error or "; ".join(reason.text for reason in step.reasons)
    because = f": {cell(why, limit=300).rstrip('.')}" if why else ""
    return f"{name} ended as “{step.outcome}”, which it was not meant to{because}."


def _changed(result: ScenarioResult) -> Iterator[str]:
    if result.diff is None:
        return
    count = result.diff.count()
    tables = count_text(len(changed_tables(result.diff)), "table")
    yield f"{count_text(count, 'row')} of {tables} changed." if count else "No row changed."


def _verdict(result: ScenarioResult) -> str:
    checks = tuple(result.validations.values())
    total = count_text(len(checks), "check")
    missed = sum(not check.passed for check in checks)
    match result.status:
        case "passed":
            warned = sum(check.status == "warned" for check in checks)
            hold = "It passed: the one check holds" if len(checks) == 1 else f"It passed: all {total} hold"
            return f"{hold}, {warned} with a warning." if warned else f"{hold}."
        case "failed":
            return f"It failed: {missed} of {total} {'does' if missed == 1 else 'do'} not hold."
        case "unknown":
            return f"Nobody knows whether it holds: {missed} of {total} could not be answered or {'was' if missed == 1 else 'were'} not met."
        case "timeout":
            return "It ran out of time, so it counts as not passed whatever its checks say."
        case _:
            return (
                f"It ended with an error in its phase “{result.phase}”." if result.phase else "It ended with an error."
            )
