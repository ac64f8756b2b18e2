"""From evidence to verdict: every kind of check, its result under its key, and what all of them say together."""

# ruff: noqa: DTZ001, FBT001  (moments have no zone; booleans are what is judged)

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from expect.ward import (
    CLOCK,
    D1,
    D2,
    DOMAIN,
    PERSONS,
    SPAN,
    TRIAL,
    DutyQuestion,
    Trial,
    crash,
    domain,
    path,
    refused,
    step,
    view,
    waiting,
)
from rehearse.domain import Invariant, Measure
from rehearse.errors import Complaints
from rehearse.expect.verdict import CheckResult, Verdict
from rehearse.expectation import (
    Assertion,
    BooleanSpec,
    Check,
    CollectionSpec,
    CompliancePattern,
    DomainAssertion,
    Equal,
    ExpectedError,
    InvariantCheck,
    MeasureRef,
    NumericSpec,
    PerformanceLimit,
    ResultRef,
    StateComparison,
    StateRef,
    StepExpectation,
    StringSpec,
    Threshold,
    Tolerances,
    Validation,
    WaitingRecord,
)
from rehearse.loading.tree import DeferredNode, Entry, MapNode, ScalarNode
from rehearse.run.outcome import InvariantBreach
from rehearse.values import FrozenMap, Value

D = Decimal


def assertion(value: Any, spec: Any, *, key: str = "it", **parts: Any) -> Assertion:
    """Return an assertion."""
    return Assertion(key=key, category="assertion", value=value, spec=spec, **parts)


# ── verdicts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_result(key: str, status: Any, category: Any = "assertion", *, critical: bool = False) -> CheckResult:
    """Return a result by hand."""
    return CheckResult(key, category, status, message=f"{key} is bad" if status != "passed" else "", critical=critical)


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((), "UNKNOWN"),
        (("passed",), "PASSED"),
        (("passed", "warned"), "PASSED"),
        (("passed", "failed"), "FAILED"),
        (("failed", "unknown"), "UNKNOWN"),
        (("passed", "unknown"), "UNKNOWN"),
    ],
)
def test_the_precedence_of_a_verdict(statuses: tuple[str, ...], verdict: str) -> None:
    """UNKNOWN if one is unknown, else FAILED, else PASSED; nothing checked has not passed."""
    found = Verdict.of(check_result(str(index), status) for index, status in enumerate(statuses))
    assert found.verdict == verdict
    assert found.passed == (verdict == "PASSED")


def test_nothing_checked_says_so() -> None:
    """An empty verdict has an error, and no category."""
    assert (Verdict.of(()).errors, Verdict.of(()).category) == (("nothing was checked",), None)


def test_critical_checks_come_first_and_decide_the_category() -> None:
    """The gravest category of the unmet checks is the run's; errors follow the same order."""
    found = Verdict.of(
        [
            check_result("a", "failed"),
            check_result("b", "failed", "state"),
            check_result("c", "warned", "invariant"),
            check_result("d", "failed", "critical", critical=True),
            check_result("e", "passed", "performance"),
        ]
    )
    assert found.category == "critical"
    assert [check.key for check in found.checks] == ["d", "a", "b", "c", "e"]
    assert found.errors == ("d: d is bad", "a: a is bad", "b: b is bad")
    assert [check.key for check in found.warnings] == ["c"]
    assert Verdict.of(found.checks[1:]).category == "state"


def test_a_whole_verdict_is_keyed_by_name_and_place() -> None:
    """success, the steps, what is written in its order, then what holds unsaid."""
    found = TRIAL.verdict(assertion(MeasureRef("duties"), NumericSpec(2), key="duties"))
    assert [(check.key, check.status) for check in found.checks] == [
        ("success", "passed"),
        ("steps.main", "passed"),
        ("duties", "passed"),
        ("invariants.no_orphans", "passed"),
    ]
    assert found.verdict == "PASSED"


# ── what becomes of a check ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_check_that_crashes_is_unknown_with_its_traceback() -> None:
    """A defect in a measure is no failure of the run: nobody knows, and the traceback says where."""
    found = TRIAL.result(assertion(MeasureRef("broken"), NumericSpec(1)))
    assert (found.status, found.message) == ("unknown", "ZeroDivisionError: the figure is broken")
    assert "in crash" in found.traceback


def test_a_crash_without_words_is_named_by_its_class() -> None:
    """Some exceptions say nothing."""

    def silent(*_: object) -> Any:
        raise SilentError

    found = Trial(domain=domain(compliance=silent)).result(
        CompliancePattern(key="c", category="state", rule="rest", status="compliant")
    )
    assert found.message == "SilentError"


class SilentError(Exception):
    """An error without a message."""


def test_the_authors_words_come_first() -> None:
    """A message is shown with the reason; a check that holds needs neither."""
    check = assertion(MeasureRef("duties"), NumericSpec(3), message="a duty got lost")
    assert TRIAL.result(check).message == "a duty got lost (expected 3, found 2)"
    assert TRIAL.result(replace(check, spec=NumericSpec(2))).message == ""


