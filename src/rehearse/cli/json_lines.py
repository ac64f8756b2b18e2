"""JSON lines on standard output: one event a line as it happens, then one result a run, and at last a summary."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, TextIO

from rehearse.report.document import json_value, result_document
from rehearse.run.events import Event, RunEnded, event_fields, event_name

if TYPE_CHECKING:
    from rehearse.errors import Problem
    from rehearse.report.document import Json
    from rehearse.run.outcome import ScenarioResult


class JsonLines:
    """A listener that writes each event as one line; several runs may tell it at the same time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write an event; the end of a run is written as its result."""
        if isinstance(event, RunEnded):
            return
        self.write(
            {"event": event_name(event), **{name: json_fields(value) for name, value in event_fields(event).items()}}
        )

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
