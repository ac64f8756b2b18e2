"""What may be asked of a step's result: ``${steps.plan.data.plan_id}``, ``steps.plan.outcome``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.spot import plain_path
from rehearse.loading.vocabulary import KIND_OF_DATA, Kind
from rehearse.loading.waiting import deferred_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rehearse.domain import Operation
    from rehearse.loading.tree import Node
    from rehearse.scenario import Step

RESULT_FIELDS: Mapping[str, Kind] = {
    "outcome": "text",
    "success": "bool",
    "reasons": "collection",
    "codes": "collection",
    "seconds": "number",
    "queries": "number",
}


@dataclass(frozen=True)
class Unknown:
    """Why a name means nothing, and what to write instead."""

    summary: str
    remedy: str


def kind_of_result(operation: Operation, path: Sequence[str | int]) -> Kind | Unknown:
    """Return what is known of ``steps.NAME.<path>``, or why there is no such thing."""
    if not path:
        return Unknown("a result is read field by field", f"add one of: {', '.join((*RESULT_FIELDS, 'data.FIELD'))}")
    first, *rest = path
    if first == "data":
        return _kind_of_data(operation, rest)
    if first not in RESULT_FIELDS:
        return Unknown(f"a result has no `{first}`", did_you_mean(str(first), (*RESULT_FIELDS, "data")))
    return kind_below(RESULT_FIELDS[str(first)], rest, str(first))


def _kind_of_data(operation: Operation, path: Sequence[str | int]) -> Kind | Unknown:
    if not path:
        return Unknown("`data` is read field by field", f"`{operation.name}` gives {_listed(operation.data)}")
    name, *rest = path
    if name not in operation.data:
        return Unknown(f"`{operation.name}` gives no `{name}`", did_you_mean(str(name), operation.data))
    return kind_below(KIND_OF_DATA[operation.data[str(name)]], rest, str(name))


def _listed(names: Mapping[str, str]) -> str:
    return ", ".join(names) if names else "nothing"


def kind_below(kind: Kind, rest: Sequence[str | int], name: str) -> Kind | Unknown:
    """Return the kind of what lies `rest` below a value of `kind`: a list has positions and a count, a map keys."""
    if not rest:
        return kind
    if kind == "collection" and not (isinstance(rest[0], int) or rest[0] == "count"):
        return Unknown(
            f"`{name}` is a list and has no `{rest[0]}`", f"write `{name}.count`, or a position such as `{name}[0]`"
        )
    if kind not in {"collection", "map", "any"}:
        return Unknown(f"`{name}` is a {kind} and has nothing below it", f"write `{name}` alone")
    return "number" if rest[-1] == "count" else "any"


def check_references(
    node: Node, known: Sequence[Step], operations: Mapping[str, Operation], complaints: Complaints
) -> None:
    """Complain of every ``${steps.…}`` in `node` that names no step of `known`, or nothing that its operation gives."""
    for deferred in deferred_nodes(node):
        for reference in deferred.references:
            unknown = _unknown_reference(reference, known, operations)
            if unknown:
                complaints.add(Problem("undefined-variable", unknown.summary, deferred.span, unknown.remedy))


def _unknown_reference(
    reference: tuple[str | int, ...],
    known: Sequence[Step],
    operations: Mapping[str, Operation],
) -> Unknown | None:
    written = f"`${{steps.{plain_path(reference)}}}`"
    step = next((step for step in known if reference and reference[0] in step.names), None)
    if step is None:
        names = [name for step in known for name in step.names]
        nearest = did_you_mean(str(reference[0]) if reference else "", names)
        return Unknown(f"{written} names no earlier step", nearest or "no step comes before this one")
    kind = kind_of_result(operations[step.operation], reference[1:])
    return Unknown(f"{written} names nothing: {kind.summary}", kind.remedy) if isinstance(kind, Unknown) else None
