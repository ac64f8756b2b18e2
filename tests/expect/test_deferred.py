"""Texts that wait for results: in parameters before a step starts, in expectations at judgement."""

# ruff: noqa: DTZ001  (moments have no zone)

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from expect.ward import CLOCK, SPAN, refused, view
from rehearse.deferred import MissingResultError, ResultLookup, fill, node_of, resolve_deferred, resolved
from rehearse.errors import Complaints
from rehearse.expectation import Deferred
from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, ScalarNode, plain_value
from rehearse.run.outcome import StepResult
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from rehearse.domain import StepView

DATA = FrozenMap(
    {
        "plan_id": "plan:1",
        "moves": (FrozenMap({"person_id": "R3", "start": datetime(2024, 12, 25, 7)}), FrozenMap({"person_id": "R4"})),
        "hours": Fraction(151, 3),
        "half": 0.5,
        "day": date(2024, 12, 25),
        "none": None,
        "trick": "${steps.plan.data.plan_id}",
        "long": "x" * 63_999,
    }
)
LOOKUP = ResultLookup({"plan": view("step1", data=DATA), "no": refused(("rest", "too tired"))})


def text(written: str) -> Value:
    """Return what a text that waits says."""
    return resolve_deferred(Deferred(written, (), SPAN), LOOKUP)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${steps.plan.data.plan_id}", "plan:1"),
        ("${steps.plan.data.moves[0].person_id}", "R3"),
        ("${steps.plan.data.moves[-1].person_id}", "R4"),
        ("${steps.plan.data['plan_id']}", "plan:1"),
        ("${steps.plan.data.moves.count}", 2),
        ("${steps.plan.data.moves[0].count}", 2),
        ("${steps.plan.data.day}", date(2024, 12, 25)),
        ("${steps.plan.data.none}", None),
        ("${steps.plan.data.hours}", Fraction(151, 3)),
        ("${steps.plan.outcome}", "done"),
        ("${steps.plan.success}", True),
        ("${steps.plan.queries}", 3),
        ("${steps.plan.seconds}", Decimal("0.25")),
        ("${steps.no.success}", False),
        ("${steps.no.reasons[0]}", "too tired"),
        ("${steps.no.codes}", ("rest",)),
        ("on ${steps.plan.data.day} by ${steps.plan.data.moves[0].person_id}", "on 2024-12-25 by R3"),
        ("${steps.plan.success}!", "true!"),
        ("${steps.plan.data.trick}", "${steps.plan.data.plan_id}"),
        ("$$ ${steps.plan.data.trick}", "$ ${steps.plan.data.plan_id}"),
    ],
)
def test_what_a_text_says_when_the_results_are_known(written: str, value: Value) -> None:
    """Alone a placeholder keeps the result's type, inside a text it is written out, and nothing is scanned again."""
    assert text(written) == value
    assert type(text(written)) is type(value)


@pytest.mark.parametrize(
    ("written", "code", "message"),
    [
        ("${steps.gone.outcome}", "undefined-variable", "`steps.gone` has no result"),
        ("${steps.plan.mood}", "undefined-variable", "`steps.plan.mood` is not there"),
        (
            "${steps.no.data.plan_id}",
            "undefined-variable",
            "`steps.no.data.plan_id` is not there: no came out rejected",
        ),
        (
            "${steps.no.reasons[3]}",
            "undefined-variable",
            "`steps.no.reasons[3]` is not there: `steps.no.reasons` is a list, and the step came out rejected",
        ),
        ("${steps.plan.data.plan_id.x}", "undefined-variable", "`steps.plan.data.plan_id` is a text"),
        ("${steps.plan.data.moves[0].x}", "undefined-variable", "`steps.plan.data.moves[0]` is a map"),
        ("a ${steps.plan.data.moves}", "wrong-type", "stands inside a longer text"),
        ("a ${steps.plan.data.none}", "wrong-type", "stands inside a longer text"),
        ("ab${steps.plan.data.long}", "yaml-limit", "longer than 64,000 bytes"),
    ],
)
def test_what_is_not_there_or_does_not_fit(written: str, code: str, message: str) -> None:
    """The error says which part is missing, and how the step came out if it was not done."""
    with pytest.raises(MissingResultError) as caught:
        text(written)
    assert message in str(caught.value)
    assert (caught.value.code, caught.value.is_unknown) == (code, False)


