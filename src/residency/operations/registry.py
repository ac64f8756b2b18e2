"""Every operation by its name, in the order of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.operations import (
    activate_backup_assignments,
    approve_swap,
    cancel_leave,
    create_assignment,
    execute_swap,
    generate_schedule,
    mark_unavailable,
    process_leave_requests,
    remove_assignment,
    request_moonlighting,
    request_swap,
    return_to_duty,
    rollback_swap,
    run_contingency_analysis,
    send_notifications,
    simulate_unavailability,
    submit_leave,
    validate_acgme,
    validate_final_state,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Operation

_ALL = (
    mark_unavailable.OPERATION,
    simulate_unavailability.OPERATION,
    run_contingency_analysis.OPERATION,
    activate_backup_assignments.OPERATION,
    return_to_duty.OPERATION,
    request_swap.OPERATION,
    approve_swap.OPERATION,
    execute_swap.OPERATION,
    rollback_swap.OPERATION,
    create_assignment.OPERATION,
    remove_assignment.OPERATION,
    submit_leave.OPERATION,
    process_leave_requests.OPERATION,
    cancel_leave.OPERATION,
    request_moonlighting.OPERATION,
    generate_schedule.OPERATION,
    validate_acgme.OPERATION,
    validate_final_state.OPERATION,
    send_notifications.OPERATION,
)
OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
