"""Rows from templates: how many, in which order, with which values, and what is refused before any is made."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.loading.tree import ListNode, MapNode
from rehearse.values import FrozenMap, Value

from .reading import field, map_of, resolved

USED = "write it where the result is used"
CALLS = "or integers: there are no calls and no templates"


def rows(generator: str, variables: str = "") -> Value:
    """Return the rows of one item of a list."""
    return field(resolved(f"  variables: {{{variables}}}\n  setup: {{rows: [{generator}]}}"), "setup", "rows")


def messages(generator: str, variables: str = "") -> list[str]:
    """Return what is wrong with one item of a list, which begins at 5:18."""
    return resolved(f"  variables: {{{variables}}}\n  setup: {{rows: [{generator}]}}").messages


def test_for() -> None:
    """Every combination is made, the last name turning fastest."""
    made = rows('{generate: {for: {a: [x, y], b: [1, 2, 3]}, template: {v: "${loop.a}${loop.b}"}}}')
    assert ["x1", "x2", "x3", "y1", "y2", "y3"] == [row["v"] for row in made if isinstance(row, FrozenMap)]  # type: ignore[union-attr]


def test_counters_and_cycle() -> None:
    """The counters run from 1 and from 0, a cycle turns with them, the types are kept."""
    made = rows(
        '{generate: {count: 3, cycle: {r: [p, q]}, template: {i: "${loop.index}", z: "${loop.index0}", n: "${loop.count}", r: "${loop.r}"}}}'
    )
    assert made == (
        FrozenMap({"i": 1, "z": 0, "r": "p", "n": 3}),
        FrozenMap({"i": 2, "z": 1, "r": "q", "n": 3}),
        FrozenMap({"i": 3, "z": 2, "r": "p", "n": 3}),
    )


def test_rows_stand_among_others() -> None:
    """Generated rows take the place of their generator, in any list of rows below the set-up."""
    made = rows('{v: 0}, {generate: {count: 2, template: {v: "${loop.index}"}}}, {v: 9}')
    assert [0, 1, 2, 9] == [row["v"] for row in made if isinstance(row, FrozenMap)]  # type: ignore[union-attr]
    nested = resolved("  setup: {constraints: {deep: [{list: [{generate: {count: 1, template: {v: 1}}}]}]}}")
    assert 1 == field(nested, "setup", "constraints", "deep", 0, "list", 0, "v")


def test_outside_the_setup_nothing_is_generated() -> None:
    """In other places `generate` is a key like any other."""
    found = resolved("  test_case: {operations: [{generate: {count: 1, template: {v: 1}}}]}")
    assert FrozenMap({"count": 1, "template": FrozenMap({"v": 1})}) == field(
        found, "test_case", "operations", 0, "generate"
    )


def test_ranges() -> None:
    """Ranges include both ends, keep the weekdays named, and take variables."""
    made = rows(
        '{generate: {for: {d: {from: "${day}", to: "${day + 8d}", weekdays: [mon, tue]}}, template: {v: "${loop.d}"}}}',
        "day: 2024-12-02",
    )
    days = [date(2024, 12, day) for day in (2, 3, 9, 10)]
    assert days == [row["v"] for row in made if isinstance(row, FrozenMap)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("{from: 1, to: 3}", [1, 2, 3]),
        ("{from: -2, to: 3, step: 2}", [-2, 0, 2]),
        ("{from: 5, to: 5}", [5]),
        ('{from: "2024-12-30", to: 2025-01-01}', [date(2024, 12, 30), date(2024, 12, 31), date(2025, 1, 1)]),
        ("{from: 2024-12-01, to: 2024-12-08, step: 3d}", [date(2024, 12, 1), date(2024, 12, 4), date(2024, 12, 7)]),
        ("{from: 2024-12-01, to: 2024-12-15, step: 1w}", [date(2024, 12, 1), date(2024, 12, 8), date(2024, 12, 15)]),
        ("{from: 2024-12-01, to: 2024-12-03, step: 2}", [date(2024, 12, 1), date(2024, 12, 3)]),
        ("{from: 2024-12-07, to: 2024-12-08, weekdays: [mon]}", []),
        ("[]", []),
        ('"${list}"', [7, "x"]),
    ],
)
def test_axes(written: str, values: list[object]) -> None:
    """An axis is a list or a range of dates or integers."""
    made = rows(f'{{generate: {{for: {{a: {written}}}, template: {{v: "${{loop.a}}"}}}}}}', "list: [7, x]")
    assert values == [row["v"] for row in made if isinstance(row, FrozenMap)]  # type: ignore[union-attr]


def test_whole_maps_as_values() -> None:
    """A value may be a map, of which the template takes a part."""
    assert (FrozenMap({"v": "R1"}),) == rows('{generate: {for: {p: [{id: R1}]}, template: {v: "${loop.p.id}"}}}')


def test_places_of_rows() -> None:
    """A generated row stands where its template is written."""
    tree = map_of(
        resolved(
            '  setup:\n    rows:\n    - generate:\n        count: 2\n        template: {v: "${loop.index}", w: 1}'
        ).node
    )
    made = map_of(tree.get("setup")).get("rows")
    assert isinstance(made, ListNode)
    second = made.items[1]
    assert isinstance(second, MapNode)
    assert [(8, 20), (8, 23), (8, 40)] == [
        (span.line, span.column) for span in (second.span, second.entries[0].value.span, second.entries[1].span)
    ]


@pytest.mark.parametrize(
    ("generator", "expected"),
    [
        ("{generate: 1}", ["5:29 wrong-type: `generate` is an int, and must be a map"]),
        ("{generate: {count: 1}}", ["5:19 missing-key: the generator has no `template`; write `template:`"]),
        (
            "{generate: {template: {}}}",
            ["5:19 conflict: the generator has neither `for` nor `count`; write exactly one of them"],
        ),
        (
            "{generate: {for: {a: [1]}, count: 1, template: {}}}",
            ["5:45 conflict: the generator has both `for` and `count`; write exactly one of them"],
        ),
        (
            "{generate: {cuont: 1, template: {}}}",
            ["5:30 unknown-key: `cuont` is not a key of `generate`; did you mean `count`?"],
        ),
        (
            "{generate: {count: 1, template: {}}, id: x}",
            ["5:55 unknown-key: `id` is not a key of a row that is generated; known: generate"],
        ),
        ("{generate: {count: -1, template: {}}}", ["5:37 bad-value: `count` is -1; write 0 or more"]),
        (
            "{generate: {count: 1.5, template: {}}}",
            ["5:37 wrong-type: `count` is a number, and must be a whole number"],
        ),
        ("{generate: {count: true, template: {}}}", ["5:37 wrong-type: `count` is a bool, and must be a whole number"]),
        (
            "{generate: {count: 200001, template: {}}}",
            ["5:30 bad-value: the generator would make more than 200,000 rows; make fewer"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 1000}, b: {from: 1, to: 1000}}, template: {}}}",
            ["5:30 bad-value: the generator would make more than 200,000 rows; make fewer"],
        ),
        ("{generate: {for: {}, template: {}}}", ["5:30 bad-value: `for` names nothing; write a name and its values"]),
        ("{generate: {for: [1], template: {}}}", ["5:35 wrong-type: `for` is a list, and must be a map"]),
        (
            "{generate: {for: {index: [1]}, template: {}}}",
            ["5:36 conflict: `loop.index` is taken; choose another name"],
        ),
        (
            "{generate: {for: {A: [1]}, template: {}}}",
            ["5:36 bad-value: `A` is no name; write lower-case letters, digits and _, a letter first"],
        ),
        (
            "{generate: {for: {a: 1}, template: {}}}",
            ["5:39 wrong-type: `a` is an int, and must be a list or a range; write `[…]` or `{from: …, to: …}`"],
        ),
        (
            "{generate: {for: {a: [1]}, cycle: {a: [2]}, template: {}}}",
            ["5:53 conflict: `a` stands in `for` and in `cycle`; choose another name"],
        ),
        (
            "{generate: {count: 1, cycle: {a: []}, template: {}}}",
            ["5:40 bad-value: `a` has no values to take turns; write at least one"],
        ),
        ("{generate: {count: 1, template: 7}}", ["5:50 wrong-type: `template` is an int, and must be a map"]),
        (
            '{generate: {count: 2, template: {v: "${loop.x}"}}}',
            ["5:55 undefined-variable: `loop.x` names nothing; known: count, index, index0"],
        ),
        (
            '{generate: {count: 2, template: {v: "${loop}"}}}',
            ["5:55 undefined-variable: `loop` names nothing; write `loop.index`"],
        ),
        (
            '{generate: {count: 2, template: {v: "{{ loop.index }}"}}}',
            ["5:55 bad-expression: `{{ loop.index }}` is not read here; write `${loop.index}`"],
        ),
        (
            '{generate: {count: "${nope}", template: {v: "${nah}"}}}',
            ["5:38 undefined-variable: `nope` names nothing; known: id, seed"],
        ),
        (
            '{generate: {count: "${steps.a.b}", template: {}}}',
            [
                "5:38 bad-expression: `${steps.a.b}` is a result, and the number of rows must be known before anything runs; "
                + USED
            ],
        ),
        (
            '{generate: {for: {p: ["${nope}"]}, template: {a: "${loop.p}", b: "${loop.p.id}", c: "${loop.p + 1d}"}}}',
            ["5:41 undefined-variable: `nope` names nothing; known: id, seed"],
        ),
        (
            '{generate: {for: {p: "${nope}"}, template: {}}}',
            ["5:40 undefined-variable: `nope` names nothing; known: id, seed"],
        ),
        (
            '{generate: {for: {p: {from: "${nope}", to: 3}}, template: {}}}',
            ["5:47 undefined-variable: `nope` names nothing; known: id, seed"],
        ),
        (
            "{generate: {for: {a: {from: 1}}, template: {}}}",
            ["5:40 missing-key: the range `a` has no `to`; write `{from: …, to: …}`"],
        ),
        (
            "{generate: {for: {a: {from: 1, too: 2}}, template: {}}}",
            ["5:49 unknown-key: `too` is not a key of a range; did you mean `to`?"],
        ),
        (
            "{generate: {for: {a: {from: 3, to: 1}}, template: {}}}",
            ["5:53 bad-value: the range ends before it begins; exchange its ends"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 2024-01-01}}, template: {}}}",
            ["5:53 conflict: the range `a` begins with an int and ends with a date; write two dates, or two integers"],
        ),
        (
            "{generate: {for: {a: {from: x, to: 1}}, template: {}}}",
            ["5:46 wrong-type: `from` is text, and must be a date or an int; write 2024-12-25, or a whole number"],
        ),
        (
            "{generate: {for: {a: {from: '2024-02-30', to: 2024-03-01}}, template: {}}}",
            ["5:46 bad-value: `2024-02-30` is no day of the calendar; write year-month-day, or quote it if it is text"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 3, step: 0}}, template: {}}}",
            ["5:62 bad-value: `step` must be a number of whole steps forward; write 1 or more"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 3, step: 1d}}, template: {}}}",
            ["5:62 bad-value: `step` must be a number of whole steps forward; write 1 or more"],
        ),
        (
            "{generate: {for: {a: {from: 2024-01-01, to: 2024-01-02, step: 0d}}, template: {}}}",
            ["5:80 bad-value: `step` must be a number of whole steps forward; write 1 or more, or `1d`"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 3, step: [1]}}, template: {}}}",
            ["5:62 wrong-type: `step` must be a number of whole steps forward; write 1 or more"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 3, weekdays: [mon]}}, template: {}}}",
            ["5:56 conflict: `weekdays` stands in a range of integers; leave it out, or write dates"],
        ),
        (
            "{generate: {for: {a: {from: 2024-01-01, to: 2024-01-02, weekdays: [monday]}}, template: {}}}",
            ["5:85 bad-value: `monday` is no weekday; write one of mon, tue, wed, thu, fri, sat, sun"],
        ),
        (
            "{generate: {for: {a: {from: 2024-01-01, to: 2024-01-02, weekdays: []}}, template: {}}}",
            ["5:84 wrong-type: `weekdays` must be a list of days, not empty; write `[mon, tue]`"],
        ),
        (
            "{generate: {for: {a: {from: 1, to: 999999999}}, template: {}}}",
            ["5:53 bad-value: the range has more than 200,000 values; make it shorter"],
        ),
    ],
)
def test_mistakes(generator: str, expected: list[str]) -> None:
    """A wrong generator makes no row and is told once, at the place."""
    assert expected == messages(generator)


def test_a_mistake_in_one_row_ends_its_generator() -> None:
    """Two hundred thousand rows do not tell the same mistake two hundred thousand times."""
    found = resolved('  setup: {rows: [{generate: {count: 200000, template: {v: "${7 // (loop.index - 3)}"}}}]}')
    assert ["`${7 // (loop.index - 3)}` cannot be computed: it divides by zero"] == [p.summary for p in found.problems]
    made = map_of(map_of(found.node).get("setup")).get("rows")
    assert isinstance(made, ListNode)
    assert made.items == ()


def test_all_rows_together_are_bounded() -> None:
    """F45: rows that would fill the memory are refused, by their number of keys or the size of their texts."""
    wide = ", ".join(f"k{n}: 1" for n in range(60))
    assert ["yaml-limit"] == resolved(
        f"  setup: {{rows: [{{generate: {{count: 50000, template: {{{wide}}}}}}}]}}"
    ).codes
    big = "x" * 40_000
    found = resolved(f'  setup: {{rows: [{{generate: {{count: 9999, template: {{v: "{big}${{loop.index}}"}}}}}}]}}')
    assert ["yaml-limit"] == found.codes


def test_the_companions_residents() -> None:
    """A companion's generator starts from its defaults, which the template may override."""
    made = rows(
        '{generator: create_residents, count: 2, template: {pgy_level: "{{ loop.index % 3 + 1 }}", note: "no. {{loop.index0}} ${loop.count}"}}'
    )
    first = FrozenMap({"role": "RESIDENT", "id": "resident-1", "pgy_level": 2, "note": "no. 0 2"})
    second = FrozenMap({"role": "RESIDENT", "id": "resident-2", "pgy_level": 3, "note": "no. 1 2"})
    assert (first, second) == made
    assert (FrozenMap({"role": "X", "id": "resident-1"}),) == rows(
        "{generator: create_residents, count: 1, template: {role: X}}"
    )
    assert (FrozenMap({"role": "RESIDENT", "id": "resident-1"}),) == rows("{generator: create_residents, count: 1}")


