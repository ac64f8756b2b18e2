"""Reading the requests for leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from residency.schema import LEAVE_REQUESTS
from residency.stored import leave_request_of

if TYPE_CHECKING:
    from rehearse.domain import Session
    from residency.model import LeaveRequest


def read_requests(session: Session) -> tuple[LeaveRequest, ...]:
    """Every request for leave, whatever became of it, by id."""
    rows = session.connection.execute(select(LEAVE_REQUESTS).order_by(LEAVE_REQUESTS.c.id)).all()
    return tuple(leave_request_of(row) for row in rows)