@pytest.mark.parametrize(
    ("parts", "status", "category"),
    [
        ({}, "failed", "assertion"),
        ({"critical": True}, "failed", "critical"),
        ({"level": "warn"}, "warned", "assertion"),
    ],
)
def test_levels_and_categories(parts: dict[str, Any], status: str, category: str) -> None:
    """Critical decides category and place, warn never fails."""
    found = TRIAL.result(assertion(MeasureRef("duties"), NumericSpec(3), **parts))
    assert (found.status, found.category, found.expected, found.actual) == (status, category, "3", 2)


def test_a_warning_does_not_hide_a_defect() -> None:
    """What crashes at level warn is still unknown."""
    assert TRIAL.result(assertion(MeasureRef("broken"), NumericSpec(1), level="warn")).status == "unknown"


def test_the_place_in_the_file_goes_along() -> None:
    """A result knows where its author wrote the check."""
    assert TRIAL.result(assertion(MeasureRef("duties"), NumericSpec(3), span=SPAN)).span is SPAN


def test_what_is_no_finite_number_can_be_kept() -> None:
    """A measure that came to nothing fails, and its result can still be written down."""
    odd = Measure("odd", "map", "Odd.", of_state=lambda _: {"a": float("nan"), "b": D("Infinity"), "c": 1.5})  # type: ignore[dict-item, return-value]
    found = Trial(domain=domain(measures={"odd": odd})).result(assertion(MeasureRef("odd"), Equal(FrozenMap({}))))
    assert (found.status, found.actual) == ("failed", {"a": "nan", "b": "Infinity", "c": 1.5})
    lists = asking_for((1, float("inf")))
    assert lists.actual == (1, "inf")


def asking_for(value: Any) -> CheckResult:
    """Return the result of an assertion about a measure with this value."""
    odd = Measure("odd", "collection", "Odd.", of_state=lambda _: value)
    return Trial(domain=domain(measures={"odd": odd})).result(assertion(MeasureRef("odd"), CollectionSpec(())))


# ── what an assertion looks at ─────────────────────────────────────────────────────────────────────────────────────────

LOOKS: tuple[tuple[Any, Any, str, str], ...] = (
    (MeasureRef("duties"), NumericSpec(2), "passed", ""),
    (MeasureRef("duties", state="before"), NumericSpec(2), "passed", ""),
    (MeasureRef("hours", "R1"), NumericSpec(12), "passed", ""),
    (MeasureRef("work_hours", "R2"), NumericSpec(D("4.5")), "passed", ""),
    (MeasureRef("hours"), Equal(FrozenMap({"R1": 12, "R2": D("4.5")})), "passed", ""),
    (MeasureRef("hours", "R9"), NumericSpec(12), "failed", "`hours` has no entry `R9`"),
    (MeasureRef("hours", "count"), NumericSpec(2), "passed", ""),
    (MeasureRef("holders"), CollectionSpec(("R2", "R1")), "passed", ""),
    (MeasureRef("holders", "count"), NumericSpec(2), "passed", ""),
    (MeasureRef("duties", "x"), NumericSpec(2), "failed", "`duties` has no entry `x`"),
    (MeasureRef("changed"), NumericSpec(0), "passed", ""),
    (MeasureRef("changed", state="before"), NumericSpec(0), "unknown", "`changed` has no value before the run"),
    (MeasureRef("calm"), BooleanSpec(), "passed", ""),
    (MeasureRef("nothing"), Equal(None), "passed", ""),
    (MeasureRef("nothing"), NumericSpec(0), "failed", "expected int 0, found null"),
    (MeasureRef("mood"), StringSpec("FAIR", "case_insensitive"), "passed", ""),
    (MeasureRef("closed"), NumericSpec(0), "unknown", "`closed` cannot be asked here: the rule is not in force"),
    (MeasureRef("steps_done"), NumericSpec(1), "passed", ""),
    (MeasureRef("operation_times", "main"), NumericSpec(D("0.25")), "passed", ""),
    (MeasureRef("error_message"), StringSpec(""), "passed", ""),
    (ResultRef("main", ("outcome",)), StringSpec("done"), "passed", ""),
    (ResultRef("main", ("success",)), BooleanSpec(), "passed", ""),
    (ResultRef("main", ("queries",)), NumericSpec(3), "passed", ""),
    (ResultRef("main", ("seconds",)), NumericSpec(D("0.25")), "passed", ""),
    (ResultRef("main", ("reasons",)), CollectionSpec(()), "passed", ""),
    (ResultRef("main", ("codes", "count")), NumericSpec(0), "passed", ""),
    (ResultRef("plan", ("data", "moves", 0, "person_id")), StringSpec("R3"), "passed", ""),
    (ResultRef("plan", ("data", "moves", -1, "person_id")), StringSpec("R4"), "passed", ""),
    (ResultRef("plan", ("data", "moves", "count")), NumericSpec(2), "passed", ""),
    (
        ResultRef("plan", ("data", "moves", 5)),
        StringSpec("R3"),
        "failed",
        "`steps.plan.data.moves[5]` is not there: `steps.plan.data.moves` is a list",
    ),
    (
        ResultRef("plan", ("data", "gone")),
        StringSpec("R3"),
        "failed",
        "`steps.plan.data.gone` is not there: plan came out done",
    ),
    (
        ResultRef("main", ("mood",)),
        StringSpec("R3"),
        "failed",
        "`steps.main.mood` is not there: a result has outcome, success, reasons, codes, seconds, queries, data",
    ),
    (ResultRef("other", ("outcome",)), StringSpec("done"), "failed", "`steps.other` has no result"),
    (StateRef(path("duties.count")), NumericSpec(2), "passed", ""),
    (StateRef(path("duties[person_id=R1].count")), NumericSpec(1), "passed", ""),
    (StateRef(path("duties[weekday=wed].count")), NumericSpec(1), "passed", ""),
    (StateRef(path("duties[id=d9].count")), NumericSpec(0), "passed", ""),
    (StateRef(path("duties.d1.person_id"), "before"), StringSpec("R1"), "passed", ""),
    (StateRef(path("duties.d1.weekday")), StringSpec("wed"), "passed", ""),
    (StateRef(path("duties.d1.start")), Equal(datetime(2024, 12, 25, 7)), "passed", ""),
    (StateRef(path("duties.d1.tags[1]")), StringSpec("night"), "passed", ""),
    (StateRef(path("duties.d1.tags.count")), NumericSpec(2), "passed", ""),
    (StateRef(path("duties.d2.tags.a.count")), NumericSpec(2), "passed", ""),
    (
        StateRef(path("duties.d1.tags.x")),
        NumericSpec(2),
        "failed",
        "`duties.d1.tags.x` is not there: `duties.d1.tags` is a list",
    ),
    (StateRef(path("duties.d9.person_id")), StringSpec("R1"), "failed", "no such row: `duties` has no `d9`"),
    (StateRef(path("pairs['1/x'].note")), StringSpec("noted"), "passed", ""),
    (StateRef(path("duties.d1.colour")), StringSpec("red"), "unknown", "KeyError: 'colour'"),
)


