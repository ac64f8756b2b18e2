"""``final_state``: which rows a pattern picks, and what must hold for them."""

# ruff: noqa: DTZ001, FBT003  (moments have no zone; booleans are what is answered)

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from expect.ward import D1, D2, DOMAIN, PERSONS, TRIAL, Trial, domain, view, waiting
from rehearse.domain import Finding, Validator
from rehearse.expectation import (
    CollectionSpec,
    Equal,
    FieldPattern,
    FinalStatePattern,
    NumericSpec,
    StringSpec,
    Tolerances,
    Validation,
)
from rehearse.values import FrozenMap

D = Decimal
D3 = ("d3", "R3", datetime(2024, 12, 25, 7), date(2024, 12, 25), D(6), True, ())
THREE = {"persons": PERSONS, "duties": (D1, D2, D3)}


def pattern(*where: tuple[str, Any], **parts: Any) -> FinalStatePattern:
    """Return a pattern of duties."""
    values = {"key": "final_state.duties[0]", "category": "state", "table": "duties", "where": where}
    return FinalStatePattern(**{**values, **parts})


def fields(**expected: Any) -> tuple[FieldPattern, ...]:
    """Return what must hold for each row."""
    return tuple(FieldPattern(name=name, expected=value) for name, value in expected.items())


@pytest.mark.parametrize(
    ("check", "status", "message"),
    [
        (pattern(("id", "d1")), "passed", ""),
        (pattern(("id", "d9")), "failed", "no such row in duties"),
        (pattern(("id", "d1"), fields=fields(person_id="R1", hours=12)), "passed", ""),
        (pattern(("id", "d1"), fields=fields(person_id="R2")), "failed", 'd1.person_id: expected "R2", found "R1"'),
        (pattern(("person_id", "R1"), ("day", date(2024, 12, 25)), fields=fields(pinned=False)), "passed", ""),
        (pattern(("weekday", "wed"), count=NumericSpec(2)), "passed", ""),
        (pattern(("weekday", "wed"), fields=fields(hours=NumericSpec(minimum=6))), "passed", ""),
        (
            pattern(("weekday", "wed"), fields=fields(hours=NumericSpec(minimum=7))),
            "failed",
            "d3.hours: expected at least 7, found 6",
        ),
        (pattern(fields=fields(weekday=StringSpec("wed|thu", "regex"))), "passed", ""),
        (pattern(("day", datetime(2024, 12, 25))), "failed", "no such row in duties"),
        (pattern(("hours", D("12.0"))), "passed", ""),
        (pattern(("id", "d9"), absent=True), "passed", ""),
        (pattern(("person_id", "R1"), absent=True), "failed", "found d1"),
        (pattern(("id", "d9"), count=NumericSpec(0)), "passed", ""),
        (pattern(("id", "d9"), count=NumericSpec(1)), "failed", "count: expected 1, found 0"),
        (pattern(count=NumericSpec(minimum=1, maximum=2)), "failed", "count: expected at most 2, found 3"),
        (pattern(("id", "d1"), fields=fields(tags=CollectionSpec(("night", "icu")))), "passed", ""),
        (pattern(("id", "d2"), fields=fields(tags=Equal(FrozenMap({"a": (2, 1)})))), "passed", ""),
        (pattern(("id", waiting("${steps.main.data.id}")), fields=fields(person_id="R3")), "passed", ""),
        (pattern(("id", "d3"), fields=fields(person_id=waiting("${steps.main.data.who}"))), "passed", ""),
        (
            pattern(("id", waiting("${steps.main.data.gone}"))),
            "failed",
            "`steps.main.data.gone` is not there: main came out done",
        ),
        (pattern(("id", "d1"), fields=fields(colour="red")), "unknown", "KeyError: 'colour'"),
        (pattern(("id", "d1"), table="rooms"), "unknown", "KeyError: 'rooms'"),
    ],
)
def test_patterns(check: FinalStatePattern, status: str, message: str) -> None:
    """Identifying fields pick rows without any tolerance; all others must hold for each of them."""
    trial = Trial(before=THREE, views=(view(data=FrozenMap({"id": "d3", "who": "R3"})),))
    found = trial.result(check)
    assert (found.status, found.message) == (status, message)


