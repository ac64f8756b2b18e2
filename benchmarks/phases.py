"""Where the milliseconds of one scenario go: each phase of a run, and the loading before it."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ours import rehearse_project

RUNS = 200
WARM_UP = 30


def phase_table() -> str:
    """Return the median of each phase over `RUNS` runs as a Markdown table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rehearse_project(folder, 1)
        sys.path.append(name)
        try:
            return _table(_measured(folder))
        finally:
            sys.path.remove(name)


def _measured(folder: Path) -> dict[str, list[float]]:
    from rehearse.artifacts.store import ArtifactStore  # noqa: PLC0415  (the table above is printed before these load)
    from rehearse.database.open import open_store  # noqa: PLC0415
    from rehearse.errors import Complaints  # noqa: PLC0415
    from rehearse.loading.catalog import Catalog  # noqa: PLC0415
    from rehearse.loading.load import load_written  # noqa: PLC0415
    from rehearse.loading.yaml_tree import read_tree  # noqa: PLC0415
    from rehearse.plan import make_plan  # noqa: PLC0415
    from rehearse.run.run import Services, perform  # noqa: PLC0415

    (written,) = Catalog((folder / "scenarios",)).all()
    services = Services(open_store(), ArtifactStore(folder / "runs"))
    found: dict[str, list[float]] = {"read": [], "load": [], "plan": []}
    for number in range(RUNS + WARM_UP):
        marks = [time.perf_counter()]
        read_tree(written.source, Complaints())
        marks.append(time.perf_counter())
        loaded = load_written(written)
        marks.append(time.perf_counter())
        plan = make_plan(loaded)
        marks.append(time.perf_counter())
        result = perform(plan, services)
        result.raise_for_status()
        if number >= WARM_UP:
            for phase, start, end in zip(("read", "load", "plan"), marks, marks[1:], strict=False):
                found[phase].append(end - start)
            for phase, spent in result.metrics.phase_times.items():
                found.setdefault(phase, []).append(spent)
    services.store.close()
    return found


def _table(found: dict[str, list[float]]) -> str:
    lines = ["| phase | median ms |", "|---|--:|"]
    medians = {phase: statistics.median(spent) * 1000 for phase, spent in found.items()}
    lines += [f"| {phase} | {spent:.2f} |" for phase, spent in medians.items()]
    lines.append(f"| all | {sum(medians.values()):.2f} |")
    return "\n".join(lines)