@pytest.mark.parametrize(("value", "spec", "status", "message"), LOOKS)
def test_what_an_assertion_can_look_at(value: Any, spec: Any, status: str, message: str) -> None:
    """Measures and their entries, results of steps, PATHs with derived fields, filters and counts."""
    moves = (FrozenMap({"person_id": "R3"}), FrozenMap({"person_id": "R4"}))
    trial = Trial(
        before={"persons": PERSONS, "duties": (D1, D2), "pairs": ((1, "x", "noted"), (1, "y", None))},
        steps=(step(save_as="plan"),),
        views=(view(data=FrozenMap({"moves": moves})),),
    )
    found = trial.result(assertion(value, spec))
    assert (found.status, found.message) == (status, message)


def test_what_nobody_knows_leaves_its_checks_unknown() -> None:
    """The data of a step that may or may not have committed is not missing: it is unknown."""
    trial = Trial(views=(view(outcome="unknown"),))
    found = trial.result(assertion(ResultRef("main", ("data", "id")), StringSpec("x")))
    assert (found.status, found.message) == ("unknown", "nobody knows what main did, so it has no data")
    waits = assertion(MeasureRef("duties"), NumericSpec(waiting("${steps.main.data.n}")))
    assert trial.result(waits).status == "unknown"


def test_a_measure_is_computed_once() -> None:
    """However many checks ask for it, by whichever name."""
    asked = []
    counting = replace(DOMAIN.measures["duties"], of_state=lambda state: asked.append(state) or 2, aliases=("load",))
    trial = Trial(domain=domain(measures={"duties": counting}))
    checks = [assertion(MeasureRef(name), NumericSpec(2), key=name) for name in ("duties", "load")]
    assert trial.verdict(*checks, assertion(MeasureRef("duties", state="before"), NumericSpec(2))).passed
    assert len(asked) == 2


# ── expectations that wait for results ─────────────────────────────────────────────────────────────────────────────────

RESULT = (
    view(data=FrozenMap({"n": 2, "who": "R1", "list": ("R1", "R2"), "none": None, "day": D1[3], "none_given": ()})),
)


