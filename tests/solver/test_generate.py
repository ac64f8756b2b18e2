"""Schedules as a whole: conflicts and what would help, fairness, long spans week by week, progress and an end on request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from residency.calendar import DAY, HOUR, minute_of
from residency.compliance import check
from residency.model import Absence, AbsenceKind, Duty, DutyKind, Holiday, Person, Requirement, Roster, Rotation
from residency.policy import load_policy
from residency.schedule import Schedule
from residency.solver.apart import Apart, Errand, OtherProcessError
from residency.solver.generate import PartSolver, generate
from residency.solver.problem import Demand, Figures, PenaltyName, Problem, make_problem
from residency.solver.result import Placing, Result
from residency.solver.rolling import Half, halves_of, joined, part_of, week_by_week
from residency.solver.shares import even_level, even_rate
from residency.solver.solve import Effort, Progress, Status

MONDAY = minute_of(date(2024, 12, 2))
WARD, CALL = Rotation("ward"), Rotation("call", kind=DutyKind.IN_HOUSE_CALL)
EFFORT = Effort(seconds=20, workers=1)


def need(service: str, day: int, begins: int, ends: int, heads: int = 1) -> Requirement:
    """Return what a service needs on a day."""
    start = MONDAY + day * DAY
    return Requirement(f"{service}-{day}-{begins}", service, start + begins * HOUR, start + ends * HOUR, heads)


def roster(people: int, *needs: Requirement, days: int = 7) -> tuple[Roster, tuple[int, int]]:
    """Return residents without duties, what is needed of them, and the horizon."""
    persons = tuple(Person(f"R{number}", pgy_level=2) for number in range(1, people + 1))
    return Roster(persons, (WARD, CALL), (), needs), (MONDAY, MONDAY + days * DAY)


def posed(rows: Roster, horizon: tuple[int, int], **demand: object) -> Problem:
    """Return the problem under the default rules."""
    return make_problem(rows, Demand(horizon, **demand), Figures(load_policy(), horizon))  # type: ignore[arg-type]


def violations(rows: Roster, horizon: tuple[int, int], result: Result) -> list[str]:
    """Return what the rules find in a schedule, advisories apart."""
    made = [
        Duty(f"n{place}", item.person_id, item.post.rotation_id, item.post.start, item.post.end, item.post.kind)
        for place, item in enumerate(result.placings)
    ]
    found = check(Schedule.of(replace(rows, duties=tuple(made)), horizon), load_policy())
    return [record.message for record in found if record.severity != "advisory"]


def test_the_conflict_of_three_people_and_twenty_eight_nights() -> None:
    """All nights and the three limits of every third night, nothing else; a night less or a person more would do."""
    rows, horizon = roster(3, *(need("call", day, 7, 31) for day in range(28)), days=28)
    conflict = generate(posed(rows, horizon), EFFORT).conflict
    assert conflict is not None
    assert {"coverage": 28, "call_frequency": 3} == {
        stem: sum(ground.stem == stem for ground in conflict.grounds) for stem in {g.stem for g in conflict.grounds}
    }
    assert (True, 28, 27) == (conflict.is_minimal, conflict.needed, conflict.available)
    assert ("1 night less", "1 person more") == conflict.relaxations


def test_one_day_that_cannot_be_filled_is_the_whole_conflict() -> None:
    """Of a month in which one post has nobody, only that post is told, with why each person cannot have it."""
    rows, horizon = roster(3, *(need("ward", day, 7, 17, 1 + (day == 9)) for day in range(28)), days=28)
    more = tuple(need("call", day, begins, begins + 2) for day in range(28) for begins in (18, 20))
    day = MONDAY + 9 * DAY
    away = tuple(Absence(f"a{name}", name, day, day + DAY, AbsenceKind.ILLNESS) for name in ("R1", "R2"))
    problem = posed(replace(rows, requirements=rows.requirements + more, absences=away), horizon)
    conflict = generate(problem, EFFORT).conflict
    assert conflict is not None
    assert [("coverage", "ward", day + 7 * HOUR)] == [
        (ground.stem, ground.subject, ground.start) for ground in conflict.grounds if ground.stem == "coverage"
    ]
    assert {("leave_exclusion", "R1"), ("leave_exclusion", "R2")} == {
        (ground.stem, ground.subject) for ground in conflict.grounds if ground.stem != "coverage"
    }
    assert (2, 1, ("1 shift less", "1 person more")) == (conflict.needed, conflict.available, conflict.relaxations)


def test_burdens_are_shared_evenly() -> None:
    """Those who carried more nights before get fewer: the ledger counts."""
    rows, horizon = roster(3, *(need("call", day, 7, 31) for day in (0, 3, 6, 9, 12, 15)), days=28)
    problem = posed(rows, horizon, weights={PenaltyName.WORKLOAD_SPREAD: 0})
    carried = replace(problem.workers[0], balances={"call": 3})
    result = generate(replace(problem, workers=(carried, *problem.workers[1:])), EFFORT)
    held = [sum(item.person_id == name for item in result.placings) for name in ("R1", "R2", "R3")]
    assert (Status.OPTIMAL, [0, 3, 3]) == (result.status, held)


def test_rows_that_overlap_ask_for_the_highest_not_the_sum() -> None:
    """Two all day and three in the morning are two posts and one; what goes on longer than a call is cut into shifts."""
    rows, horizon = roster(
        1, need("ward", 0, 7, 19, 2), need("ward", 0, 7, 13, 3), need("ward", 1, 0, 30), need("call", 2, 0, 48)
    )
    posts = [
        (post.rotation_id, (post.start - MONDAY) // HOUR, post.minutes // HOUR, post.heads)
        for post in posed(rows, horizon).posts
    ]
    assert [
        ("ward", 7, 6, 1),
        ("ward", 7, 12, 2),
        ("ward", 24, 12, 1),
        ("ward", 36, 12, 1),
        ("ward", 48, 6, 1),
        ("call", 48, 24, 1),
        ("call", 72, 24, 1),
    ] == posts


def test_part_of_a_post_that_somebody_holds_is_not_needed_again() -> None:
    """A held morning leaves the afternoon open; a holder on leave leaves the leave open."""
    rows, horizon = roster(2, need("ward", 0, 7, 19))
    held = Duty("d", "R1", "ward", MONDAY + 7 * HOUR, MONDAY + 13 * HOUR)
    leave = Absence("a", "R1", MONDAY + 12 * HOUR, MONDAY + DAY, AbsenceKind.ILLNESS)
    (afternoon,) = posed(replace(rows, duties=(held,)), horizon).posts
    (longer,) = posed(replace(rows, duties=(held,), absences=(leave,)), horizon).posts
    assert (13, 12) == ((afternoon.start - MONDAY) // HOUR, (longer.start - MONDAY) // HOUR)


def test_levels_and_rates() -> None:
    """Even shares fill up from below; nobody shares nothing."""
    assert (0, 4, 2) == (even_level({}, 5), even_level({"a": 3, "b": 0}, 5), even_level({"a": 2, "b": 1}, 1))
    assert (0, 10) == (even_rate({}, {}, 60), even_rate({"a": 6, "b": 3}, {"a": 0, "b": 0}, 90))


def test_a_long_span_is_made_week_by_week() -> None:
    """Eight weeks keep every rule over all windows, and each post has its person; the parts of the objective add up."""
    needs = (need("ward", day, 7, 19) for day in range(56))
    nights = (need("call", day, 19, 31) for day in range(56))
    rows, horizon = roster(5, *needs, *nights, days=56)
    result = generate(posed(rows, horizon), EFFORT)
    assert (Status.FEASIBLE, 112, None) == (result.status, len(result.placings), result.bound)
    assert [] == violations(rows, horizon, result)
    assert result.objective == sum(penalty.cost for penalty in result.penalties)
    assert list(PenaltyName) == [penalty.name for penalty in result.penalties]
    assert result == generate(posed(rows, horizon), EFFORT)


def test_a_week_that_cannot_be_filled_by_itself_ends_a_long_span() -> None:
    """The conflict is that week's; nothing of the other weeks is returned."""
    rows, horizon = roster(2, *(need("ward", day, 7, 17, 1 + 2 * (day == 50)) for day in range(56)), days=56)
    result = generate(posed(rows, horizon), EFFORT)
    assert (Status.INFEASIBLE, ()) == (result.status, result.placings)
    assert result.conflict is not None
    assert (3, 2) == (result.conflict.needed, result.conflict.available)


