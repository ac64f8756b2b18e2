"""What the domain adds to the report of a run, made from the evidence that the run kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.codec import loads
from rehearse.panels import PanelTable
from rehearse.run.evidence import EXECUTION
from rehearse.run.outcome import Execution
from rehearse.run.rejudge import NEEDED, stored_evidence, stored_plan

if TYPE_CHECKING:
    from rehearse.domain import Evidence, Panel
    from rehearse.panels import AnyPanel
    from rehearse.plan import Plan
    from rehearse.run.rejudge import StoredFiles


def stored_panels(files: StoredFiles, plan: Plan | None = None) -> tuple[AnyPanel, ...]:
    """Return what the domain adds for people; a note in the place of what crashes, nothing if too little was kept.

    Args:
        files: What the run left.
        plan: What was run; without it, it is read from what the run left.
    """
    if not set(NEEDED) <= set(files.names) or (plan is not None and not plan.domain.panels):
        return ()
    try:
        plan = plan or stored_plan(files)
        evidence = stored_evidence(files, plan, loads(Execution, files.read(EXECUTION)))
    except Exception as error:  # noqa: BLE001  (a report without its panels is worth more than none)
        return (_could_not("Panels", error),)
    return tuple(found for panel in plan.domain.panels for found in _made(panel, evidence))


def _made(panel: Panel, evidence: Evidence) -> tuple[AnyPanel, ...]:
    try:
        return panel.function(evidence)
    except Exception as error:  # noqa: BLE001  (a defect of one panel costs that panel alone)
        return (_could_not(panel.name, error),)


def _could_not(name: str, error: Exception) -> PanelTable:
    return PanelTable(name, (), (), f"could not be made: {type(error).__name__}: {error}")
