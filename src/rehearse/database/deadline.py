"""A monotonic deadline: the only clock that decides when a run is over. The wall clock decides nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rehearse.errors import RehearseError


class DeadlinePassedError(RehearseError):
    """A statement was not sent, or gave up waiting for a lock, since no time was left.

    Attributes:
        waited_for_lock: Whether another connection held what it needed.
    """

    def __init__(self, message: str, *, waited_for_lock: bool = False) -> None:
        self.waited_for_lock = waited_for_lock
        super().__init__(message)


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock.

    Attributes:
        at: Seconds on `now`'s scale; infinity for none.
        seconds: How long was granted, for messages.
        now: The clock (a test may give its own).
    """

    at: float
    seconds: float
    now: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)

    @classmethod
    def after(cls, seconds: float, *, now: Callable[[], float] = time.monotonic) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(now() + seconds, seconds, now)

    @classmethod
    def never(cls) -> Deadline:
        """Return a deadline that does not come."""
        return cls(math.inf, math.inf)

    @property
    def remaining(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at - self.now()

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.remaining <= 0

    def sooner(self, seconds: float | None) -> Deadline:
        """Return the earlier of this one and `seconds` from now."""
        if seconds is None or self.now() + seconds >= self.at:
            return self
        return Deadline.after(seconds, now=self.now)
