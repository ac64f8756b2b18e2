"""Placeholders are read and computed as the format says, and nothing else is."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rehearse.loading.evaluate import evaluate, fill
from rehearse.loading.expressions import Dialect, ExpressionError, Placeholder, compile_text
from rehearse.loading.tree import Node, node_of, plain_value
from rehearse.source import Source, Span
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from rehearse.loading.expressions import Reference

SPAN = Span(Source("f", ""), 1, 1, 2)
VALUES: dict[str, Value] = {
    "day": date(2024, 12, 24),
    "moment": datetime(2024, 12, 24, 6, 30),  # noqa: DTZ001  (there are no zones)
    "text_day": "2024-12-24",
    "text_moment": "2024-12-24 06:30",
    "bad_day": "2024-02-30",
    "n": 5,
    "half": True,
    "word": "R1",
    "nothing": None,
    "days": (date(2024, 12, 1), "x"),
    "none": (),
    "limits": FrozenMap({"a-b": 7, "plain": FrozenMap({"deep": (1, 2)})}),
    "loop": FrozenMap({"index": 4, "index0": 3, "person": "R1"}),
}


class Known:
    """The names of these tests."""

    def find(self, reference: Reference) -> Node:
        """Return a value of `VALUES`."""
        if reference.root not in VALUES:
            raise ExpressionError("undefined-variable", f"`{reference.root}` names nothing", "")
        return node_of(VALUES[reference.root], SPAN)


def computed(expression: str, dialect: Dialect = Dialect.VARIABLES) -> Value:
    """Return what a placeholder comes to."""
    text = expression if expression.startswith("{{") else "${" + expression + "}"
    (placeholder,) = compile_text(text, dialect=dialect)
    assert isinstance(placeholder, Placeholder)
    return plain_value(evaluate(placeholder, Known(), SPAN))


def told(expression: str, dialect: Dialect = Dialect.VARIABLES) -> tuple[str, str, str]:
    """Return code, summary and remedy of what is wrong with a placeholder."""
    with pytest.raises(ExpressionError) as raised:
        computed(expression, dialect)
    return raised.value.code, raised.value.summary, raised.value.remedy


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("word", "R1"),
        (" n ", 5),
        ("nothing", None),
        ("days[0]", date(2024, 12, 1)),
        ("days[-1]", "x"),
        ("limits['a-b']", 7),
        ('limits["a-b"]', 7),
        ("limits.plain.deep[1]", 2),
        ("limits.plain", FrozenMap({"deep": (1, 2)})),
        ("day + 2d", date(2024, 12, 26)),
        ("day - 1w", date(2024, 12, 17)),
        ("day + 1w - 2d", date(2024, 12, 29)),
        ("day + 6h", datetime(2024, 12, 24, 6)),  # noqa: DTZ001
        ("day - 90m", datetime(2024, 12, 23, 22, 30)),  # noqa: DTZ001
        ("moment + 1d", datetime(2024, 12, 25, 6, 30)),  # noqa: DTZ001
        ("moment - 390m", datetime(2024, 12, 24)),  # noqa: DTZ001
        ("text_day + 1d", date(2024, 12, 25)),
        ("text_moment + 1h", datetime(2024, 12, 24, 7, 30)),  # noqa: DTZ001
        ("loop.index % 3 + 1", 2),
        ("(n - 1) * 2", 8),
        ("-n // 2", -3),
        ("n % -3", -1),
        ("- -n", 5),
        ("+n", 5),
        ("2+3*4", 14),
        ("((1))", 1),
        ("limits['a-b']*n", 35),
    ],
)
def test_forms(expression: str, value: Value) -> None:
    """Paths, dates and integers come to what the format says."""
    assert value == computed(expression)
    assert type(value) is type(computed(expression))


@pytest.mark.parametrize(
    ("expression", "code", "summary"),
    [
        ("", "bad-expression", "`${}` cannot be read: it is empty"),
        ("n +", "bad-expression", "`${n +}` cannot be read: its end was not expected there"),
        ("n n", "bad-expression", "`${n n}` cannot be read: `n` was not expected there"),
        ("f(1)", "bad-expression", "`${f(1)}` cannot be read: `f(…)` is a call, and there are none"),
        ("n == 1", "bad-expression", "`${n == 1}` cannot be read: `=` has no meaning there"),
        ("n; n", "bad-expression", "`${n; n}` cannot be read: `;` has no meaning there"),
        ("'a'", "bad-expression", "`${'a'}` cannot be read: `'a'` was not expected there"),
        ("(n", "bad-expression", "`${(n}` cannot be read: its end was not expected there"),
        ("days[n]", "bad-expression", "`${days[n]}` cannot be read: `n` was not expected there"),
        ("days[0", "bad-expression", "`${days[0}` cannot be read: its end was not expected there"),
        ("days[-'a']", "bad-expression", "`${days[-'a']}` cannot be read: `'a'` was not expected there"),
        ("limits.3", "bad-expression", "`${limits.3}` cannot be read: `3` was not expected there"),
        (
            "n.__class__.x(",
            "bad-expression",
            "`${n.__class__.x(}` cannot be read: `n(…)` is a call, and there are none",
        ),
        ("2d", "bad-expression", "`${2d}` is a duration and no value"),
        ("2d + day", "bad-expression", "`${2d + day}` cannot be computed: duration `+` date has no meaning"),
        ("day + 2", "bad-expression", "`${day + 2}` cannot be computed: `2` has no unit"),
        ("day - day", "bad-expression", "`${day - day}` cannot be computed: date `-` date has no meaning"),
        ("day * 2d", "bad-expression", "`${day * 2d}` cannot be computed: date `*` duration has no meaning"),
        ("n * 1d", "bad-expression", "`${n * 1d}` cannot be computed: int `*` duration has no meaning"),
        ("word + 1d", "bad-expression", "`${word + 1d}` cannot be computed: `word` is text"),
        ("half + 1", "bad-expression", "`${half + 1}` cannot be computed: `half` is a bool"),
        ("days + 1d", "bad-expression", "`${days + 1d}` cannot be computed: `days` is a list"),
        ("bad_day + 1d", "bad-expression", "`2024-02-30` is no day of the calendar"),
        ("n // 0", "bad-expression", "`${n // 0}` cannot be computed: it divides by zero"),
        ("n % 0", "bad-expression", "`${n % 0}` cannot be computed: it divides by zero"),
        ("day + 9999999w", "bad-expression", "`${day + 9999999w}` cannot be computed: no calendar reaches so far"),
        ("day.x", "bad-expression", "`day.x` asks for a key `x`, but `day` is a date"),
        ("limits[0]", "bad-expression", "`limits[0]` asks for a position, but `limits` is a map"),
        ("ady", "undefined-variable", "`ady` names nothing"),
        ("limits.a", "undefined-variable", "`limits` has no `a`"),
        ("limits.plain.dep", "undefined-variable", "`limits.plain` has no `dep`"),
        ("days[2]", "undefined-variable", "`days` has no item 2"),
        ("days[-3]", "undefined-variable", "`days` has no item -3"),
        ("none[0]", "undefined-variable", "`none` has no item 0"),
        ("steps.plan", "bad-expression", "`${steps.plan}` does not say which part of a result is meant"),
        ("steps.a.b + 1", "bad-expression", "`${steps.a.b + 1}` computes with a result, which is only read"),
    ],
)
def test_what_cannot_be_read_or_computed(expression: str, code: str, summary: str) -> None:
    """Everything else is told: nothing is called, compared or guessed."""
    assert (code, summary) == told(expression)[:2]


def test_remedies() -> None:
    """A remedy names what was probably meant."""
    assert "did you mean `deep`?" == told("limits.plain.dep")[2]
    assert "write 0 to 1, or -1 for the last" == told("days[2]")[2]
    assert "write `2d`, or w, h, m" == told("day + 2")[2]


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("${", "`${` is not closed"),
        ("a ${n", "`${n` is not closed"),
        ("${limits['x}", "`${limits['x}` cannot be read: `'` has no meaning there"),
        ("${" + "x" * 99, "`${" + "x" * 57 + "…` is not closed"),
    ],
)
def test_unclosed(text: str, summary: str) -> None:
    """A placeholder without an end is told, in a sentence that stays short."""
    with pytest.raises(ExpressionError) as raised:
        compile_text(text)
    assert summary == raised.value.summary


def test_nothing_recurses() -> None:
    """Long and deep expressions are computed or refused, never a crash."""
    assert 20_001 == computed("1" + "+1" * 20_000)
    assert 1 == computed("-" * 20_000 + "1")
    assert 1 == computed("(" * 50 + "1" + ")" * 50)
    assert "more than 50 brackets inside each other" in told("(" * 51 + "1" + ")" * 51)[1]
    assert "bad-expression" == told("(" * 20_000)[0]


def test_numbers_do_not_explode() -> None:
    """No number gets more than 4,300 digits."""
    assert "bad-expression" == told("9" * 4301)[0]
    square = "*".join(["9" * 2000] * 3)
    assert f"`${{{square}}}` cannot be computed: it has more than 4,300 digits" == told(square)[1]


def test_literal_brackets() -> None:
    """A doubled dollar is the way to write the opening itself."""
    assert ("${x} ", "$") == (compile_text("$${x} ")[0], compile_text("$")[0])
    assert ("a$${",) == compile_text("a$$${")
    assert () == compile_text("")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("{{ loop.index }}", "write `${loop.index}`"),
        ("{{ day + 1d }}", "write `${day + 1d}`"),
        ("{{ f.name() }}", "write `${…}` with a variable, a date or integers: there are no calls and no templates"),
        ("{{ n", "write `${n}`"),
        ("{{", "write `${…}` with a variable, a date or integers: there are no calls and no templates"),
    ],
)
def test_double_braces_elsewhere(text: str, remedy: str) -> None:
    """The companions' braces are refused with what to write instead."""
    with pytest.raises(ExpressionError) as raised:
        compile_text(text)
    assert ("bad-expression", remedy) == (raised.value.code, raised.value.remedy)


