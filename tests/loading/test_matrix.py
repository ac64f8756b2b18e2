"""A matrix makes as many scenarios as it says, in a fixed order, with ids of their own."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.errors import Complaints
from rehearse.loading.resolve import resolve
from rehearse.loading.tree import plain_value
from rehearse.values import FrozenMap

from .reading import map_of, place, written


def made(matrix: str, *, name: str = "n") -> list[str]:
    """Return the ids of all scenarios of a matrix."""
    found, problems = written(f"scenario:\n  id: m\n  name: {name}\n  matrix: {matrix}\n")
    assert problems == ()
    return [one.id for one in found]


def messages(matrix: str) -> list[str]:
    """Return what is wrong with a matrix, which begins at 2:11."""
    _, problems = written(f"scenario:\n  matrix: {matrix}\n  id: m\n")
    return [f"{place(problem)} {problem.code}: {problem.message}" for problem in problems]


def test_the_example_of_the_format() -> None:
    """Every crossing meets every row of the zip; what is excluded is left out."""
    matrix = """
    product: {person: [R1, R2], day: {from: 2024-12-24, to: 2024-12-26}}
    zip: {hours: [80, 84], verdict: [done, rejected]}
    exclude: [{person: R2, day: 2024-12-24}]"""
    expected = [
        f"m-{person}-{day}-{rest}"
        for person in ("r1", "r2")
        for day in ("2024-12-24", "2024-12-25", "2024-12-26")
        for rest in ("80-done", "84-rejected")
        if (person, day) != ("r2", "2024-12-24")
    ]
    assert expected == made(matrix)


def test_names_and_values() -> None:
    """Each scenario knows its values, which go before variables of the same name."""
    text = """
scenario:
  id: m
  name: for ${p}
  variables: {p: none, q: 1}
  matrix: {product: {p: [R1, [a, b]], d: [2024-12-24]}}
  setup: {p: "${p}", q: "${q}", d: "${d}"}
