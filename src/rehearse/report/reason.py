"""Why a run did not pass, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.visible import cell

if TYPE_CHECKING:
    from rehearse.run.outcome import ScenarioResult

WHY_BYTES = 300
"""A reason in a list is one line of at most so much; the run's own page has all of it."""


def why_text(result: ScenarioResult) -> str:
    """Return in one line why a run did not pass: the decisive reason, and how many more there are; empty if it passed."""
    if result.success:
        return ""
    reasons = result.errors or ((result.error,) if result.error else ())
    if not reasons:
        return result.status
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    lines = reasons[0].splitlines() or [""]
    return cell(f"{lines[0]}{' …' if len(lines) > 1 else ''}", limit=WHY_BYTES) + more
