"""Every operation by its name, in the order of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.operations import (
    activate_backup_assignments,
    create_assignment,
    mark_unavailable,
    run_contingency_analysis,
    send_notifications,
    simulate_unavailability,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Operation

_ALL = (
    mark_unavailable.OPERATION,
    simulate_unavailability.OPERATION,
    run_contingency_analysis.OPERATION,
    activate_backup_assignments.OPERATION,
    create_assignment.OPERATION,
    send_notifications.OPERATION,
)
OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