@pytest.mark.parametrize(
    ("text", "value"), [("{{loop.index}}", 4), ("{{ (loop.index0 + 1) * 2 // 3 % 5 }}", 2), ("{{ 7 }}", 7)]
)
def test_double_braces_in_generators(text: str, value: int) -> None:
    """In a generator's template they are integers and counters."""
    assert value == computed(text, Dialect.GENERATOR)


@pytest.mark.parametrize("text", ["{{ n }}", "{{ loop.person }}", "{{ day + 1d }}", "{{ loop }}", "{{ }}"])
def test_double_braces_know_little(text: str) -> None:
    """Anything else in them is refused."""
    assert "bad-expression" == told(text, Dialect.GENERATOR)[0]


def test_fill() -> None:
    """A text that waits for results is filled once: what comes in is never scanned."""
    results: dict[tuple[str | int, ...], Value] = {("a", "b"): "${steps.a.c}", ("a", "c", 0): 3, ("a", "list"): (1,)}

    def look_up(path: tuple[str | int, ...]) -> Value:
        return results[path]

    assert (1,) == fill("${steps.a.list}", look_up)
    assert "x$ ${steps.a.c}3" == fill("x$$ ${steps.a.b}${steps.a.c[0]}", look_up)
    assert "$${steps.a.c}" == fill("$$${steps.a.b}", look_up)
    with pytest.raises(ExpressionError, match="is a list, and stands inside a longer text"):
        fill("x ${steps.a.list}", look_up)


