"""What `rehearse inspect` prints."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import ERROR, FAILED, PASSED
from rehearse.cli.stored import opened_run
from rehearse.cli.terminal import Printer
from rehearse.report.model import count_text
from rehearse.report.text import MARKS, STYLES
from rehearse.report.visible import visible

if TYPE_CHECKING:
    from rehearse.run.inspection import Inspected


def inspect_target(target: str, domain: str, root: str) -> int:
    """Print how every standing invariant stands in a stored run's last state, or in an existing database.

    Raises:
        CallerError: If there is no such run.
        ScenarioError: If there is no such domain.
        RehearseError: If the state cannot be read.
    """
    if "://" in target:
        found = engine.inspected_database(target, domain)
    else:
        with engine.artifact_store(engine.project(), root) as artifacts, opened_run(artifacts, target) as run:
            found = engine.inspected_run(run)
    printer = Printer(sys.stdout)
    width = max((len(item.invariant) for item in found), default=0)
    for item in found:
        _tell(printer, item, width)
    broken, unknown = (sum(bool(text) for text in texts) for texts in _texts(found))
    words = [f"{len(found) - broken - unknown} hold", f"{broken} broken"] + [f"{unknown} unknown"] * bool(unknown)
    code = ERROR if unknown else FAILED if broken else PASSED
    style = STYLES["passed" if code == PASSED else "failed"]
    printer.line(f"{count_text(len(found), 'invariant')}: {', '.join(words)}", style=style)
    return code


def _texts(found: tuple[Inspected, ...]) -> tuple[tuple[object, ...], tuple[object, ...]]:
    return tuple(item.breaches for item in found), tuple(item.crash for item in found)


def _tell(printer: Printer, item: Inspected, width: int) -> None:
    if item.crash:
        status, word = "unknown", "could not be asked"
    else:
        status, word = ("failed", "broken") if item.breaches else ("passed", "holds")
    printer.line(f"{MARKS[status]} {item.invariant:<{width}}  {word}", style=STYLES[status])
    for sentence in (*item.breaches, *([item.crash] if item.crash else [])):
        printer.line(f"    {visible(sentence)}")
