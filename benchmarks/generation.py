"""``python -m benchmarks.generation``: a year of sixty residents, made, judged by the rules, exported, loaded again, and asked what if.

The demand is `benchmarks.demand`'s. The solver is called as the operation calls it; the seconds are those of the model, the search and the
roster, without a database. The rules judge the roster; its export is loaded as a fixture by a scenario that runs `validate_acgme` with
``require: true``. With ``--export FOLDER`` the fixture stays there, beside the N-1 report of the year, whose seconds are told. With
``--operation`` a scenario makes the year as well: the demand is its fixture, `generate_schedule` its one step, and the seconds are those of the
whole step in its process, with reading, judging and writing the roster.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.demand import FIRST_DAY, YEAR, YearDemand, demand
from residency.calendar import DAY
from residency.compliance import check
from residency.contingency.n1_report import n1_report
from residency.contingency.n1_result import analyse
from residency.contingency.plans import Fairness
from residency.export import fixture_text
from residency.generating import placed
from residency.load import Book
from residency.policy import load_policy
from residency.schedule import Schedule
from residency.settings import Settings
from residency.solver.generate import generate
from residency.solver.problem import Demand, Figures, make_problem
from residency.solver.solve import Effort

if TYPE_CHECKING:
    from rehearse import ScenarioResult
    from residency.model import Roster
    from residency.solver.result import Result

_SCENARIO = """\
scenario:
  name: A generated year is clean
  id: generated-year
  setup:
    database: {{load_fixtures: [year.json]}}
    constraints: {{horizon: {{start: {first}, end: {last}}}}}
  test_case:
    operation: validate_acgme
    parameters: {{require: true}}
  expected_outcome:
    acgme_compliant: true
    coverage_gap_hours: 0
"""
_OPERATION = """\
scenario:
  name: A year for sixty residents
  id: year-by-operation
  clock: 2024-06-01T09:00
  timeout_seconds: 900
  setup:
    database: {{load_fixtures: [year.json]}}
    constraints: {{horizon: {{start: {first}, end: {last}}}}}
  test_case:
    operation: generate_schedule
    parameters: {{start_date: {first}, end_date: {last}, effort: {effort}}}
  expected_outcome:
    acgme_compliant: true
    coverage_gap_hours: 0
"""


def made(year: YearDemand, effort: Effort) -> tuple[Roster, Result, float]:
    """Return the roster with its schedule, the result, and the seconds that it took."""
    begun = time.perf_counter()
    wishes = tuple((wish, (wish.start, wish.start + DAY)) for wish in year.wishes)
    figures = Figures(load_policy(), year.horizon, holidays=year.holidays, wishes=wishes)
    result = generate(make_problem(year.roster, Demand(year.horizon), figures), effort)
    roster = replace(year.roster, duties=placed(result.placings))
    return roster, result, time.perf_counter() - begun


def run_of(year: YearDemand, roster: Roster, scenario: str) -> ScenarioResult:
    """Run a scenario beside the roster as its fixture, in a project of its own."""
    from rehearse import run_scenario_full  # noqa: PLC0415  (after the working directory is the project)
    from rehearse.api.loader import ScenarioLoader  # noqa: PLC0415

    text = fixture_text(roster, holidays=year.holidays, preferences=year.wishes)
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "scenarios"
        folder.mkdir()
        (folder / "year.json").write_text(text, encoding="utf-8")
        (folder / "year.yaml").write_text(scenario, encoding="utf-8")
        os.chdir(name)
        try:
            return asyncio.run(run_scenario_full(ScenarioLoader().load_scenario(folder / "year.yaml")))
        finally:
            os.chdir(here)


def main() -> None:
    """Make, judge, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--days", type=int, default=YEAR)
    parser.add_argument("--effort", type=float, default=200.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--operation", action="store_true", help="make the year by the operation of a scenario, too")
    parser.add_argument("--jobs", type=int, default=2, help="processes that share the questions of the N-1 report (2)")
    parser.add_argument("--export", type=Path, metavar="FOLDER", help="write the year and its N-1 report there")
    chosen = parser.parse_args()
    year = demand(chosen.days)
    roster, result, seconds = made(year, Effort(seconds=chosen.effort, workers=1, seed=chosen.seed))
    print(f"{chosen.days} days, 60 residents: {result.status} in {seconds:.1f} s, {len(roster.duties)} duties")
    if not result.is_found:
        return
    begun = time.perf_counter()
    records = check(Schedule.of(roster, year.horizon), load_policy())
    violations = [record for record in records if record.severity == "violation"]
    print(f"rules: {len(violations)} violations in {time.perf_counter() - begun:.1f} s")
    dates = {"first": FIRST_DAY, "last": FIRST_DAY + timedelta(days=chosen.days - 1)}
    validated = run_of(year, roster, _SCENARIO.format(**dates))
    print(f"exported, loaded again, validate_acgme: {validated.status}")
    for penalty in result.penalties:
        print(f"  {penalty.name}: {penalty.amount} (cost {penalty.cost})")
    if chosen.operation:
        run = run_of(year, year.roster, _OPERATION.format(**dates, effort=chosen.effort))
        (step,) = run.steps
        print(f"by the operation: {run.status} in {step.seconds:.1f} s, {len(step.data['created'])} duties")
    if chosen.export is not None:
        begun = time.perf_counter()
        files = written(year, roster, chosen.export, chosen.jobs)
        print(f"written in {time.perf_counter() - begun:.1f} s: {', '.join(map(str, files))}")


def written(year: YearDemand, roster: Roster, folder: Path, jobs: int) -> tuple[Path, Path]:
    """Write the year as a fixture, and what happens to it if one person falls out; return both files."""
    folder.mkdir(parents=True, exist_ok=True)
    fixture, report = folder / "year.json", folder / "n1.md"
    fixture.write_text(fixture_text(roster, holidays=year.holidays, preferences=year.wishes), encoding="utf-8")
    book = Book(Schedule.of(roster, year.horizon), (), Settings(load_policy(), year.horizon))
    fairness = Fairness(holidays=frozenset(holiday.start for holiday in year.holidays if holiday.major))
    result = analyse(book, fairness, days=year.horizon, with_pairs=False, jobs=jobs)
    report.write_text(n1_report(result), encoding="utf-8")
    return fixture, report


if __name__ == "__main__":
    main()
