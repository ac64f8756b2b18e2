"""How scenarios came out before, read from the marks of their runs alone: the last outcomes, those that disagree, the trend of all."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, cast

from rehearse.report.suite.model import NOT_YET, STATUSES, Past, TrendPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rehearse.artifacts.record import RunRecord
    from rehearse.run.outcome import ScenarioResult, Status

OUTCOMES = 12
"""So many of a scenario's last outcomes are shown, and looked at for flakiness."""
POINTS = 20
"""So many of the last commands make the trend."""
ALTERNATING = 2
"""Changes among equal scenarios from which on outcomes alternate: one change may be the system's, mended or broken for good."""


class History:
    """The finished runs of a store, by scenario.

    Args:
        records: In the store's order: by scenario, oldest first. What is no run's outcome (a saved log) is left out.
    """

    def __init__(self, records: Iterable[RunRecord]) -> None:
        self._runs: dict[str, list[RunRecord]] = {}
        for record in records:
            if record.status in STATUSES:
                self._runs.setdefault(record.scenario, []).append(record)

    def newest(self) -> tuple[RunRecord, ...]:
        """Return the newest run of each scenario."""
        return tuple(runs[-1] for runs in self._runs.values())

    def past(self, result: ScenarioResult) -> Past:
        """Return the last outcomes up to a run, that run's being the last."""
        runs = self._up_to(result.scenario_id, result.run_id)[-OUTCOMES:]
        statuses = tuple(map(_status, runs))
        if not runs or runs[-1].run != result.run_id:  # it has no evidence, so nobody counted it
            statuses = (*statuses, result.status)[-OUTCOMES:]
        return Past(statuses, _attempts(result) or _flakiness(runs))

    def trend(self, run_ids: Mapping[str, str]) -> tuple[TrendPoint, ...]:
        """Return how these scenarios stood after each command that ran one of them, up to the given runs.

        Args:
            run_ids: Scenario → its run of which this is the report.
        """
        runs = [record for scenario, run in run_ids.items() for record in self._up_to(scenario, run)]
        runs.sort(key=_moment)
        latest: dict[str, Status] = {}
        points = []
        for moment, together in groupby(runs, _moment):
            ran = {record.scenario: _status(record) for record in together}
            latest |= ran
            counts: Counter[str] = Counter(latest.values())
            points.append(TrendPoint(moment, _ordered(counts, len(run_ids)), len(ran)))
        return tuple(points[-POINTS:])

    def _up_to(self, scenario: str, run: str) -> Sequence[RunRecord]:
        runs = self._runs.get(scenario, [])
        position = next((index for index, record in enumerate(runs, 1) if record.run == run), len(runs))
        return runs[:position]


def _ordered(counts: Counter[str], of: int) -> Mapping[str, int]:
    missing = of - counts.total()
    found: dict[str, int] = {status: counts[status] for status in STATUSES if counts[status]}
    return found | ({NOT_YET: missing} if missing else {})


def _moment(record: RunRecord) -> datetime:
    """When the command began that made a run; of one that kept only its day, midnight."""
    return record.began or datetime.combine(record.finished, time())


def _status(record: RunRecord) -> Status:
    return cast("Status", record.status)


def _attempts(result: ScenarioResult) -> str:
    """Say how attempts disagree that the result itself knows of."""
    return f"attempts disagree: {', then '.join(each.status for each in result.attempts)}" if result.flaky else ""


def _flakiness(runs: Sequence[RunRecord]) -> str:
    """Say how outcomes disagree of the newest scenario text on the newest run's database; nothing if they don't, or if no content is known."""
    if not runs or not runs[-1].about.content:
        return ""
    like = _likeness(runs[-1])
    equal = [record for record in runs if _likeness(record) == like]
    attempts = [record for record in equal if record.began is not None and record.began == equal[-1].began]
    if len({record.status for record in attempts}) > 1:
        return f"attempts disagree: {', then '.join(record.status for record in attempts)}"
    changes = sum(first.status != second.status for first, second in pairwise(equal))
    if changes < ALTERNATING:
        return ""
    return f"outcomes alternate: {changes} changes in {len(equal)} runs of the same scenario"


def _likeness(record: RunRecord) -> tuple[str, str]:
    return record.about.content, record.about.backend
