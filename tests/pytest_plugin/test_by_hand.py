"""Tests written by hand: the document's own, with and without pytest-asyncio, and the fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pytest_plugin.conftest import scenario_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCUMENT = """
import pytest
from rehearse import run_scenario_full

@pytest.mark.scenario
@pytest.mark.asyncio
async def test_n1_holiday_coverage_001():
    result = await run_scenario_full("n1-holiday-coverage-001")
    assert result.success, f"Scenario failed: {result.errors}"

@pytest.mark.scenario
@pytest.mark.parametrize("scenario_id", ["n1-holiday-coverage-001", "swap-one-to-one-simple-001"])
@pytest.mark.asyncio
async def test_n1_scenarios(scenario_id):
    result = await run_scenario_full(scenario_id)
    assert result.success, f"Scenario {scenario_id} failed: {result.errors}"
"""


@pytest.mark.parametrize("plugins", [(), ("-p", "no:asyncio")])
def test_the_documents_tests_run(
    pytester: pytest.Pytester, project: Callable[..., Path], plugins: tuple[str, ...]
) -> None:
    """As it is written in the seed document, whether pytest-asyncio is there or not."""
    project()
    if plugins:
        pytester.makeini("[pytest]\n")
    pytester.makepyfile(test_scenarios=DOCUMENT)
    pytester.runpytest_subprocess("-m", "scenario", "--strict-markers", *plugins).assert_outcomes(passed=3)


def test_an_async_scenario_test_needs_no_other_mark(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Marked `scenario` alone it is awaited, with its fixtures."""
    project()
    pytester.makepyfile(
        """
        import pytest
        from rehearse import run_scenario_full

        @pytest.mark.scenario
        async def test_it(tmp_path, rehearse_runner):
            assert tmp_path.exists()
            assert (await run_scenario_full("acgme-80hour-exact-001")).success
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["sqlite", "bundled"])
def test_fixtures_for_tests_by_hand(pytester: pytest.Pytester, project: Callable[..., Path], database: str) -> None:
    """A scenario is performed by its id, on the session's database, and a database can be had as its set-up leaves it."""
    project(a=scenario_text("ok-1", gap=1), b=scenario_text("bad-1"))
    pytester.makepyfile(
        """
        import os
        from sqlalchemy import text

        def test_run(rehearse_runner):
            assert rehearse_runner.run("ok-1").success
            assert not rehearse_runner.run("bad-1").success

        def test_check(rehearse_runner):
            rehearse_runner.check("bad-1")

        def test_database(scenario_database):
            first, second = scenario_database("ok-1"), scenario_database("ok-1")
            first.connection.execute(text("DELETE FROM assignments"))
            counts = [each.connection.execute(text("SELECT count(*) FROM assignments")).scalar() for each in (first, second)]
            assert counts == [0, 1]
            assert first.backend == ("sqlite" if os.environ["EXPECTED"] == "sqlite" else "postgresql")
        """
    )
    pytester._monkeypatch.setenv("EXPECTED", database)
    found = pytester.runpytest_subprocess(f"--scenario-database={database}", "test_fixtures_for_tests_by_hand.py")
    found.assert_outcomes(passed=2, failed=1)
    found.stdout.fnmatch_lines(["*coverage_gap_hours: expected 0, found 1*"])


def test_by_hand_and_by_file_share_the_database(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """The option reaches `run_scenario_full` in tests by hand, and is gone after the session."""
    project()
    pytester.makepyfile(
        """
        import os, pytest

        def test_it():
            assert os.environ["REHEARSE_DATABASE"] == "bundled"
        """
    )
    pytester.runpytest_inprocess("--scenario-database=bundled").assert_outcomes(passed=1)
    import os  # noqa: PLC0415  (what the session left)

    assert "REHEARSE_DATABASE" not in os.environ