@pytest.mark.parametrize(
    ("value", "spec", "status"),
    [
        (MeasureRef("duties"), NumericSpec(waiting("${steps.main.data.n}")), "passed"),
        (MeasureRef("duties"), NumericSpec(minimum=1, maximum=waiting("${steps.main.data.n}")), "passed"),
        (MeasureRef("duties"), NumericSpec(5, tolerance=waiting("${steps.main.data.n}")), "failed"),
        (MeasureRef("duties"), NumericSpec(4, tolerance=waiting("${steps.main.data.n}")), "passed"),
        (MeasureRef("duties"), NumericSpec(4, tolerance=waiting("${steps.main.data.who}")), "unknown"),
        (MeasureRef("duties"), NumericSpec(waiting("${steps.main.data.who}")), "failed"),
        (MeasureRef("duties"), NumericSpec(waiting("${steps.main.data.none}")), "failed"),
        (MeasureRef("duties"), NumericSpec(waiting("${steps.main.data.gone}")), "failed"),
        (StateRef(path("duties.d1.person_id")), StringSpec(waiting("${steps.main.data.who}")), "passed"),
        (StateRef(path("duties.d1.weekday")), StringSpec(waiting("w${steps.main.data.who}")), "failed"),
        (StateRef(path("duties.d1.day")), Equal(waiting("${steps.main.data.day}")), "passed"),
        (MeasureRef("holders"), CollectionSpec((waiting("${steps.main.data.who}"), "R2")), "passed"),
        (MeasureRef("holders"), CollectionSpec(waiting("${steps.main.data.list}")), "passed"),
        (MeasureRef("holders"), CollectionSpec(waiting("${steps.main.data.none_given}"), "superset"), "passed"),
        (MeasureRef("hours"), Equal(FrozenMap({"R1": 12, "R2": waiting("${steps.main.data.n}")})), "failed"),
        (MeasureRef("calm"), BooleanSpec(waiting("${steps.main.success}")), "passed"),
        (MeasureRef("mood"), StringSpec(waiting("${steps.main.data.list} x")), "failed"),
    ],
)
def test_expected_values_may_wait_for_results(value: Any, spec: Any, status: str) -> None:
    """A whole placeholder keeps the result's type; one that is not there, or of no fitting type, fails the check."""
    assert Trial(views=RESULT).result(assertion(value, spec)).status == status


# ── tolerances of assertions ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("override", "status"),
    [("it", "passed"), ("duties.d1.hours", "passed"), ("hours", "passed"), ("elsewhere", "failed")],
)
def test_an_override_is_found_by_name_and_by_path(override: str, status: str) -> None:
    """The check's name, the field's name, or the PATH."""
    validation = Validation(field_overrides=((override, Tolerances(numeric_absolute=D(1))),))
    check = assertion(StateRef(path("duties.d1.hours")), NumericSpec(13))
    assert Trial(validation=validation).result(check).status == status


def test_lenient_tolerances_hold_for_every_number() -> None:
    """Under strict the general ones do nothing."""
    check = assertion(MeasureRef("hours", "R1"), NumericSpec(13))
    for strategy, status in (("lenient", "passed"), ("strict", "failed")):
        validation = Validation(comparison_strategy=strategy, tolerances=Tolerances(numeric_percentage=D("0.1")))  # type: ignore[arg-type]
        assert Trial(validation=validation).result(check).status == status


@pytest.mark.parametrize("setting", ["collection_order_matters", "require_exact_order"])
def test_collections_may_be_sequences_by_default(setting: str) -> None:
    """Either setting makes order matter; a check's own word wins."""
    validation = Validation(**{setting: True})
    check = assertion(MeasureRef("holders"), CollectionSpec(("R2", "R1")))
    assert Trial(validation=validation).result(check).status == "failed"
    own = replace(check, spec=CollectionSpec(("R2", "R1"), order_matters=False))
    assert Trial(validation=validation).result(own).status == "passed"


# ── assertions of the domain ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_domain_answers_for_its_own_types() -> None:
    """What it found and why goes into the result; its parameters are what is expected."""
    asked = DomainAssertion(key="r9", category="assertion", type="has_duty", parameters=DutyQuestion("R9"))
    found = TRIAL.result(asked)
    assert (found.status, found.expected, found.actual, found.message) == (
        "failed",
        "has_duty person_id R9, expected true",
        False,
        "R9 has no duty",
    )
    assert TRIAL.result(replace(asked, parameters=DutyQuestion("R9", expected=False))).status == "passed"
    silent = replace(asked, parameters=DutyQuestion("R1", expected=False))
    assert TRIAL.result(silent).message == "has_duty does not hold"


def _waiting_parameters(text: str, key: str = "person_id") -> WaitingRecord:
    return WaitingRecord(MapNode((Entry(key, SPAN, DeferredNode(text, SPAN, ())),), SPAN), DutyQuestion)


def test_parameters_of_a_domain_assertion_may_wait() -> None:
    """They are read as the record when the results are known; what is missing or does not fit fails the check."""
    trial = Trial(views=RESULT)
    asked = DomainAssertion(
        key="who", category="assertion", type="has_duty", parameters=_waiting_parameters("${steps.main.data.who}")
    )
    assert trial.result(asked).status == "passed"
    gone = replace(asked, parameters=_waiting_parameters("${steps.main.data.gone}"))
    assert (trial.result(gone).status, "gone` is not there" in trial.result(gone).message) == ("failed", True)
    wrong = replace(asked, parameters=_waiting_parameters("${steps.main.data.n}"))
    assert trial.result(wrong).message == "`person_id` must be text, not an int"
    no_map = replace(asked, parameters=WaitingRecord(ScalarNode(1, SPAN), DutyQuestion))
    assert trial.result(no_map).message == "its parameters are no map"


# ── steps and success ──────────────────────────────────────────────────────────────────────────────────────────────────

