"""Preconditions: what the scenario takes for granted, asked of the first photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.errors import RehearseError
from rehearse.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.domain import Domain, MeasureValue, State
    from rehearse.plan import Plan
    from rehearse.scenario import Precondition


class UnmetPreconditionsError(RehearseError):
    """Some preconditions do not hold; all of them are told together.

    Attributes:
        messages: One sentence for each.
    """

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(self.messages))
