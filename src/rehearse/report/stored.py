"""From the evidence of a run on disk to a report."""

from __future__ import annotations

import json
import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from rehearse.codec import loads
from rehearse.database.observe import Statement
from rehearse.errors import ArtifactError, Complaints
from rehearse.loading.load import DEFAULT_DOMAIN
from rehearse.loading.tree import MapNode, Node, ScalarNode, plain_value
from rehearse.loading.yaml_tree import read_tree
from rehearse.registry import installed
from rehearse.report.model import LIMITS, EventLine, RunReport, Subject
from rehearse.report.stored_panels import stored_panels
from rehearse.run.evidence import EVENTS, RESULT, SCENARIO, SQL
from rehearse.run.outcome import ScenarioResult
from rehearse.source import Source
from rehearse.values import FrozenMap, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.run.rejudge import StoredFiles


def stored_result(files: StoredFiles) -> ScenarioResult:
    """Return the result that a run left.

    Raises:
        ArtifactError: If it is not there or cannot be read.
    """
    try:
        return loads(ScenarioResult, files.read(RESULT))
    except ValueError as error:
        raise ArtifactError(f"{RESULT} is no result: {error}") from error


def stored_report(files: StoredFiles, result: ScenarioResult, *, whole: bool = True) -> RunReport:
    """Return the report of a run from its files and its result; what was not kept is left out.

    Args:
        files: What the run left.
        result: What became of it.
        whole: Read the SQL log and make the domain's panels too.
    """
    scenario = _scenario(files)
    statements = stored_statements(files) if whole else ()
    steps = {step.name for step in result.steps}
    counted = sum(sum(step.queries.values()) for step in result.steps)
    return RunReport(
        result=result,
        subject=_subject(scenario),
        panels=stored_panels(files) if whole else (),
        statements=statements,
        statements_dropped=max(0, counted - sum(each.step in steps for each in statements)) if statements else 0,
        values_logged=_text(scenario, "debug_mode") == "true",
        events=stored_events(files) if whole else (),
        environment=environment(result),
        command=command(result),
        journal=_journal(scenario),
    )


def command(result: ScenarioResult) -> str:
    """Return what runs the scenario again, on a database of the same kind."""
    parts = ["rehearse run", result.scenario_id]
    if result.isolation and result.isolation.how == "attached":
        parts.append("--database URL --consent NAME")
    elif result.isolation and result.isolation.backend == "postgresql":
        parts.append("--database bundled")
    return " ".join(parts)


def environment(result: ScenarioResult) -> tuple[tuple[str, str], ...]:
    """Return label and value of what a report was made with."""
    database = (("database", f"{result.isolation.backend} {result.isolation.version}"),) if result.isolation else ()
    return (*database, *_versions())


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return (
        ("rehearse", version("rehearse")),
        ("Python", platform.python_version()),
        ("platform", f"{platform.system()} {platform.machine()}"),
    )


def _scenario(files: StoredFiles) -> MapNode | None:
    """Return the scenario as it was kept, without its long sections; None if it was not kept or cannot be read."""
    if SCENARIO not in files.names:
        return None
    tree = read_tree(Source(SCENARIO, _head(files.read(SCENARIO))), Complaints())
    inner = tree.get("scenario") if isinstance(tree, MapNode) else None
    return inner if isinstance(inner, MapNode) else None


HEAD_KEYS = ("category", "priority", "tags", "rationale", "domain", "clock", "seed", "debug_mode")


def stored_journal(files: StoredFiles) -> tuple[str, ...]:
    """Return the journal tables of a stored run's domain."""
    return _journal(_scenario(files))


def stored_domain(files: StoredFiles) -> str:
    """Return the name of a stored run's domain."""
    return _domain(_scenario(files))


def _domain(scenario: MapNode | None) -> str:
    return _text(scenario, "domain") or DEFAULT_DOMAIN


def _journal(scenario: MapNode | None) -> tuple[str, ...]:
    """Return the domain's journal tables; none if the domain is not installed here."""
    found = installed(_domain(scenario))
    return found.journal_tables if found else ()


def _head(text: str) -> str:
    """Return the lines of a kept scenario that stand under `HEAD_KEYS`: a run writes it in one layout, keys two spaces deep."""
    lines, taken = ["scenario:"], False
    for line in text.splitlines()[1:]:
        if line[:2] == "  " and line[2:3] not in {"", " ", "-"}:
            taken = line[2:].partition(":")[0] in HEAD_KEYS
        if taken:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _subject(scenario: MapNode | None) -> Subject:
    tags = scenario.get("tags") if scenario else None
    values = plain_value(tags) if tags else ()
    seed = scenario.get("seed") if scenario else None
    number = seed.value if isinstance(seed, ScalarNode) and isinstance(seed.value, int) else None
    return Subject(
        category=_text(scenario, "category"),
        priority=_text(scenario, "priority"),
        tags=tuple(plain(tag) for tag in values) if isinstance(values, tuple) else (),
        rationale=_text(scenario, "rationale"),
        domain=_text(scenario, "domain"),
        clock=_text(scenario, "clock"),
        seed=number,
    )


def _text(scenario: MapNode | None, key: str) -> str:
    node: Node | None = scenario.get(key) if scenario else None
    if node is None:
        return ""
    value = plain_value(node)
    return "" if isinstance(value, tuple | FrozenMap) else plain(value)


def stored_statements(files: StoredFiles) -> tuple[Statement, ...]:
    """Return the SQL log of a run, as far as a report shows it; nothing if it was not kept."""
    if SQL not in files.names:
        return ()
    lines = files.read(SQL).splitlines()[: LIMITS.statements + 1]
    return tuple(loads(Statement, line) for line in lines)


def stored_events(files: StoredFiles) -> tuple[EventLine, ...]:
    """Return the event log of a run; nothing if it was not kept."""
    if EVENTS not in files.names:
        return ()
    return tuple(_event(json.loads(line)) for line in files.read(EVENTS).splitlines()[: LIMITS.statements])


def _event(line: Mapping[str, object]) -> EventLine:
    said = ((key, _said(value)) for key, value in line.items() if key not in {"event", "scenario_id", "scenario_name"})
    return EventLine(str(line.get("event", "")), tuple((key, text) for key, text in said if text))


def _said(value: object) -> str:
    """Return a field of an event in a few words; empty if it says nothing."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items() if _said(item))
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