"""
    found, _ = written(text)
    assert [
        ("m-r1-2024-12-24", "for ${p} [R1, 2024-12-24]", "m"),
        ("m-2-2024-12-24", "for ${p} [2, 2024-12-24]", "m"),
    ] == [(one.id, one.name, one.base_id) for one in found]
    complaints = Complaints()
    tree = resolve(found[0], {}, complaints)
    assert (complaints.problems, complaints.notes) == ((), ())
    assert FrozenMap(
        {
            "id": "m-r1-2024-12-24",
            "name": "for R1 [R1, 2024-12-24]",
            "setup": FrozenMap({"p": "R1", "q": 1, "d": date(2024, 12, 24)}),
        }
    ) == plain_value(tree)


def test_places_of_values() -> None:
    """A value of an axis stands at its placeholder."""
    found, _ = written('scenario: {id: m, name: n, matrix: {product: {p: [{a: 1}]}}, setup: {p: "${p}"}}')
    node = map_of(resolve(found[0], {}, Complaints()).get("setup")).get("p")
    assert node is not None
    assert 73 == node.span.column


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ("[1, -2, 0.50]", ["m-1", "m-2", "m-0-5"]),
        ("[true, null]", ["m-true", "m-null"]),
        ("['A b  C!', '--', 'ü']", ["m-a-b-c", "m-2", "m-3"]),
        ("[[1], {a: 1}, x]", ["m-1", "m-2", "m-x"]),
        ("[2024-12-24T06:30]", ["m-2024-12-24t06-30"]),
        ("{from: 1, to: 3}", ["m-1", "m-2", "m-3"]),
    ],
)
def test_ids(values: str, ids: list[str]) -> None:
    """An id ends in its values: lower case, everything else one hyphen; what leaves nothing is told by its position."""
    assert ids == made(f"{{product: {{a: {values}}}}}")


@pytest.mark.parametrize("matrix", ["{}", "{product: {}}", "{product: {}, zip: {}}"])
def test_no_axes(matrix: str) -> None:
    """A matrix without axes is one scenario."""
    assert ["m"] == made(matrix)


@pytest.mark.parametrize(
    ("exclusion", "left"),
    [
        ("{a: 1}", ["m-2-x", "m-2-y"]),
        ("{b: x}", ["m-1-y", "m-2-y"]),
        ("{a: 1, b: x}", ["m-1-y", "m-2-x", "m-2-y"]),
        ("{a: 1.0, b: y}", ["m-1-x", "m-2-x", "m-2-y"]),
    ],
)
def test_exclude(exclusion: str, left: list[str]) -> None:
    """Everything that has all the values named is left out."""
    assert left == made(f"{{product: {{a: [1, 2], b: [x, y]}}, exclude: [{exclusion}]}}")


def test_exclude_dates_and_truth() -> None:
    """A quoted date is that date; a truth is no number."""
    assert ["m-2024-12-25"] == made("{product: {d: [2024-12-24, 2024-12-25]}, exclude: [{d: '2024-12-24'}]}")
    assert ["m-1"] == made("{product: {d: [1, true]}, exclude: [{d: true}]}")


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("[1]", ["2:11 wrong-type: `matrix` is a list, and must be a map"]),
        ("{products: {}}", ["2:12 unknown-key: `products` is not a key of `matrix`; did you mean `product`?"]),
        ("{product: [1]}", ["2:21 wrong-type: `product` is a list, and must be a map"]),
        (
            "{product: {a: 1}}",
            ["2:25 wrong-type: `a` is an int, and must be a list or a range; write `[…]` or `{from: …, to: …}`"],
        ),
        ("{product: {a: []}}", ["2:22 empty: `a` has no values; write at least one"]),
        (
            "{product: {seed: [1]}}",
            ["2:22 conflict: `seed` is taken, and cannot be the name of a matrix axis; choose another name"],
        ),
        (
            "{product: {a-b: [1]}}",
            [
                "2:22 bad-value: `a-b` is no name for a matrix axis; write lower-case letters, digits and _, a letter first"
            ],
        ),
        ("{product: {a: [1]}, zip: {a: [2]}}", ["2:37 conflict: `a` is an axis twice; keep one"]),
        (
            "{zip: {a: [1], b: [1, 2]}}",
            ["2:26 conflict: `a` has 1 values, `b` has 2; axes that are walked together need the same number"],
        ),
        ("{product: {a: [1]}, exclude: {a: 1}}", ["2:41 wrong-type: `exclude` is a map, and must be a list"]),
        ("{product: {a: [1]}, exclude: [1]}", ["2:41 wrong-type: an entry of `exclude` is an int, and must be a map"]),
        ("{product: {a: [1]}, exclude: [{b: 1}]}", ["2:42 unknown-key: `b` is not an axis of this matrix; known: a"]),
        (
            "{product: {a: [1]}, exclude: [{a: 2}]}",
            ["2:42 conflict: this excludes nothing; remove it, or mend its values"],
        ),
        ("{exclude: [{}]}", ["2:3 empty: everything is excluded; exclude less"]),
        ("{product: {a: [1]}, exclude: [{a: 1}]}", ["2:3 empty: everything is excluded; exclude less"]),
        (
            "{product: {a: {from: 1, to: 400}, b: {from: 1, to: 400}}}",
            ["2:22 bad-value: the matrix would make 160,000 scenarios; let it make 100,000 at most"],
        ),
    ],
)
def test_mistakes(matrix: str, expected: list[str]) -> None:
    """A wrong matrix makes no scenario and is told at the place."""
    assert expected == messages(matrix)


def test_long_ids_are_refused() -> None:
    """An id has 100 characters at most, matrix values included."""
    (message,) = messages("{product: {a: [" + "x" * 99 + "]}}")
    assert message.startswith("3:7 bad-value: the id `m-xxx")
    assert message.endswith("has 101 characters; let it have 100 at most, matrix values included")


def test_a_hundred_thousand() -> None:
    """The largest matrix that is allowed is made."""
    assert 100_000 == len(made("{product: {a: {from: 1, to: 1000}, b: {from: 1, to: 100}}}"))


SIZES = st.lists(st.integers(1, 4), max_size=3)


@given(SIZES, st.integers(1, 4), st.integers(0, 2))
def test_counts(crossed: list[int], rows: int, zipped: int) -> None:
    """There are as many scenarios as crossings times rows, each with an id of its own."""
    product = ", ".join(f"p{n}: {list(range(size))}" for n, size in enumerate(crossed))
    walked = ", ".join(f"z{n}: {list(range(rows))}" for n in range(zipped))
    expected = rows if zipped else 1
    for size in crossed:
        expected *= size
    ids = made(f"{{product: {{{product}}}, zip: {{{walked}}}}}")
    assert expected == len(ids) == len(set(ids))
