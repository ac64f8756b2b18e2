"""Nodes are read as records say: exact, complete, every mistake with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.errors import Complaints
from rehearse.expectation import Deferred
from rehearse.fields import ANY_CASE, NULLABLE, Alias, ClockTime, Hours, Length, Name, Range, RowId
from rehearse.loading.reader import compile_annotation, read, read_fields, read_record, read_rows, record_shape
from rehearse.loading.spot import MISSING, Spot, Waiting
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode
from rehearse.loading.yaml_tree import read_tree
from rehearse.source import Source, Span
from rehearse.values import EMPTY_MAP, FrozenMap, Value


class Colour(StrEnum):
    """An enum that knows another spelling."""

    RED = "red"
    BLUE = "blue"

    @classmethod
    def _missing_(cls, value: object) -> Colour | None:
        return cls.BLUE if value == "azure" else None


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A record inside a record."""

    low: int
    high: int | None = None


@dataclass(frozen=True, kw_only=True)
class Everything:
    """One field of every kind."""

    id: RowId
    name: Name = "thing"
    flag: bool = False
    count: Annotated[int, Range(1, 5)] = 1
    price: Decimal = Decimal(0)
    ratio: Annotated[Decimal | None, Range(above=0, maximum=1)] = None
    day: date | None = None
    moment: datetime | None = None
    alarm: time | None = None
    opens: ClockTime = 0
    length: Hours = 60
    bounded: Annotated[Hours, Range(above=80, maximum=88)] = 0
    colour: Annotated[Colour, ANY_CASE] = Colour.RED
    mode: Literal["fast", "slow"] = "fast"
    limit: Annotated[int | None, NULLABLE] = 3
    inner: Inner | None = None
    either: bool | Annotated[int, Range(1, 10)] = False
    begins: ClockTime | datetime | None = None
    words: Annotated[tuple[str, ...], Length(1, 2)] = ()
    days: Mapping[str, date] = EMPTY_MAP  # type: ignore[assignment]
    anything: Value = None
    free: FrozenMap = EMPTY_MAP
    person_id: Annotated[str | None, Alias("person", "who")] = None


def tree(text: str) -> Node:
    """Return the tree of a YAML text."""
    complaints = Complaints()
    node = read_tree(Source("t.yaml", text), complaints)
    assert node is not None
    assert complaints.problems == ()
    return node


def problems(text: str, *, waiting: Waiting = "refused") -> list[tuple[str, str]]:
    """Return code and message of everything wrong with `text` as `Everything`."""
    complaints = Complaints()
    node = tree(text)
    assert isinstance(node, MapNode)
    spot = Spot(complaints, "row", node.span, waiting=waiting)
    assert read_fields(node, Everything, spot).make() is None
    return [(problem.code, problem.message) for problem in complaints.problems]


