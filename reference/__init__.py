"""The pages of docs/reference that are made from the code; ``python -m reference`` writes them all anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


def pages() -> dict[str, Callable[[], str]]:
    """Return how each page is made, by its file name in `FOLDER`."""
    from reference.command_line import command_line_page  # noqa: PLC0415  (each page needs half of the program)
    from reference.python import python_page  # noqa: PLC0415
    from reference.scenario_file import scenario_file_page  # noqa: PLC0415
    from rehearse.registry import domain  # noqa: PLC0415
    from rehearse.report.reference_markdown import reference_page  # noqa: PLC0415

    return {
        "command-line.md": command_line_page,
        "scenario-file.md": scenario_file_page,
        "residency.md": lambda: reference_page(domain("residency")),
        "python.md": python_page,
    }
