"""`validate_acgme`: what the rules find, by severity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Session, rejected
from rehearse.fields import Help
from rehearse.values import FrozenMap, Value
from residency.calendar import DAY, Interval, minute_of, moment_of, overlaps
from residency.decisions import reason_of
from residency.model import Severity
from residency.operations.asking import Asked, open_book
from residency.policy import INTEGRITY_STEMS
from residency.setup.rows import PersonId

if TYPE_CHECKING:
    from residency.load import Book
    from residency.rules import Record


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Of whom, and when."""

    person_ids: Annotated[tuple[PersonId, ...] | None, Help("all")] = None
    start_date: Annotated[date | None, Help("the horizon's first day")] = None
    end_date: Annotated[date | None, Help("the horizon's last day, included")] = None
    require: Annotated[bool, Help("rejected unless compliant")] = False


def validate_acgme(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Judge the roster by the work-hour rules in force; reads only. Integrity rules are `validate_final_state`'s."""
    book = open_book(session, context)
    found = [
        record for record in book.records if record.rule not in INTEGRITY_STEMS and _is_asked(record, parameters, book)
    ]
    violations = [record for record in found if record.is_work_hour_violation]
    data: dict[str, Value] = {
        "compliant": not violations,
        "violations": len(violations),
        "advisories": sum(record.severity is Severity.ADVISORY for record in found),
        "policy_violations": sum(record.severity is Severity.POLICY for record in found),
        "records": tuple(record_map(record) for record in found),
    }
    if parameters.require and violations:
        return rejected(*(reason_of(record) for record in violations), **data)
    return OperationResult(data=FrozenMap(data))


def _is_asked(record: Record, parameters: Parameters, book: Book) -> bool:
    if parameters.person_ids is not None and not set(record.persons) & set(parameters.person_ids):
        return False
    return overlaps(record.interval, _asked_interval(parameters, book))


def _asked_interval(parameters: Parameters, book: Book) -> Interval:
    start, end = book.settings.horizon
    if parameters.start_date is not None:
        start = minute_of(parameters.start_date)
    if parameters.end_date is not None:
        end = minute_of(parameters.end_date) + DAY
    return start, end


def record_map(record: Record) -> FrozenMap:
    """A breach as a value of an answer's data."""
    return FrozenMap(
        {
            "rule": record.rule,
            "code": record.code,
            "severity": record.severity.value,
            "persons": record.persons,
            "rotation_id": record.rotation_id,
            "start": moment_of(record.start),
            "end": moment_of(record.end),
            "measured": record.measured,
            "limit": record.limit,
            "unit": record.unit,
            "citation": record.citation,
            "message": record.message,
        }
    )


OPERATION = Operation(
    name="validate_acgme",
    parameters=Parameters,
    function=validate_acgme,
    data={
        "compliant": "bool",
        "violations": "int",
        "advisories": "int",
        "policy_violations": "int",
        "records": "list",
    },
    writes=False,
)
