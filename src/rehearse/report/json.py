"""The ``json`` format: canonical, so that the same run gives the same bytes but for times."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rehearse.report.document import document
from rehearse.report.model import LIMITS, Limits

if TYPE_CHECKING:
    from rehearse.report.model import RunReport


def json_report(report: RunReport, *, limits: Limits = LIMITS) -> str:
    """Return the report as JSON, two spaces deep, UTF-8 as it is, with a final line feed."""
    return json.dumps(document(report, limits=limits), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
