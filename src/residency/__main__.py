"""``python -m residency n1 DATABASE``: what happens to a stored roster if one person falls out, or two."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import create_engine

from residency.calendar import DAY, Interval, minute_of
from residency.carried import read_fairness
from residency.load import read_book, read_roster
from residency.n1_report import n1_report
from residency.n1_result import analyse
from residency.policy import load_policy
from residency.schedule import horizon_of
from residency.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    database: str
    rules: str
    start: date | None
    end: date | None
    pairs: bool
    jobs: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 0 if every absence of one person can be covered, 1 if not."""
    wanted = _wanted(arguments)
    engine = create_engine(wanted.database)
    with engine.connect() as connection:
        whole = horizon_of(read_roster(connection))
        book = read_book(connection, Settings(load_policy(wanted.rules), whole))
        fairness = read_fairness(connection)
    engine.dispose()
    result = analyse(book, fairness, days=_days(wanted, whole), with_pairs=wanted.pairs, jobs=wanted.jobs)
    sys.stdout.write(n1_report(result))
    return int(any(answer.uncovered for answer in result.answers))


def _wanted(arguments: Sequence[str] | None) -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m residency", description="Questions about a stored duty roster.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    n1 = commands.add_parser("n1", help="what happens if one person falls out, or two", description=main.__doc__)
    n1.add_argument(
        "database",
        metavar="DATABASE",
        help="address of a database with a roster: sqlite:///file.db, postgresql+psycopg://…",
    )
    n1.add_argument("--rules", default="acgme-2025", help="the rule pack (acgme-2025)")
    n1.add_argument("--start", type=date.fromisoformat, help="first day (of the roster)")
    n1.add_argument("--end", type=date.fromisoformat, help="last day (of the roster)")
    n1.add_argument("--no-pairs", dest="pairs", action="store_false", help="ask about one person at a time only")
    n1.add_argument("--jobs", type=int, default=1, help="processes that share the pairs (1)")
    return Wanted(**vars(parser.parse_args(arguments)))


def _days(wanted: Wanted, whole: Interval) -> Interval:
    """The days that are asked about; averages are taken over the whole roster."""
    start = whole[0] if wanted.start is None else max(whole[0], minute_of(wanted.start))
    end = whole[1] if wanted.end is None else min(whole[1], minute_of(wanted.end) + DAY)
    return (start, max(start, end))


if __name__ == "__main__":
    raise SystemExit(main())
