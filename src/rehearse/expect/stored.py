"""What measures and checks know of an execution ↔ canonical JSON, so that a stored run can be judged again without a database."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rehearse.domain import ExecutionView, Reason, StepView
from rehearse.snapshot.encoding import Marks, decode, dump, encode, load
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rehearse.expect.case import Breach


@dataclass(frozen=True)
class StoredBreach:
    """An invariant that was broken after a step, as it was kept."""

    invariant: str
    step: str
    breaches: tuple[str, ...]


@dataclass(frozen=True)
class StoredExecution:
    """How a run went, read back.

    Attributes:
        view: What measures see.
        breaches: Invariants that were broken on the way.
    """

    view: ExecutionView
    breaches: tuple[StoredBreach, ...] = ()


def execution_to_json(view: ExecutionView, breaches: Iterable[Breach] = ()) -> bytes:
    """Return an execution as canonical JSON: equal ones are the same bytes."""
    marks: Marks = {}
    value = FrozenMap(
        {
            "steps": tuple(_step_value(step) for step in view.steps),
            "queries_by_verb": FrozenMap(view.queries_by_verb),
            "seconds": Decimal(repr(view.seconds)),
            "peak_memory_mb": Decimal(repr(view.peak_memory_mb)),
            "breaches": tuple(_breach_value(breach) for breach in breaches),
        }
    )
    data = encode(value, marks)
    return dump({**data, "types": marks})


def execution_from_json(data: bytes) -> StoredExecution:
    """Read what `execution_to_json` wrote.

    Raises:
        ValueError: If it is anything else.
    """
    try:
        read = load(data)
        value: Any = decode({key: item for key, item in read.items() if key != "types"}, read["types"])
        view = ExecutionView(
            tuple(_step(step) for step in value["steps"]),
            dict(value["queries_by_verb"]),
            float(value["seconds"]),
            float(value["peak_memory_mb"]),
        )
        return StoredExecution(view, tuple(StoredBreach(**breach) for breach in value["breaches"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no execution: {error!r}") from error


def _breach_value(breach: Breach) -> FrozenMap:
    return FrozenMap({"invariant": breach.invariant, "step": breach.step, "breaches": breach.breaches})


def _step_value(step: StepView) -> FrozenMap:
    return FrozenMap(
        {
            "name": step.name,
            "operation": step.operation,
            "outcome": step.outcome,
            "reasons": tuple(FrozenMap(_reason_fields(reason)) for reason in step.reasons),
            "data": step.data,
            "error": step.error,
            "seconds": Decimal(repr(step.seconds)),
            "queries": step.queries,
            "clock": step.clock,
        }
    )


def _reason_fields(reason: Reason) -> Mapping[str, Value]:
    return {
        "code": reason.code,
        "text": reason.text,
        "person": reason.person,
        "window": reason.window,
        "measured": reason.measured,
        "limit": reason.limit,
    }


def _step(value: Mapping[str, Any]) -> StepView:
    fields = dict(value)
    fields["reasons"] = tuple(Reason(**reason) for reason in fields["reasons"])
    fields["seconds"] = float(fields["seconds"])
    return StepView(**fields)
