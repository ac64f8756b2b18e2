"""Photographs and differences survive being written down: the same content, the same bytes."""

# ruff: noqa: DTZ001  (moments have no zone)

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from rehearse.snapshot.diff import difference, identical
from rehearse.snapshot.fingerprint import fingerprint
from rehearse.snapshot.serialize import diff_from_json, diff_to_json, from_json, to_json
from rehearse.values import EMPTY_MAP, FrozenMap
from snapshot.strategies import pairs, snapshots, untimed
from snapshot.world import snapshot, table

if TYPE_CHECKING:
    from rehearse.snapshot.model import ColumnKind, Diff, Snapshot

PERSONS: dict[str, ColumnKind] = {
    "id": "text",
    "status": "text",
    "weekly_hours": "number",
    "since": "date",
    "seen": "moment",
    "notes": "json",
}


def _example() -> Snapshot:
    row = ("R1", "active", Decimal("48.5"), date(2024, 7, 1), datetime(2024, 12, 25, 6, 30), (1, "2024-12-25"))
    extras = FrozenMap({"compliance_status": FrozenMap({"overall": "compliant", "violations": ()})})
    return snapshot(table("persons", PERSONS, [row]), extras=extras)


def test_a_snapshot_reads_as_the_seed_shows_it() -> None:
    """``database_state`` holds row objects, and what the domain adds stands beside it."""
    data = json.loads(to_json(_example()))
    assert data == {
        "snapshot_id": "s-pre",
        "scenario_id": "s",
        "snapshot_type": "pre_execution",
        "timestamp": "2024-12-25T06:00",
        "database_state": {
            "persons": [
                {
                    "id": "R1",
                    "status": "active",
                    "weekly_hours": 48.5,
                    "since": "2024-07-01",
                    "seen": "2024-12-25T06:30",
                    "notes": [1, "2024-12-25"],
                }
            ]
        },
        "compliance_status": {"overall": "compliant", "violations": []},
        "columns": [{"table": "persons", "key": ["id"], "columns": PERSONS}],
        "types": {},
    }


def test_numbers_keep_every_digit() -> None:
    """A decimal that no binary float can hold is written as text and read back as itself."""
    exact = Decimal("0.12345678901234567890123")
    taken = snapshot(table("t", {"id": "text", "n": "number"}, [("a", exact), ("b", Decimal(80)), ("c", "NaN")]))
    assert '"n":"0.12345678901234567890123"' in to_json(taken).decode()
    assert '"n":80.0' in to_json(taken).decode()
    assert [row[1] for row in from_json(to_json(taken)).tables["t"].rows.values()] == [exact, Decimal(80), "NaN"]


def test_seconds_are_written_only_where_there_are_some() -> None:
    """A moment is written to the minute; one with seconds keeps them."""
    rows = [("a", datetime(2024, 1, 1, 7)), ("b", datetime(2024, 1, 1, 7, 0, 5))]
    text = to_json(snapshot(table("t", {"id": "text", "at": "moment"}, rows))).decode()
    assert '"2024-01-01T07:00"' in text
    assert '"2024-01-01T07:00:05"' in text


def test_types_that_json_lacks_are_noted_beside() -> None:
    """Dates, moments, fractions, floats and long decimals inside extras come back as what they were."""
    extras = FrozenMap(
        {
            "a/b~c": (date(2024, 1, 1), datetime(2024, 1, 1, 7)),
            "share": Fraction(1, 3),
            "rough": float("inf"),
            "long": Decimal("0.12345678901234567890123"),
            "text": "2024-01-01",
        }
    )
    read = from_json(to_json(snapshot(extras=extras)))
    assert read.extras == extras
    assert [type(read.extras[name]) for name in ("share", "rough", "text")] == [Fraction, float, str]


def test_the_order_of_a_map_does_not_matter() -> None:
    """Equal maps are the same bytes, whichever key was written first."""
    first = snapshot(extras=FrozenMap({"a": 1, "b": FrozenMap({"x": 1, "y": 2})}))
    second = snapshot(extras=FrozenMap({"b": FrozenMap({"y": 2, "x": 1}), "a": 1}))
    assert to_json(first) == to_json(second)


def test_an_extra_may_not_take_a_key_of_the_snapshot() -> None:
    """A domain that calls its capture ``columns`` is told so."""
    with pytest.raises(ValueError, match="a key `columns` of its own"):
        to_json(snapshot(extras=FrozenMap({"columns": 1})))


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"types": {}, "columns": [1]}', b"nonsense"])
def test_anything_else_is_refused(data: bytes) -> None:
    """What is no snapshot and no difference says so, instead of becoming half of one."""
    with pytest.raises(ValueError):  # noqa: PT011  (JSON's own complaint is one, too)
        from_json(data)
    with pytest.raises(ValueError):  # noqa: PT011  (likewise)
        diff_from_json(data)


@untimed
@given(snapshots())
def test_writing_and_reading_a_snapshot_changes_nothing(taken: Snapshot) -> None:
    """from_json(to_json(s)) is s, types and all, and is written as the same bytes."""
    read = from_json(to_json(taken))
    assert read == taken
    assert to_json(read) == to_json(taken)
    assert fingerprint(read) == fingerprint(taken)
    assert identical(read.extras, taken.extras)
    for name, stored in taken.tables.items():
        assert all(identical(read.tables[name].rows[key], row) for key, row in stored.rows.items())


@untimed
@given(pairs())
def test_writing_and_reading_a_difference_changes_nothing(pair: tuple[Snapshot, Snapshot]) -> None:
    """diff_from_json(diff_to_json(d)) is d, and is written as the same bytes."""
    diff: Diff = difference(*pair)
    read = diff_from_json(diff_to_json(diff))
    assert read == diff
    assert diff_to_json(read) == diff_to_json(diff)


@untimed
@given(snapshots())
def test_a_fingerprint_knows_rows_and_nothing_else(taken: Snapshot) -> None:
    """Labels, extras, the order of tables and of rows do not count."""
    shuffled = {
        name: replace(stored, rows=dict(reversed(stored.rows.items())))
        for name, stored in reversed(taken.tables.items())
    }
    other = replace(taken, id="other", snapshot_type="post_execution", extras=EMPTY_MAP, tables=shuffled)
    assert fingerprint(other) == fingerprint(taken)


@untimed
@given(pairs())
def test_fingerprints_differ_exactly_where_states_do(pair: tuple[Snapshot, Snapshot]) -> None:
    """Equal fingerprints mean an empty difference, and the other way round."""
    before, after = pair
    assert (fingerprint(before) == fingerprint(after)) == (difference(before, after).count() == 0)
