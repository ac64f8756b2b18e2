"""The report, opened from disk in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rehearse.report.html import html_report
from report.samples import REPORT

if TYPE_CHECKING:
    from pathlib import Path

    from faces.browser import Visit

pytestmark = pytest.mark.browser


def test_no_serious_violation(visit: Visit, tmp_path: Path) -> None:
    """A run's page opens without a complaint, asks nobody for anything, and axe finds nothing serious."""
    file = tmp_path / "run.html"
    file.write_text(html_report(REPORT), encoding="utf-8")
    visit.open(file)
    assert [] == visit.serious()
