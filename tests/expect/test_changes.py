"""``changes``: what happened to rows, and that nothing else did."""

# ruff: noqa: DTZ001  (moments have no zone)

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expect.ward import D1, D2, PERSONS, TRIAL, Trial, view, waiting
from rehearse.expect.judge import judge
from rehearse.expectation import ChangeEntry, Changes, FromTo, Tolerances, Validation
from rehearse.snapshot.model import Diff
from rehearse.values import FrozenMap
from snapshot.strategies import untimed

D = Decimal
AFTER = {
    "persons": (("R1", "away"), *PERSONS[1:]),
    "duties": (
        ("d1", "R3", *D1[2:]),
        ("d3", "R3", datetime(2024, 12, 26, 13), *D1[3:]),
        ("d4", "R3", datetime(2024, 12, 27, 13), *D1[3:]),
    ),
    "journal": (("j1", "noted"),),
}


def entry(
    kind: Any, row: Any = None, *, table: str = "duties", count: int = 1, number: int = 0, **parts: Any
) -> ChangeEntry:
    """Return an entry of a table."""
    return ChangeEntry(
        key=f"changes.{table}[{number}]", category="state", table=table, kind=kind, row=row, count=count, **parts
    )


def to(name: str, new: Any, **old: Any) -> FromTo:
    """Return a field's change; `old` only if given."""
    return FromTo(name, new, old.get("old"), has_old="old" in old)


UPDATE = entry("update", "d1", changes=(to("person_id", "R3", old="R1"),))
INSERTS = entry("insert", where=(("person_id", "R3"),), count=2, number=1)
DELETE = entry("delete", "d2", number=2)
PERSON = entry("update", "R1", table="persons", changes=(to("status", "away"),))
ALL = (UPDATE, INSERTS, DELETE, PERSON)


def statuses(changes: Changes, **parts: Any) -> dict[str, str]:
    """Return the status of every check of ``changes``."""
    verdict = Trial(**{"after": AFTER, "changes": changes, **parts}).verdict()
    return {check.key: check.status for check in verdict.checks if check.key.startswith("changes")}


def message(changes: Changes, key: str, **parts: Any) -> str:
    """Return the message of one check."""
    return Trial(**{"after": AFTER, "changes": changes, **parts}).named(key).message


def test_everything_that_happened_in_words() -> None:
    """Each entry has its rows, and with `only` nothing else changed; the journal is not looked at."""
    assert statuses(Changes(ALL, only=True)) == {
        "changes.duties[0]": "passed",
        "changes.duties[1]": "passed",
        "changes.duties[2]": "passed",
        "changes.persons[0]": "passed",
        "changes.only": "passed",
    }


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (entry("update", "d1", changes=(to("person_id", "R3"),)), "passed"),
        (entry("update", "d1"), "passed"),
        (entry("update", "d1", changes=(to("person_id", "R3", old="R2"),)), "failed"),
        (entry("update", "d1", changes=(to("person_id", "R2"),)), "failed"),
        (entry("update", "d1", changes=(to("pinned", D1[5]),)), "failed"),
        (entry("update", "d9"), "failed"),
        (entry("update", "d3"), "failed"),
        (entry("update", where=(("person_id", "R1"),)), "passed"),
        (entry("update", waiting("${steps.main.data.duty}")), "passed"),
        (entry("update", waiting("${steps.main.data.gone}")), "failed"),
        (entry("insert", where=(("person_id", "R3"), ("start", datetime(2024, 12, 26, 13)))), "passed"),
        (entry("insert", "d4"), "passed"),
        (entry("insert", where=(("person_id", waiting("${steps.main.data.who}")),), count=2), "passed"),
        (entry("insert", where=(("person_id", "R1"),)), "failed"),
        (entry("insert", where=(("person_id", 3),)), "failed"),
        (entry("insert", where=(("person_id", "R3"),)), "failed"),
        (entry("insert", where=(("person_id", "R3"),), count=3), "failed"),
        (entry("insert", where=(("person_id", "R3"),), count=0), "failed"),
        (entry("insert", where=(("person_id", "R1"),), count=0), "passed"),
        (entry("delete", where=(("person_id", "R2"),)), "passed"),
        (entry("delete", where=(("person_id", "R3"),)), "failed"),
        (entry("insert", table="journal", where=(("words", "noted"),)), "passed"),
        (entry("insert", table="pairs"), "failed"),
        (entry("update", "d1", changes=(to("colour", "red"),)), "failed"),
    ],
)
def test_an_entry_matches_exactly_so_many_rows(one: ChangeEntry, status: str) -> None:
    """By id or by fields, the old row's for a delete, the new one's for an insert; one row more is one too many."""
    views = (view(data=FrozenMap({"duty": "d1", "who": "R3"})),)
    assert statuses(Changes((one,)), views=views) == {one.key: status}


