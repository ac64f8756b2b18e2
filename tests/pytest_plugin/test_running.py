"""Scenarios as tests: passed, failed, out of time, flaky; on SQLite and PostgreSQL, in one process and in several."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from tests.pytest_plugin.conftest import scenario_text

from rehearse.artifacts.store import ArtifactStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_failure_is_told_as_its_author_wants_it(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """The expectation with its place, expected and actual, the steps, the rows, the SQL; no traceback of the engine."""
    project(a=scenario_text("bad-1", gap=7))
    found = pytester.runpytest_inprocess()
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(
        [
            "coverage_gap_hours: expected 7, found 1",
            "✗ coverage_gap_hours  (assertion)",
            "  --> *scenarios/a.yaml:16:5",
            "*^^^*",
            "  expected  7",
            "  actual    1",
            "What was done",
            "*mark_unavailable  done*",
            "What changed: *",
            "  ~ persons R1  status active → unavailable",
            "SQL of step1 mark_unavailable, what it wrote",
            "*INSERT INTO absences*",
            "Evidence: *bad-1-0001",
            "FAILED scenarios/a.yaml::bad-1 - coverage_gap_hours: expected 7, found 1",
        ]
    )
    found.stdout.no_fnmatch_line("*Traceback*")
    found.stdout.no_fnmatch_line("*audit_log (*")


def test_an_operation_that_breaks_shows_its_traceback(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """A defect is not an unmet expectation: there the traceback is what one needs."""
    project(a=scenario_text("crash-1").replace("operation: mark", "operation: crash_and_mark"))
    pytester.makeconftest(
        """
        from dataclasses import replace
        import residency.operations.registry as registry

        def crash(session, parameters, context):
            raise RuntimeError("the roof is on fire")

        found = registry.OPERATIONS["mark_unavailable"]
        registry.OPERATIONS["crash_and_mark_unavailable"] = replace(found, name="crash_and_mark_unavailable", function=crash)
        """
    )
    found = pytester.runpytest_subprocess()
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*RuntimeError: the roof is on fire*", "*in crash*"])


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["sqlite", "bundled"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_documented_calls(
    pytester: pytest.Pytester, project: Callable[..., Path], database: str, workers: str
) -> None:
    """Each call of the manual does what it says, on either database, in one process and in two."""
    project(good=scenario_text("n1-good-1", gap=1), bad=scenario_text("n1-bad-1"), other=scenario_text("swap-1", gap=1))
    here = ("-n", workers, f"--scenario-database={database}")
    pytester.runpytest_subprocess("-m", "scenario", *here).assert_outcomes(passed=2, failed=1)
    pytester.runpytest_subprocess("--lf", *here).assert_outcomes(failed=1)
    pytester.runpytest_subprocess("-k", "n1-", *here).assert_outcomes(passed=1, failed=1)
    runs = pytester.path / ".rehearse/runs"
    kept = sorted(folder.name for folder in runs.iterdir() if folder.is_dir())
    assert [
        "n1-bad-1-0001",
        "n1-bad-1-0002",
        "n1-bad-1-0003",
        "n1-good-1-0001",
        "n1-good-1-0002",
        "swap-1-0001",
    ] == kept
    text = (runs / "swap-1-0001/result.json").read_text(encoding="utf-8")
    assert ("sqlite" if database == "sqlite" else "postgresql") in text


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_session_is_one_rehearsal(pytester: pytest.Pytester, project: Callable[..., Path], workers: str) -> None:
    """The marks of all its runs say that they began together, whichever worker made them; those of the next session say another time."""
    project(**{f"s{number}": scenario_text(f"ok-{number}", gap=1) for number in range(1, 5)})
    for _ in range(2):
        pytester.runpytest_subprocess("-n", workers).assert_outcomes(passed=4)
    records = ArtifactStore(pytester.path / ".rehearse").records()
    first, second = ({record.began for record in records if record.run.endswith(end)} for end in ("1", "2"))
    assert [1, 1] == [len(first), len(second)]
    assert first != second


def test_the_first_failure_can_end_the_session(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """`-x` stops, also when several run at the same time: what has not begun does not begin."""
    project(**{f"s{number}": scenario_text(f"bad-{number}") for number in range(1, 7)})
    pytester.runpytest_inprocess("-x").assert_outcomes(failed=1)
    pytester.runpytest_inprocess("-x", "--scenario-jobs=2").assert_outcomes(failed=1)


def test_several_at_a_time_come_out_as_one_after_another(
    pytester: pytest.Pytester, project: Callable[..., Path]
) -> None:
    """Scenarios that run ahead are reported in their order, each once."""
    project(**{f"s{number}": scenario_text(f"ok-{number}", gap=number % 2) for number in range(1, 7)})
    found = pytester.runpytest_inprocess("--scenario-jobs=3", "-v")
    found.assert_outcomes(passed=3, failed=3)
    order = [
        line.split("::")[1].split()[0] for line in found.outlines if line.startswith("scenarios/s") and "%" in line
    ]
    assert [f"ok-{number}" for number in range(1, 7)] == order


def test_steps_reach_junit_xml(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Status, database and every step with time and queries are properties of the test case."""
    project(a=scenario_text("ok-1", gap=1))
    pytester.runpytest_inprocess("--junitxml=report.xml")
    tree = ET.parse(pytester.path / "report.xml")  # noqa: S314  (written by the test itself)
    found = {item.get("name"): item.get("value") for item in tree.iter("property")}
    assert "passed" == found["scenario_status"]
    assert "sqlite" in str(found["scenario_database"])
    assert str(found["step step1 mark_unavailable"]).startswith("done, ")
    assert str(found["step step1 mark_unavailable"]).endswith(" queries")


