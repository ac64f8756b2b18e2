"""Places and values are shown as a person reads them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from rehearse.errors import Complaints, Problem, ScenarioError, did_you_mean
from rehearse.source import Source, Span
from rehearse.values import FrozenMap, Value, plain, plain_fraction, type_name

SOURCE = Source("a.yaml", "first: 1\n\tsecond: two\n")


def test_the_caret_stands_under_the_place() -> None:
    """The line is shown with its number, and carets under exactly the marked columns; a tab is four wide."""
    assert Span(SOURCE, 1, 8, 9).excerpt() == "  |\n1 | first: 1\n  |        ^"
    assert Span(SOURCE, 2, 2, 8).excerpt() == "  |\n2 |     second: two\n  |     ^^^^^^"


def test_a_place_beyond_the_text_is_an_empty_line() -> None:
    """A place at the very end of a file can be shown, too."""
    assert Span(SOURCE, 9, 1, 2).excerpt() == "  |\n9 | \n  | ^"


def test_a_problem_is_told_with_place_remedy_and_other_places() -> None:
    """The whole message: what, where, the first of two, what to do."""
    problem = Problem(
        "duplicate-id",
        "`a` stands twice",
        Span(SOURCE, 2, 2, 8),
        "rename one",
        also=(("first here", Span(SOURCE, 1, 1, 6)),),
    )
    assert problem.render() == (
        "error[duplicate-id]: `a` stands twice\n"
        "  --> a.yaml:2:2\n  |\n2 |     second: two\n  |     ^^^^^^\n"
        "  ::: a.yaml:1:1 first here\n  |\n1 | first: 1\n  | ^^^^^\n"
        "  = rename one"
    )
    assert problem.message == "`a` stands twice; rename one"


def test_a_note_stops_nothing() -> None:
    """Notes are collected apart and raise nothing."""
    complaints = Complaints()
    complaints.add(Problem("conflict", "a check that cannot fail", is_note=True))
    complaints.raise_if_any()
    assert [note.render() for note in complaints.notes] == ["note[conflict]: a check that cannot fail"]


def test_all_problems_are_raised_at_once_by_place() -> None:
    """One error carries every mistake in the order of the file, the same one only once."""
    complaints = Complaints()
    late, early = Problem("empty", "late", Span(SOURCE, 2, 2, 3)), Problem("empty", "early", Span(SOURCE, 1, 1, 2))
    for problem in (late, early, late):
        complaints.add(problem)
    with pytest.raises(ScenarioError) as raised:
        complaints.raise_if_any()
    assert [problem.summary for problem in raised.value.problems] == ["early", "late"]
    assert str(raised.value).index("early") < str(raised.value).index("late")


@pytest.mark.parametrize(
    ("name", "known", "answer"),
    [
        ("persns", ["persons", "rotations"], "did you mean `persons`?"),
        ("x", ["persons", "rotations"], "known: persons, rotations"),
        ("x", [], ""),
        ("zz", [f"name{n:02}" for n in range(14)], f"known: {', '.join(f'name{n:02}' for n in range(12))} and 2 more"),
    ],
)
def test_the_nearest_name_is_suggested(name: str, known: list[str], answer: str) -> None:
    """A near name is asked about; else what is allowed is listed, at most twelve."""
    assert did_you_mean(name, known) == answer


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (None, "null", "null"),
        (True, "true", "bool"),
        (3, "3", "int"),
        (Decimal("1.50"), "1.5", "number"),
        (Decimal(1000), "1000", "number"),
        (Fraction(1, 3), "0.3333", "number"),
        ("x", "x", "text"),
        (date(2024, 12, 25), "2024-12-25", "date"),
        (datetime(2024, 12, 25, 6), "2024-12-25T06:00", "moment"),  # noqa: DTZ001
        ((1, "a"), "[1, a]", "list"),
        (FrozenMap({"a": (1,)}), "{a: [1]}", "map"),
    ],
)
def test_values_are_written_as_a_person_would(value: Value, text: str, kind: str) -> None:
    """Every kind of value has one plain form, and a word for its type."""
    assert plain(value) == text
    assert type_name(value) == kind


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(-1, 3), "-0.3333"), (Fraction(1, 20000), "0.0001"), (Fraction(-1, 10**9), "0"), (Fraction(5), "5")],
)
def test_fractions_are_rounded_half_up(value: Fraction, text: str) -> None:
    """Four places, no trailing zeros, no minus zero."""
    assert plain_fraction(value) == text


def test_a_frozen_map_equals_any_mapping_with_its_entries() -> None:
    """Order does not matter to equality or hash; the order written is kept for reading."""
    first, second = FrozenMap({"a": 1, "b": 2}), FrozenMap({"b": 2, "a": 1})
    assert first == second == {"a": 1, "b": 2}
    assert hash(first) == hash(second)
    assert list(second) == ["b", "a"]
    assert type_name(object()) == "object"
    assert repr(first) == "FrozenMap({'a': 1, 'b': 2})"
