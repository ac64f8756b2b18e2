"""One scenario, from its plan to its result: the whole run on one screen."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.artifacts.store import ArtifactStore
from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Store
from rehearse.run.act import Stage, act
from rehearse.run.deadline import Cancellation
from rehearse.run.events import Listener
from rehearse.run.evidence import Folder
from rehearse.run.isolate import isolate
from rehearse.run.judge import check_preconditions, judge_run
from rehearse.run.ledger import Ledger, PhaseFailedError
from rehearse.run.photograph import Camera
from rehearse.run.restore import restore
from rehearse.snapshot.diff import difference

if TYPE_CHECKING:
    from rehearse.plan import Plan
    from rehearse.run.outcome import ScenarioResult

PHASE_SECONDS = 120.0
"""The limit of each phase around the act phase: set-up, captures, clean-up."""


@dataclass(frozen=True)
class Services:
    """What a run is given.

    Attributes:
        store: Where its database comes from.
        artifacts: Where its evidence goes.
        listeners: Told of every event, in order.
        cancellation: The wish to stop.
        keep_failed: Keep the database of a run that did not pass.
        validators: Modules whose registered validators may be called.
    """

    store: Store
    artifacts: ArtifactStore
    listeners: tuple[Listener, ...] = ()
    cancellation: Cancellation | None = None
    keep_failed: bool = False
    validators: tuple[str, ...] = ()


def perform(plan: Plan, services: Services) -> ScenarioResult:
    """Perform a plan and return what became of it. Never raises for what the scenario did.

    1. isolate         a database of its own, made from the template of schema and set-up (an attached one is guarded and backed up first)
    2. preconditions   a photograph; everything that the scenario takes for granted must hold in it
    3. capture_before  that photograph is on disk
    4. act             the steps, under the deadline; the SQL log and the events are on disk
    5. capture_after   the second photograph and the difference are on disk
    6. judge           every check, on the evidence alone
    7. restore         the database is discarded, kept, or put back
    8. retain          the result is on disk, exported, and marked complete
    """
    cancellation = services.cancellation or Cancellation()
    folder = Folder(services.artifacts, plan)
    ledger = Ledger(plan, folder, services.listeners)
    log = StatementLog(values=plan.scenario.debug_mode)
    try:
        with ExitStack() as cleanup:
            with ledger.phase("isolate"):
                lease = isolate(plan, services.store, ledger.run_id)
                cleanup.callback(restore, lease, ledger, keep_failed=services.keep_failed)
                ledger.database(lease, services.store)
            camera = Camera(plan, lease, log)
            with ledger.phase("preconditions"):
                before = camera.whole("pre_execution", plan.scenario.clock, Deadline.after(PHASE_SECONDS))
                check_preconditions(plan, before)
            with ledger.phase("capture_before"):
                folder.before(before.snapshot)
            with ledger.phase("act"):
                deadline = Deadline.after(plan.timeout_seconds)
                stage = Stage(plan, lease, log, camera, cancellation, ledger.emit, deadline)
                execution = ledger.acted(act(stage, before))
                folder.execution(execution, log)
            with ledger.phase("capture_after"):
                after = camera.whole("post_execution", ledger.clock, Deadline.after(PHASE_SECONDS))
                diff = difference(before.snapshot, after.snapshot)
                ledger.photographed(folder.after(after.snapshot, diff), diff)
            with ledger.phase("judge"):
                ledger.judged(judge_run(plan, before, after, diff, execution, services.validators))
    except PhaseFailedError:
        ledger.note_unfinished()
    return ledger.conclude()
