"""What a suite's report is made from. Every format of it is a pure function of a `SuiteReport`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rehearse.report.model import Subject
from rehearse.run.outcome import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

STATUSES: tuple[Status, ...] = ("failed", "error", "timeout", "unknown", "passed")
"""In the order in which a reader wants them: what stands in the way first."""
GRAVITY: tuple[Status, ...] = ("error", "timeout", "unknown", "failed", "passed")
"""By the written precedence: the status of many is the first that one of them has."""
NOT_YET = "not yet run"
Pages = Literal["all", "unmet"]
"""Which runs get a page of their own."""


@dataclass(frozen=True)
class Past:
    """Earlier outcomes of a scenario, this one included.

    Attributes:
        statuses: Oldest first.
        flaky: In which way they disagree though nothing changed in the scenario; empty if they don't.
    """

    statuses: tuple[Status, ...] = ()
    flaky: str = ""


@dataclass(frozen=True, kw_only=True)
class SuiteRow:
    """One scenario of the suite and its run.

    Attributes:
        scenario_id, name: Which.
        status: How it came out.
        kind: What kind of bad, or nothing.
        why: In one line, why it did not pass; empty if it did.
        subject: Its category, priority and tags.
        seconds: The act phase.
        queries: Statements of its operations.
        database: What it ran on.
        run_id: The folder of its evidence; empty if it never had one.
        fingerprint: Of its final state, or nothing.
        past: How it came out before.
        page: Its own page, relative to the suite's; empty if there is none.
        command: How to run it again.
    """

    scenario_id: str
    status: Status
    name: str = ""
    kind: str = ""
    why: str = ""
    subject: Subject = field(default_factory=Subject)
    seconds: float = 0.0
    queries: int = 0
    database: str = ""
    run_id: str = ""
    fingerprint: str = ""
    past: Past = field(default_factory=Past)
    page: str = ""
    command: str = ""


@dataclass(frozen=True)
class TrendPoint:
    """How all scenarios of the suite stood after one command that ran some of them.

    Attributes:
        began: When the command began, in UTC.
        counts: Status, or `NOT_YET` → how many scenarios had it as their latest.
        ran: How many of them the command ran.
    """

    began: datetime
    counts: Mapping[str, int]
    ran: int


@dataclass(frozen=True, kw_only=True)
class SuiteReport:
    """Many runs.

    Attributes:
        rows: One for each scenario, in the order of the run.
        trend: Oldest first; the last is this one.
        environment: Label and value: versions, platform.
        missing: How many scenarios were asked for and did not begin.
    """

    rows: tuple[SuiteRow, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    missing: int = 0

    @property
    def status(self) -> Status:
        """The worst of all, by the written precedence; of nothing, nobody knows."""
        found = {row.status for row in self.rows} | ({"unknown"} if self.missing or not self.rows else set())
        return next(status for status in GRAVITY if status in found)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many came out how; only what there is."""
        return counted(row.status for row in self.rows)

    @property
    def seconds(self) -> float:
        """All act phases together."""
        return sum(row.seconds for row in self.rows)

    @property
    def queries(self) -> int:
        """All statements together."""
        return sum(row.queries for row in self.rows)

    @property
    def unmet(self) -> tuple[SuiteRow, ...]:
        """What did not pass, the worst first, each kind in the order of the run."""
        return tuple(row for status in STATUSES[:-1] for row in self.rows if row.status == status)

    @property
    def flaky(self) -> tuple[SuiteRow, ...]:
        """Those whose outcomes disagree."""
        return tuple(row for row in self.rows if row.past.flaky)


def counted(statuses: Iterable[Status]) -> Mapping[str, int]:
    """Return how often each status is there, in the order of `STATUSES`."""
    found = tuple(statuses)
    return {status: found.count(status) for status in STATUSES if status in found}


def counts_text(counts: Mapping[str, int]) -> str:
    """Return ``2 failed, 58 passed``."""
    return ", ".join(f"{count} {status}" for status, count in counts.items())
