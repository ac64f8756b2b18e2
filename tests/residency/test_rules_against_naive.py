from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import naive
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from naive_minutes import Found
from random_rosters import POLICIES, Digits, changes, crowded_roster, lone_roster, long_roster, rosters

from residency.compliance import Touched, check, judge, judge_suspects, new_or_worse, rejudge
from residency.rules import STEMS, Record, record_order
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


def assert_agreement(made: tuple[Roster, Interval], policy: Policy) -> None:
    """The rules find in a roster what their slow twins find on arrays of minutes, as often, and in order."""
    roster, horizon = made
    found = check(Schedule.of(roster, horizon), policy)
    assert naive.check(roster, horizon, policy) == Counter(bare(record) for record in found)
    assert sorted(found, key=record_order) == list(found)


def policy_of_seed(seed: int) -> Policy:
    """The policy that a roster of a batch is judged by."""
    return POLICIES[seed % len(POLICIES)]


def batches(count: int) -> st.SearchStrategy[list[int]]:
    """So many integers, of each of which a roster follows."""
    return st.lists(st.integers(0, 2**40), min_size=count, max_size=count)


@given(batches(66))
def test_rules_about_persons_agree_with_minute_arrays(seeds: list[int]) -> None:
    """Of thousands of persons with weeks of their own, every rule finds what its slow twin finds (66 × 120 rosters)."""
    for seed in seeds:
        assert_agreement(lone_roster(seed), policy_of_seed(seed))


@given(batches(18))
def test_rules_about_services_agree_with_minute_arrays(seeds: list[int]) -> None:
    """Of thousands of services with two days of their own, every rule finds what its slow twin finds (18 × 120 rosters)."""
    for seed in seeds:
        assert_agreement(crowded_roster(seed), policy_of_seed(seed))


@given(rosters(), policies)
@settings(max_examples=max(30, settings.default.max_examples // 4))
def test_rules_agree_on_whole_rosters(made: tuple[Roster, Interval], policy: Policy) -> None:
    """The same for six people over weeks, with all that they do at once."""
    assert_agreement(made, policy)


CODES = {
    "weekly_hours": {"over", "near"},
    "one_day_in_seven": {"too_few", "run"},
    "rest_after_call": {"short"},
    "rest_between_shifts": {"short"},
    "duty_period": {"clinical", "total", "pgy1"},
    "call_frequency": {"over"},
    "night_float": {"run", "block_gap"},
    "home_call": {"on_day_off"},
    "moonlighting": {"pgy1"},
    "supervision_ratio": {"pgy1", "senior"},
    "leave_exclusion": {"duty_on_leave"},
    "double_booking": {"overlap"},
    "coverage": {"gap"},
    "qualification": {"missing"},
}


def test_random_rosters_reach_every_code() -> None:
    """Each breach of each rule is met often in the rosters that the comparison draws, under the shipped packs and others."""
    assert set(CODES) == set(STEMS)
    met: Counter[tuple[str, str]] = Counter()
    for number in range(1500):
        seed = Digits(number).number
        for made in (lone_roster(seed), crowded_roster(seed)):
            found = check(Schedule.of(*made), policy_of_seed(seed))
            met.update({(record.rule, record.code) for record in found})
    assert {(rule, code) for rule, codes in CODES.items() for code in codes} == set(met)
    assert min(met.values()) >= 10, met


@given(rosters(), policies)
def test_the_screen_lets_no_record_pass(made: tuple[Roster, Interval], policy: Policy) -> None:
    """What is judged after a screen is what is judged without one."""
    schedule = Schedule.of(*made)
    assume(schedule.duties)
    assert judge(schedule, policy) == judge_suspects(schedule, policy)


@given(batches(6))
def test_the_screen_lets_no_record_of_one_person_pass(seeds: list[int]) -> None:
    """The same for persons alone, and for services of two days."""
    for seed in seeds:
        for made in (lone_roster(seed), crowded_roster(seed)):
            schedule = Schedule.of(*made)
            if schedule.duties:
                assert judge(schedule, policy_of_seed(seed)) == judge_suspects(schedule, policy_of_seed(seed))


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


@given(st.integers(0, 2**40), policies, st.data())
@settings(max_examples=max(40, settings.default.max_examples // 3))
def test_a_change_within_a_year_is_judged_as_the_year(seed: int, policy: Policy, data: st.DataObject) -> None:
    """However far apart windows, rotations and weeks without duty lie, what a change reaches is all that it alters."""
    roster, horizon = long_roster(seed)
    schedule = Schedule.of(roster, horizon)
    judgement = judge(schedule, policy)
    for _ in range(3):
        change = data.draw(changes(roster, horizon))
        schedule, roster = schedule.with_changes(change), changed(roster, change)
        judgement = rejudge(judgement, schedule, Touched.of(schedule, change), policy)
        assert judge(Schedule.of(roster, horizon), policy) == judgement
