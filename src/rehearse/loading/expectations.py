"""``expected_outcome``: every check that the author asks for, each with the key under which it is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.expectation import Assertion, Changes, Check, CustomValidation, DomainAssertion, Expected
from rehearse.loading.assertions import is_shorthand, read_assertions, read_shorthand
from rehearse.loading.change_entries import read_changes
from rehearse.loading.forms import PerformanceForm
from rehearse.loading.judges import read_custom_validations, read_expected_errors, read_invariants
from rehearse.loading.names import Names
from rehearse.loading.performance import performance_limits
from rehearse.loading.reader import read_fields
from rehearse.loading.results import check_references
from rehearse.loading.state_patterns import read_final_state, read_state_comparison
from rehearse.loading.thresholds import read_thresholds
from rehearse.loading.tree import Entry, ListNode, MapNode, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rehearse.loading.spot import Spot
    from rehearse.source import Span

KEYS = (
    "success",
    "assertions",
    "final_state",
    "state_comparison",
    "changes",
    "expected_errors",
    "performance_metrics",
    "custom_validations",
    "invariants",
    "thresholds",
)

_LISTS = frozenset({"state_comparison", "expected_errors", "custom_validations"})


@dataclass(frozen=True)
class Asked:
    """What ``expected_outcome`` may refer to.

    Attributes:
        names: The words that mean something here.
        validators_allowed: Modules whose functions may judge.
        further: Checks that stand elsewhere in the file (steps, ``validation.custom_validators``).
    """

    names: Names
    validators_allowed: tuple[str, ...]
    further: tuple[Check, ...] = ()


def read_expected(node: MapNode, asked: Asked, spot: Spot) -> Expected:
    """Read ``expected_outcome``; checks with mistakes are left out."""
    names = asked.names
    spot = spot.accepting("expectations")
    if names.steps_known:
        steps = names.steps
        check_references(node, steps, names.vocabulary.domain.operations, spot.complaints)
    checks: list[Check] = []
    success = True
    changes: Changes | None = None
    invariants: Entry | None = None
    for entry in node:
        below = spot.down(entry.key, entry.span)
        if entry.key == "success":
            success = _success(entry, below)
        elif entry.key == "changes":
            changes = read_changes(entry.value, names, below)
        elif entry.key == "invariants":
            invariants = entry
        else:
            checks += _checks(entry, asked, below)
    if not node.entries:
        spot.complain("empty", "there is nothing to check", remedy="write `success: true`, or what must hold")
    place = spot.down("invariants", invariants.span) if invariants else spot
    checks += read_invariants(invariants.value if invariants else None, names.vocabulary.domain, place)
    whole = (*checks, *asked.further)
    _check_keys(whole, spot)
    return Expected(success, whole, changes)


def _success(entry: Entry, spot: Spot) -> bool:
    if isinstance(entry.value, ScalarNode) and isinstance(entry.value.value, bool):
        return entry.value.value
    spot.wrong_type(entry.value, "a bool")
    return True


def _checks(entry: Entry, asked: Asked, spot: Spot) -> Iterable[Check]:
    reader = _READERS.get(entry.key)
    if reader is not None:
        checks = reader(entry, asked, spot)
        if not checks and _is_empty(entry):
            spot.complain("empty", f"`{entry.key}` says nothing", remedy="leave the key out, or write what must hold")
        return checks
    if is_shorthand(entry.key, asked.names):
        check = read_shorthand(entry, asked.names, spot)
        return (check,) if check else ()
    known = (*KEYS, *asked.names.vocabulary.measures)
    remedy = "write it under `assertions`" if asked.names.means_something(entry.key) else did_you_mean(entry.key, known)
    spot.complain("unknown-key", f"`{entry.key}` is not a key of `expected_outcome`, and no measure", remedy=remedy)
    return ()


def _is_empty(entry: Entry) -> bool:
    if entry.key in _LISTS:
        return isinstance(entry.value, ListNode) and not entry.value.items
    return isinstance(entry.value, MapNode) and not entry.value.entries


def _performance(entry: Entry, asked: Asked, spot: Spot) -> tuple[Check, ...]:
    del asked
    if not isinstance(entry.value, MapNode):
        spot.wrong_type(entry.value, "a map")
        return ()
    form = read_fields(entry.value, PerformanceForm, spot).make()
    return performance_limits(form, None, entry.span) if form else ()


def _custom(entry: Entry, asked: Asked, spot: Spot) -> tuple[Check, ...]:
    return read_custom_validations(entry.value, asked.names.vocabulary.domain, asked.validators_allowed, spot)


_READERS: Mapping[str, Callable[[Entry, Asked, Spot], tuple[Check, ...]]] = {
    "assertions": lambda entry, asked, spot: read_assertions(entry.value, asked.names, spot),
    "final_state": lambda entry, asked, spot: read_final_state(entry.value, asked.names, spot),
    "state_comparison": lambda entry, asked, spot: read_state_comparison(entry.value, asked.names, spot),
    "expected_errors": lambda entry, asked, spot: read_expected_errors(entry.value, asked.names, spot),
    "thresholds": lambda entry, asked, spot: read_thresholds(entry.value, asked.names, spot),
    "performance_metrics": _performance,
    "custom_validations": _custom,
}


def _check_keys(checks: Iterable[Check], spot: Spot) -> None:
    """One name twice among assertions, shorthands and custom validations: the result could keep only one."""
    places: dict[str, Span] = {}
    for check in checks:
        if check.span is None or not isinstance(check, Assertion | DomainAssertion | CustomValidation):
            continue
        if check.key in places:
            spot.down(check.key, check.span).duplicate(
                f"two checks are called `{check.key}`", check.span, places[check.key]
            )
        places.setdefault(check.key, check.span)