@pytest.mark.parametrize(("tries", "status"), [(2, Status.FEASIBLE), (9, Status.NO_ANSWER)])
def test_a_week_that_fails_after_others_is_made_with_them(tries: int, status: Status) -> None:
    """A week that has no answer takes the weeks before it along, one after another; when there are no more the search is given up."""
    rows, horizon = roster(2, *(need("ward", day, 7, 17) for day in range(56)), days=56)
    seen: list[int] = []

    def first(part: Problem, left: int) -> Result:
        del left
        seen.append((part.span[1] - part.span[0]) // (7 * DAY))
        return Result(Status.NO_ANSWER if 3 <= len(seen) < 3 + tries else Status.FEASIBLE)

    problem = posed(rows, horizon)
    found = joined(week_by_week(problem, halves_of(problem)[0], first), Half())
    assert (status, [1, 1, 1, 2, 3]) == (found.status, seen[:5])


def test_the_half_made_elsewhere_is_the_half_made_here() -> None:
    """Another process gives the same weeks, and tells how far it has come."""
    rows, horizon = roster(3, *(need("ward", day, 7, 17) for day in range(56)), days=56)
    problem = posed(rows, horizon)
    second = halves_of(problem)[1]
    told: list[Progress] = []
    with Apart(Errand(problem, second, EFFORT), told.append, None) as other:
        assert week_by_week(problem, second, PartSolver(EFFORT, None, None).solve) == other.result()
    assert told


def test_a_half_made_elsewhere_ends_on_request() -> None:
    """Stopped, it has no answer, and its process is gone."""
    rows, horizon = roster(3, *(need("ward", day, 7, 17) for day in range(56)), days=56)
    stop = threading.Event()
    problem = posed(rows, horizon)
    with Apart(Errand(problem, halves_of(problem)[1], EFFORT), None, stop) as other:
        stop.set()
        assert Half(failure=Result(Status.NO_ANSWER)) == other.result()
    with pytest.raises(ProcessLookupError):
        os.kill(other.process_id, 0)


def test_a_half_whose_process_is_killed_is_no_answer() -> None:
    """Who waits for it is told with what exit code it went."""
    rows, horizon = roster(3, *(need("ward", day, 7, 17) for day in range(56)), days=56)
    problem = posed(rows, horizon)
    with Apart(Errand(problem, halves_of(problem)[1], EFFORT), None, None) as other:
        os.kill(other.process_id, signal.SIGKILL)
        with pytest.raises(OtherProcessError, match="exit code -9"):
            other.result()


def test_a_half_ends_with_whoever_asked_for_it() -> None:
    """Its process goes when the one that started it is killed in the middle of the work."""
    paths = os.pathsep.join(filter(None, sys.path))
    begun = subprocess.run(
        [sys.executable, "-c", "from solver.test_generate import ask_and_be_killed; ask_and_be_killed()"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert (-signal.SIGKILL, "") == (begun.returncode, begun.stderr)
    left = Path(f"/proc/{int(begun.stdout)}/stat")
    for _ in range(200):
        if not left.exists() or ") Z " in left.read_text():
            return
        time.sleep(0.05)
    pytest.fail("it goes on without anybody to work for")


def ask_and_be_killed() -> None:
    """Ask for half a year, say who makes it, and die as soon as that one tells of progress."""
    rows, horizon = roster(3, *(need("ward", day, 7, 17) for day in range(364)), days=364)
    problem = posed(rows, horizon)

    def die(_: Progress) -> None:
        print(other.process_id, flush=True)  # noqa: T201
        os.kill(os.getpid(), signal.SIGKILL)

    with Apart(Errand(problem, problem.span, EFFORT), die, None) as other:
        other.result()


def test_a_search_is_ended_on_request() -> None:
    """Stopped before it began, a search has no answer; while it goes on it tells how far it has come."""
    rows, horizon = roster(6, *(need("ward", day, 7, 19, 3) for day in range(28)), days=28)
    told: list[Progress] = []
    assert generate(posed(rows, horizon), Effort(seconds=2, workers=1), on_progress=told.append).is_found
    assert told
    stop = threading.Event()
    stop.set()
    assert Status.NO_ANSWER is generate(posed(rows, horizon), EFFORT, stop=stop).status


def test_older_duties_are_remembered_as_numbers() -> None:
    """A week knows the last five weeks' duties; of what lies further back it knows nights, weekends, holidays and minutes."""
    rows, horizon = roster(1, *(need("call", day, 7, 31) for day in range(70)), days=70)
    problem = posed(rows, horizon)
    holiday = replace(problem.figures, holidays=(Holiday(MONDAY + 6 * DAY, "-"),))
    given = [Placing(post, "R1") for post in problem.posts[:63:3]]
    part = part_of(replace(problem, figures=holiday), (MONDAY + 63 * DAY, MONDAY + 70 * DAY), given)
    (worker,) = part.workers
    old = len(given) - len(worker.duties)
    assert (7, None) == (len(part.posts), part.figures.until)
    assert 0 < old < len(given)
    assert (old, old * DAY) == (worker.balances["night"], worker.balances["minutes"])
    assert (True, True) == (worker.balances["holiday"] > 0, worker.balances["weekend"] > 0)