SICK = refused(("leave", "R1 is on leave"), ("rest", "10 h after a call"))


@pytest.mark.parametrize(
    ("expect", "came", "status"),
    [
        (StepExpectation(), view(), "passed"),
        (StepExpectation(), SICK, "failed"),
        (StepExpectation(("rejected",)), SICK, "passed"),
        (StepExpectation(("rejected",)), view(), "failed"),
        (StepExpectation(("done", "rejected")), view(), "passed"),
        (StepExpectation(("rejected",), reason="on leave"), SICK, "passed"),
        (StepExpectation(("rejected",), reason="on LEAVE"), SICK, "failed"),
        (StepExpectation(("rejected",), reason="r1 IS on leave", match_type="case_insensitive"), SICK, "passed"),
        (StepExpectation(("rejected",), reason=r"^\d+ h", match_type="regex"), SICK, "passed"),
        (StepExpectation(("rejected",), reason="leave", match_type="exact"), SICK, "failed"),
        (StepExpectation(("rejected",), code="rest"), SICK, "passed"),
        (StepExpectation(("rejected",), code="pinned"), SICK, "failed"),
        (StepExpectation(("rejected",), reason="after a call", code="rest"), SICK, "passed"),
        (StepExpectation(("rejected",), reason="after a call", code="leave"), SICK, "failed"),
        (StepExpectation(("done", "rejected"), code="rest"), view(), "passed"),
        (StepExpectation(("rejected",), reason=waiting("after a ${steps.main.data.what}")), SICK, "failed"),
        (StepExpectation(("error",), reason="ValueError"), view(outcome="error", error="ValueError: no"), "passed"),
        (StepExpectation(("error",), reason="KeyError"), view(outcome="error", error="ValueError: no"), "failed"),
        (StepExpectation(("error",), code="rest"), view(outcome="error"), "failed"),
        (StepExpectation(("error",)), view(outcome="error", error="ValueError: no"), "passed"),
        (StepExpectation(), view(outcome="skipped"), "failed"),
        (StepExpectation(), view(outcome="unknown"), "unknown"),
        (StepExpectation(("done", "rejected", "error")), view(outcome="unknown", error="cut off"), "unknown"),
    ],
)
def test_a_step_is_held_against_its_expectation(expect: StepExpectation, came: Any, status: str) -> None:
    """Outcome, and where they are named text and code of one and the same reason."""
    trial = Trial(steps=(step(expect=expect),), views=(came,))
    assert trial.named("steps.main").status == status


@pytest.mark.parametrize(
    ("came", "message"),
    [
        (SICK, "it came out rejected: R1 is on leave; 10 h after a call"),
        (view(outcome="error", error="ValueError: no"), "it came out error: ValueError: no"),
        (view(outcome="error"), "it came out error"),
        (view(outcome="skipped"), "it was skipped"),
        (view(outcome="unknown", error="cut off"), "cut off"),
        (view(outcome="unknown"), "nobody knows whether it committed"),
    ],
)
def test_an_unexpected_outcome_is_told_with_its_reasons(came: Any, message: str) -> None:
    """The reader need not look elsewhere."""
    assert Trial(views=(came,)).named("steps.main").message == message


def test_a_reason_that_does_not_match_is_shown() -> None:
    """All reasons that were given are told, with their codes."""
    expect = StepExpectation(("rejected",), reason="after a call", code="leave")
    found = Trial(steps=(step(expect=expect),), views=(SICK,)).named("steps.main")
    assert found.expected == 'rejected with code leave with a reason (contains) "after a call"'
    assert found.message == "no reason is the one expected; found leave: R1 is on leave; rest: 10 h after a call"


def test_a_step_that_never_began_fails() -> None:
    """Without a result there is nothing that could be as expected."""
    found = Trial(views=()).named("steps.main")
    assert (found.status, found.message) == ("failed", "it never began")


TWO = (step("step1", StepExpectation()), step("step2", StepExpectation(("done",), written=True)))
WAITS = StepExpectation(("rejected",), reason=waiting("after ${steps.step1.outcome}"))


@pytest.mark.parametrize(
    ("success", "first", "second", "status", "keys"),
    [
        (True, "done", "done", "passed", ["steps.step1", "steps.step2"]),
        (True, "done", "rejected", "failed", ["steps.step1", "steps.step2"]),
        (True, "done", "unknown", "unknown", ["steps.step1", "steps.step2"]),
        (True, "rejected", "unknown", "failed", ["steps.step1", "steps.step2"]),
        (False, "done", "done", "failed", ["steps.step2"]),
        (False, "rejected", "done", "passed", ["steps.step2"]),
        (False, "error", "done", "failed", ["steps.step2"]),
        (False, "unknown", "done", "unknown", ["steps.step2"]),
    ],
)
def test_success(success: bool, first: str, second: str, status: str, keys: list[str]) -> None:
    """true: every step as it expects. false: some step rejected; what says nothing of itself is not judged singly."""
    trial = Trial(steps=TWO, views=(view("step1", first), view("step2", second)), success=success)
    verdict = trial.verdict()
    assert {check.key: check.status for check in verdict.checks}["success"] == status
    assert [check.key for check in verdict.checks if check.key.startswith("steps.")] == keys


