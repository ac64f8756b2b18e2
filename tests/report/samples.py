"""Results as a run gives them back, small enough to read in a golden file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from rehearse.database.observe import Statement
from rehearse.domain import Reason
from rehearse.expect.verdict import CheckResult, Verdict
from rehearse.panels import (
    AnyPanel,
    CalendarEntry,
    CalendarRow,
    ChainLink,
    CoverageCell,
    CoverageRow,
    LimitSeries,
    LimitWindow,
    PanelCalendar,
    PanelChain,
    PanelCoverage,
    PanelLimits,
    PanelTable,
    PanelTimeline,
    PanelWords,
    TimelineBar,
)
from rehearse.report.model import EventLine, RunReport, Subject
from rehearse.run.outcome import Attempt, Isolation, Metrics, ScenarioResult, StepResult
from rehearse.snapshot.model import Diff, RowChange
from rehearse.source import Source, Span
from rehearse.values import FrozenMap

CLOCK = datetime(2024, 12, 25, 6, 0)  # noqa: DTZ001  (scenarios have no zones)
FILE = Source(
    "scenarios/christmas.yaml",
    "scenario:\n  expected_outcome:\n    coverage_gap_hours: 0\n    backup_activated: true\n",
)


def change(
    table: str, kind: str, key: str, before: tuple[object, ...] | None, after: tuple[object, ...] | None
) -> RowChange:
    """A changed row of one of the sample's tables."""
    columns = COLUMNS[table]
    pairs = zip(columns, before or (), after or (), strict=False)
    changed = tuple(column for column, old, new in pairs if old != new) if kind == "update" else ()
    return RowChange(table, (key,), kind, before, after, changed)  # type: ignore[arg-type]


COLUMNS = {
    "persons": ("id", "role", "status"),
    "assignments": ("id", "person_id", "date", "hours"),
    "absences": ("id", "person_id", "kind", "reason"),
}
DIFF = Diff(
    {
        "persons": (
            change("persons", "update", "R1", ("R1", "RESIDENT", "active"), ("R1", "RESIDENT", "unavailable")),
        ),
        "assignments": (
            change(
                "assignments",
                "update",
                "call-r1",
                ("call-r1", "R1", date(2024, 12, 25), Decimal(24)),
                ("call-r1", "R3", date(2024, 12, 25), Decimal(24)),
            ),
            change("assignments", "delete", "clinic-2", ("clinic-2", "R2", date(2024, 12, 27), Decimal("4.5")), None),
        ),
        "absences": (change("absences", "insert", "step1:1", None, ("step1:1", "R1", "emergency", None)),),
        "swaps": (),
    },
    COLUMNS,
)
STEPS = (
    StepResult(
        "step1",
        1,
        "mark_unavailable",
        "done",
        CLOCK,
        expected=True,
        data=FrozenMap({"absence_ids": ("step1:1",), "gap_hours": Decimal(24)}),
        seconds=0.0031,
        queries=MappingProxyType({"SELECT": 6, "INSERT": 3, "BEGIN": 1, "COMMIT": 1}),
    ),
    StepResult(
        "step2",
        2,
        "run_contingency_analysis",
        "rejected",
        CLOCK,
        expected=True,
        reasons=(Reason("contingency_disabled", "the set-up switches contingency off"),),
        seconds=0.0004,
        queries=MappingProxyType({"SELECT": 1}),
        save_as="plan",
    ),
)
CHECKS = (
    CheckResult("coverage_gap_hours", "assertion", "passed", "0", Decimal(0), span=Span(FILE, 3, 5, 23), critical=True),
    CheckResult("backup_activated", "assertion", "passed", "true", True, span=Span(FILE, 4, 5, 21)),  # noqa: FBT003  (what was found)
)
PASSED = ScenarioResult(
    scenario_id="christmas-call",
    scenario_name="The Christmas call loses its resident",
    description="An emergency an hour before a call.",
    status="passed",
    execution_time_seconds=0.0123,
    validations=MappingProxyType({check.key: check for check in CHECKS}),
    metrics=Metrics(
        0.0123,
        MappingProxyType({"total": 10, "select": 7, "insert": 3, "update": 0, "delete": 0}),
        1.5,
        MappingProxyType({"step1": 0.0031, "step2": 0.0004}),
        MappingProxyType({"isolate": 0.002, "act": 0.0123}),
    ),
    artifacts=MappingProxyType({"run": "christmas-call-0001", "pre_snapshot": "christmas-call-pre"}),
    attempts=(Attempt(1, "passed", "christmas-call-0001", None),),
    run_id="christmas-call-0001",
    run_path=".rehearse/runs/christmas-call-0001",
    steps=STEPS,
    diff=DIFF,
    fingerprint="0123456789abcdef" * 4,
    verdict=Verdict(CHECKS),
    isolation=Isolation("sqlite", "3.40.1", "memory", "BEGIN IMMEDIATE"),
)