OPERATORS = st.sampled_from(["+", "-", "*", "//", "%"])


def _joined(parts: tuple[str, str, str]) -> str:
    left, operator, right = parts
    return f"{left} {operator} {right}"


ARITHMETIC = st.recursive(
    st.integers(0, 999).map(str) | st.just("n"),
    lambda inner: (
        st.tuples(inner, OPERATORS, inner).map(_joined)
        | inner.map("({})".format)
        | inner.map(lambda text: f"-({text})")
    ),
    max_leaves=12,
)


@given(ARITHMETIC)
def test_integers_are_those_of_python(expression: str) -> None:
    """Precedence, brackets, signs and floors are Python's own."""
    try:
        expected = eval(expression, {"__builtins__": {}}, {"n": 5})  # noqa: S307  (made of digits and signs above)
    except ZeroDivisionError:
        assert f"`${{{expression}}}` cannot be computed: it divides by zero" == told(expression)[1]
        return
    assert expected == computed(expression)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 5000), st.sampled_from("wdhm"))
def test_adding_and_taking_away(day: date, number: int, unit: str) -> None:
    """What was added to a moment and taken away again leaves it where it was; the kind follows the unit."""
    assume(day.year > 1900)
    (placeholder,) = compile_text(f"${{d + {number}{unit}}}")
    assert isinstance(placeholder, Placeholder)

    class One:
        def find(self, reference: Reference) -> Node:
            assert "d" == reference.root
            return node_of(day, SPAN)

    later = plain_value(evaluate(placeholder, One(), SPAN))
    assert isinstance(later, date)
    assert isinstance(later, datetime) is (unit in "hm")
    (back,) = compile_text(f"${{d + {number}{unit} - {number}{unit}}}")
    assert isinstance(back, Placeholder)
    again = plain_value(evaluate(back, One(), SPAN))
    assert isinstance(again, date)
    assert (day.year, day.month, day.day) == (again.year, again.month, again.day)


@given(st.text(alphabet=st.sampled_from("${}n.+-*/%()[]'\" 1dloopsteps"), max_size=40))
def test_any_text(text: str) -> None:
    """Whatever is written, it is read or told, in every dialect."""
    for dialect in Dialect:
        parts: tuple[object, ...] = ()
        with suppress(ExpressionError):
            parts = compile_text(text, dialect=dialect)
        assert all(parts)


@given(st.text(max_size=40))
def test_text_without_placeholders_stays(text: str) -> None:
    """A text in which nothing opens comes back as it is."""
    assume("${" not in text and "{{" not in text)
    assert text == "".join(str(part) for part in compile_text(text))