@pytest.mark.parametrize(
    ("generator", "expected"),
    [
        (
            "{generator: create_resident, count: 1}",
            ["5:30 unknown-name: there is no generator `create_resident`; did you mean `create_residents`?"],
        ),
        (
            "{generator: [x], count: 1}",
            ["5:30 unknown-name: there is no generator `None`; known: create_date_range, create_residents"],
        ),
        ("{generator: create_residents}", ["5:19 missing-key: the generator has no `count`; write `count:`"]),
        (
            "{generator: create_residents, count: 1, template: {id: \"{{ make('x') }}\"}}",
            ["5:74 bad-expression: `{{ make('x') }}` is not read here; write `${…}` with a variable, a date " + CALLS],
        ),
        (
            "{generator: create_residents, count: 1, template: 3}",
            ["5:68 wrong-type: `template` is an int, and must be a map"],
        ),
        (
            "{generator: create_residents, count: 1, for: {}}",
            ["5:58 unknown-key: `for` is not a key of `create_residents`; known: count, generator, template"],
        ),
        (
            "{generator: create_date_range, start: 2024-01-01, variable_name: d}",
            ["5:19 missing-key: `create_date_range` has no `end`; write `end:`"],
        ),
        (
            "{generator: create_date_range, start: 2024-01-01, end: 2024-01-02, variable_name: [d]}",
            ["5:100 wrong-type: `variable_name` is a list, and must be text"],
        ),
        (
            "{generator: create_date_range, start: 2024-01-01, end: 2024-01-02, variable_name: d, x: 1}",
            ["5:103 unknown-key: `x` is not a key of `create_date_range`; known: end, generator, start, variable_name"],
        ),
        (
            "{generator: create_date_range, start: 1, end: 2, variable_name: d}",
            ["5:56 wrong-type: `start` is no date; write 2024-12-25"],
        ),
        (
            "{generator: create_date_range, start: 2024-01-02, end: 2024-01-01, variable_name: d}",
            ["5:73 bad-value: the range ends before it begins; exchange its ends"],
        ),
        (
            "{generator: create_date_range, start: 2024-01-01, end: 2024-01-02, variable_name: seed}",
            ["5:100 conflict: `seed` is taken, and cannot be the name of a variable; choose another name"],
        ),
        (
            "{generator: create_date_range, start: 2024-01-01, end: 2024-01-02, variable_name: v}",
            ["5:100 conflict: `v` is defined twice; choose another name"],
        ),
    ],
)
def test_mistakes_of_companions(generator: str, expected: list[str]) -> None:
    """The companions' generators are as strict as ours."""
    assert expected == messages(generator, "v: 1")


