"""``python -m benchmarks.contingency``: N-1 of a year of sixty for everybody on every day, all pairs, and one search by itself.

The roster is `cyclic_year` (no solver needed; 364 days, 60 residents, about 17,000 duties), or a stored one: ``--database URL``. What
is timed: from the loaded roster, judged by the rules, to all answers; `losses`, head-counts and the screens of all residents included,
reading the database and the report apart. Pairs are shared by two processes, whose start is in the figure. The search by itself is a
week's absence of one resident: the search alone, on the same roster, proof of optimality included.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import create_engine

from benchmarks.cyclic_year import year_of_sixty
from residency.calendar import DAY
from residency.contingency.n1_result import pairs_of
from residency.contingency.plan_making import Crisis, make_plan
from residency.contingency.plans import Fairness
from residency.contingency.sweep import Sweep
from residency.load import Book, read_book, read_roster
from residency.model import Absence, AbsenceKind, Change
from residency.policy import load_policy
from residency.schedule import horizon_of
from residency.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEEK = 7
SAMPLES = 5


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    seconds: float
    goal: str
    told: str


def measured(work: Callable[[], str]) -> tuple[float, str]:
    """Return the seconds that some work takes, and what it tells."""
    started = time.perf_counter()
    told = work()
    return time.perf_counter() - started, told


def figures(book: Book, jobs: int) -> Iterator[Figure]:
    """Measure one after another."""
    spent, told = measured(lambda: f"{len(book.records)} records")
    yield Figure("all rules, once (not part of the goals)", spent, "", told)
    yield Figure("N-1, everybody on every day", *_with_goal(measured(lambda: _singles(book)), "≤ 3 s"))
    yield Figure(
        f"N-2, every pair on every day, {jobs} processes", *_with_goal(measured(lambda: _pairs(book, jobs)), "≤ 60 s")
    )
    found = [measured(lambda number=number: _week(book, number)) for number in range(SAMPLES)]
    spent = statistics.median(seconds for seconds, _ in found)
    yield Figure("one search: a week's absence (median of 5)", spent, "", "; ".join(told for _, told in found))


def _with_goal(found: tuple[float, str], goal: str) -> tuple[float, str, str]:
    return found[0], goal, found[1]


def _singles(book: Book) -> str:
    sweep = Sweep(book, Fairness())
    answers = sweep.singles()
    sorts = Counter("gap" if answer.uncovered else "covered" if answer.moves else "nobody needed" for answer in answers)
    told = ", ".join(f"{number:,} {sort}" for sort, number in sorted(sorts.items()))
    return f"{len(answers):,} questions: {told}; {sum(answer.choices is None and bool(answer.moves) for answer in answers)} searched"


def _pairs(book: Book, jobs: int) -> str:
    pairs = pairs_of(Sweep(book, Fairness()), jobs)
    worse = sum(meeting.synergy > 0 for meeting in pairs.meetings)
    return f"{pairs.asked:,} pairs: {len(pairs.meetings):,} do not add up, {worse:,} with synergy, {pairs.searched:,} searched"


def _week(book: Book, number: int) -> str:
    names = book.schedule.residents
    name = names[(7 + 13 * number) % len(names)]
    day = book.schedule.horizon[0] + (50 + 60 * number) * DAY
    absence = Absence("week", name, day, day + WEEK * DAY, AbsenceKind.ILLNESS)
    away = book.after(Change(absences_added=(absence,)))
    plan = make_plan(away, Crisis(day, (name,), 4), Fairness())
    proof = "proven" if plan.is_proven else "not proven"
    return f"{len(plan.moves)} moves, {plan.gap_minutes // 60} h open, {proof}"


def stored_book(database: str) -> Book:
    """Return a stored roster over its own horizon."""
    engine = create_engine(database)
    with engine.connect() as connection:
        horizon = horizon_of(read_roster(connection))
        book = read_book(connection, Settings(load_policy(), horizon))
    engine.dispose()
    return book


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contingency", description=__doc__)
    parser.add_argument("--database", metavar="URL", help="a stored roster instead of the template")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    book = stored_book(chosen.database) if chosen.database else year_of_sixty()
    days = (book.schedule.horizon[1] - book.schedule.horizon[0]) // DAY
    people, duties = len(book.schedule.residents), len(book.schedule.duties)
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    print(f"{people} residents, {days} days, {duties:,} duties\n")
    print("| what | seconds | goal | |\n|---|--:|---|---|")
    for figure in figures(book, chosen.jobs):
        print(f"| {figure.what} | {figure.seconds:.2f} | {figure.goal} | {figure.told} |", flush=True)


if __name__ == "__main__":
    main()
