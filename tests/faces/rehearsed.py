"""A hospital that has rehearsed for weeks: the whole library, three scenarios of its own that do not pass, and marks of earlier runs."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from rehearse.artifacts.store import ArtifactStore
from rehearse.cli import engine
from rehearse.cli.app import app
from rehearse.loading.write import scenario_text
from rehearse.run.evidence import Particulars, content_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.plan import Plan

LIBRARY = Path(__file__).parents[2] / "src" / "residency" / "scenarios"
ILLNESS = "n1_failures/simple_unavailable.yaml"
SWAP = "swaps/one_to_one_simple.yaml"
OWN = {
    "ward-nobody-backs-001": (
        ILLNESS,
        (
            "One resident falls ill on Christmas Day and one backup is free to come",
            "The ward resident falls ill and nobody is named to come",
        ),
        ('backup_for: ["${away}"]', "may_moonlight: false"),
        ("      - check: backup_chains_valid\n", ""),
    ),
    "ward-clinic-uncovered-001": (
        ILLNESS,
        (
            "One resident falls ill on Christmas Day and one backup is free to come",
            "The clinic stands open before anybody is ill",
        ),
        ("rotation_type: clinic, min_persons: 0", "rotation_type: clinic, min_persons: 2"),
    ),
    "ward-swap-too-slow-001": (
        SWAP,
        ("timeout_seconds: 30", "timeout_seconds: 0.001"),
    ),
}
"""Id → the file of the library that it is made from, and what is written in it instead."""
WEEKS = 11
FLAKY, MENDED = "swap-auto-match-001", "acgme-rolling-average-001"
BROKEN_FROM = 7


@dataclass(frozen=True)
class Rehearsed:
    """What was rehearsed, and where its report lies."""

    root: Path
    report: Path

    @classmethod
    def at(cls, root: Path) -> Rehearsed:
        """What `rehearsed` left below a folder; it ends with the report, so that half a rehearsal has none."""
        report = root / "report" / "index.html"
        assert report.is_file(), f"{root} was not rehearsed to its end"
        return cls(root, report)


def rehearsed(root: Path) -> Rehearsed:
    """Make the project, give it a past, run everything for real on SQLite with a report, and say where it is."""
    write_ward(root)
    with chdir(root):
        _past(ArtifactStore(root / ".rehearse"))
        ran = CliRunner().invoke(app, ["run", "--all", "--report", "report"], prog_name="rehearse")
    assert ran.exit_code == 3, ran.output
    return Rehearsed.at(root)


def write_ward(root: Path) -> None:
    """Write the project and the scenarios of the hospital's own."""
    scenarios = root / "scenarios" / "ward"
    scenarios.mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.rehearse]\nscenario_paths = ["scenarios"]\n')
    for scenario, (file, *changes) in OWN.items():
        (scenarios / f"{scenario}.yaml").write_text(_changed(file, scenario, changes), encoding="utf-8")


def _changed(file: str, scenario: str, changes: list[tuple[str, str]]) -> str:
    text = (LIBRARY / file).read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("  id: ")]
    for old, new in [(line, f"  id: {scenario}"), *changes]:
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    return text


def _past(store: ArtifactStore) -> None:
    """Mark earlier runs as finished, one rehearsal a week."""
    scenarios = [(plan.scenario, content_of(scenario_text(plan.tree))) for plan in _plans()]
    for week in range(WEEKS, 0, -1):
        began = datetime.now(UTC).replace(tzinfo=None, hour=2, minute=30, second=0) - timedelta(weeks=week)
        with ArtifactStore(store.root, began=began) as earlier:
            for scenario, content in scenarios:
                status = _status(scenario.id, week)
                if status:
                    about = Particulars(scenario.name, 0.05, content, "sqlite")
                    folder = earlier.begin(scenario.id)
                    folder.complete(status, began.date(), retention_days=365, about=about)


def _status(scenario: str, week: int) -> str:
    if scenario in OWN:
        return ("failed" if "backs" in scenario else "passed") if week < BROKEN_FROM else ""
    if scenario == FLAKY:
        return "failed" if week in {2, 5, 6, 9} else "passed"
    if scenario.startswith(MENDED):
        return "error" if week > BROKEN_FROM else "passed"
    if scenario == "moonlight-pgy1-ban-001" and week == BROKEN_FROM + 1:
        return "failed"
    return "passed"


def _plans() -> Iterator[Plan]:
    project = engine.project()
    for written in engine.catalog(project).all():
        yield engine.planned(engine.load(written, project, ()))
