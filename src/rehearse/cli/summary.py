"""The end of a rehearsal in a few lines: how many came out how, what did not pass and why, what took longest, what was tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.model import count_text, seconds_text
from rehearse.report.reason import why_text
from rehearse.report.text import MARKS, STYLES, Line
from rehearse.report.visible import cell
from rehearse.run.outcome import exit_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rehearse.run.outcome import ScenarioResult

ORDER = ("passed", "failed", "unknown", "timeout", "error")
SLOWEST = 3


def summary_lines(results: tuple[ScenarioResult, ...], seconds: float) -> Iterator[Line]:
    """Yield the summary of several scenarios, which together took so many seconds by the clock on the wall."""
    yield Line(summary(results, seconds), "good" if exit_code(results) == 0 else "bad")
    unmet = [result for result in results if not result.success]
    width = max((len(cell(result.scenario_id)) for result in unmet), default=0)
    for result in unmet:
        head = f"  {MARKS[result.status]} {cell(result.scenario_id):<{width}}  {result.status:<7}"
        yield Line(f"{head}  {why_text(result)}", STYLES[result.status])
    for result in results:
        if len(result.attempts) > 1:
            yield Line(f"  tried again: {attempts_text(result)}", "warn")
    if len(results) > SLOWEST:
        slowest = sorted(results, key=lambda result: -result.execution_time_seconds)[:SLOWEST]
        times = ", ".join(f"{cell(each.scenario_id)} {seconds_text(each.execution_time_seconds)}" for each in slowest)
        yield Line(f"  slowest: {times}", "dim")


def summary(results: tuple[ScenarioResult, ...], seconds: float) -> str:
    """Return how many came out how: ``31 scenarios: 30 passed, 1 failed · 1.2 s``."""
    statuses = [result.status for result in results]
    counts = counts_text({status: statuses.count(status) for status in statuses})
    flaky = sum(result.flaky for result in results)
    return f"{count_text(len(results), 'scenario')}: {counts}{f', {flaky} flaky' if flaky else ''} · {seconds_text(seconds)}"


def counts_text(statuses: Mapping[str, int]) -> str:
    """Return how many came out how: ``30 passed, 1 failed``."""
    return ", ".join(f"{statuses[status]} {status}" for status in ORDER if statuses.get(status))


def attempts_text(result: ScenarioResult) -> str:
    """Return how the attempts came out, one after another: ``wait: timeout, passed · flaky``."""
    statuses = ", ".join(attempt.status for attempt in result.attempts)
    return f"{cell(result.scenario_id)}: {statuses}{' · flaky' if result.flaky else ''}"
