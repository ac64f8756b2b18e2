"""What became of every check, and what all of them say together: PASSED, FAILED or UNKNOWN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rehearse.expectation import Category
from rehearse.source import Span
from rehearse.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable


CheckStatus = Literal["passed", "failed", "unknown", "warned"]
VerdictWord = Literal["PASSED", "FAILED", "UNKNOWN"]
CATEGORIES: tuple[Category, ...] = ("critical", "performance", "invariant", "state", "assertion")


@dataclass(frozen=True)
class CheckResult:
    """One check, judged.

    Attributes:
        key: Its name, or its place: ``coverage_gap_hours``, ``final_state.assignments[0]``, ``steps.step2``.
        category: What kind of bad it is when unmet.
        status: ``warned`` is an unmet check that never fails; ``unknown`` one that could not be computed.
        expected: What had to hold, in words.
        actual: What was found; a text where no single value says it.
        message: Why it is unmet, one sentence without a final stop; the author's own words come first.
        span: Its place in the file, or None.
        critical: Whether it is shown first.
        traceback: Of the defect that made it unknown; else empty.
    """

    key: str
    category: Category
    status: CheckStatus
    expected: str = ""
    actual: Value = None
    message: str = ""
    span: Span | None = None
    critical: bool = False
    traceback: str = ""

    @property
    def passed(self) -> bool:
        """Whether it does not stand in the way of a pass; a warning does not."""
        return self.status in ("passed", "warned")

    @property
    def sentence(self) -> str:
        """The check in one line: its key and why it is unmet."""
        return f"{self.key}: {self.message}" if self.message else self.key


@dataclass(frozen=True)
class Verdict:
    """All checks of a run, critical ones first, each under its key."""

    checks: tuple[CheckResult, ...]

    @classmethod
    def of(cls, checks: Iterable[CheckResult]) -> Verdict:
        """Return the verdict of `checks`: critical ones first, else in the order given."""
        return cls(tuple(sorted(checks, key=lambda check: not check.critical)))

    @property
    def verdict(self) -> VerdictWord:
        """UNKNOWN if one check is unknown, else FAILED if one failed, else PASSED. Nothing checked is UNKNOWN: it has not passed."""
        statuses = {check.status for check in self.checks}
        if "unknown" in statuses or not statuses:
            return "UNKNOWN"
        return "FAILED" if "failed" in statuses else "PASSED"

    @property
    def passed(self) -> bool:
        """Whether the verdict is PASSED."""
        return self.verdict == "PASSED"

    @property
    def unmet(self) -> tuple[CheckResult, ...]:
        """The checks that failed or are unknown."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """The checks that are listed and change nothing."""
        return tuple(check for check in self.checks if check.status == "warned")

    @property
    def errors(self) -> tuple[str, ...]:
        """One sentence for each unmet check, critical ones first."""
        if not self.checks:
            return ("nothing was checked",)
        return tuple(check.sentence for check in self.unmet)

    @property
    def category(self) -> Category | None:
        """The gravest category among the unmet checks, in the order of section 7 of the format; None if there is none."""
        unmet = {check.category for check in self.unmet}
        return next((category for category in CATEGORIES if category in unmet), None)
