"""JSON lines on standard output: one event a line as it happens, one result a scenario, and at last a summary.

``docs/reference/json-lines.md`` says what each kind of line holds.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, TextIO

from rehearse.report.document import json_value, result_document
from rehearse.report.reason import why_text
from rehearse.run.events import Event, RunEnded, event_fields, event_name

if TYPE_CHECKING:
    from rehearse.errors import Problem
    from rehearse.report.document import Json
    from rehearse.run.outcome import ScenarioResult


class JsonLines:
    """A listener that writes each event as one line; several runs may tell it at the same time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = time.perf_counter()
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write an event, `at` so many seconds since this began; what a run came to stands in its result."""
        fields = {name: json_fields(value) for name, value in event_fields(event).items()}
        if isinstance(event, RunEnded):
            fields["run_id"] = event.result.run_id
        self.write({"event": event_name(event), "at": round(time.perf_counter() - self._began, 6), **fields})

    def result(self, result: ScenarioResult) -> None:
        """Write the result of a scenario, after its last attempt."""
        self.write({"event": "result", **result_document(result)})

    def problem(self, problem: Problem) -> None:
        """Write an author's mistake."""
        span = problem.span
        place: dict[str, Json] = {"file": span.source.name, "line": span.line, "column": span.column} if span else {}
        self.write(
            {
                "event": "note" if problem.is_note else "problem",
                "code": problem.code,
                "summary": problem.summary,
                "remedy": problem.remedy,
                "field": problem.field,
                **place,
            }
        )

    def summary(self, results: tuple[ScenarioResult, ...], code: int, *, missing: int, seconds: float) -> None:
        """Write the last line: how many came out how, what did not pass and why, what was tried again."""
        statuses = [result.status for result in results]
        self.write(
            {
                "event": "summary",
                "exit_code": code,
                "scenarios": len(results) + missing,
                "not_begun": missing,
                "statuses": {status: statuses.count(status) for status in sorted(set(statuses))},
                "unmet": [
                    {"scenario_id": each.scenario_id, "status": each.status, "why": why_text(each)}
                    for each in results
                    if not each.success
                ],
                "tried_again": [each.scenario_id for each in results if len(each.attempts) > 1],
                "flaky": [each.scenario_id for each in results if each.flaky],
                "seconds": round(seconds, 6),
            }
        )

    def write(self, fields: dict[str, Json]) -> None:
        """Write one line."""
        line = json.dumps(fields, ensure_ascii=False, allow_nan=False)
        with self._lock:
            self._stream.write(f"{line}\n")
            self._stream.flush()


def json_fields(value: object) -> Json:
    """Return a field of an event as a JSON value; a record becomes a map of its fields."""
    if is_dataclass(value) and not isinstance(value, type):
        return json_value(asdict(value))
    return json_value(value)
