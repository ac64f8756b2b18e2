"""Linear and integer programs: the one place that speaks to OR-tools' linear solvers, which have no types of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # the package ships no marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INFINITE = float("inf")
#: Limits of one search of an integer program; the last also where nobody limits it.
_MILLISECONDS, _LONGEST = 1000, 3600.0


class Program:
    """Columns and rows are numbered as they are added; the objective is minimised.

    Args:
        solver: GLOP for linear programs, which are solved anew from where they stood; SCIP for integer programs.
    """

    def __init__(self, solver: Literal["GLOP", "SCIP"]) -> None:
        self._solver: Any = pywraplp.Solver.CreateSolver(solver)
        self._objective: Any = self._solver.Objective()
        self._rows: list[Any] = []
        self._columns: list[Any] = []

    def row(self, equals: float) -> int:
        """Add a row that its columns must sum up to."""
        self._rows.append(self._solver.Constraint(equals, equals))
        return len(self._rows) - 1

    def column(self, cost: float, entries: Iterable[tuple[int, int]], *, is_integer: bool = False) -> int:
        """Add a column of at least 0 with its factor in each row that it enters."""
        made = self._solver.Var(0.0, _INFINITE, is_integer, "")
        self._objective.SetCoefficient(made, cost)
        for row, factor in entries:
            self._rows[row].SetCoefficient(made, factor)
        self._columns.append(made)
        return len(self._columns) - 1

    def fix(self, column: int) -> None:
        """Let a column be at least 1 until it is released."""
        self._columns[column].SetLb(1.0)

    def release(self, column: int) -> None:
        """Let a column be 0 again."""
        self._columns[column].SetLb(0.0)

    def hint(self, values: Mapping[int, float]) -> None:
        """Say what some columns might well be."""
        self._solver.SetHint([self._columns[column] for column in values], list(values.values()))

    def solve(self, *, nodes: int | None = None, seconds: float | None = None) -> bool:
        """Solve; return whether there are values. The number of nodes is the same on every machine, seconds are not."""
        if nodes is not None:
            self._solver.SetSolverSpecificParametersAsString(f"limits/nodes = {nodes}\n")
        self._solver.SetTimeLimit(max(1, round(_MILLISECONDS * (_LONGEST if seconds is None else seconds))))
        return self._solver.Solve() in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE)

    @property
    def objective(self) -> float:
        """Of the values that were found."""
        value: float = self._objective.Value()
        return value

    def values(self) -> tuple[float, ...]:
        """Of all columns."""
        return tuple(column.solution_value() for column in self._columns)

    def duals(self) -> tuple[float, ...]:
        """By how much the objective grows with each row's sum; of linear programs only."""
        return tuple(row.dual_value() for row in self._rows)
