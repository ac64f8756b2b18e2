"""A scenario in its author's hands: readable as written, a few options may still be set, and running it makes it final.

Everything below this layer is frozen. A draft holds the frozen document and exchanges it for another when an option is set, so what was
loaded is what runs: there is no second, fresh load that forgets the change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.loading.load import Loaded, load_written
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode, plain_value
from rehearse.values import EMPTY_MAP, FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearse.expectation import Expected
    from rehearse.scenario import ArtifactSettings, Written


@dataclass(frozen=True)
class PreconditionView:
    """One precondition as written."""

    check: str
    expected: Value
    parameters: FrozenMap


@dataclass(frozen=True)
class StepView:
    """One step as written: `step` is its number, `parameters` a map."""

    step: int
    operation: str
    parameters: FrozenMap
    critical: bool


@dataclass(frozen=True)
class TestCaseView:
    """``test_case`` as written."""

    __test__ = False  # pytest collects classes of this name

    operations: tuple[StepView, ...]
    concurrent_operations: tuple[StepView, ...]


class DatabaseView:
    """``setup.database`` of a draft; `batch_operations`, `batch_size` and `clean_state` may be set."""

    def __init__(self, draft: ScenarioDraft) -> None:
        self._draft = draft

    def _read(self, key: str, default: Value) -> Value:
        node = self._draft.find("setup", "database", key)
        return default if node is None else plain_value(node)

    @property
    def clean_state(self) -> bool:
        """Whether the run starts from the bare schema."""
        return bool(self._read("clean_state", True))

    @clean_state.setter
    def clean_state(self, value: bool) -> None:
        self._draft.put(value, "setup", "database", "clean_state")

    @property
    def load_fixtures(self) -> tuple[str, ...]:
        """The paths of the fixtures, as written."""
        entries = self._read("load_fixtures", ())
        items = entries if isinstance(entries, tuple) else ()
        return tuple(str(item["path"] if isinstance(item, FrozenMap) else item) for item in items)

    @property
    def batch_operations(self) -> bool:
        """Whether the set-up inserts many rows at once."""
        return bool(self._read("batch_operations", True))

    @batch_operations.setter
    def batch_operations(self, value: bool) -> None:
        self._draft.put(value, "setup", "database", "batch_operations")

    @property
    def batch_size(self) -> int:
        """Rows per INSERT of the set-up."""
        value = self._read("batch_size", 500)
        return value if isinstance(value, int) else 500

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self._draft.put(value, "setup", "database", "batch_size")


class SetupView:
    """``setup`` of a draft: any section by its name, each a tuple of rows as written."""

    def __init__(self, draft: ScenarioDraft) -> None:
        self._draft = draft

    @property
    def database(self) -> DatabaseView:
        """``setup.database``."""
        return DatabaseView(self._draft)

    @property
    def constraints(self) -> FrozenMap:
        """``setup.constraints``; empty if nothing was written."""
        node = self._draft.find("setup", "constraints")
        value = plain_value(node) if node else EMPTY_MAP
        return value if isinstance(value, FrozenMap) else EMPTY_MAP

    @property
    def preconditions(self) -> tuple[PreconditionView, ...]:
        """``setup.preconditions``."""
        return tuple(_precondition(row) for row in self._draft.rows("setup", "preconditions"))

    def __getattr__(self, section: str) -> tuple[FrozenMap, ...]:
        if section.startswith("_"):
            raise AttributeError(section)
        return self._draft.rows("setup", section)


class ScenarioDraft:
    """A scenario as the seed's examples handle it.

    Reading gives what the author wrote (after `ScenarioParser.resolve_variables`, what it means). `timeout_seconds`, `debug_mode`,
    `rollback_on_failure`, `require_backup` and the options of `setup.database` may be set; everything else is the file's.
    """

    def __init__(self, written: Written) -> None:
        self._written = written

    @property
    def written(self) -> Written:
        """The frozen document, with every option that was set."""
        return self._written

    def loaded(self, *, validators: tuple[str, ...] = (), fixtures: tuple[Path, ...] = ()) -> Loaded:
        """Return the scenario resolved and typed.

        Raises:
            ScenarioError: With every mistake of its author.
        """
        return load_written(self._written, validators_allowed=validators, fixture_paths=fixtures)

    def __repr__(self) -> str:
        return f"<Scenario {self.id}: {self.name}>"

    def find(self, *keys: str) -> Node | None:
        """Return the node under these keys, or None."""
        node: Node | None = self._written.node
        for key in keys:
            node = node.get(key) if isinstance(node, MapNode) else None
        return node

    def rows(self, *keys: str) -> tuple[FrozenMap, ...]:
        """Return the list under these keys as maps; anything that is no map is left to the check."""
        node = self.find(*keys)
        items = node.items if isinstance(node, ListNode) else ()
        values = (plain_value(item) for item in items)
        return tuple(value for value in values if isinstance(value, FrozenMap))

    def put(self, value: bool | int | Decimal | str, *keys: str) -> None:
        """Set what stands under these keys; the document is exchanged, not changed."""
        self._written = replace(self._written, node=_with(self._written.node, keys, value))

    def _value(self, key: str, default: Value) -> Value:
        node = self.find(key)
        return default if node is None else plain_value(node)

    @property
    def id(self) -> str:
        """Its id, matrix values included."""
        return self._written.id

    @property
    def name(self) -> str:
        """One line for people."""
        return self._written.name

    @property
    def domain(self) -> str:
        """The domain that it rehearses."""
        return str(self._value("domain", "residency"))

    @property
    def description(self) -> str:
        """What it tries."""
        return str(self._value("description", ""))

    @property
    def category(self) -> str:
        """The domain's category."""
        return str(self._value("category", ""))

    @property
    def priority(self) -> str:
        """critical, high, medium or low."""
        return str(self._value("priority", "medium"))

    @property
    def tags(self) -> tuple[str, ...]:
        """For selection."""
        value = self._value("tags", ())
        return tuple(str(tag) for tag in value) if isinstance(value, tuple) else ()

    @property
    def timeout_seconds(self) -> float:
        """Deadline of the act phase, in seconds."""
        value = self._value("timeout_seconds", 300)
        return float(value) if isinstance(value, int | Decimal) else 300.0

    @timeout_seconds.setter
    def timeout_seconds(self, value: float) -> None:
        self.put(Decimal(str(value)), "timeout_seconds")

    @property
    def debug_mode(self) -> bool:
        """Whether the own database and all artifacts are kept."""
        return self._value("debug_mode", False) is True

    @debug_mode.setter
    def debug_mode(self, value: bool) -> None:
        self.put(value, "debug_mode")

    @property
    def rollback_on_failure(self) -> bool:
        """Whether what did not pass is put back."""
        return self._value("rollback_on_failure", True) is True

    @rollback_on_failure.setter
    def rollback_on_failure(self, value: bool) -> None:
        self.put(value, "rollback_on_failure")

    @property
    def require_backup(self) -> bool:
        """Whether an attached database needs a verified backup."""
        return self._value("require_backup", False) is True

    @require_backup.setter
    def require_backup(self, value: bool) -> None:
        self.put(value, "require_backup")

    @property
    def setup(self) -> SetupView:
        """``setup``."""
        return SetupView(self)

    @property
    def test_case(self) -> TestCaseView:
        """``test_case``; steps without a number get the one after the step before."""
        main = self.find("test_case")
        plain = plain_value(main) if main else EMPTY_MAP
        single = (plain,) if isinstance(plain, FrozenMap) and "operation" in plain else ()
        sequence = self.rows("test_case", "operations")
        return TestCaseView(
            (*_steps(single, first=0), *_steps(sequence, first=1)),
            tuple(_steps(self.rows("test_case", "concurrent_operations"), first=1)),
        )

    @property
    def expected_outcome(self) -> Expected:
        """``expected_outcome``, read and typed.

        Raises:
            ScenarioError: If the scenario has mistakes.
        """
        return self.loaded().scenario.expected_outcome

    @property
    def artifacts(self) -> ArtifactSettings:
        """``artifacts``, read and typed.

        Raises:
            ScenarioError: If the scenario has mistakes.
        """
        return self.loaded().scenario.artifacts


def _precondition(row: FrozenMap) -> PreconditionView:
    parameters = row.get("parameters", EMPTY_MAP)
    return PreconditionView(
        str(row.get("check", "")),
        row.get("expected", True),
        parameters if isinstance(parameters, FrozenMap) else EMPTY_MAP,
    )


def _steps(rows: tuple[FrozenMap, ...], *, first: int) -> Iterator[StepView]:
    number = first - 1
    for row in rows:
        written = row.get("step")
        number = written if isinstance(written, int) else number + 1
        parameters = row.get("parameters", EMPTY_MAP)
        yield StepView(
            number,
            str(row.get("operation", "")),
            parameters if isinstance(parameters, FrozenMap) else EMPTY_MAP,
            row.get("critical", True) is not False,
        )


def _with(node: MapNode, keys: tuple[str, ...], value: bool | int | Decimal | str) -> MapNode:
    key, rest = keys[0], keys[1:]
    entry = node.entry(key)
    span = entry.span if entry else node.span
    if not rest:
        return node.with_entry(Entry(key, span, ScalarNode(value, span)))
    inner = entry.value if entry and isinstance(entry.value, MapNode) else MapNode((), span)
    return node.with_entry(Entry(key, span, _with(inner, rest, value)))
