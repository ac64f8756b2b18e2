"""A contingency plan as a stored row, as an answer, and from a stored row back to what it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rehearse.values import FrozenMap, Value
from residency.calendar import HOUR, Interval, minute_of, moment_of
from residency.contingency.needs import origin_of
from residency.contingency.plan_making import Reshaping, reshaping
from residency.decisions import RowWrite, reason_map
from residency.schema import CONTINGENCY_PLANS
from residency.stored import duty_row, row_to_plain, value_to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from residency.contingency.plans import Open, Plan
    from residency.load import Book


def plan_data(plan: Plan, plan_id: str) -> dict[str, Value]:
    """What `run_contingency_analysis` answers."""
    return {
        "plan_id": plan_id,
        "feasible": plan.feasible,
        "moves": tuple(
            FrozenMap(
                {
                    "assignment_id": move.assignment_id,
                    "from_person": move.from_person,
                    "to_person": move.to_person,
                    "start": moment_of(move.part.start),
                    "end": moment_of(move.part.end),
                    "level": move.level,
                }
            )
            for move in plan.moves
        ),
        "released": tuple(dict.fromkeys(origin_of(part.duty.id) for part in plan.released)),
        "uncovered": tuple(_open_map(item) for item in plan.uncovered),
        "chain_depth": plan.chain_depth,
        "cascade_risk": plan.cascade_risk,
        "gap_hours": Fraction(plan.gap_minutes, HOUR),
        "proven": plan.is_proven,
        "bound_gap_hours": Fraction(plan.least_open, HOUR),
    }


def _open_map(item: Open) -> FrozenMap:
    return FrozenMap(
        {
            "assignment_id": origin_of(item.part.duty.id),
            "start": moment_of(item.part.start),
            "end": moment_of(item.part.end),
            "reasons": tuple(reason_map(reason) for reason in item.reasons),
        }
    )


@dataclass(frozen=True)
class Identity:
    """How a stored plan is called: its id, its number, why it was made and when."""

    id: str
    number: int
    trigger: str
    clock: datetime


def plan_write(plan: Plan, book: Book, identity: Identity) -> RowWrite:
    """The plan as a new row, with the duties that it rests on as they are."""
    data = plan_data(plan, identity.id)
    touched = (book.duty(duty_id) for duty_id in reshaping(plan).touched)
    row = {
        "id": identity.id,
        "number": identity.number,
        "trigger": identity.trigger,
        "status": "planned",
        "planned_at": identity.clock,
        "persons": list(plan.persons),
        "feasible": plan.feasible,
        "moves": value_to_plain(data["moves"]),
        "released": [
            {"assignment_id": origin_of(part.duty.id), **_interval_to_plain(part.interval)} for part in plan.released
        ],
        "uncovered": [
            {**value_to_plain(_open_map(item)), "kept": item.is_kept, "critical": item.critical}
            for item in plan.uncovered
        ],
        "chain_depth": plan.chain_depth,
        "cascade_risk": plan.cascade_risk,
        "gap_minutes": plan.gap_minutes,
        "basis": {duty.id: row_to_plain(duty_row(duty)) for duty in touched if duty is not None},
    }
    return RowWrite(CONTINGENCY_PLANS.name, identity.id, None, row)


def _interval_to_plain(interval: Interval) -> dict[str, str]:
    return {"start": value_to_plain(moment_of(interval[0])), "end": value_to_plain(moment_of(interval[1]))}


def interval_of_plain(entry: Mapping[str, Any]) -> Interval:
    """The interval of an entry of a stored plan."""
    return minute_of(datetime.fromisoformat(entry["start"])), minute_of(datetime.fromisoformat(entry["end"]))


def reshaping_of(row: Mapping[str, Any]) -> Reshaping:
    """What a stored plan does to the stored duties."""
    taken: dict[str, list[tuple[Interval, str]]] = {}
    gone: dict[str, list[Interval]] = {}
    for move in row["moves"]:
        taken.setdefault(move["assignment_id"], []).append((interval_of_plain(move), move["to_person"]))
    for entry in (*row["released"], *(item for item in row["uncovered"] if not item["kept"])):
        gone.setdefault(entry["assignment_id"], []).append(interval_of_plain(entry))
    return Reshaping(
        {duty_id: tuple(sorted(items)) for duty_id, items in taken.items()},
        {duty_id: tuple(sorted(items)) for duty_id, items in gone.items()},
    )
