"""Judging a stored run again, with the same or an edited expectation, without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rehearse.codec import loads
from rehearse.domain import Evidence, State
from rehearse.errors import Complaints, Problem, RehearseError, ScenarioError
from rehearse.loading.limits import FIXTURE_LIMITS
from rehearse.loading.load import load_written
from rehearse.loading.tree import MapNode
from rehearse.loading.yaml_tree import read_tree
from rehearse.plan import make_plan
from rehearse.run.evidence import AFTER, BEFORE, DIFF, EXECUTION, SCENARIO
from rehearse.run.judge import judge_run
from rehearse.run.outcome import Execution
from rehearse.scenario import Written
from rehearse.snapshot.serialize import diff_from_json, from_json
from rehearse.source import Source

if TYPE_CHECKING:
    from rehearse.expect.verdict import Verdict
    from rehearse.plan import Plan

NEEDED = (SCENARIO, BEFORE, AFTER, DIFF, EXECUTION)


class StoredFiles(Protocol):
    """The files of a finished run: `rehearse.artifacts.folder.StoredRun` is one."""

    @property
    def names(self) -> tuple[str, ...]:
        """Which there are."""
        ...

    def read(self, name: str) -> str:
        """Return a file's text."""
        ...


def rejudge(files: StoredFiles, *, expectation: Source | None = None, validators: tuple[str, ...] = ()) -> Verdict:
    """Return the verdict of a stored run.

    Args:
        files: What the run left.
        expectation: A file with an ``expected_outcome``, at its top or in a scenario, that is judged instead of the stored one.
        validators: Modules whose registered validators may be called.

    Raises:
        ScenarioError: If the expectation has mistakes.
        RehearseError: If the run did not keep what judging needs.
    """
    _require_evidence(files)
    plan = stored_plan(files, expectation=expectation, validators=validators)
    execution = loads(Execution, files.read(EXECUTION))
    evidence = stored_evidence(files, plan, execution)
    return judge_run(plan, (evidence.before, evidence.after), evidence.diff, execution, validators)


def _require_evidence(files: StoredFiles) -> None:
    missing = [name for name in NEEDED if name not in files.names]
    if missing:
        raise RehearseError(f"the run did not keep {', '.join(missing)}, so it cannot be judged again")


def stored_evidence(files: StoredFiles, plan: Plan, execution: Execution) -> Evidence:
    """Return what a stored run can be judged by: both states, their difference, the execution."""
    before = State(from_json(files.read(BEFORE).encode()), plan.policy)
    after = State(from_json(files.read(AFTER).encode()), plan.policy)
    return Evidence(before, after, diff_from_json(files.read(DIFF).encode()), execution.view())


def stored_plan(files: StoredFiles, *, expectation: Source | None = None, validators: tuple[str, ...] = ()) -> Plan:
    """Return the plan of a stored run, from the scenario that it kept.

    Raises:
        ScenarioError: If the scenario or the expectation has mistakes.
    """
    complaints = Complaints()
    node = _scenario_node(Source(SCENARIO, files.read(SCENARIO)), complaints)
    if expectation is not None:
        node = _expecting(node, expectation, complaints)
    complaints.raise_if_any()
    written = _written(node)
    return make_plan(load_written(written, validators_allowed=validators))


def _written(node: MapNode) -> Written:
    identity = getattr(node.get("id"), "value", "")
    name = getattr(node.get("name"), "value", "")
    return Written(str(identity), str(name), str(identity), node, node.span.source)


def _scenario_node(source: Source, complaints: Complaints) -> MapNode:
    tree = read_tree(source, complaints, limits=FIXTURE_LIMITS)
    complaints.raise_if_any()
    inner = tree.get("scenario") if isinstance(tree, MapNode) else None
    if not isinstance(inner, MapNode):
        raise ScenarioError([Problem("missing-key", f"{source.name} has no `scenario:` at its top")])
    return inner


def _expecting(node: MapNode, source: Source, complaints: Complaints) -> MapNode:
    """Return `node` with what an edited file expects: ``expected_outcome`` and, if it is there, ``validation``."""
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    top = tree if isinstance(tree, MapNode) else MapNode((), node.span)
    inner = top.get("scenario")
    holder = inner if isinstance(inner, MapNode) else top
    if holder.entry("expected_outcome") is None:
        raise ScenarioError([Problem("missing-key", f"{source.name} has no `expected_outcome`", holder.span)])
    for key in ("expected_outcome", "validation"):
        entry = holder.entry(key)
        node = node.with_entry(entry) if entry else node
    return node
