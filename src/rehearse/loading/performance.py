"""``performance_metrics``, of the scenario or of one step."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.expectation import PerformanceLimit

if TYPE_CHECKING:
    from rehearse.loading.forms import PerformanceForm
    from rehearse.source import Span


def performance_limits(form: PerformanceForm, step: str | None, span: Span) -> tuple[PerformanceLimit, ...]:
    """Return one check for each limit that `form` names; `step` is None for the act phase."""
    queries = None if form.max_db_queries is None else Decimal(form.max_db_queries)
    limits = (
        ("max_execution_time", form.max_execution_time),
        ("max_db_queries", queries),
        ("max_memory_mb", form.max_memory_mb),
    )
    return tuple(
        PerformanceLimit(
            key=f"{step or 'performance_metrics'}.{metric}",
            category="performance",
            level=form.level,
            span=span,
            metric=metric,  # type: ignore[arg-type]  # one of the three names above
            limit=limit,
            step=step,
        )
        for metric, limit in limits
        if limit is not None
    )
