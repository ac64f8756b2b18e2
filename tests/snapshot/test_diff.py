"""A difference names every row that changed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hypothesis import given

from rehearse.snapshot.diff import applied, difference, identical, in_order
from rehearse.snapshot.model import Diff, Snapshot
from rehearse.values import FrozenMap
from snapshot.strategies import pairs, snapshots, untimed
from snapshot.world import snapshot, table

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = {"id": "text", "person_id": "text", "pinned": "bool"}


def _duties(*rows: tuple[str, str, bool]) -> Snapshot:
    return snapshot(table("duties", COLUMNS, rows))  # type: ignore[arg-type]  # the kinds are literal


def test_inserts_updates_and_deletes_by_key() -> None:
    """Rows are named in the order of their keys, each with what it was and what it is."""
    before = _duties(("a", "R1", False), ("b", "R1", False), ("c", "R2", False))
    after = _duties(("a", "R1", False), ("b", "R3", True), ("d", "R2", False))
    diff = difference(before, after)
    assert [(row.kind, row.key, row.changed) for row in diff.changes["duties"]] == [
        ("update", ("b",), ("person_id", "pinned")),
        ("delete", ("c",), ()),
        ("insert", ("d",), ()),
    ]
    update, delete, insert = diff.changes["duties"]
    assert (update.before, update.after) == (("b", "R1", False), ("b", "R3", True))
    assert (delete.after, insert.before) == (None, None)
    assert diff.columns == {"duties": ("id", "person_id", "pinned")}
    assert (diff.count(), diff.count("insert")) == (3, 1)


def test_nothing_changed_names_nothing() -> None:
    """Equal states have an empty difference, whether they share their tables or not."""
    before, after = _duties(("a", "R1", False)), _duties(("a", "R1", False))
    assert difference(before, after) == difference(before, before) == Diff({}, {})


class _Untouchable(Mapping[object, object]):
    """Rows that must not be looked at."""

    def __getitem__(self, key: object) -> object:
        raise AssertionError(key)

    def __iter__(self) -> Iterator[object]:
        raise AssertionError

    def __len__(self) -> int:
        raise AssertionError


def test_a_shared_table_is_not_looked_at() -> None:
    """What two photographs share costs nothing to compare."""
    shared = table("big", {"id": "text"}, [])
    object.__setattr__(shared, "rows", _Untouchable())
    before = snapshot(shared, table("small", {"id": "text"}, [("a",)]))
    after = snapshot(shared, table("small", {"id": "text"}, []))
    assert list(difference(before, after).changes) == ["small"]


def test_tables_that_only_one_side_has() -> None:
    """All rows of a table that appears or goes are inserted or deleted."""
    with_table, without = _duties(("a", "R1", False)), snapshot()
    assert difference(without, with_table).changes["duties"][0].kind == "insert"
    assert difference(with_table, without).changes["duties"][0].kind == "delete"


def test_identical_tells_types_apart_all_the_way_down() -> None:
    """Python's equality of true and 1 ends inside lists and maps, too."""
    assert identical((1, FrozenMap({"a": (True,)})), (1, FrozenMap({"a": (True,)})))
    assert not identical(FrozenMap({"a": (True,)}), FrozenMap({"a": (1,)}))
    assert not identical(True, 1)  # noqa: FBT003  (the values that are compared)
    assert not identical("a", "b")


@untimed
@given(pairs())
def test_a_difference_applied_to_before_gives_after(pair: tuple[Snapshot, Snapshot]) -> None:
    """diff(before, after) on before is after, rows in the same order."""
    before, after = pair
    made = applied(before, difference(before, after))
    assert made.tables == after.tables
    assert [list(item.rows) for item in made.tables.values()] == [list(item.rows) for item in after.tables.values()]


@untimed
@given(snapshots())
def test_a_state_does_not_differ_from_itself(state: Snapshot) -> None:
    """diff(s, s) is empty."""
    assert difference(state, state).count() == 0


def test_keys_that_do_not_compare_have_an_order_all_the_same() -> None:
    """SQLite lets a number into a text column; texts and numbers are then ordered apart."""
    rows = [("b",), (2,), ("a",), (1,), (None,)]
    assert in_order(rows) == in_order(rows[::-1]) == [(None,), (1,), (2,), ("a",), ("b",)]