def test_what_is_missing_is_told_with_what_was_there() -> None:
    """The reader sees the rows of that kind that did change."""
    lost = entry("insert", where=(("person_id", "R1"),))
    found = Trial(after=AFTER, changes=Changes((lost,))).named("changes.duties[0]")
    assert found.expected == '+ duties person_id "R1"'
    assert (found.actual, found.message) == ("0 of 1", "no such row; there were: + d3; + d4")
    assert message(Changes((entry("insert", table="pairs"),)), "changes.pairs[0]") == "no such row"
    three = entry("insert", where=(("person_id", "R3"),), count=3)
    assert message(Changes((three,)), three.key) == "2 of 3 such rows; there were: + d3; + d4"


def test_what_is_too_much_is_told() -> None:
    """A row that fits and counts for no entry is one more than the author knows of."""
    one = entry("insert", where=(("person_id", "R3"),))
    assert message(Changes((one,)), one.key) == "1 more than 1 such rows changed: + d4"


def test_no_row_counts_twice() -> None:
    """Two entries for one change: the first has it."""
    twice = (UPDATE, entry("update", "d1", changes=(to("person_id", "R3"),), number=1))
    assert statuses(Changes(twice)) == {"changes.duties[0]": "passed", "changes.duties[1]": "failed"}
    assert (
        message(Changes(twice), "changes.duties[1]") == "no such row that counts for no other entry; there were: ~ d1"
    )


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_the_fullest_matching_decides(order: tuple[int, ...]) -> None:
    """The loose entry leaves the row that the strict one needs, whichever was written first."""
    loose = entry("insert", where=(("person_id", "R3"),))
    strict = entry("insert", where=(("start", datetime(2024, 12, 26, 13)),), number=1)
    both = (loose, strict)
    assert set(statuses(Changes(tuple(both[index] for index in order))).values()) == {"passed"}


def test_only_names_every_other_change() -> None:
    """Rows without an entry, and fields that the entry does not name."""
    after = {**AFTER, "duties": (("d1", "R3", *D1[2:5], True, D1[6]), D2)}
    found = Trial(after=after, changes=Changes((UPDATE,), only=True)).named("changes.only")
    assert (found.status, found.category, found.actual) == ("failed", "state", "2 other changes")
    assert found.message == 'besides: ~ persons R1 status "active" → "away"; duties d1 also changed pinned'


def test_only_lists_at_most_ten_changes() -> None:
    """The others are counted."""
    after = {"persons": PERSONS, "duties": tuple((f"x{number:02}", *D1[1:]) for number in range(12))}
    told = message(Changes(only=True), "changes.only", after=after)
    assert told.startswith("besides: − duties d1; − duties d2; + duties x00")
    assert told.endswith("+ duties x07 and 4 more")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        (Changes(ALL, only=True, listed=("journal",)), "failed"),
        (Changes((*ALL, entry("insert", table="journal")), only=True), "passed"),
        (Changes((UPDATE, PERSON), only=True, exempt=("duties",)), "passed"),
        (Changes(ALL[1:], only=True, exempt=("persons",)), "failed"),
        (Changes((*ALL[:3], PERSON), only=True, exempt=("journal",), listed=("journal",)), "passed"),
    ],
)
def test_only_leaves_out_exempt_tables_and_journals_that_are_not_listed(changes: Changes, status: str) -> None:
    """A journal is looked at only when it has a list of its own, be it empty."""
    assert statuses(changes)["changes.only"] == status