def good(text: str) -> Everything:
    """Return `text` as `Everything`, which must be without mistakes."""
    complaints = Complaints()
    node = tree(text)
    assert isinstance(node, MapNode)
    record = read_record(node, Everything, complaints, field="row")
    assert complaints.problems == ()
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("price: 0.05", "price", Decimal("0.05")),
        ("price: 1e3", "price", Decimal(1000)),
        ("price: 3", "price", Decimal(3)),
        ("ratio: 1", "ratio", Decimal(1)),
        ("day: 2024-12-25", "day", date(2024, 12, 25)),
        ("day: '2024-12-25'", "day", date(2024, 12, 25)),
        ("moment: 2024-12-25T06:00", "moment", datetime(2024, 12, 25, 6)),  # noqa: DTZ001
        ("moment: '2024-12-25 06:00'", "moment", datetime(2024, 12, 25, 6)),  # noqa: DTZ001
        ("moment: 2024-12-25", "moment", datetime(2024, 12, 25)),  # noqa: DTZ001
        ("moment: '2024-12-25'", "moment", datetime(2024, 12, 25)),  # noqa: DTZ001
        ("alarm: 07:30", "alarm", time(7, 30)),
        ("opens: 07:00", "opens", 420),
        ("opens: '24:00'", "opens", 1440),
        ("length: 12.25", "length", 735),
        ("length: 0.05", "length", 3),
        ("bounded: 88", "bounded", 5280),
        ("colour: RED", "colour", Colour.RED),
        ("colour: azure", "colour", Colour.BLUE),
        ("mode: slow", "mode", "slow"),
        ("limit: null", "limit", None),
        ("limit: 5", "limit", 5),
        ("inner: {low: 1}", "inner", Inner(low=1)),
        ("either: true", "either", True),
        ("either: 4", "either", 4),
        ("begins: 07:00", "begins", 420),
        ("begins: 2024-12-25T06:00", "begins", datetime(2024, 12, 25, 6)),  # noqa: DTZ001
        ("begins: '2024-12-25T06:00'", "begins", datetime(2024, 12, 25, 6)),  # noqa: DTZ001
        ("words: [a, b]", "words", ("a", "b")),
        ("anything: [1, {a: x}]", "anything", (1, FrozenMap({"a": "x"}))),
        ("anything: null", "anything", None),
        ("free: {a: 1}", "free", FrozenMap({"a": 1})),
        ("person: R1", "person_id", "R1"),
        ("who: R1", "person_id", "R1"),
        ("flag: true", "flag", True),
    ],
)
def test_a_value_is_read_as_its_field_says(text: str, field: str, value: object) -> None:
    """Every form of section 1 gives the value of its field's type, exactly."""
    found = getattr(good(f"id: R1\n{text}"), field)

    assert found == value
    assert type(found) is type(value)


def test_a_map_of_one_type_keeps_its_keys() -> None:
    """``Mapping[str, T]`` reads every value as T."""
    assert good("id: x\ndays: {a: 2024-01-01, b: '2024-01-02'}").days == {"a": date(2024, 1, 1), "b": date(2024, 1, 2)}