def test_everything_is_kept_when_asked_for(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """`--capture-artifacts` keeps what a passed scenario leaves, with a page, and says where."""
    project(a=scenario_text("ok-1", gap=1, extra="capture_artifacts: false\n"))
    pytester.runpytest_inprocess()
    found = pytester.runpytest_inprocess("--capture-artifacts")
    runs = pytester.path / ".rehearse/runs"
    assert not (runs / "ok-1-0001/before.json").exists()
    assert (runs / "ok-1-0002/before.json").exists()
    assert (runs / "ok-1-0002/report.html").exists()
    found.stdout.fnmatch_lines(["passed *ok-1-0002"])


def test_a_timeout_is_told_apart(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """A scenario that runs out of time fails as TIMEOUT, with the deadline from the command line."""
    project(a=scenario_text("slow-1", gap=1))
    found = pytester.runpytest_inprocess("--scenario-timeout=0.000001", "-v")
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*slow-1 TIMEOUT*", "TIMEOUT scenarios/a.yaml::slow-1"])


def test_a_pass_at_the_second_attempt_is_flaky(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Attempts that disagree are a word of their own."""
    project(a=scenario_text("odd-1", gap=1))
    pytester.makeconftest(
        """
        from dataclasses import replace
        import rehearse.run.suite as suite

        original, tried = suite.perform, []

        def slow_at_first(plan, services):
            result = original(plan, services)
            tried.append(result)
            return replace(result, status="timeout", transient=True) if len(tried) == 1 else result

        suite.perform, suite.FIRST_PAUSE = slow_at_first, 0.0
        """
    )
    found = pytester.runpytest_subprocess("--scenario-retries=2", "-v")
    found.stdout.fnmatch_lines(
        ["*odd-1 FLAKY*", "FLAKY scenarios/a.yaml::odd-1: attempts timeout, passed", "*1 flaky*"]
    )
    assert 0 == found.ret


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--scenario-timeout=soon", "give a number of seconds above 0"),
        ("--scenario-retries=11", "give a whole number from 1 to 10"),
        ("--scenario-jobs=0", "give a whole number from 1 to 64"),
    ],
)
def test_options_that_make_no_sense_are_refused(pytester: pytest.Pytester, option: str, said: str) -> None:
    """A wrong value is told with what is allowed, before anything runs."""
    found = pytester.runpytest_subprocess(option)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines([f"*{said}*"])