def test_success_false_is_met_by_an_expected_error() -> None:
    """An error that the step expects counts like a refusal."""
    trial = Trial(
        steps=(step(expect=StepExpectation(("error",), written=True)),), views=(view(outcome="error"),), success=False
    )
    assert trial.verdict().passed


def test_a_reason_in_words_keeps_its_placeholder() -> None:
    """What waits is shown as written."""
    found = Trial(steps=(step("step1"), step("step2", WAITS)), views=(view("step1"), view("step2"))).named(
        "steps.step2"
    )
    assert found.expected == 'rejected with a reason (contains) "after ${steps.step1.outcome}"'


# ── invariants ─────────────────────────────────────────────────────────────────────────────────────────────────────────

LOST = ("d3", "R9", *D1[2:])


def test_a_breach_on_the_way_fails_with_its_step() -> None:
    """Even if the end is whole again."""
    breach = InvariantBreach("no_orphans", "step2", ("d3 has no person",))
    found = Trial(breaches=(breach,)).named("invariants.no_orphans")
    assert (found.status, found.category) == ("failed", "invariant")
    assert (found.actual, found.message) == ("broken after step2", "after step2: d3 has no person")


def test_an_invariant_that_could_not_be_asked_is_unknown() -> None:
    """If it crashed wherever it was asked; one breach that was seen decides."""
    crashed = InvariantBreach("no_orphans", "step1", ("KeyError: 'x'",), crashed=True)
    found = Trial(breaches=(crashed,)).named("invariants.no_orphans")
    assert (found.status, found.actual) == ("unknown", "could not be asked after step1")
    seen = InvariantBreach("no_orphans", "step2", ("d3 has no person",))
    assert Trial(breaches=(crashed, seen)).named("invariants.no_orphans").status == "failed"


def test_a_breach_in_the_end_fails() -> None:
    """A stored run is judged by its states, whatever was watched on the way."""
    found = Trial(after={"persons": PERSONS, "duties": (D1, D2, LOST)}).named("invariants.no_orphans")
    assert (found.status, found.message) == ("failed", "after the run: d3 has no person")


def test_a_breach_from_before_is_told_and_fails_nothing() -> None:
    """What was broken already is not the run's; what came on top is."""
    before = {"persons": PERSONS, "duties": (D1, LOST)}
    found = Trial(before=before).named("invariants.no_orphans")
    assert (found.status, found.message) == ("warned", "broken before the run: d3 has no person")
    after = {"persons": PERSONS, "duties": (D1, LOST, ("d4", "R8", *D1[2:]))}
    assert Trial(before=before, after=after).named("invariants.no_orphans").message == "after the run: d4 has no person"


def test_an_invariant_that_the_scenario_names_is_judged_once() -> None:
    """Under its own settings, in its place."""
    many = tuple(f"row {number}" for number in range(7))
    invariant = Invariant("crowded", "Never holds afterwards.", lambda state, before: () if state is before else many)
    trial = Trial(domain=domain(invariants={**DOMAIN.invariants, "crowded": invariant}))
    check = InvariantCheck(key="invariants.crowded", category="critical", critical=True, name="crowded")
    named = InvariantCheck(key="invariants.no_orphans", category="invariant", name="no_orphans")
    verdict = trial.verdict(check, named)
    assert verdict.checks[0].message == "after the run: row 0, row 1, row 2, row 3, row 4 and 2 more"
    assert [item.key for item in verdict.checks].count("invariants.no_orphans") == 1


# ── performance, thresholds, expected errors ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("metric", "limit", "of_step", "status", "actual"),
    [
        ("max_execution_time", D("0.5"), None, "passed", D("0.5")),
        ("max_execution_time", D("0.4"), None, "failed", D("0.5")),
        ("max_execution_time", D("0.25"), "main", "passed", D("0.25")),
        ("max_db_queries", D(7), None, "passed", D(7)),
        ("max_db_queries", D(6), None, "failed", D(7)),
        ("max_db_queries", D(2), "main", "failed", D(3)),
        ("max_memory_mb", D(8), None, "passed", D(8)),
        ("max_memory_mb", D(7), None, "failed", D(8)),
        ("max_memory_mb", D(8), "main", "passed", D(8)),
        ("max_memory_mb", D(7), "main", "unknown", D(8)),
        ("max_db_queries", D(2), "late", "failed", "skipped"),
        ("max_db_queries", D(2), "never", "failed", "skipped"),
    ],
)
def test_performance_limits(metric: Any, limit: Decimal, of_step: str | None, status: str, actual: Value) -> None:
    """The limit itself is inside; statements are those of the operations; a step's memory is known only from above."""
    trial = Trial(steps=(step(), step("late")), views=(view(), view("late", "skipped")))
    check = PerformanceLimit(key="p", category="performance", metric=metric, limit=limit, step=of_step)
    found = trial.result(check)
    assert (found.status, found.actual) == (status, actual)