IN_A_LIST = "write a value; text that begins with # is a comment unless it is quoted"
AS_MOMENT = "write it as 2024-12-25T06:00, in whole minutes and without a zone"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("id: 5", "wrong-type", "`id` must be text, not an int; quote it"),
        (
            "id: a b",
            "bad-value",
            "`a b` does not fit `id`; allowed: letters, digits and . _ : -, at most 64, a letter or digit first",
        ),
        ("flag: 'true'", "wrong-type", "`flag` must be a bool, not text; write true or false without quotes"),
        ("flag: 1", "wrong-type", "`flag` must be a bool, not an int"),
        ("flag: no", "wrong-type", "`flag` must be a bool, not text; write true or false without quotes"),
        ("count: true", "wrong-type", "`count` must be an int, not a bool"),
        ("count: 2.5", "wrong-type", "`count` must be an int, not a number"),
        ("count: '2'", "wrong-type", "`count` must be an int, not text; leave the quotes away"),
        ("count: 9", "bad-value", "`count` is 9; allowed: 1 to 5"),
        ("count: 0", "bad-value", "`count` is 0; allowed: 1 to 5"),
        ("price: x", "wrong-type", "`price` must be a number, not text"),
        ("ratio: 0", "bad-value", "`ratio` is 0; allowed: more than 0, at most 1"),
        ("price: null", "wrong-type", "`price` must be a number, not null; write a value, or leave the key out"),
        ("day: 2024-12-25T06:00", "wrong-type", "`day` must be a date, not a moment"),
        ("day: '2024-02-30'", "bad-value", "`2024-02-30` is no date; write it as 2024-12-25"),
        ("day: tomorrow", "wrong-type", "`day` must be a date, not text; write it as 2024-12-25"),
        ("day: 20241225", "wrong-type", "`day` must be a date, not an int"),
        (
            "moment: '2024-12-25T06:00Z'",
            "bad-value",
            f"`2024-12-25T06:00Z` is no moment; {AS_MOMENT}",
        ),
        ("moment: 06:00", "wrong-type", f"`moment` must be a moment, not text; {AS_MOMENT}"),
        ("moment: '2024-12-25T25:00'", "bad-value", f"`2024-12-25T25:00` is no moment; {AS_MOMENT}"),
        ("moment: 5", "wrong-type", "`moment` must be a moment, not an int"),
        ("alarm: '24:00'", "bad-value", "`alarm` is 24:00; allowed: 00:00 to 23:59"),
        ("alarm: soon", "bad-value", "`soon` is no time; write it as 07:00; 24:00 is the end of a day"),
        ("opens: 7", "wrong-type", "`opens` must be a time, not an int; write it as 07:00"),
        ("opens: '24:01'", "bad-value", "`24:01` is no time; write it as 07:00; 24:00 is the end of a day"),
        (
            "length: 0.01",
            "bad-value",
            "`length` is 0.01 hours; allowed: hours that make whole minutes, such as 4, 0.5 or 12.25",
        ),
        (
            "length: -1",
            "bad-value",
            "`length` is -1 hours; allowed: hours that make whole minutes, such as 4, 0.5 or 12.25",
        ),
        ("length: '4'", "wrong-type", "`length` must be a number of hours, not text; leave the quotes away"),
        ("bounded: 80", "bad-value", "`bounded` is 80; allowed: more than 80, at most 88"),
        ("colour: green", "bad-value", "`green` is no value of `colour`; allowed: red, blue"),
        ("colour: 5", "wrong-type", "`colour` must be text, not an int; allowed: red, blue"),
        ("mode: quick", "bad-value", "`quick` is no value of `mode`; allowed: fast, slow"),
        ("mode: 1", "wrong-type", "`mode` must be text, not an int; allowed: fast, slow"),
        ("inner: 5", "wrong-type", "`inner` must be a map, not an int"),
        ("inner: {}", "missing-key", "`inner` needs `low`"),
        ("inner: {low: 1, hihg: 2}", "unknown-key", "`hihg` is not a key of `inner`; did you mean `high`?"),
        ("either: x", "wrong-type", "`either` must be a bool or an int, not text"),
        ("either: 11", "bad-value", "`either` is 11; allowed: 1 to 10"),
        ("begins: soon", "bad-value", "`soon` is no value of `begins`; allowed: a time or a moment"),
        ("begins: true", "wrong-type", "`begins` must be a time or a moment, not a bool"),
        ("words: []", "bad-value", "`words` has 0 items; allowed: 1 to 2"),
        ("words: [a]\nname: 9", "wrong-type", "`name` must be text, not an int; quote it"),
        ("words: a", "wrong-type", "`words` must be a list, not text"),
        ("words: [a, null]", "wrong-type", f"an item of `words` must be text, not null; {IN_A_LIST}"),
        ("days: [1]", "wrong-type", "`days` must be a map, not a list"),
        ("days: {a: x}", "wrong-type", "`a` must be a date, not text; write it as 2024-12-25"),
        ("free: 1", "wrong-type", "`free` must be a map, not an int"),
        (
            "person: R1\nperson_id: R1",
            "conflict",
            "`row` has `person_id` twice; write one of `person_id`, `person`, `who`",
        ),
        ("zzz: 1", "unknown-key", None),
    ],
)
def test_a_mistake_says_what_and_what_to_do(text: str, code: str, message: str | None) -> None:
    """Each mistake has its code, one sentence and a remedy."""
    written = text if text.startswith("id:") else f"id: R1\n{text}"

    ((found, said),) = problems(written)

    assert found == code
    assert message in {None, said}


def test_a_misspelt_key_is_answered_with_the_nearest_one() -> None:
    """Did-you-mean looks among fields and aliases."""
    assert problems("id: a\npersn: R1") == [("unknown-key", "`persn` is not a key of `row`; did you mean `person`?")]


def test_all_mistakes_are_collected() -> None:
    """One bad row tells everything that is wrong with it."""
    codes = [code for code, _ in problems("count: 9\nflag: 1\nzzz: 1")]

    assert codes == ["missing-key", "bad-value", "wrong-type", "unknown-key"]