UNMET = (
    CheckResult(
        "coverage_gap_hours",
        "critical",
        "failed",
        "0",
        Decimal("6.5"),
        "expected 0, found 6.5",
        Span(FILE, 3, 5, 23),
        critical=True,
    ),
    CheckResult(
        "backup_activated", "assertion", "unknown", "true", None, "the measure crashed", traceback="Traceback:\n  boom"
    ),
    CheckResult("thresholds.utilization_rate", "assertion", "warned", "at most 80", Decimal(83), "above 80"),
)
FAILED = replace(
    PASSED,
    status="failed",
    category="critical",
    phase="judge",
    validations=MappingProxyType({check.key: check for check in UNMET}),
    verdict=Verdict(UNMET),
    errors=("coverage_gap_hours: expected 0, found 6.5", "backup_activated: the measure crashed"),
    isolation=Isolation("postgresql", "15.18", "database", "SERIALIZABLE", "postgresql:///rehearse_kept"),
    orders="12 of 70 orders",
    diff=Diff({"persons": ()}, COLUMNS),
)
CRASHED = replace(
    PASSED,
    status="error",
    category="error",
    phase="act",
    validations=MappingProxyType({}),
    verdict=None,
    diff=None,
    fingerprint=None,
    steps=(
        replace(
            STEPS[0],
            outcome="error",
            expected=False,
            error="ValueError: no such duty",
            traceback="Traceback (most recent call last):\nValueError: no such duty\n",
            tries=2,
        ),
        replace(STEPS[1], outcome="skipped", reasons=()),
    ),
    errors=("step1 mark_unavailable: ValueError: no such duty",),
    error="step1 mark_unavailable: ValueError: no such duty",
    traceback="Traceback (most recent call last):\nValueError: no such duty\n",
    attempts=(
        Attempt(1, "timeout", "christmas-call-0001", "the deadline passed"),
        Attempt(2, "error", "christmas-call-0002", "ValueError: no such duty"),
    ),
    flaky=True,
)
UNREADY = replace(
    CRASHED,
    category="precondition",
    phase="preconditions",
    steps=(),
    errors=("coverage_complete: expected true, found false", "acgme_compliant: expected true, found false"),
    error="coverage_complete: expected true, found false",
    traceback=None,
    attempts=(),
    flaky=False,
    isolation=None,
)
STATEMENTS = (
    Statement(1, "step1", "SELECT", "SELECT id FROM persons WHERE id = ?", "(text)", -1, 0.0001, ("persons",)),
    Statement(
        2, "step1", "INSERT", "INSERT INTO absences VALUES (?, ?)", "(text, text)", 1, 0.0002, ("absences",), "busy"
    ),
)
DAYS = (date(2024, 12, 24), date(2024, 12, 25))
CALL = CalendarEntry("CA", "call on Wed 25 December", "added")
PANELS: tuple[AnyPanel, ...] = (
    PanelWords("Who works when now", ("R3 takes R1’s call.",), "As before.", "One duty."),
    PanelTable(
        "Hours", ("person", "hours"), (("R1", "40"), ("R3", "64.5")), "average of four weeks", ("R3 is closest.",)
    ),
    PanelCalendar(
        "Roster",
        DAYS,
        (
            CalendarRow(
                "R1", ((), (CalendarEntry("away", "emergency", "added", away=True), replace(CALL, mark="removed")))
            ),
            CalendarRow("R3", ((CalendarEntry("WA", "ward"),), (CALL,))),
        ),
        (("CA", "call"), ("WA", "ward")),
        ((DAYS[1], "Christmas Day"),),
        "2 people have other days.",
    ),
    PanelLimits(
        "Hours against the limit",
        "hours a week",
        (
            LimitSeries("R3", (LimitWindow(*DAYS, Fraction(84), Fraction(80), Fraction(60)),)),
            LimitSeries("R1", (LimitWindow(*DAYS, Fraction(40), Fraction(80), Fraction(40)),)),
        ),
    ),
    PanelCoverage(
        "Coverage",
        DAYS,
        (
            CoverageRow("call", (None, CoverageCell(2, 2, 1, Fraction(24), "1 of 2 missing 00:00–24:00"))),
            CoverageRow("ward", (CoverageCell(1, 1, 1), CoverageCell(1, 0, 1))),
        ),
    ),
    PanelChain(
        "Chain",
        (("R1", "emergency"),),
        (ChainLink("R1", "R3", "call"), ChainLink("R3", "", "ward", "released"), ChainLink("R1", "", "clinic", "open")),
    ),
    PanelTimeline(
        "Steps", (TimelineBar("sell", 0.0, 0.2, 4, "done"), TimelineBar("wait", 0.2, 1.0, 0, "error", good=False))
    ),
)
REPORT = RunReport(
    result=PASSED,
    subject=Subject(
        category="n1_failure",
        priority="critical",
        tags=("n1", "holiday"),
        rationale="Holidays have the thinnest cover.",
        file="scenarios/christmas.yaml",
        domain="residency",
        clock="2024-12-25T06:00",
        seed=0,
    ),
    panels=PANELS,
    statements=STATEMENTS,
    statements_dropped=3,
    events=(
        EventLine("run-started", (("run_id", "christmas-call-0001"), ("steps", "2"))),
        EventLine("phase-started", (("phase", "isolate"),)),
    ),
    environment=(("rehearse", "0.1.0"), ("Python", "3.11.7")),
    command="rehearse run christmas-call",
)
SAMPLES = {"passed": PASSED, "failed": FAILED, "crashed": CRASHED, "unready": UNREADY}
