"""Setting up by hand, and asking whether the world is as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from rehearse.api.workbench import HERE, Workbench, current_workbench
from rehearse.domain import MeasureValue
from rehearse.errors import Complaints, Problem, ScenarioError, did_you_mean
from rehearse.loading.files import read_file
from rehearse.loading.limits import FIXTURE_LIMITS
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.loading.yaml_tree import read_tree
from rehearse.run.preconditions import answer
from rehearse.values import Value

RowData = Mapping[str, object] | object
"""A row as a mapping of its keys, or a record of the section's own type."""


class ScenarioSetup:
    """Puts rows into the database that the other single calls of this task work on."""

    def __init__(self, workbench: Workbench | None = None) -> None:
        self._given = workbench

    @property
    def _bench(self) -> Workbench:
        return self._given or current_workbench()

    async def clean_database(self) -> None:
        """Begin anew from the bare schema."""
        await asyncio.to_thread(self._bench.clean)

    async def load_fixture(self, path: str | Path) -> None:
        """Put every row of a ``.json`` or ``.yaml`` fixture in.

        Raises:
            ScenarioError: If the file or one of its rows has mistakes; nothing is inserted then.
        """
        await asyncio.to_thread(self._load_fixture, Path(path))

    def _load_fixture(self, path: Path) -> None:
        complaints = Complaints()
        source = read_file(path, complaints, FIXTURE_LIMITS)
        tree = read_tree(source, complaints, limits=FIXTURE_LIMITS) if source else None
        complaints.raise_if_any()
        entries = tree.entries if isinstance(tree, MapNode) else ()
        constraints = next((entry.value for entry in entries if entry.key == "constraints"), None)
        if constraints is not None:
            self._bench.constrain(constraints)
        rows = {e.key: e.value.items for e in entries if e.key != "constraints" and isinstance(e.value, ListNode)}
        self._bench.add_all(rows)

    async def create_person(self, data: RowData) -> None:
        """Put a person in. Raises `ScenarioError` if the row has mistakes."""
        await self.create("persons", data)

    async def create_rotation(self, data: RowData) -> None:
        """Put a rotation in. Raises `ScenarioError` if the row has mistakes."""
        await self.create("rotations", data)

    async def create_assignment(self, data: RowData) -> None:
        """Put an assignment in. Raises `ScenarioError` if the row has mistakes."""
        await self.create("assignments", data)

    async def create(self, section: str, data: RowData) -> None:
        """Put a row of any section in.

        Raises:
            ScenarioError: If there is no such section, or the row has mistakes.
        """
        known = self._bench.domain.sections
        if section not in known:
            problem = Problem("unknown-name", f"there is no section `{section}`", remedy=did_you_mean(section, known))
            raise ScenarioError([problem])
        await asyncio.to_thread(self._bench.add, section, node_of_data(data))

    async def configure_constraints(self, data: RowData) -> None:
        """Set the constraints. Raises `ScenarioError` if they have mistakes."""
        await asyncio.to_thread(self._bench.constrain, node_of_data(data))


def node_of_data(data: object) -> Node:
    """Return a tree of plain Python values; its place is ``<python>``.

    Raises:
        TypeError: For a value that no YAML file could hold.
    """
    if is_dataclass(data) and not isinstance(data, type):
        written = ((item.name, getattr(data, item.name)) for item in fields(data))
        return MapNode(
            tuple(Entry(key, HERE, node_of_data(value)) for key, value in written if value is not None), HERE
        )
    if isinstance(data, Mapping):
        return MapNode(tuple(Entry(str(key), HERE, node_of_data(value)) for key, value in data.items()), HERE)
    if isinstance(data, list | tuple):
        return ListNode(tuple(node_of_data(item) for item in data), HERE)
    if isinstance(data, float):
        return ScalarNode(Decimal(repr(data)), HERE)
    if data is None or isinstance(data, bool | int | str | Decimal | date | datetime):
        return ScalarNode(data, HERE, quoted=isinstance(data, str))
    raise TypeError(f"{type(data).__name__} is nothing that a row could hold")


@dataclass(frozen=True)
class PreconditionResult:
    """The answer to one precondition.

    Attributes:
        check: Its name.
        passed: Whether it holds.
        expected: What was expected.
        actual: What was found.
    """

    check: str
    passed: bool
    expected: Value
    actual: MeasureValue


class PreconditionChecker:
    """Asks the workbench's database whether something holds."""

    def __init__(self, workbench: Workbench | None = None) -> None:
        self._given = workbench

    async def check(
        self,
        check_name: str,
        expected: Value = True,
        parameters: Mapping[str, object] | None = None,
    ) -> PreconditionResult:
        """Return whether a check, or a measure of one state, has the expected value.

        Raises:
            ScenarioError: If there is no such check, or its parameters have mistakes.
        """
        return await asyncio.to_thread(self._check, check_name, expected, parameters or {})

    def _check(self, name: str, expected: Value, parameters: Mapping[str, object]) -> PreconditionResult:
        bench = self._given or current_workbench()
        state = bench.photograph("workbench", "precondition")
        found = answer(bench.domain, state, name, node_of_data(parameters))
        return PreconditionResult(name, found.holds(expected), expected, found.actual)
