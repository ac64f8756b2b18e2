"""How much resident memory the act phase took at its peak, in megabytes."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_FIELD = re.compile(r"^Vm(HWM|RSS):\s+(\d+) kB", re.MULTILINE)
_KB_PER_MB = 1024


class PeakMemory:
    """The growth of this process's resident memory from construction to its highest point since.

    Linux keeps a high-water mark that can be reset; elsewhere the mark of the whole process is used, so that a growth
    below an earlier peak is reported as 0. Scenarios that run at the same time in one process share the figure.
    """

    def __init__(self) -> None:
        self._resets = _reset_peak()
        self._start = _resident_kb() if self._resets else _highest_kb()

    def growth_mb(self) -> float:
        """Return the growth so far, in MB (1,048,576 bytes), never negative."""
        highest = _peak_kb() if self._resets else _highest_kb()
        return max(0, highest - self._start) / _KB_PER_MB


def _reset_peak() -> bool:
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def _status() -> dict[str, int]:
    return {name: int(value) for name, value in _FIELD.findall(_STATUS.read_text(encoding="ascii", errors="replace"))}


def _resident_kb() -> int:
    return _status()["RSS"]


def _peak_kb() -> int:
    return _status()["HWM"]


def _highest_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // _KB_PER_MB if sys.platform == "darwin" else peak