def test_date_ranges_are_variables() -> None:
    """A date range adds no row but defines its variable for the whole scenario, before and after."""
    body = """
  variables: {first: 2024-12-01, last: "${days[-1]}"}
  description: "until ${last}"
  setup:
    persons:
      - {generator: create_date_range, start: "${first}", end: "${first + 2d}", variable_name: days}
      - generate: {for: {day: "${days}"}, template: {v: "${loop.day}"}}
"""
    found = resolved(body)
    assert "until 2024-12-03" == field(found, "description")
    days = tuple(FrozenMap({"v": date(2024, 12, day)}) for day in (1, 2, 3))
    assert days == field(found, "setup", "persons")
    assert () == found.notes


def test_an_unused_date_range_is_noted() -> None:
    """It is a variable like any other."""
    found = resolved(
        "  setup: {p: [{generator: create_date_range, start: 2024-01-01, end: 2024-01-02, variable_name: d}]}"
    )
    assert ["the variable `d` is not used"] == [note.summary for note in found.notes]


AXES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 4), min_size=1)


@given(AXES)
def test_number_of_rows(axes: dict[str, int]) -> None:
    """There are as many rows as combinations, each different, numbered from 1."""
    written = ", ".join(f"{name}: {list(range(size))}" for name, size in axes.items())
    fields = ", ".join(f'{name}: "${{loop.{name}}}"' for name in axes)
    made = rows(f'{{generate: {{for: {{{written}}}, template: {{i: "${{loop.index}}", {fields}}}}}}}')
    expected = 1
    for size in axes.values():
        expected *= size
    assert isinstance(made, tuple)
    assert list(range(1, expected + 1)) == [row["i"] for row in made if isinstance(row, FrozenMap)]
    assert expected == len({tuple(row[name] for name in axes) for row in made if isinstance(row, FrozenMap)})
