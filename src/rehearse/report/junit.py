"""The ``junit`` format: one test case a scenario, as CI servers read it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rehearse.report.model import LIMITS, Limits, isolation_text
from rehearse.report.text import text_report
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearse.report.model import RunReport


def junit_report(reports: Sequence[RunReport], *, limits: Limits = LIMITS) -> str:
    """Return one ``testsuites`` document of all `reports`: unmet expectations are failures, everything else that did not pass errors."""
    root = ET.Element("testsuites", _counts(reports))
    suite = ET.SubElement(root, "testsuite", {"name": "rehearse", **_counts(reports), "skipped": "0"})
    for report in reports:
        _test_case(suite, report, limits)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _counts(reports: Sequence[RunReport]) -> dict[str, str]:
    statuses = [report.result.status for report in reports]
    seconds = sum(report.result.execution_time_seconds for report in reports)
    failures = statuses.count("failed")
    errors = len(statuses) - statuses.count("passed") - failures
    return {"tests": str(len(reports)), "failures": str(failures), "errors": str(errors), "time": f"{seconds:.3f}"}


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
