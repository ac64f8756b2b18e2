"""Scenario + Domain → Plan: everything is decided before a database exists.

A plan knows the rows that the set-up makes, the keys under which a store may find them again, how many sessions work at once, and which
operation each step means.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rehearse.domain import Context, Domain, Operation, TableRows
from rehearse.loading.tree import MapNode
from rehearse.scenario import Isolation, Scenario, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import MetaData

    from rehearse.loading.load import Loaded


@dataclass(frozen=True)
class PlannedStep:
    """A step with the operation that it means."""

    step: Step
    operation: Operation


@dataclass(frozen=True)
class Plan:
    """A scenario that is ready to be performed.

    Attributes:
        scenario: What its author said, resolved and typed.
        domain: The system.
        policy: What the domain made of the set-up.
        rows: The set-up as rows, in insert order.
        schema_key: Hash of the domain's schema.
        setup_key: Hash of schema, rows and SQL fixtures.
        steps: All steps, in the order of execution.
        isolation: How the database is asked for; never ``auto`` once something forces it.
        sessions: How many sessions work at once.
        writes: Whether any step writes.
        tree: The document, resolved, with every fixture merged; what is stored with a run.
    """

    scenario: Scenario
    domain: Domain
    policy: Any
    rows: tuple[TableRows, ...]
    schema_key: str
    setup_key: str
    steps: tuple[PlannedStep, ...]
    isolation: Isolation
    sessions: int
    writes: bool
    tree: MapNode

    @property
    def sequence(self) -> tuple[PlannedStep, ...]:
        """The steps that run one after another."""
        return tuple(planned for planned in self.steps if not planned.step.concurrent)

    @property
    def concurrent(self) -> tuple[PlannedStep, ...]:
        """The steps that run together."""
        return tuple(planned for planned in self.steps if planned.step.concurrent)

    @property
    def timeout_seconds(self) -> float:
        """The deadline of the act phase."""
        return float(self.scenario.timeout_seconds)

    def context(self) -> Context:
        """Return the context of the first step; a step's ``at`` moves its clock."""
        return Context(self.scenario.clock, self.scenario.seed, self.policy)


def make_plan(loaded: Loaded) -> Plan:
    """Return the plan of a loaded scenario. The rows come from the domain; no database is touched."""
    scenario, domain = loaded.scenario, loaded.domain
    steps = tuple(PlannedStep(step, domain.operations[step.operation]) for step in scenario.test_case.steps)
    rows = domain.rows(scenario.setup.world, loaded.policy, scenario.clock)
    schema_key = schema_hash(domain.name, domain.metadata)
    return Plan(
        scenario=scenario,
        domain=domain,
        policy=loaded.policy,
        rows=rows,
        schema_key=schema_key,
        setup_key=_setup_hash(schema_key, rows, scenario),
        steps=steps,
        isolation=_isolation(scenario, steps),
        sessions=max(1, sum(planned.step.concurrent for planned in steps)),
        writes=any(planned.operation.writes for planned in steps),
        tree=loaded.tree,
    )


def _isolation(scenario: Scenario, steps: tuple[PlannedStep, ...]) -> Isolation:
    """A second session or a second process cannot see a transaction that never commits: these need a copy."""
    shared = any(planned.step.concurrent or planned.operation.isolation == "process" for planned in steps)
    return "clone" if shared else scenario.setup.database.isolation


@lru_cache(maxsize=64)
def schema_hash(name: str, metadata: MetaData) -> str:
    """Return a hash of every table, column, constraint, index and schema event of `metadata`."""
    from sqlalchemy.schema import CreateIndex, CreateTable  # noqa: PLC0415  (the start-up of the command line stays free of it)

    digest = hashlib.sha256(name.encode())
    for table in metadata.sorted_tables:
        digest.update(str(CreateTable(table)).encode())
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            digest.update(str(CreateIndex(index)).encode())
        digest.update(_event_text(table.info))
    digest.update(_event_text(metadata.info))
    return digest.hexdigest()


def _event_text(info: Mapping[Any, Any]) -> bytes:
    """Triggers are no part of a CREATE TABLE; a domain lists their text under ``info["ddl"]``."""
    return repr(sorted(map(str, info.get("ddl", ())))).encode()


def _setup_hash(schema_key: str, rows: tuple[TableRows, ...], scenario: Scenario) -> str:
    digest = hashlib.sha256(schema_key.encode())
    for group in rows:
        digest.update(repr((group.table, group.columns)).encode())
        digest.update(repr(group.rows).encode())
    for fixture in scenario.setup.sql_fixtures:
        digest.update(repr([statement for statement, _ in fixture.statements]).encode())
    return digest.hexdigest()