def test_a_missing_key_stands_at_the_key_that_holds_the_map() -> None:
    """The caret of a missing key is where the map is written, as the key itself has no place."""
    node = tree("id: a\ninner: {high: 2}")
    complaints = Complaints()
    assert isinstance(node, MapNode)

    read_record(node, Everything, complaints, field="row")

    (problem,) = complaints.problems
    assert problem.span is not None
    assert (problem.span.line, problem.span.column, problem.field) == (2, 1, "row.inner.low")


def test_read_takes_any_annotation() -> None:
    """`read` serves single values, too."""
    complaints = Complaints()

    assert read(tree("[1, 2]"), tuple[int, ...], complaints, field="numbers") == (1, 2)
    assert read(tree("[1, x]"), tuple[int, ...], complaints, field="numbers") is MISSING
    assert [problem.field for problem in complaints.problems] == ["numbers[1]"]


def test_rows_keep_their_places() -> None:
    """A placed row knows where each value stands, under the field's own name, and its place in the list from 1."""
    node = tree("- {id: a}\n- {id: b, person: R1}\n- {id: 5}\n- x\n")
    complaints = Complaints()

    first, second = read_rows(node, Everything, Spot(complaints, "rows", node.span))

    assert (first.index, second.index) == (1, 2)
    assert second.spans["person_id"].column == 19
    assert second.at("count", "person_id") == second.spans["person_id"]
    assert second.at("count") == second.span
    assert [(problem.code, problem.field) for problem in complaints.problems] == [
        ("wrong-type", "rows[2].id"),
        ("wrong-type", "rows[3]"),
    ]


def test_what_is_inside_maps_and_lists_has_a_place_too() -> None:
    """A domain that reads a free map or a list of names can point at the part that is wrong."""
    node = tree("- {id: a, free: {one: {two: 3}}, words: [x, y]}\n")

    (row,) = read_rows(node, Everything, Spot(Complaints(), "rows", node.span))

    columns = {name: span.column for name, span in row.spans.items()}
    assert columns == {
        "id": 8,
        "free": 18,
        "free.one": 18,
        "free.one.two": 29,
        "words": 41,
        "words[0]": 42,
        "words[1]": 45,
    }


def test_derived_fields_are_refused_with_their_remedy() -> None:
    """What a domain derives cannot be written, and the message says what to write instead."""
    node = tree("- {id: a, weekly_hours: 5}\n")
    complaints = Complaints()

    read_rows(node, Everything, Spot(complaints, "rows", node.span), derived={"weekly_hours": "write assignments"})

    (problem,) = complaints.problems
    assert problem.code == "not-allowed"
    assert problem.message == "`weekly_hours` of an item of `rows` is derived and cannot be written; write assignments"


SPAN = Span(Source("t.yaml", "x"), 1, 1, 2)
WAITING = DeferredNode("${steps.a.data.b}", SPAN, (("a", "data", "b"),))
BROKEN = DeferredNode("${nothing}", SPAN, ())


def reading(node: Node, annotation: object, waiting: Waiting) -> tuple[object, Spot, Complaints]:
    """Read `node` at a fresh place."""
    complaints = Complaints()
    spot = Spot(complaints, "it", SPAN, waiting=waiting)
    return compile_annotation(annotation).read(node, spot), spot, complaints


@pytest.mark.parametrize("annotation", [str, int, bool, date, Value, tuple[str, ...], FrozenMap, Inner, Colour])
def test_a_parameter_may_wait_whatever_its_type(annotation: object) -> None:
    """In parameters a text that mentions a result stands for any type, and the place remembers that it waits."""
    annotation = Annotated[annotation, NULLABLE] if annotation is str else annotation
    node = WAITING

    value, spot, complaints = reading(node, annotation if annotation != Value else object_value(), "parameters")

    assert value is MISSING
    assert spot.waits
    assert complaints.problems == ()


def object_value() -> object:
    """Return what `Value` is replaced by when hints are resolved."""
    return record_shape(Everything).keys["anything"].annotation


