"""Bad news of three kinds: the author's mistakes, unmet expectations, defects.

A mistake is a `Problem`: a place, a summary and a remedy. All problems of all files are collected and raised once, as a
`ScenarioError`, before any database exists. Unmet expectations are data (`rehearse.run.outcome`). Defects keep their traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from rehearse.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.run.outcome import ScenarioResult

Code = Literal[
    "yaml-syntax",
    "yaml-limit",
    "yaml-feature",
    "duplicate-key",
    "duplicate-id",
    "conflict",
    "unknown-name",
    "undefined-variable",
    "bad-expression",
    "bad-path",
    "not-allowed",
    "empty",
    "missing-key",
    "wrong-type",
    "bad-value",
    "unknown-key",
]


@dataclass(frozen=True)
class Problem:
    """One mistake of an author, told so that it can be mended.

    Attributes:
        code: Which kind of mistake.
        summary: What is wrong, one sentence without a final stop.
        span: Where; None only for what stands in no file (an id on the command line, say).
        remedy: What to do, one sentence without a final stop; empty if the summary says it.
        field: The dotted path of the key, as ``setup.persons[2].pgy_level``.
        also: Other places that belong to it (the first of two duplicates, the members of a circle), each with a label.
        is_note: True for what stops nothing and is only shown by ``rehearse check``.
    """

    code: Code
    summary: str
    span: Span | None = None
    remedy: str = ""
    field: str = ""
    also: tuple[tuple[str, Span], ...] = ()
    is_note: bool = False

    @property
    def message(self) -> str:
        """The summary and the remedy as one line."""
        return f"{self.summary}; {self.remedy}" if self.remedy else self.summary

    @property
    def place(self) -> tuple[str, int, int, str]:
        """The sort key: file, line, column, code."""
        return (*(self.span.place if self.span else ("", 0, 0)), self.code)

    def render(self) -> str:
        """Return the whole message: heading, place, caret, remedy, other places."""
        lines = [f"{'note' if self.is_note else 'error'}[{self.code}]: {self.summary}"]
        if self.span:
            lines += [f"  --> {self.span}", self.span.excerpt()]
        for label, span in self.also:
            lines += [f"  ::: {span} {label}", span.excerpt()]
        if self.remedy:
            lines.append(f"  = {self.remedy}")
        return "\n".join(lines)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?`` for the nearest of `known`, else the list of what is allowed (at most twelve)."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not names:
        return ""
    shown = ", ".join(names[:12])
    return f"known: {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")  # noqa: PLR2004


class Complaints:
    """Collects problems, so that an author sees all mistakes at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Keep `problem`."""
        self._problems.append(problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that stops a scenario, by place; the same mistake at the same place once."""
        return tuple(sorted({p: None for p in self._problems if not p.is_note}, key=lambda problem: problem.place))

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What stops nothing, by place."""
        return tuple(sorted({p: None for p in self._problems if p.is_note}, key=lambda problem: problem.place))

    def raise_if_any(self) -> None:
        """Raise `ScenarioError` with every problem, if there is one."""
        if self.problems:
            raise ScenarioError(self.problems)


class RehearseError(Exception):
    """The root of everything that this package raises on purpose."""


class ScenarioError(RehearseError):
    """The author's mistakes, all of them.

    Attributes:
        problems: The mistakes, ordered by file, line and column.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place))
        super().__init__("\n\n".join(problem.render() for problem in self.problems))


class ScenarioNotFoundError(ScenarioError):
    """No scenario or suite of that name; the message suggests the nearest."""


class GuardRefusedError(RehearseError):
    """A destructive statement was refused, since the database could not prove that it may be touched.

    Attributes:
        target: The database, without credentials.
        reasons: Every condition that did not hold.
    """

    def __init__(self, target: str, reasons: Iterable[str]) -> None:
        self.target = target
        self.reasons = tuple(reasons)
        super().__init__(f"{target} may not be touched: " + "; ".join(self.reasons))


class BackupError(RehearseError):
    """A backup could not be made, verified or restored; the message names the path and the phase."""


class ArtifactError(RehearseError):
    """Evidence could not be written, read or removed; the message names the path and the phase."""


class LeaseRevokedError(RehearseError):
    """A statement came over a connection whose run has ended: nothing of it was executed."""


class ContentionError(RehearseError):
    """A transaction was given up so that others could go on; it may be tried again on fresh data."""


class ResultError(RehearseError):
    """A run that did not pass, raised only when `ScenarioResult.raise_for_status` is called, or by who performs steps by hand.

    Attributes:
        result: The whole result; None if it was raised by hand.
    """

    def __init__(self, message: str, result: ScenarioResult | None = None) -> None:
        self.result = result
        super().__init__(message)


class PreconditionFailedError(ResultError):
    """The world that the scenario describes was not as it says, so nothing was performed."""


class ScenarioTimeoutError(ResultError, TimeoutError):
    """The deadline passed before the last step had ended."""


class ScenarioFailedError(ResultError):
    """An expectation was not met, could not be judged, or the run ended in an error."""
