"""Every operation by its name, in the order of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.operations import create_assignment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Operation

_ALL = (create_assignment.OPERATION,)
OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
