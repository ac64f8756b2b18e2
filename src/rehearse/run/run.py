"""One scenario, from its plan to its result: the whole run on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Store
from rehearse.run.act import Stage, act
from rehearse.run.deadline import Cancellation
from rehearse.run.events import Listener
from rehearse.run.evidence import EvidenceStore, Exporter, Folder
from rehearse.run.isolate import isolate
from rehearse.run.judge import judge_run
from rehearse.run.ledger import Ledger, PhaseFailedError, unstarted
from rehearse.run.photograph import Camera
from rehearse.run.preconditions import check_preconditions
from rehearse.run.restore import restore
from rehearse.snapshot.diff import difference
from rehearse.snapshot.fingerprint import fingerprint

if TYPE_CHECKING:
    from rehearse.plan import Plan
    from rehearse.run.outcome import ScenarioResult

PHASE_SECONDS = 120.0
"""The limit of each phase around the act phase."""


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
        exporters: Format → what makes its file.
        orders: How many orders of a concurrent block are tried.
    """

    store: Store
    artifacts: EvidenceStore
    listeners: tuple[Listener, ...] = ()
    cancellation: Cancellation = field(default_factory=Cancellation)
    keep_failed: bool = False
    validators: tuple[str, ...] = ()
    exporters: Mapping[str, Exporter] = field(default_factory=dict)
    orders: int = 1


def perform(plan: Plan, services: Services) -> ScenarioResult:
    """Perform a plan and return what became of it. Never raises for what the scenario did.

    1. isolate         a database of its own, made from the template of schema and set-up (an attached one is guarded and backed up first)
    2. preconditions   a photograph; everything that the scenario takes for granted must hold in it
    3. capture_before  that photograph is on disk
    4. act             the steps, under the deadline; what they did, and every statement, is on disk
    5. capture_after   the second photograph and the difference are on disk
    6. judge           every check, on the evidence alone
    7. restore         the database is discarded, kept, or put back
    8. retain          the result is on disk, exported, and marked complete
    """
    try:
        folder = Folder(services.artifacts, plan, exporters=services.exporters)
    except Exception as error:  # noqa: BLE001  (before there is a ledger, this is the phase boundary)
        return unstarted(plan, error, services.listeners)
    ledger, log = Ledger(plan, folder, services.listeners), StatementLog(values=plan.scenario.debug_mode)
    try:
        with ExitStack() as cleanup:
            with ledger.phase("isolate"):
                folder.scenario()
                lease = isolate(plan, services.store, folder.run_id)
                cleanup.callback(restore, lease, plan, ledger, keep_failed=services.keep_failed)
                ledger.leased(lease, services.store)
            camera = Camera(plan, lease, log)
            with ledger.phase("preconditions"):
                before = camera.whole("pre_execution", plan.scenario.clock, Deadline.after(PHASE_SECONDS))
                check_preconditions(plan, before)
            with ledger.phase("capture_before"):
                folder.before(before.snapshot)
            with ledger.phase("act"):
                deadline = Deadline.after(plan.timeout_seconds)
                stage = Stage(plan, lease, log, camera, services.cancellation, ledger.emit, deadline, services.orders)
                execution = ledger.acted(act(stage, before))
                folder.execution(execution, log)
            ledger.require_database(execution)
            with ledger.phase("capture_after"):
                after = camera.whole("post_execution", ledger.clock, Deadline.after(PHASE_SECONDS))
                diff = difference(before.snapshot, after.snapshot)
                ledger.photographed(diff, fingerprint(after.snapshot))
                folder.after(after.snapshot, diff)
            with ledger.phase("judge"):
                ledger.judged(judge_run(plan, (before, after), diff, execution, services.validators))
    except PhaseFailedError:
        ledger.unfinished()
    return ledger.conclude()
