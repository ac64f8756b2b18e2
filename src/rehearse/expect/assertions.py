"""Assertions: a value and what it must be, whether the engine compares it or the domain does."""

from __future__ import annotations

from rehearse.deferred import fill
from rehearse.errors import Complaints
from rehearse.expect.case import Case, Judgement
from rehearse.expect.comparisons import unmet, words
from rehearse.expect.paths import NotThereError
from rehearse.expectation import Assertion, DomainAssertion, MeasureRef, Reference, ResultRef, StateRef, WaitingRecord
from rehearse.loading.reader import read_record
from rehearse.loading.spot import plain_path
from rehearse.loading.tree import MapNode
from rehearse.values import plain


def judge_assertion(case: Case, check: Assertion) -> Judgement:
    """Compare a value with its spec."""
    spec = case.spec(check.spec)
    granted = case.leeway((check.key, *_names(check.value)), (path_of(check.value),), spec=spec)
    try:
        actual = case.value(check.value)
    except NotThereError as error:
        return Judgement.unmet(words(spec, granted), "not there", str(error))
    why = unmet(spec, actual, granted, ordered=case.ordered)
    return Judgement(why is None, words(spec, granted), actual, why or "")


def path_of(reference: Reference) -> str:
    """Return where a value lies, as ``field_overrides`` write it."""
    match reference:
        case MeasureRef(name, key):
            return name if key is None else f"{name}.{key}"
        case ResultRef(step, path):
            return f"steps.{plain_path((step, *path))}"
        case StateRef(path):
            return path.text


def _names(reference: Reference) -> tuple[str, ...]:
    match reference:
        case StateRef(path) if path.field:
            return (path.field,)
        case MeasureRef(name):
            return (name,)
        case _:
            return ()


def judge_domain_assertion(case: Case, check: DomainAssertion) -> Judgement:
    """Ask the domain."""
    kind = case.domain.assertion_types[check.type]
    parameters = _record(case, check.parameters) if isinstance(check.parameters, WaitingRecord) else check.parameters
    finding = kind.function(case.evidence, parameters)
    why = "" if finding.passed else finding.message or f"{check.type} does not hold"
    return Judgement(finding.passed, _parameter_words(check.type, parameters), finding.actual, why)


def _record(case: Case, waiting: WaitingRecord) -> object:
    """Read parameters that mention results, now that these are known."""
    complaints = Complaints()
    node = fill(waiting.node, case.lookup, complaints)
    record = read_record(node, waiting.record, complaints, field="") if isinstance(node, MapNode) else None
    if complaints.problems or record is None:
        raise NotThereError(
            "; ".join(problem.summary for problem in complaints.problems) or "its parameters are no map"
        )
    return record


def _parameter_words(kind: str, parameters: object) -> str:
    """Return a type with its parameters in words; those that say nothing are left out."""
    said = {name: value for name, value in vars(parameters).items() if value is not None}
    return " ".join((kind, ", ".join(f"{name} {plain(value)}" for name, value in said.items()))).strip()
