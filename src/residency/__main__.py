"""``python -m residency n1 DATABASE``: what happens to a stored roster if one person falls out, or two."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from residency.calendar import DAY, Interval, minute_of
from residency.contingency.carried import read_fairness
from residency.contingency.n1_report import n1_report
from residency.contingency.n1_result import analyse
from residency.contingency.plans import Fairness
from residency.load import Book, read_book, read_roster
from residency.policy import DEFAULT_PACK, PACKS, load_policy
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
    states: int | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 0 if every absence of one person can be covered, 1 if not, 2 if there is no roster to read."""
    wanted = _wanted(arguments)
    try:
        stored = _read(wanted)
    except (SQLAlchemyError, FileNotFoundError) as error:
        sys.stderr.write(f"cannot read a roster from {wanted.database}: {str(error).splitlines()[0]}\n")
        return 2
    result = analyse(
        stored.book,
        stored.fairness,
        days=stored.days,
        with_pairs=wanted.pairs,
        jobs=wanted.jobs,
        most_states=wanted.states,
    )
    sys.stdout.write(n1_report(result))
    return int(any(answer.uncovered for answer in result.answers))


@dataclass(frozen=True)
class _Stored:
    """What was read, and the days that are asked about."""

    book: Book
    fairness: Fairness
    days: Interval


def _read(wanted: Wanted) -> _Stored:
    """Read a roster; nothing is written, and no file is made.

    Raises:
        FileNotFoundError: there is no such file.
        SQLAlchemyError: the database does not answer, or holds no roster.
    """
    url = make_url(wanted.database)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername.startswith("sqlite") and not Path(url.database or "").is_file():
        raise FileNotFoundError("there is no such file")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            whole = horizon_of(read_roster(connection))
            book = read_book(connection, Settings(load_policy(wanted.rules), whole))
            return _Stored(book, read_fairness(connection), _days(wanted, whole))
    finally:
        engine.dispose()


def _wanted(arguments: Sequence[str] | None) -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m residency", description="Questions about a stored duty roster.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    n1 = commands.add_parser("n1", help="what happens if one person falls out, or two", description=main.__doc__)
    n1.add_argument(
        "database",
        metavar="DATABASE",
        help="address of a database with a roster: sqlite:///file.db, postgresql://…",
    )
    n1.add_argument("--rules", default=DEFAULT_PACK, choices=[pack.name for pack in PACKS], help="the rule pack")
    n1.add_argument("--start", type=date.fromisoformat, help="first day (of the roster)")
    n1.add_argument("--end", type=date.fromisoformat, help="last day (of the roster)")
    n1.add_argument("--no-pairs", dest="pairs", action="store_false", help="ask about one person at a time only")
    n1.add_argument(
        "--jobs", type=int, choices=range(1, 65), metavar="N", default=1, help="processes that share the days (1)"
    )
    n1.add_argument(
        "--states", type=int, metavar="N", help="cut each search after N states; the report says what is not proven"
    )
    return Wanted(**vars(parser.parse_args(arguments)))


def _days(wanted: Wanted, whole: Interval) -> Interval:
    """The days that are asked about; averages are taken over the whole roster."""
    start = whole[0] if wanted.start is None else max(whole[0], minute_of(wanted.start))
    end = whole[1] if wanted.end is None else min(whole[1], minute_of(wanted.end) + DAY)
    return (start, max(start, end))


if __name__ == "__main__":
    raise SystemExit(main())
