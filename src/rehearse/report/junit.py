"""The ``junit`` format: one test case a scenario, as CI servers read it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rehearse.report.model import LIMITS, Limits, isolation_text
from rehearse.report.text import text_report
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.report.model import RunReport
    from rehearse.run.outcome import Status


def junit_report(reports: Iterable[RunReport], *, limits: Limits = LIMITS) -> str:
    """Return one ``testsuites`` document of all `reports`: unmet expectations are failures, everything else that did not pass errors."""
    document = JUnitDocument(limits)
    for report in reports:
        document.add(report)
    return document.text()


class JUnitDocument:
    """A ``testsuites`` document that grows by one test case a run, so that no report has to be kept for it."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._cases = ET.Element("testsuite")
        self._statuses: list[Status] = []
        self._seconds = 0.0

    def add(self, report: RunReport) -> None:
        """Add a run."""
        self._statuses.append(report.result.status)
        self._seconds += report.result.execution_time_seconds
        _test_case(self._cases, report, self._limits)

    def text(self) -> str:
        """Return the document as it is now."""
        counts = self._counts()
        root = ET.Element("testsuites", counts)
        suite = ET.SubElement(root, "testsuite", {"name": "rehearse", **counts, "skipped": "0"})
        suite.extend(self._cases)
        ET.indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"

    def _counts(self) -> dict[str, str]:
        failures = self._statuses.count("failed")
        errors = len(self._statuses) - self._statuses.count("passed") - failures
        numbers = {"tests": len(self._statuses), "failures": failures, "errors": errors}
        return {**{name: str(number) for name, number in numbers.items()}, "time": f"{self._seconds:.3f}"}


def _test_case(suite: ET.Element, report: RunReport, limits: Limits) -> None:
    result = report.result
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": cell(f"rehearse.{report.subject.category or 'scenario'}"),
            "name": cell(result.scenario_id),
            "time": f"{result.execution_time_seconds:.3f}",
        },
    )
    properties = ET.SubElement(case, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", {"name": name, "value": cell(value)})
    if result.status != "passed":
        kind = "failure" if result.status == "failed" else "error"
        message = result.errors[0] if result.errors else result.status
        about = {"type": result.category or result.status, "message": cell(message)}
        ET.SubElement(case, kind, about).text = visible(text_report(result, limits=limits, journal=report.journal))


def _properties(report: RunReport) -> tuple[tuple[str, str], ...]:
    result = report.result
    pairs = (
        ("name", result.scenario_name),
        ("status", result.status),
        ("run", result.run_id),
        ("evidence", result.run_path),
        ("database", isolation_text(result)),
        ("orders", result.orders),
        ("fingerprint", result.fingerprint or ""),
        ("flaky", "true" if result.flaky else ""),
    )
    return tuple((name, value) for name, value in pairs if value)
