"""Who is granted leave before whom: a total order that no order of rows can change, told in words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.leave.ranking import CRITERIA, Memory, Ranking, Standing, standing_of
from residency.model import AbsenceKind, DutyKind, LeaveRequest, LedgerEntry

from .rosters import World, at
from .tries import TRIES

ORDER = ("seniority", "holiday_equity", "recent_leave")
standings = st.lists(
    st.builds(
        Standing,
        person_id=st.sampled_from([f"R{number}" for number in range(8)]),
        pgy_level=st.one_of(st.none(), st.integers(1, 3)),
        holidays=st.integers(0, 2),
        denials=st.integers(0, 2),
        leave=st.integers(0, 3).map(lambda days: days * 1440),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda item: item.person_id,
)
orders = st.permutations(ORDER).flatmap(lambda names: st.integers(0, 3).map(lambda length: tuple(names[:length])))


def request(person_id: str, number: int = 0) -> LeaveRequest:
    """A request of somebody, the day after another for each number."""
    return LeaveRequest(f"lv-{person_id}-{number}", person_id, at("12-10") + number * 1440, at("12-20"), at("12-01"))


@TRIES
@given(standings, orders, st.data())
def test_the_order_is_total_and_does_not_depend_on_the_order_of_rows(
    people: list[Standing], order: tuple[str, ...], data: st.DataObject
) -> None:
    """Shuffled requests are ranked alike, and no two share a rank."""
    ranking = Ranking(order, {item.person_id: item for item in people})
    requests = [request(item.person_id, number) for item in people for number in range(2)]
    ranked = ranking.ranked(requests)
    assert ranked == ranking.ranked(data.draw(st.permutations(requests)))
    assert all(ranking.rank(first) < ranking.rank(second) for first, second in pairwise(ranked))


@TRIES
@given(standings, orders)
def test_the_criterion_that_decides_is_the_first_that_differs(people: list[Standing], order: tuple[str, ...]) -> None:
    """All before it are equal; who comes first has less of it; the id decides when nothing else does."""
    ranking = Ranking(order, {item.person_id: item for item in people})
    ranked = ranking.ranked(request(item.person_id) for item in people)
    for first, second in pairwise(ranked):
        one, other = ranking.standings[first.person_id], ranking.standings[second.person_id]
        name = ranking.decided_by(second.person_id, first.person_id)
        before = order[: order.index(name)] if name in order else order
        assert all(CRITERIA[item].value(one) == CRITERIA[item].value(other) for item in before)
        if name == "id":
            assert one.person_id < other.person_id
        else:
            assert CRITERIA[name].value(one) < CRITERIA[name].value(other)
        assert first.person_id in ranking.reason(second.person_id, first.person_id)


@TRIES
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["denial", "credit"]), st.integers(1, 5)), max_size=8))
def test_balances_are_sums(lines: list[tuple[str, str, int]]) -> None:
    """Of one person and kind, whatever stands between the lines."""
    memory = Memory(ledger=tuple(LedgerEntry(person, kind, amount, 0) for person, kind, amount in lines))
    for person in "ab":
        for kind in ("denial", "credit"):
            expected = sum(amount for who, what, amount in lines if (who, what) == (person, kind))
            assert expected == memory.amount(person, kind)


# ── what is known of somebody ──────────────────────────────────────────────────────────────────────────────────────────


def standing(world: World, *ledger: LedgerEntry, clock: str = "12-20") -> Standing:
    """What the criteria know of R1."""
    person = world.book().schedule.persons["R1"]
    return standing_of(world.book(), Memory(tuple(world.holidays), ledger), person, at(clock))


def test_a_holiday_counts_once_however_it_is_remembered() -> None:
    """By its own list, by the roster, by the ledger; minor ones and those to come not at all."""
    world = (
        World().residents("R1").rotation("ward").duty("R1", "ward", "12-08 19:00", "07:00", kind=DutyKind.NIGHT_FLOAT)
    )
    world.holiday("11-28", "R1").holiday("12-08").holiday("12-06", "R1", major=False).holiday("12-25", "R1")
    assert 2 == standing(world).holidays
    entries = [LedgerEntry("R1", "holiday", 1, at(day)) for day in ("11-28", "12-08", "07-04")]
    assert 3 == standing(world, *entries).holidays


def test_a_holiday_on_leave_or_in_moonlighting_is_not_worked() -> None:
    """The duty that stayed in the roster of somebody ill is no work, nor is extra money."""
    world = World().residents("R1").rotation("ward").duty("R1", "ward", "12-08 07:00", "19:00")
    world.holiday("12-08").away("R1", "12-08", "12-09")
    assert 0 == standing(world).holidays


def test_only_vacation_of_the_last_year_is_recent_leave() -> None:
    """Illness is held against nobody, nor is leave to come."""
    world = World().residents("R1").away("R1", "10-14", "10-16", AbsenceKind.VACATION)
    world.away("R1", "11-01", "11-20").away("R1", "12-19", "12-24", AbsenceKind.VACATION)
    assert 3 * 1440 == standing(world).leave


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Standing("R5", 1), "R4 comes first by seniority: PGY-2, against PGY-1"),
        (
            Standing("R5", 2),
            (
                "R4 comes first by holiday equity: 2 major holidays worked and 1 request denied before, "
                "against 0 major holidays worked and 0 requests denied before"
            ),
        ),
        (
            Standing("R5", 2, 2, 1, 5 * 1440),
            "R4 comes first by recent leave: 2 days of vacation in the last year, against 5 days of vacation in the last year",
        ),
        (
            Standing("R5", 2, 2, 1, 2 * 1440),
            "R4 comes first by id, being equal in seniority, holiday equity, recent leave",
        ),
    ],
)
def test_the_rank_is_told_in_words(one: Standing, text: str) -> None:
    """Which criterion, and both figures."""
    ranking = Ranking(ORDER, {"R5": one, "R4": Standing("R4", 2, 2, 1, 2 * 1440)})
    assert text == ranking.reason("R5", "R4")


def test_faculty_have_no_year_and_an_empty_order_leaves_the_id() -> None:
    """Both are said."""
    ranking = Ranking((), {"F1": Standing("F1"), "F2": Standing("F2")})
    assert "F1 comes first by id, being equal in everything else" == ranking.reason("F2", "F1")
    ranked = Ranking(("seniority",), {"F1": Standing("F1"), "R1": Standing("R1", 1)})
    assert "R1 comes first by seniority: PGY-1, against no year of training" == ranked.reason("F1", "R1")
