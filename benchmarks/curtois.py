"""``python -m benchmarks.curtois --instances DIR``: the Curtois–Qu instances, each within a minute of wall clock.

The best known costs are those that the benchmark publishes. Every cost in the table is computed anew by `benchmarks.curtois_judge`, which
shares no code with the solver; a roster that breaks a constraint ends the run. A bound is a proof: an integer sum of prices and of each
person's cheapest roster under them, or what CP-SAT proved. Processor seconds are of the whole process and tell less of other load than
seconds do; CP-SAT's deterministic seconds tell nothing of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.curtois_judge import judge
from residency.solver.curtois.reading import read_instance
from residency.solver.curtois.search import search
from residency.solver.solve import Effort

#: Of instances 1 to 24.
BEST_KNOWN = (
    *(607, 828, 1001, 1716, 1143, 1950, 1056, 1300, 439, 4631, 3443, 4040),
    *(1348, 1278, 3829, 3225, 5746, 4459, 3149, 4769, 21133, 30241, 17428, 42463),
)
_METHOD = "column generation (GLOP), dives, restricted master (SCIP), CP-SAT from the best"
#: More than any minute holds: the clock on the wall is to end the search.
_DETERMINISTIC = 100_000.0


@dataclass(frozen=True)
class Row:
    """What one instance gave."""

    number: int
    cost: int
    bound: int
    seconds: float
    processor: float
    deterministic: float

    def __str__(self) -> str:
        best = BEST_KNOWN[self.number - 1]
        gap = (self.cost - best) / best * 100
        proved = "yes" if self.cost == self.bound else f"within {(self.cost - self.bound) / self.bound * 100:.2f} %"
        return (
            f"| {self.number} | {self.cost} | {self.bound} | {best} | {gap:.2f} % | {proved} "
            f"| {self.seconds:.1f} | {self.processor:.1f} | {self.deterministic:.2f} |"
        )


def solved(path: Path, number: int, effort: Effort) -> Row:
    """Solve one instance and judge its roster.

    Raises:
        RuntimeError: there is no roster, or it is not what the solver says.
    """
    started, processor = time.perf_counter(), time.process_time()
    instance = read_instance(path)
    solution = search(instance, effort)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    if solution.roster is None or solution.cost is None or solution.bound is None:
        raise RuntimeError(f"{path}: {solution.status}")
    named = {
        employee.id: ["" if shift is None else instance.shifts[shift].id for shift in row]
        for employee, row in zip(instance.employees, solution.roster, strict=True)
    }
    judged = judge(path.read_text(encoding="utf-8"), named)
    if judged.broken or judged.cost != solution.cost:
        raise RuntimeError(f"{path}: the roster costs {judged.cost}, not {solution.cost}; {'; '.join(judged.broken)}")
    return Row(number, judged.cost, solution.bound, seconds, processor, solution.effort)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curtois", description=__doc__)
    parser.add_argument("--instances", type=Path, required=True, help="a folder with Instance1.txt and so on")
    parser.add_argument("--seconds", type=float, default=60.0, help="of wall clock, for each instance")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of instances")
    chosen = parser.parse_args()
    effort = Effort(_DETERMINISTIC, chosen.workers, chosen.seed, wall_seconds=chosen.seconds)
    found = {number: chosen.instances / f"Instance{number}.txt" for number in range(1, len(BEST_KNOWN) + 1)}
    present = {n: path for n, path in found.items() if path.is_file() and (not chosen.only or n in chosen.only)}
    if not present:
        parser.error(f"there is no Instance1.txt or other in {chosen.instances}")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"Python {platform.python_version()}, OR-tools {version('ortools')}, NumPy {version('numpy')}, {os.cpu_count()} cores"
    )
    print(
        f"Method: {_METHOD}; {chosen.seconds:g} s of wall clock, {chosen.workers} workers, seed {chosen.seed}; load before: {load}\n"
    )
    print("| instance | cost | bound | best known | gap | proved | seconds | processor s | CP-SAT deterministic s |")
    print("|--:|--:|--:|--:|--:|---|--:|--:|--:|")
    for number, path in present.items():
        print(solved(path, number, effort), flush=True)
    print(f"\nLoad after: {', '.join(f'{value:.1f}' for value in os.getloadavg())}")


if __name__ == "__main__":
    main()
