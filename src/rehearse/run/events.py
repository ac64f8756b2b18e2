"""What a run says while it goes: frozen events, numbered, told to listeners in order.

The terminal, the JSON lines, the progress callbacks and the stored event log all listen to the same events.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import TypeAlias, get_args

from rehearse.codec import decode, dumps
from rehearse.run.outcome import Isolation, Phase, ScenarioResult, Status, StepOutcome

logger = logging.getLogger("rehearse")


@dataclass(frozen=True)
class RunStarted:
    """A scenario begins; `steps` is how many it has, `timeout_seconds` the deadline of its act phase."""

    scenario_id: str
    scenario_name: str
    run_id: str
    steps: int
    timeout_seconds: float


@dataclass(frozen=True)
class PhaseStarted:
    """A phase begins."""

    scenario_id: str
    phase: Phase


@dataclass(frozen=True)
class PhaseEnded:
    """A phase ended; `error` is the failure that ended it, or None."""

    scenario_id: str
    phase: Phase
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class DatabaseReady:
    """The run has its database."""

    scenario_id: str
    isolation: Isolation


@dataclass(frozen=True)
class StepStarted:
    """A step begins: `position` of `total`, counted from 1 over all steps."""

    scenario_id: str
    position: int
    total: int
    step: str
    operation: str
    timeout_seconds: float | None = None
    """The step's own deadline; None where the scenario's alone holds."""


@dataclass(frozen=True)
class StepProgress:
    """A step is still going: told now and then while it takes its time, never of a short one.

    `queries` is what it has sent so far; None if nobody can know yet, since it runs in a process of its own.
    """

    scenario_id: str
    position: int
    total: int
    step: str
    operation: str
    seconds: float
    queries: int | None


@dataclass(frozen=True)
class StepEnded:
    """A step ended."""

    scenario_id: str
    position: int
    total: int
    step: str
    operation: str
    outcome: StepOutcome
    expected: bool
    seconds: float
    queries: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunEnded:
    """The run is over; `result` is whole. The last event of a run, which is one attempt at its scenario."""

    scenario_id: str
    status: Status
    result: ScenarioResult


@dataclass(frozen=True)
class Retrying:
    """An attempt came out so that another may come out better: it begins after a pause. Told after the attempt's `RunEnded`."""

    scenario_id: str
    attempt: int
    attempts: int
    status: Status
    pause_seconds: float


Event: TypeAlias = (
    RunStarted
    | PhaseStarted
    | PhaseEnded
    | DatabaseReady
    | StepStarted
    | StepProgress
    | StepEnded
    | RunEnded
    | Retrying
)
Listener: TypeAlias = Callable[[Event], None]


def tell(listeners: Iterable[Listener], event: Event) -> None:
    """Tell every listener, in order. One that raises watches the run and is no part of it: it is logged, and told the next event."""
    for listener in listeners:
        try:
            listener(event)
        except Exception:
            logger.exception("%s: a listener failed at %s", event.scenario_id, event_name(event))


def event_name(event: Event) -> str:
    """Return the event's name in logs and JSON lines, such as ``run-started``."""
    return _NAMES[type(event)]


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


_NAMES = {kind: _dashed(kind.__name__) for kind in get_args(Event)}
_KINDS = {name: kind for kind, name in _NAMES.items() if kind is not RunEnded}


def event_fields(event: Event) -> dict[str, object]:
    """Return the event's fields for a log line; the result of `RunEnded` is left to the result file."""
    return {item.name: getattr(event, item.name) for item in fields(event) if item.name != "result"}


def event_line(event: Event, at: float) -> str:
    """Return an event as a line of a run's log, told so many seconds after the run began."""
    return f"{dumps({'event': event_name(event), 'at': round(at, 6), **event_fields(event)})}\n"


def read_event(line: str) -> tuple[float, Event]:
    """Return when, and what, a line of a run's log tells.

    Raises:
        ValueError: If the line is anything else.
    """
    try:
        data = json.loads(line)
        kind, at = _KINDS[data.pop("event")], float(data.pop("at"))
        return at, decode(kind, data)  # type: ignore[return-value]  # it is one of the kinds
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no line of an event log: {error!r}") from error