def test_nobody_knows_the_result_of_a_lost_step() -> None:
    """What may or may not have committed has a duration, and nothing else."""
    lost = ResultLookup({"main": view(outcome="unknown", data=DATA)})
    assert lost.get(("main", "queries")) == 3
    with pytest.raises(MissingResultError, match="nobody knows what main did") as caught:
        lost.get(("main", "data", "plan_id"))
    assert caught.value.is_unknown


def test_values_are_resolved_inside_lists_and_maps() -> None:
    """And what does not wait stays as it is."""
    waits: Any = Deferred("${steps.plan.data.plan_id}", (), SPAN)
    value: Any = (1, FrozenMap({"a": waits, "b": (waits,)}))
    assert resolved(value, LOOKUP) == (1, FrozenMap({"a": "plan:1", "b": ("plan:1",)}))


def test_nodes_are_filled_in_their_places() -> None:
    """Keys, order and spans stay; texts come as quoted, so that nothing is read into them."""
    wait = DeferredNode("${steps.plan.data.moves}", SPAN, ())
    name = DeferredNode("${steps.plan.data.plan_id}", SPAN, ())
    node = MapNode((Entry("moves", SPAN, wait), Entry("rest", SPAN, ListNode((name, ScalarNode(1, SPAN)), SPAN))), SPAN)
    complaints = Complaints()
    filled = fill(node, LOOKUP, complaints)
    assert plain_value(filled) == {"moves": DATA["moves"], "rest": ("plan:1", 1)}
    assert isinstance(filled, MapNode)
    rest = filled.get("rest")
    assert isinstance(rest, ListNode)
    assert rest.items[0] == ScalarNode("plan:1", SPAN, quoted=True)
    assert complaints.problems == ()


def test_every_missing_result_of_the_parameters_is_told() -> None:
    """All at once, each at its place."""
    nodes = (DeferredNode("${steps.gone.outcome}", SPAN, ()), DeferredNode("x${steps.plan.data.none}", SPAN, ()))
    complaints = Complaints()
    assert fill(ListNode(nodes, SPAN), LOOKUP, complaints) == ListNode(nodes, SPAN)
    assert [(problem.code, problem.span) for problem in complaints.problems] == [
        ("undefined-variable", SPAN),
        ("wrong-type", SPAN),
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Fraction(1, 4), Decimal("0.25")),
        (Fraction(1, 3), Decimal("0.3333333333333333333333333333")),
        (0.1, Decimal("0.1")),
        (True, True),
        (None, None),
        (CLOCK, CLOCK),
    ],
)
def test_numbers_become_decimals_in_parameters(value: Value, written: Value) -> None:
    """A parameter is read from digits, and so is a result that stands in its place."""
    assert node_of(value, SPAN) == ScalarNode(written, SPAN)  # type: ignore[arg-type]


def test_results_of_a_run_are_looked_up_as_they_are() -> None:
    """The run hands over its own records; a view is taken of each."""
    result = StepResult("main", 0, "work", "done", CLOCK, data=FrozenMap({"n": 1}), queries={"SELECT": 2, "COMMIT": 1})
    lookup = ResultLookup({"main": result})
    assert (lookup.get(("main", "data", "n")), lookup.get(("main", "queries"))) == (1, 2)


@dataclass(frozen=True)
class Late:
    """A result that is made when asked."""

    def view(self) -> StepView:
        """Return a view."""
        return view(data=FrozenMap({"n": 5}))


def test_anything_with_a_view_will_do() -> None:
    """The lookup depends on no layer above it."""
    assert ResultLookup({"x": Late()}).get(("x", "data", "n")) == 5
