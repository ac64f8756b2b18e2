from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import naive
from hypothesis import given
from hypothesis import strategies as st
from naive_minutes import Found
from random_rosters import POLICIES, changes, rosters

from residency.compliance import Touched, check, judge, new_or_worse, rejudge
from residency.rules import Record, record_order
from residency.schedule import Schedule

if TYPE_CHECKING:
    from residency.calendar import Interval
    from residency.model import Change, Roster
    from residency.policy import Policy

policies = st.sampled_from(POLICIES)


def bare(record: Record) -> Found:
    """A record without pack, citation, duties and words."""
    return Found(
        record.rule,
        record.code,
        record.persons,
        record.rotation_id,
        record.start,
        record.end,
        record.measured,
        record.limit,
        record.severity,
    )


def changed(roster: Roster, change: Change) -> Roster:
    """The roster with the rows of a change gone and come."""
    return replace(
        roster,
        duties=(*(duty for duty in roster.duties if duty not in change.removed), *change.added),
        absences=(*(row for row in roster.absences if row not in change.absences_removed), *change.absences_added),
    )


@given(rosters(), policies)
def test_rules_agree_with_minute_arrays(made: tuple[Roster, Interval], policy: Policy) -> None:
    """Every rule finds on any roster what its slow twin finds on arrays of minutes, as often."""
    roster, horizon = made
    found = check(Schedule.of(roster, horizon), policy)
    assert naive.check(roster, horizon, policy) == Counter(bare(record) for record in found)
    assert sorted(found, key=record_order) == list(found)


@given(rosters(), policies, st.data())
def test_recheck_equals_check(made: tuple[Roster, Interval], policy: Policy, data: st.DataObject) -> None:
    """After any change, judging only what it touched gives the records of judging everything."""
    roster, horizon = made
    before = Schedule.of(roster, horizon)
    change = data.draw(changes(roster, horizon))
    after = before.with_changes(change)
    expected = check(after, policy)
    assert expected == rejudge(judge(before, policy), after, Touched.of(after, change), policy).records
    assert expected == check(Schedule.of(changed(roster, change), horizon), policy)


@given(rosters(), policies)
def test_nothing_is_worse_than_itself(made: tuple[Roster, Interval], policy: Policy) -> None:
    """Without a change, no record is new or worse."""
    roster, horizon = made
    records = check(Schedule.of(roster, horizon), policy)
    assert () == new_or_worse(records, records)
    assert records == new_or_worse((), records)


@given(rosters(), policies, st.data())
def test_changes_follow_each_other(made: tuple[Roster, Interval], policy: Policy, data: st.DataObject) -> None:
    """After one change upon another, the judgement is that of the roster made anew."""
    roster, horizon = made
    schedule = Schedule.of(roster, horizon)
    judgement = judge(schedule, policy)
    for _ in range(2):
        change = data.draw(changes(roster, horizon))
        schedule = schedule.with_changes(change)
        judgement = rejudge(judgement, schedule, Touched.of(schedule, change), policy)
        roster = changed(roster, change)
        assert judge(Schedule.of(roster, horizon), policy) == judgement
