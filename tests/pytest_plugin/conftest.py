"""A project with scenarios of its own, in which pytest is run as its users would."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import matplotlib.backends.backend_svg  # noqa: F401  (sessions inside this one forget what they import, which matplotlib does not survive)
import pytest

import rehearse.pytest_plugin.rehearsal
import rehearse.report.failure
import rehearse.report.html  # noqa: F401  (nor do extension modules)
import residency  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
addopts = -p no:hypothesispytest -p no:anyio
"""
"""Of the plugins that are installed here a user's project need not have these; without them a session begins sooner."""


def scenario_text(identity: str, *, gap: int = 0, extra: str = "", timeout: int = 30) -> str:
    """Return a small scenario: one resident falls ill, and `gap` hours are expected to stay open (one does)."""
    return (
        dedent(
            f"""\
        scenario:
          name: One clinic loses its resident
          id: {identity}
          category: n1_failure
          priority: high
          tags: [clinic, one-hour]
          timeout_seconds: {timeout}
        """
        )
        + indent(dedent(extra), "  ")
        + indent(
            dedent(
                f"""\
            setup:
              persons: [{{id: R1, pgy_level: 2}}, {{id: PD, role: PROGRAM_DIRECTOR}}]
              rotations: [{{id: clinic, rotation_type: clinic}}]
              assignments: [{{id: c1, person_id: R1, rotation_id: clinic, date: 2024-12-16, start: "08:00", end: "09:00"}}]
            test_case:
              operations:
                - {{operation: mark_unavailable, parameters: {{person_id: R1, date: 2024-12-16, kind: illness}}}}
            expected_outcome:
              coverage_gap_hours: {gap}
            """
            ),
            "  ",
        )
    )


@pytest.fixture
def project(pytester: pytest.Pytester) -> Callable[..., Path]:
    """Write scenario files below ``scenarios/`` of an empty project: ``project(ok=scenario_text("ok-1"))``."""
    pytester.makeini(INI)
    folder = pytester.path / "scenarios"

    def write(**files: str) -> Path:
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return folder

    return write
