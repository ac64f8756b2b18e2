"""What is kept on disk: the runs that are there, how large they are and how long they stay; those that go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rehearse.artifacts.manager import today_utc
from rehearse.artifacts.retention import Kept, Removal, clean, kept, sweep
from rehearse.cli import engine
from rehearse.cli.boundary import PASSED
from rehearse.cli.terminal import Printer, for_people
from rehearse.report.model import count_text
from rehearse.report.text import STYLES
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from rehearse.artifacts.retention import Gone


def clean_up(root: str, *, dry_run: bool) -> int:
    """Remove runs whose time is over and what killed runs left, and say of each why, how old and how large it was.

    Raises:
        ArtifactError: If something cannot be removed.
    """
    printer = for_people(json=False)
    verb = "would go" if dry_run else "removed"
    today = today_utc()
    with engine.artifact_store(engine.project(), root) as artifacts:
        removals = (sweep(artifacts, today, dry_run=dry_run), clean(artifacts, dry_run=dry_run))
        removed = {run for removal in removals for run in removal.removed}
        left = [each for each in kept(artifacts, today) if each.record.run not in removed]
    for removal in removals:
        _tell(printer, removal, verb, today)
    count, freed = len(removed), sum(removal.bytes_freed for removal in removals)
    stay = f"{'stays' if len(left) == 1 else 'stay'}, {size_text(sum(each.size for each in left))}"
    printer.line(
        f"{count_text(count, 'run')} {verb}, {size_text(freed)}; {count_text(len(left), 'run')} {stay}", style="dim"
    )
    if not dry_run:
        for name in engine.swept():
            printer.line(f"{name}  removed: left by a killed run", style="dim")
    return PASSED


def _tell(printer: Printer, removal: Removal, verb: str, today: date) -> None:
    width = max(map(len, (*removal.removed, *removal.busy)), default=0)
    for each in removal.gone:
        printer.line(f"{each.run:<{width}}  {verb}: {_gone_text(each, today)}")
    for run in removal.busy:
        printer.line(f"{run:<{width}}  stays: somebody writes or reads it", style="warn")


def _gone_text(gone: Gone, today: date) -> str:
    return f"{gone.why}; {age_text(gone.since, today)} old, {size_text(gone.size)}"


def list_runs(scenarios: Collection[str] | None, root: str, *, as_json: bool) -> int:
    """Print the finished runs that are on disk, of these scenarios or of all: how each came out, its age, its size, how long it stays."""
    today = today_utc()
    with engine.artifact_store(engine.project(), root) as artifacts:
        runs = [each for each in kept(artifacts, today) if scenarios is None or each.record.scenario in scenarios]
    if as_json:
        _list_as_json(runs)
        return PASSED
    printer = Printer(sys.stdout)
    width = max((len(each.record.run) for each in runs), default=0)
    for each in runs:
        record = each.record
        printer.line(
            f"{record.run:<{width}}  {cell(record.status):<7}  {age_text(record.finished, today):>9}"
            f"  {size_text(each.size):>9}  {fate_text(each)}",
            style=STYLES.get(record.status, "plain") if not record.passed else "plain",
        )
    printer.line(f"{count_text(len(runs), 'run')}, {size_text(sum(each.size for each in runs))}", style="dim")
    return PASSED


def fate_text(kept: Kept) -> str:
    """Return how long a run stays: ``until 2026-12-26``."""
    match kept.fate:
        case "until":
            return f"until {kept.record.expires}"
        case "ever":
            return "for ever"
        case "newest":
            return "as its scenario's newest" if not kept.record.passed else "as its scenario's newest that passed"
        case "over":
            return "goes with the next clean"


def _list_as_json(runs: list[Kept]) -> None:
    from rehearse.cli.json_lines import JsonLines  # noqa: PLC0415  (only who asks pays for it)

    lines = JsonLines(sys.stdout)
    for each in runs:
        record = each.record
        lines.write(
            {
                "run": record.run,
                "scenario": record.scenario,
                "status": record.status,
                "finished": record.finished.isoformat(),
                "bytes": each.size,
                "fate": each.fate,
                "expires": record.expires.isoformat() if record.expires else None,
            }
        )


def age_text(since: date, today: date) -> str:
    """Return how old something is in whole days; of a day that is still to come, none."""
    return count_text(max(0, (today - since).days), "day")


def size_text(size: int) -> str:
    """Return a number of bytes for people: ``812 bytes``, ``1.4 MB``."""
    for unit, bytes_of_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_of_it:
            return f"{size / bytes_of_it:.1f} {unit}"
    return count_text(size, "byte")
