"""The pytest plugin: the marker of tests that run scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker ``scenario`` known, so that ``-m scenario`` selects and ``--strict-markers`` accepts it."""
    config.addinivalue_line("markers", "scenario: a test that runs a scenario")
