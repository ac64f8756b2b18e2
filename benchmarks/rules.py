"""``python -m benchmarks.rules``: all rules over a year, and one change judged again, beside goal 4.

Rosters come from `benchmarks.rosters`, the same every time: wards in half-days, calls of 24 hours with a hand-over, night float,
teaching, three weeks of leave each, rotations of four weeks, supervisors, a requirement a day and service; without a breach, and with some.

*Full*: `judge` of a schedule that nobody has looked at yet, from its rows in memory to the sorted records. Windows, unions, sums and columns
of numbers are made inside the measured time. *Making* the schedule (`Schedule.of`: rows grouped and sorted) is shown beside it and is not in
it. *All rules* is the same with every rule looking at everybody, as small rosters are judged. *Change*: one duty passes to another resident;
`with_changes`, `Touched.of` and `rejudge` are inside, and the median of random changes counts. Of interleaved rounds the median is shown.

The engine that goal 4 names is not here. It was measured once, on a comparable machine, at 3.64 s for 200 residents × 365 days (125,200
duties) and 0.56 s for 60 × 365; ratios to it are ratios to those figures.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import statistics
import time
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.rosters import realistic_year
from residency import compliance
from residency.compliance import Judgement, Touched, judge, judge_suspects, rejudge
from residency.model import Change
from residency.policy import load_policy
from residency.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from residency.calendar import Interval
    from residency.model import Roster
    from residency.policy import Policy

#: Seconds of the seed application's engine, by residents, as published in the goals.
PUBLISHED = {200: 3.64, 60: 0.56}
CHANGES = 400
CASES = (
    (200, False, "acgme-2025"),
    (200, True, "acgme-2025"),
    (200, False, "seed"),
    (60, False, "acgme-2025"),
)


@dataclass
class Figures:
    """Seconds of one roster, a figure a round."""

    name: str
    residents: int
    duties: int
    records: int = 0
    making: list[float] = field(default_factory=list)
    full: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    change: list[float] = field(default_factory=list)


def timed(action: Callable[[], object]) -> float:
    """Wall-clock seconds of an action, the collector of cycles resting."""
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    action()
    elapsed = time.perf_counter() - started
    gc.enable()
    return elapsed


def measure(figures: Figures, roster: Roster, horizon: Interval, policy: Policy) -> None:
    """Add one round."""
    figures.making.append(timed(lambda: Schedule.of(roster, horizon)))
    fresh, other = Schedule.of(roster, horizon), Schedule.of(roster, horizon)
    figures.full.append(timed(lambda: judge(fresh, policy)))
    figures.plain.append(timed(lambda: without_screen(other, policy)))
    judgement = judge(other, policy)
    assert judgement == judge_suspects(fresh, policy)
    figures.records = len(judgement.records)
    figures.change.append(one_change(other, judgement, policy, len(figures.change)))


def without_screen(schedule: Schedule, policy: Policy) -> Judgement:
    """Every rule looks at everybody."""
    large, compliance.LARGE = compliance.LARGE, 10**9
    try:
        return judge(schedule, policy)
    finally:
        compliance.LARGE = large


def one_change(schedule: Schedule, judgement: Judgement, policy: Policy, seed: int) -> float:
    """The median seconds of judging again after one duty passed to another resident."""
    choose = random.Random(seed)  # noqa: S311  (a roster, not a secret)
    residents = schedule.residents
    duties = [duty for name in residents for duty in schedule.timeline(name).duties]
    found: list[float] = []
    for _ in range(CHANGES):
        duty = choose.choice(duties)
        change = Change(added=(replace(duty, person_id=choose.choice(residents)),), removed=(duty,))
        started = time.perf_counter()
        after = schedule.with_changes(change)
        rejudge(judgement, after, Touched.of(after, change), policy)
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def table(rows: list[Figures]) -> str:
    """The figures as a Markdown table, with their ratios."""
    lines = [
        "| roster | duties | records | making ms | full ms | published ÷ it | all rules ms | change µs | full ÷ it | published ÷ it |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        making, full, plain, change = (statistics.median(one) for one in (row.making, row.full, row.plain, row.change))
        published = PUBLISHED[row.residents]
        lines.append(
            f"| {row.name} | {row.duties:,} | {row.records:,} | {making * 1e3:.0f} | {full * 1e3:.1f} | {published / full:.0f} | "
            f"{plain * 1e3:.0f} | {change * 1e6:.0f} | {full / change:.0f} | {published / change:,.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    made: list[tuple[Figures, Roster, Interval, Policy]] = []
    for residents, breaches, pack in CASES:
        roster, horizon = realistic_year(residents, breaches=breaches)
        name = f"{residents} × 365, {pack}{', with breaches' if breaches else ''}"
        made.append((Figures(name, residents, len(roster.duties)), roster, horizon, load_policy(pack)))
    for _ in range(chosen.rounds):
        for figures, roster, horizon, policy in made:
            measure(figures, roster, horizon, policy)
    python = f"{platform.python_implementation()} {platform.python_version()}, numpy {version('numpy')}"
    print(f"{python}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {chosen.rounds} rounds\n")
    print(table([figures for figures, *_ in made]))


if __name__ == "__main__":
    main()
