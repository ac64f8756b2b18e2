"""A monotonic deadline: the only clock that decides when a run is over. The wall clock decides nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


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