def test_all_faults_of_a_pattern_are_told() -> None:
    """Every row and every field that is wrong, once."""
    check = pattern(("weekday", "wed"), fields=fields(pinned=True, hours=NumericSpec(maximum=5)), count=NumericSpec(1))
    assert Trial(before=THREE).result(check).message == (
        "count: expected 1, found 2; d1.pinned: expected true, found false; "
        "d1.hours: expected at most 5, found 12; d3.hours: expected at most 5, found 6"
    )


def test_coverage_counts_persons_who_are_there() -> None:
    """R1 twice is one person, R2 is absent, and a duty without a person is none."""
    rows = (D1, D2, D3, ("d4", "R1", *D1[2:]), ("d5", None, *D1[2:]))
    before = {"persons": PERSONS, "duties": rows}
    check = pattern(coverage_count=NumericSpec(2))
    assert Trial(before=before).result(check).status == "passed"
    everybody = Trial(before=before, domain=domain(present=None)).result(check)
    assert (everybody.status, everybody.message) == ("failed", "coverage_count: expected 2, found 3")


def test_coverage_of_nobody_is_zero() -> None:
    """A count says what an empty group means."""
    assert TRIAL.result(pattern(("id", "d9"), coverage_count=NumericSpec(minimum=1))).message == (
        "coverage_count: expected at least 1, found 0"
    )


def test_exact_wants_every_stored_field_named() -> None:
    """Derived fields need not be named, stored ones must."""
    named = fields(person_id="R1", start=D1[2], day=D1[3], hours=12, pinned=False)
    check = pattern(("id", "d1"), fields=named, exact=True)
    assert TRIAL.result(check).message == "exact, but the pattern does not name tags"
    whole = pattern(("id", "d1"), fields=(*named, *fields(tags=("icu", "night"))), exact=True)
    assert TRIAL.result(whole).status == "passed"


def test_a_field_may_be_critical_and_have_words_of_its_own() -> None:
    """An unmet critical field makes the check critical; a met one does not."""
    holder = FieldPattern(name="person_id", expected="R2", critical=True, message="the duty moved")
    found = TRIAL.result(pattern(("id", "d1"), fields=(holder, *fields(hours=12))))
    assert (found.category, found.critical) == ("critical", True)
    assert found.message == 'the duty moved (d1.person_id: expected "R2", found "R1")'
    harmless = FieldPattern(name="person_id", expected="R1", critical=True)
    other = TRIAL.result(pattern(("id", "d1"), fields=(harmless, *fields(hours=13))))
    assert (other.category, other.critical) == ("state", False)


@pytest.mark.parametrize("override", ["hours", "duties.hours", "duties.d1.hours"])
def test_an_override_is_found_by_field_and_by_path(override: str) -> None:
    """The field's name, the field of the table, the field of one row."""
    validation = Validation(field_overrides=((override, Tolerances(numeric_absolute=D(1))),))
    check = pattern(("id", "d1"), fields=fields(hours=13))
    assert Trial(validation=validation).result(check).status == "passed"
    assert TRIAL.result(check).status == "failed"


def test_what_may_be_missing_passes_when_none_is_picked() -> None:
    """allow_missing_<table>; a row that is there must still be right."""
    trial = Trial(validation=Validation(allow_missing=("duties",)))
    assert trial.result(pattern(("id", "d9"))).status == "passed"
    assert trial.result(pattern(("id", "d1"), fields=fields(person_id="R2"))).status == "failed"


