"""Scenarios of the laboratory, built and performed: what every test of the run layer works with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearse.artifacts.store import ArtifactStore
from rehearse.database.store import Store
from rehearse.errors import Complaints
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.load import load_written
from rehearse.loading.yaml_tree import read_tree
from rehearse.plan import Plan, make_plan
from rehearse.run.events import Event, PhaseStarted
from rehearse.run.run import Services, perform
from rehearse.source import Source

if TYPE_CHECKING:
    from rehearse.run.outcome import ScenarioResult, StepResult

CELLS = ({"id": "a", "value": 1}, {"id": "b", "value": 1})


def step(operation: str, parameters: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """Return a step as an author writes it."""
    return {"operation": operation, "parameters": parameters or {}, **keys}


def document(*steps: dict[str, Any], together: tuple[dict[str, Any], ...] = (), **keys: Any) -> str:
    """Return the text of a scenario; JSON is YAML. Keys of ``setup`` may be given as such, all others stand at the top."""
    case: dict[str, Any] = {"operations": list(steps)} if steps else {}
    if together:
        case["concurrent_operations"] = list(together)
    setup = {"cells": list(keys.pop("cells", CELLS))}
    setup |= {name: keys.pop(name) for name in ("database", "constraints", "preconditions") if name in keys}
    scenario = {
        "id": "lab",
        "name": "Laboratory",
        "domain": "lab",
        "description": "A test",
        "rationale": "A test",
        "clock": "2024-12-25T06:00",
        "timeout_seconds": 30,
        "setup": setup,
        "test_case": case,
        "expected_outcome": {"invariants": ["no_negative"]},
        **keys,
    }
    return json.dumps({"scenario": scenario})


def planned(text: str) -> Plan:
    """Return the plan of a scenario."""
    complaints, source = Complaints(), Source("lab.yaml", text)
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    assert tree is not None
    (written,) = writtens(tree, Origin(source), complaints)
    complaints.raise_if_any()
    return make_plan(load_written(written))


@dataclass
class Heard:
    """A listener that keeps what it hears."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)

    @property
    def phases(self) -> list[str]:
        """The phases that began."""
        return [event.phase for event in self.events if isinstance(event, PhaseStarted)]


@dataclass
class Lab:
    """A store of databases and one of evidence."""

    store: Store
    root: Path

    def __post_init__(self) -> None:
        self.artifacts = ArtifactStore(self.root)

    def services(self, **options: Any) -> Services:
        """Return what a run is given."""
        return Services(**{"store": self.store, "artifacts": self.artifacts, **options})

    def perform(self, text: str, **options: Any) -> ScenarioResult:
        """Perform a scenario."""
        return perform(planned(text), self.services(**options))

    def run(self, *steps: dict[str, Any], **keys: Any) -> ScenarioResult:
        """Perform a scenario of these steps."""
        return self.perform(document(*steps, **keys))

    def one(self, operation: str, parameters: dict[str, Any] | None = None, **keys: Any) -> StepResult:
        """Perform a scenario of one step and return how that came out."""
        (result,) = self.run(step(operation, parameters), **keys).steps
        return result


def cells_after(result: ScenarioResult) -> dict[str, int]:
    """Return what the cells held in the end, as it was kept on disk."""
    from pathlib import Path  # noqa: PLC0415

    from rehearse.domain import State  # noqa: PLC0415
    from rehearse.run.evidence import AFTER  # noqa: PLC0415
    from rehearse.snapshot.serialize import from_json  # noqa: PLC0415

    from .lab_domain import LabPolicy, cell  # noqa: PLC0415

    state = State(from_json((Path(result.run_path) / AFTER).read_bytes()), LabPolicy(""))
    return dict(cell(state))  # type: ignore[arg-type]  # a map measure