def test_a_missed_limit_names_both_figures() -> None:
    """With the unit."""
    check = PerformanceLimit(key="p", category="performance", metric="max_db_queries", limit=D(6))
    assert (TRIAL.result(check).expected, TRIAL.result(check).message) == ("≤ 6 queries", "7 queries, more than 6")


@pytest.mark.parametrize(
    ("measure", "limits", "status", "message"),
    [
        ("duties", {"fail_above": D(2)}, "passed", ""),
        ("duties", {"fail_above": D(1)}, "failed", "2 is above 1"),
        ("duties", {"fail_below": D(2)}, "passed", ""),
        ("duties", {"fail_below": D(3), "warn_below": D(4)}, "failed", "2 is below 3"),
        ("duties", {"warn_above": D(1)}, "warned", "2 is above 1"),
        ("duties", {"warn_at_least": D(2)}, "warned", "2 is at least 2"),
        ("duties", {"fail_at_least": D("2.1")}, "passed", ""),
        ("hours", {"fail_above": D(10)}, "failed", "R1: 12 is above 10"),
        ("hours", {"warn_above": D(4)}, "warned", "R1: 12 is above 4; R2: 4.5 is above 4"),
        ("calm", {"fail_on": False}, "passed", ""),
        ("calm", {"fail_on": True}, "failed", "true"),
        ("calm", {"warn_on": True}, "warned", "true"),
        ("nothing", {"fail_below": D(3)}, "passed", ""),
        ("mood", {"fail_below": D(3)}, "unknown", 'TypeError: `mood` is text "fair", and limits are for numbers'),
        ("closed", {"fail_below": D(3)}, "unknown", "`closed` cannot be asked here: the rule is not in force"),
    ],
)
def test_thresholds(measure: str, limits: dict[str, Any], status: str, message: str) -> None:
    """Beyond a fail limit fails, beyond a warn limit is listed; a map entry by entry, null by none."""
    found = TRIAL.result(Threshold(key="t", category="assertion", measure=measure, **limits))
    assert (found.status, found.message) == (status, message)


def test_thresholds_in_words() -> None:
    """Every limit is named."""
    check = Threshold(
        key="t", category="assertion", measure="duties", fail_above=D(9), warn_at_least=D(5), fail_below=D(1)
    )
    assert TRIAL.result(check).expected == "fails above 9, fails below 1, warns from 5"
    flag = Threshold(key="t", category="assertion", measure="calm", fail_on=False, warn_on=True)
    assert TRIAL.result(flag).expected == "fails on false, warns on true"


@pytest.mark.parametrize(
    ("parts", "status", "expected"),
    [
        ({}, "passed", "at least 1 Gap"),
        ({"minimum": 3, "maximum": 3}, "passed", "3 Gap"),
        ({"minimum": 4}, "failed", "at least 4 Gap"),
        ({"maximum": 2}, "failed", "at most 2 Gap"),
        ({"maximum": 3}, "passed", "at most 3 Gap"),
        ({"person_id": "R1"}, "passed", "at least 1 Gap of R1"),
        ({"person_id": "R1", "minimum": 2}, "failed", "at least 2 Gap of R1"),
        ({"rule": "rest", "minimum": 2, "maximum": 2}, "passed", "2 Gap by rest"),
        ({"rule": "call"}, "failed", "at least 1 Gap by call"),
        ({"type": "Flood"}, "failed", "at least 1 Flood"),
        ({"type": "Flood", "maximum": 0}, "passed", "at most 0 Flood"),
        ({"minimum": 1, "maximum": 5}, "passed", "at least 1 and at most 5 Gap"),
    ],
)
def test_expected_errors(parts: dict[str, Any], status: str, expected: str) -> None:
    """Counted by type, person and rule; without numbers at least one."""
    found = TRIAL.result(ExpectedError(**{"key": "e", "category": "assertion", "type": "Gap", **parts}))
    assert (found.status, found.expected) == (status, expected)


def test_errors_that_are_too_many_are_told() -> None:
    """Rule and person, where the domain knows them."""
    found = TRIAL.result(ExpectedError(key="e", category="assertion", type="Gap", maximum=0))
    assert found.message == "found 3: rest:R1, rest:R2, one"


# ── compliance and state_comparison ────────────────────────────────────────────────────────────────────────────────────


def test_the_status_of_a_rule() -> None:
    """As the domain sees it, for one person or for all."""
    check = CompliancePattern(key="c", category="state", rule="rest", status="compliant", person_id="R1")
    found = TRIAL.result(check)
    assert (found.status, found.message) == ("failed", "rest for R1 is violation, not compliant")
    assert TRIAL.result(replace(check, person_id=None)).expected == "rest compliant"
    assert TRIAL.result(replace(check, person_id=None)).status == "passed"
    nothing = Trial(domain=domain(compliance=None)).result(check)
    assert (nothing.status, nothing.message) == ("unknown", "TypeError: domain `ward` has no rules")