def test_none_means_that_nothing_changed() -> None:
    """Journals apart."""
    assert statuses(Changes(none=True), after={**Trial().before, "journal": (("j1", "x"),)}) == {"changes": "passed"}
    found = Trial(after=AFTER, changes=Changes(none=True)).named("changes")
    assert (found.status, found.actual) == ("failed", "5 changes")
    assert found.message.startswith('~ persons R1 status "active" → "away"; ~ duties d1 person_id "R1" → "R3"')


def test_changed_and_changed_back_is_unchanged() -> None:
    """Only the two states count."""
    assert statuses(Changes(none=True), after=Trial().before) == {"changes": "passed"}
    assert TRIAL.evidence().diff.count() == 0


def test_entries_in_words() -> None:
    """From, to, fields and how often."""
    assert (
        Trial(after=AFTER, changes=Changes((UPDATE,))).named(UPDATE.key).expected == '~ duties d1 person_id "R1" → "R3"'
    )
    assert Trial(after=AFTER, changes=Changes((PERSON,))).named(PERSON.key).expected == '~ persons R1 status → "away"'
    found = Trial(after=AFTER, changes=Changes((INSERTS,))).named(INSERTS.key)
    assert (found.expected, found.actual) == ('+ duties person_id "R3", 2 times', "2 of 2")


def test_tolerances_reach_the_fields_of_entries() -> None:
    """By the field's name or its path; under strict nothing is granted."""
    one = entry("insert", "d3", where=(("hours", D(13)),))
    for name in ("hours", "duties.hours"):
        validation = Validation(field_overrides=((name, Tolerances(numeric_absolute=D(1))),))
        assert statuses(Changes((one,)), validation=validation) == {one.key: "passed"}
    assert statuses(Changes((one,))) == {one.key: "failed"}


def test_a_defect_leaves_every_entry_unknown() -> None:
    """What cannot be matched is not known to have failed: here a difference whose columns are lost."""
    trial = Trial(after=AFTER, changes=Changes((UPDATE, DELETE), only=True))
    evidence = trial.evidence()
    verdict = judge(trial.scenario(), trial.domain, replace(evidence, diff=Diff(evidence.diff.changes, {})))
    found = {check.key: check.status for check in verdict.checks if check.key.startswith("changes")}
    assert found == {"changes.duties[0]": "unknown", "changes.duties[2]": "unknown", "changes.only": "unknown"}


def test_an_entry_that_waits_in_vain_takes_no_other_with_it() -> None:
    """It fails alone, and its row is one that nobody named."""
    waits = entry("delete", waiting("${steps.main.data.gone}"), number=2)
    found = statuses(Changes((UPDATE, INSERTS, waits, PERSON), only=True))
    assert [key for key, status in found.items() if status == "failed"] == ["changes.duties[2]", "changes.only"]
    assert "`steps.main.data.gone` is not there" in message(Changes((waits,)), waits.key)
    lost = (view(outcome="unknown"),)
    assert statuses(Changes((waits,)), views=lost) == {waits.key: "unknown"}


@untimed
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), st.lists(st.sampled_from("abc"), max_size=4))
def test_entries_pass_together_exactly_if_every_row_can_be_given_out(wanted: list[str], there: list[str]) -> None:
    """An entry for each wanted holder, a row for each that is there: all pass if the two are the same, as often."""
    rows = tuple((f"n{index}", holder, *D1[2:]) for index, holder in enumerate(there))
    entries = tuple(
        entry("insert", where=(("person_id", holder),), number=index) for index, holder in enumerate(wanted)
    )
    found = statuses(Changes(entries, only=True), after={"persons": PERSONS, "duties": (D1, D2, *rows)})
    assert (set(found.values()) == {"passed"}) == (sorted(wanted) == sorted(there))
