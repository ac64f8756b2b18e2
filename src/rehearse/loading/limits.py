"""How much an author may write before it is refused: checked while reading, so that nothing grows first."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds of one file.

    Attributes:
        size: Bytes of the file, as UTF-8.
        nodes: Keys and values, every alias counted as large as all it stands for.
        depth: Collections inside collections, aliases followed.
        scalar: Bytes of one scalar, as UTF-8.
    """

    size: int
    nodes: int
    depth: int = 50
    scalar: int = 64_000


SCENARIO_LIMITS = Limits(size=MEBIBYTE, nodes=100_000)
FIXTURE_LIMITS = Limits(size=64 * MEBIBYTE, nodes=5_000_000)

DIGITS = 4_300
"""Digits of one number, written out in full: Python itself refuses to turn longer ones into text."""

INTERPOLATED_TEXT = 64_000
"""Bytes of one text into which a placeholder was written."""

INTERPOLATED_TOTAL = 1_000_000
"""Bytes of all such texts of a scenario, generated rows apart."""

INTERPOLATED_NODES = SCENARIO_LIMITS.nodes
"""Values that the placeholders of a scenario may put in place of themselves, generated rows apart."""

GENERATED_ROWS = 200_000
"""Rows of one `generate`, values of one range."""

GENERATED_TOTAL = FIXTURE_LIMITS.size
"""Bytes of the texts that are written for all generated rows of a scenario: as much as a fixture may hold."""

GENERATED_NODES = FIXTURE_LIMITS.nodes
"""Keys and values of all generated rows of a scenario: as many as a fixture may hold."""

MATRIX_SCENARIOS = 100_000
"""Scenarios that one matrix may stand for, before anything is excluded."""

ID_LENGTH = 100
"""Characters of a scenario's id, matrix values included."""

_SHOWN = 60


def shortened(text: str) -> str:
    """Return `text` as it fits into a sentence."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