def test_an_expectation_keeps_what_waits_only_where_it_can() -> None:
    """A field that names `Deferred` keeps it; another one refuses."""
    kept, _, _ = reading(WAITING, Decimal | Deferred, "expectations")
    refused, _, complaints = reading(WAITING, Decimal, "expectations")

    assert kept == Deferred(WAITING.text, WAITING.references, SPAN)
    assert refused is MISSING
    assert [(p.code, p.message) for p in complaints.problems] == [
        ("bad-expression", "`it` cannot wait for the result of a step; write the value itself")
    ]


def test_what_waits_inside_a_list_or_map_is_kept_there() -> None:
    """Results may be mentioned inside values of an expectation."""
    node = ListNode((ScalarNode(1, SPAN), WAITING), SPAN)

    kept, _, _ = reading(node, object_value(), "expectations")

    assert kept == (1, Deferred(WAITING.text, WAITING.references, SPAN))


def test_results_mean_nothing_elsewhere() -> None:
    """Outside parameters and expectations there are no results."""
    _, _, complaints = reading(WAITING, str, "refused")

    assert [(p.code, p.message) for p in complaints.problems] == [
        (
            "undefined-variable",
            "`${steps.a.data.b}` names nothing here; results of steps exist only in `parameters` of later steps and in expectations",
        )
    ]


@pytest.mark.parametrize("waiting", ["refused", "parameters", "expectations"])
def test_what_could_not_be_resolved_is_no_new_mistake(waiting: Waiting) -> None:
    """A placeholder that was complained about already is passed over in silence."""
    for annotation in (str, Decimal | Deferred, object_value(), tuple[str, ...]):
        value, _, complaints = reading(BROKEN, annotation, waiting)

        assert value is MISSING
        assert complaints.problems == ()


def test_a_record_type_is_compiled_once() -> None:
    """The same shape serves every row, and it can be asked for what a schema needs."""
    shape = record_shape(Everything)

    assert shape is record_shape(Everything)
    assert shape.required == ("id",)
    assert shape.aliases == {"person": "person_id", "who": "person_id"}
    assert {item.name: item.default for item in shape.fields}["limit"] == 3


class Plain:
    """No dataclass."""


@dataclass(frozen=True)
class Odd:
    """A field of a type that no scenario can say."""

    what: Plain


@dataclass(frozen=True)
class OddSet:
    """A field of a generic type that no scenario can say."""

    what: frozenset[int]


def test_an_annotation_outside_the_vocabulary_is_a_defect_of_the_domain() -> None:
    """What cannot be read is refused when the record is first used, not guessed at."""
    for record in (Plain, Odd, OddSet):
        with pytest.raises(TypeError):
            record_shape(record)
    with pytest.raises(TypeError, match="no annotation"):
        compile_annotation("a text")


def test_an_upper_bound_alone_is_told_so() -> None:
    """The remedy says what is allowed, whichever bounds there are."""
    complaints = Complaints()

    read(ScalarNode(5, SPAN), Annotated[int, Range(maximum=4)], complaints, field="it")

    assert [problem.message for problem in complaints.problems] == ["`it` is 5; allowed: at most 4"]


@given(st.integers(0, 10_000))
def test_hours_are_minutes_exactly(minutes: int) -> None:
    """Every whole number of minutes, written as hours, comes back as itself if its decimal form is finite."""
    hours = Decimal(minutes) / 60
    if hours * 60 != minutes:
        hours = hours.quantize(Decimal("0.001"))
    complaints = Complaints()

    found = read(ScalarNode(hours, SPAN), Hours, complaints, field="hours")

    assert found == (minutes if hours * 60 == minutes else MISSING)


@given(st.text(max_size=20))
def test_no_text_makes_a_reader_raise(text: str) -> None:
    """Whatever a text is, a reader answers with a value or a complaint."""
    for annotation in (str, int, Decimal, bool, date, datetime, time, Hours, ClockTime, Colour, Name, Literal["a"]):
        complaints = Complaints()
        value = read(ScalarNode(text, SPAN, quoted=True), annotation, complaints, field="it")
        assert (value is MISSING) == bool(complaints.problems)
