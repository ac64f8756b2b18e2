"""The end states of two stored runs, compared by the same difference that a run's own report shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.errors import RehearseError
from rehearse.report.stored import stored_domain, stored_journal, stored_result
from rehearse.run.evidence import AFTER
from rehearse.run.outcome import ScenarioResult
from rehearse.snapshot.diff import difference
from rehearse.snapshot.model import Diff
from rehearse.snapshot.serialize import from_json

if TYPE_CHECKING:
    from rehearse.run.rejudge import StoredFiles
    from rehearse.snapshot.model import Snapshot, Table


class ComparisonError(RehearseError):
    """Two runs that cannot be compared; the message says why, and what to do."""


@dataclass(frozen=True)
class Comparison:
    """What two runs left.

    Attributes:
        first, second: Their results.
        diff: From the first's end state to the second's: an insert is a row that only the second has, a delete one that only the first has.
        journal: Tables that the domain keeps as its journal; text counts their rows instead of showing them.
    """

    first: ScenarioResult
    second: ScenarioResult
    diff: Diff
    journal: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both end states are the same, row by row."""
        return not self.diff.count()


def compared(first: StoredFiles, second: StoredFiles) -> Comparison:
    """Return the comparison of two stored runs.

    Raises:
        ComparisonError: If one did not keep its end state, or they are of different domains or schemas.
        ArtifactError: If their files cannot be read.
    """
    results = stored_result(first), stored_result(second)
    domains = stored_domain(first), stored_domain(second)
    if domains[0] != domains[1]:
        raise ComparisonError(
            f"{results[0].run_id} is of the domain `{domains[0]}` and {results[1].run_id} of `{domains[1]}`: "
            "their states have nothing in common; name two runs of one domain"
        )
    before, after = _end_state(first, results[0]), _end_state(second, results[1])
    _require_one_schema(before, after, results)
    return Comparison(*results, difference(before, after), stored_journal(first))


def _end_state(files: StoredFiles, result: ScenarioResult) -> Snapshot:
    if AFTER not in files.names:
        why = "came to no end state" if result.fingerprint is None else "did not keep its end state"
        raise ComparisonError(
            f"{result.run_id} {why}; a run that reaches its end keeps it if `artifacts.capture` names "
            "`final_database_state`, which it does by default"
        )
    try:
        return from_json(files.read(AFTER).encode())
    except ValueError as error:
        raise ComparisonError(f"the end state of {result.run_id} cannot be read: {error}") from error


def _require_one_schema(before: Snapshot, after: Snapshot, results: tuple[ScenarioResult, ScenarioResult]) -> None:
    for name in dict.fromkeys((*before.tables, *after.tables)):
        first, second = before.tables.get(name), after.tables.get(name)
        if first is None or second is None:
            owner = results[0] if second is None else results[1]
            raise ComparisonError(f"{_two(results)} have different schemas: only {owner.run_id} has a table `{name}`")
        if _head(first) != _head(second):
            raise ComparisonError(f"{_two(results)} have different schemas: {_columns_apart(first, second)}")


def _two(results: tuple[ScenarioResult, ScenarioResult]) -> str:
    return f"{results[0].run_id} and {results[1].run_id}"


def _head(table: Table) -> tuple[object, ...]:
    return table.columns, table.key


def _columns_apart(first: Table, second: Table) -> str:
    apart = sorted({column.name for column in set(first.columns) ^ set(second.columns)})
    if not apart:
        return f"table `{first.name}` has its columns in another order, or another primary key"
    return f"table `{first.name}` differs in {', '.join(f'`{name}`' for name in apart)}"
