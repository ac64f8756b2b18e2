"""The process that forks victims: it has imported everything and opened nothing, so that a victim begins at once.

It reads an errand a line, forks, and tells on its output when the victim was born, which phases began and ended, and how it died.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.run.bench import document, planned, step

from rehearse.artifacts.store import ArtifactStore
from rehearse.database.open import open_store
from rehearse.run.events import Event, PhaseEnded, PhaseStarted
from rehearse.run.run import Services, perform

if TYPE_CHECKING:
    from rehearse.database.store import LeaseRequest, Store
    from rehearse.plan import Plan

PHASES = ("isolate", "setup", "preconditions", "capture_before", "act", "capture_after", "judge", "restore", "retain")
_CELLS = 500


@dataclass(frozen=True)
class Errand:
    """What a victim does, and when it dies.

    Attributes:
        number: Of the kill; it stands in the set-up, so that no template of another fits.
        phase: In which it dies; empty for one that lives.
        seconds: After the phase's beginning.
        folder: Where databases and evidence lie.
        url: Of the server; None for SQLite, or for a server of the victim's own.
        bundled: Whether a victim without a server starts one.
        own_schema: Whether the schema's template is built anew.
        apart: Whether a step burns CPU in a process of its own.
    """

    number: int
    phase: str
    seconds: float
    folder: str
    url: str | None
    bundled: bool
    own_schema: bool
    apart: bool

    def dumps(self) -> str:
        """Return it as a line."""
        return json.dumps(asdict(self))


def scenario_of(errand: Errand, *, apart: bool) -> str:
    """Return the text of the scenario: enough rows that every phase lasts a moment."""
    cells = [{"id": "a", "value": errand.number}, {"id": "b", "value": 1}] + [{"id": f"c{n}"} for n in range(_CELLS)]
    steps = [step("put", {"cell": f"c{n}", "value": n}) for n in range(20)]
    if apart:
        steps.append(step("hang_apart"))
    measured = {f"cell.c{n}": n for n in range(0, 20, 5)}
    return document(
        *steps,
        cells=cells,
        timeout_seconds=60,
        preconditions=[{"check": "cell.a", "expected": errand.number}],
        expected_outcome={**measured, "cell.a": errand.number, "invariants": ["no_negative"]},
    )


def plan_of(errand: Errand, *, apart: bool = False) -> Plan:
    """Return the plan of an errand."""
    plan = planned(scenario_of(errand, apart=apart))
    if not errand.own_schema:
        return plan
    return replace(plan, schema_key=f"{plan.schema_key}{errand.number}", setup_key=f"{plan.setup_key}{errand.number}")


class TellingStore:
    """A store that tells when the set-up is being built, which is no phase of its own in the run's events."""

    def __init__(self, store: Store, teller: Teller) -> None:
        self._store = store
        self._teller = teller

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def lease(self, request: LeaseRequest) -> object:
        """Lease, with a layer `setup` that tells when it begins and ends."""
        layers = tuple(
            replace(layer, build=self._told(layer.build)) if layer.name == "setup" else layer
            for layer in request.layers
        )
        return self._store.lease(replace(request, layers=layers))

    def _told(self, build: Any) -> Any:
        def told(connection: object) -> None:
            began = time.perf_counter()
            self._teller.begins("setup")
            build(connection)
            self._teller.ended("setup", time.perf_counter() - began)
            self._teller.begins("isolate")

        return told


class Teller:
    """A listener that tells of every phase, and kills this process some time after one began."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._is_armed = False

    def __call__(self, event: Event) -> None:
        """Hear an event."""
        if isinstance(event, PhaseStarted):
            self.begins(event.phase)
        elif isinstance(event, PhaseEnded):
            self.ended(event.phase, event.seconds)

    def begins(self, phase: str) -> None:
        """Tell that a phase begins."""
        _say(f"begins {phase}")
        if phase == self._errand.phase and not self._is_armed:
            self._is_armed = True
            threading.Thread(target=self._die, daemon=True).start()

    def ended(self, phase: str, seconds: float) -> None:
        """Tell that a phase ended."""
        _say(f"ended {phase} {seconds}")

    def _die(self) -> None:
        time.sleep(self._errand.seconds)
        os.kill(os.getpid(), signal.SIGKILL)


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _perform(errand: Errand) -> None:
    sys.setswitchinterval(0.0001)
    teller = Teller(errand)
    plan = plan_of(errand, apart=errand.apart)
    folder = Path(errand.folder)
    address = errand.url or ("bundled" if errand.bundled else None)
    os.environ["TMPDIR"] = str(folder)
    store = open_store(address, root=folder / "databases")
    services = Services(TellingStore(store, teller), ArtifactStore(folder / "evidence"), listeners=(teller,))  # type: ignore[arg-type]
    perform(plan, services)
    store.close()


def main() -> None:
    """Fork a victim for each line."""
    for line in sys.stdin:
        errand = Errand(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            try:
                _say(f"born {os.getpid()}")
                _perform(errand)
            except BaseException:  # noqa: BLE001  (a forked victim never returns into this loop)
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        _say(f"dead {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
