"""What is wrong with a pack or with a program's own rules, as its author is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One mistake: where (keys joined by dots), what sort, what is wrong, what to do."""

    path: str
    code: str
    summary: str
    remedy: str


class PolicyError(ValueError):
    """A pack or override that cannot be used, with all its mistakes."""

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.summary}" for problem in problems))
        self.problems = tuple(problems)