MOVED = {
    "persons": PERSONS,
    "duties": (("d1", "R3", datetime(2024, 12, 25, 9), D2[3], D(10), True, ("icu",)), ("d3", *D2[1:])),
}


def comparison(text: str, **parts: Any) -> StateComparison:
    """Return a comparison of one PATH."""
    return StateComparison(key="state_comparison[0]", category="state", path=path(text), **parts)


def initial(value: object) -> dict[str, Any]:
    """Say what was before."""
    return {"initial": value, "has_initial": True}


def final(value: object) -> dict[str, Any]:
    """Say what is afterwards."""
    return {"final": value, "has_final": True}


@pytest.mark.parametrize(
    ("text", "parts", "status"),
    [
        ("duties.d1.person_id", {}, "passed"),
        ("duties.count", {}, "failed"),
        ("duties.d1.person_id", {**initial("R1"), **final("R3")}, "passed"),
        ("duties.d1.person_id", {**initial("R1"), **final("R2")}, "failed"),
        ("duties.d1.person_id", {**initial("R2")}, "failed"),
        ("duties.d1.hours", {**final(NumericSpec(minimum=10, maximum=11))}, "passed"),
        ("duties.count", {**initial(2), **final(2)}, "passed"),
        ("duties.d3.person_id", {**initial(None), **final("R2")}, "passed"),
        ("duties.d2.person_id", {**final(None)}, "passed"),
        ("duties.d9.person_id", {"change_type": "unchanged"}, "passed"),
        ("duties.d1.tags[1]", {**initial("night"), **final(None)}, "passed"),
        ("duties.d1.hours", {"change_type": "decreased"}, "passed"),
        ("duties.d1.hours", {"change_type": "increased"}, "failed"),
        ("duties.d1.start", {"change_type": "increased"}, "passed"),
        ("duties.d1.day", {"change_type": "increased"}, "passed"),
        ("duties.d1.person_id", {"change_type": "increased"}, "failed"),
        ("duties.d1.hours", {"change_type": "unchanged"}, "failed"),
        ("duties.d1.pinned", {"change_type": "changed"}, "passed"),
        ("duties.d1.hours", {"min_change": D(2), "max_change": D(2)}, "passed"),
        ("duties.d1.hours", {"min_change": D("2.1")}, "failed"),
        ("duties.d1.hours", {"max_change": D("1.9")}, "failed"),
        ("duties.d1.start", {"min_change": D(7200), "max_change": D(7200)}, "passed"),
        ("duties.d1.day", {"min_change": D(1), "max_change": D(1)}, "passed"),
        ("duties.d1.person_id", {"min_change": D(1)}, "failed"),
        ("duties.d3.start", {"min_change": D(1)}, "failed"),
        ("duties.d1.hours", {"change_type": "decreased", "min_change": D(3)}, "failed"),
        ("duties.d1.colour", {}, "unknown"),
    ],
)
def test_state_comparison(text: str, parts: dict[str, Any], status: str) -> None:
    """Values before and after, direction, distance in days or seconds; a missing row is null; all that is given must hold."""
    assert Trial(after=MOVED).result(comparison(text, **parts)).status == status


def test_a_comparison_in_words() -> None:
    """What was asked, what was found, why it does not hold."""
    check = comparison("duties.d1.hours", **initial(12), change_type="increased", min_change=D(3), max_change=D(4))
    found = Trial(after=MOVED).result(check)
    assert (found.expected, found.actual) == ("initial 12, increased by at least 3 by at most 4", "12 → 10")
    assert found.message == "it has not increased: 12 → 10; it changed by 2, less than 3"
    unchanged = Trial(after=MOVED).result(comparison("duties.d1.person_id", change_type="unchanged"))
    assert unchanged.message == 'it changed: "R1" → "R3"'
    assert TRIAL.result(comparison("duties.d1.person_id")).message == 'it did not change: "R1" → "R1"'
    odd = Trial(after=MOVED).result(comparison("duties.d3.start", change_type="increased"))
    assert odd.message == "null → moment 2024-12-26T07:00 has no direction"


def test_unchanged_within_a_tolerance_is_unchanged() -> None:
    """Under lenient the general tolerances hold for a comparison, too."""
    validation = Validation(comparison_strategy="lenient", tolerances=Tolerances(numeric_absolute=D(2)))
    trial = Trial(after=MOVED, validation=validation)
    assert trial.result(comparison("duties.d1.hours", change_type="unchanged")).status == "passed"
    assert trial.result(comparison("duties.d1.hours", change_type="changed")).status == "failed"


def test_clock_and_complaints_stay_out_of_results() -> None:
    """The same evidence gives the same verdict, whenever and however often it is judged."""
    checks: tuple[Check, ...] = (
        assertion(MeasureRef("broken"), NumericSpec(1)),
        comparison("duties.d1.hours", change_type="increased"),
    )
    trial = Trial(after=MOVED, views=(view(clock=CLOCK),))
    assert trial.verdict(*checks) == trial.verdict(*checks)
    assert Complaints().problems == ()
    with pytest.raises(ZeroDivisionError):
        crash()