def test_extra_rows_may_be_forbidden() -> None:
    """allow_extra_<table>: false wants every row picked by some pattern."""
    trial = Trial(before=THREE, validation=Validation(forbid_extra=("duties",)))
    key = "validation.partial_match.allow_extra_duties"
    some = trial.named(key, pattern(("id", "d1")), pattern(("person_id", "R2"), key="final_state.duties[1]"))
    assert (some.status, some.category, some.message) == ("failed", "state", "no pattern picks d3")
    assert trial.named(key, pattern(("weekday", "wed")), pattern(("id", "d2"))).status == "passed"
    assert trial.named(key, pattern(("id", "R1"), table="persons")).message == "no pattern picks d1, d2, d3"


def test_a_pattern_in_words() -> None:
    """What picks, what must hold, and how many were picked."""
    check = pattern(
        ("person_id", "R1"),
        fields=fields(hours=NumericSpec(maximum=20)),
        count=NumericSpec(1),
        coverage_count=NumericSpec(1),
    )
    found = TRIAL.result(check)
    assert found.expected == 'duties with person_id "R1": hours ≤ 20, count 1, coverage_count 1'
    assert found.actual == "d1"
    assert TRIAL.result(pattern(("id", "d1"), absent=True)).expected == 'no row of duties with id "d1"'
    assert TRIAL.result(pattern()).expected == "a row of duties"
    assert TRIAL.result(pattern(exact=True)).expected == "duties: every stored field named"
    many = {"duties": tuple((f"d{number}", *D1[1:]) for number in range(7))}
    assert Trial(before=many).result(pattern()).actual == "d0, d1, d2, d3, d4 and 2 more"


# ── custom comparison ──────────────────────────────────────────────────────────────────────────────────────────────────


def custom(function: Any) -> Trial:
    """Return a trial whose rows are compared by `function`."""
    validators = {**DOMAIN.validators, "compare": Validator("compare", "Compares.", function)}
    validation = Validation(comparison_strategy="custom", comparison_function="compare")
    return Trial(before=THREE, domain=domain(validators=validators), validation=validation)


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (True, "passed", ""),
        (False, "failed", "d1: compare says no"),
        ([], "passed", ""),
        (["hours too long", 7], "failed", "d1: hours too long; d1: 7"),
        (Finding(True, None), "passed", ""),
        (Finding(False, None, "tired"), "failed", "d1: tired"),
        (Finding(False, None), "failed", "d1: does not hold"),
        (3, "unknown", "TypeError: a comparison function answers with a bool or a list, not 3"),
        (object(), "unknown", "StrangeResultError: `compare` answered object, which is no value"),
    ],
)
def test_a_comparison_function_judges_each_row(answer: Any, status: str, message: str) -> None:
    """A bool, or a list of mismatches; anything else is unknown."""
    found = custom(lambda *_, **__: answer).result(pattern(("id", "d1"), fields=fields(hours=99)))
    assert (found.status, found.message) == (status, message)


def test_a_comparison_function_gets_what_is_expected_and_what_is_there() -> None:
    """Plain values as they are, specs as maps of what they say, and of the row all stored and all named fields."""
    calls: list[tuple[FrozenMap, FrozenMap]] = []

    def compare(*, expected: FrozenMap, actual: FrozenMap, **arguments: object) -> bool:
        assert list(arguments) == ["scenario", "execution_result", "pre_state", "post_state"]
        calls.append((expected, actual))
        return True

    check = pattern(
        ("weekday", "wed"), fields=fields(hours=NumericSpec(6, tolerance=1), weekday="wed", pinned=Equal(waiting("x")))
    )
    assert custom(compare).result(check).status == "passed"
    assert [expected for expected, _ in calls] == [
        FrozenMap({"hours": FrozenMap({"expected": 6, "tolerance": 1}), "weekday": "wed", "pinned": "x"})
    ] * 2
    assert [(actual["id"], actual["weekday"], actual["hours"]) for _, actual in calls] == [
        ("d1", "wed", 12),
        ("d3", "wed", 6),
    ]


def test_counts_hold_under_a_custom_comparison_too() -> None:
    """All else is as strict."""
    found = custom(lambda *_, **__: True).result(pattern(("id", "d1"), count=NumericSpec(2)))
    assert found.message == "count: expected 2, found 1"
