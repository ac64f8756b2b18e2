"""Listeners on the seam of side effects: count them, fail the n-th, or die at it."""

from __future__ import annotations

import errno
import os
import signal


class Counted:
    """Keeps what was announced."""

    def __init__(self) -> None:
        self.effects: list[tuple[str, str]] = []

    def __call__(self, kind: str, target: str) -> None:
        """Keep it."""
        self.effects.append((kind, target))


class FailsAt:
    """Raises "no space left" at effect `n`, and from then on if `sticky`."""

    def __init__(self, n: int, *, sticky: bool = False) -> None:
        self.n = n
        self.sticky = sticky
        self.seen = 0

    @property
    def reached(self) -> bool:
        """Whether the n-th effect came."""
        return self.seen >= self.n

    def __call__(self, _kind: str, target: str) -> None:
        """Raise if it is the one."""
        self.seen += 1
        if self.seen == self.n or (self.sticky and self.seen > self.n):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)


class DiesAt:
    """Kills this process, without any clean-up, right before effect `n`."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.seen = 0

    def __call__(self, _kind: str, _target: str) -> None:
        """Die if it is the one."""
        self.seen += 1
        if self.seen == self.n:
            os.kill(os.getpid(), signal.SIGKILL)
