"""Which files are scenarios, what their tests are called, and how they are selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pytest_plugin.conftest import INI, scenario_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Project = "Callable[..., Path]"
TWO = "scenarios:\n" + "".join(
    "  - " + scenario_text(name).removeprefix("scenario:\n")[2:].replace("\n", "\n  ").rstrip() + "\n"
    for name in ("first-1", "second-1")
)


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """The node ids that a session would run, in its order."""
    found = pytester.runpytest_inprocess("--co", "-q", *arguments)
    return [line for line in found.outlines if "::" in line]


def test_scenarios_below_the_scenario_paths_are_tests(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Each scenario of a file is a test named by its id; files that hold none are passed over."""
    project(b=scenario_text("ok-2"), a=TWO, fixture="persons: [{id: R9}]\n", notes="- a list\n")
    assert [
        "scenarios/a.yaml::first-1",
        "scenarios/a.yaml::second-1",
        "scenarios/b.yaml::ok-2",
    ] == collected(pytester)


def test_other_yaml_files_are_left_alone(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """A file outside the scenario paths is collected only if it is named."""
    folder = project(a=scenario_text("ok-1"))
    (folder.parent / "elsewhere.yaml").write_text(scenario_text("ok-2"), encoding="utf-8")
    assert ["scenarios/a.yaml::ok-1"] == collected(pytester)
    assert ["elsewhere.yaml::ok-2"] == collected(pytester, "elsewhere.yaml")


def test_scenario_paths_are_searched_beside_testpaths(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Without arguments the scenario paths of the ini-file are searched, whatever the test paths are."""
    project(a=scenario_text("ok-1"))
    pytester.makeini(f"{INI}testpaths = tests\nscenario_paths = scenarios more\n")
    pytester.mkdir("tests")
    pytester.mkdir("more").joinpath("b.yaml").write_text(scenario_text("ok-2"), encoding="utf-8")
    pytester.makepyfile(**{"tests/test_one": "def test_one(): pass"})
    assert [
        "tests/test_one.py::test_one",
        "scenarios/a.yaml::ok-1",
        "more/b.yaml::ok-2",
    ] == collected(pytester)


def test_a_matrix_is_many_tests(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Every scenario of a matrix has its own node id."""
    project(m=scenario_text("matrix", extra="matrix: {product: {hour: [1, 2]}}\n"))
    assert ["scenarios/m.yaml::matrix-1", "scenarios/m.yaml::matrix-2"] == collected(pytester)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (("-m", "scenario"), ["ok-1", "slow-1"]),
        (("-m", "n1_failure and high"), ["ok-1", "slow-1"]),
        (("-m", "one-hour and not slow"), ["ok-1"]),
        (("-k", "slow-"), ["slow-1"]),
    ],
)
def test_marks_and_names_select(
    pytester: pytest.Pytester, project: Callable[..., Path], selection: tuple[str, ...], expected: list[str]
) -> None:
    """Category, priority and tags are marks, under strict markers too; ids are names."""
    project(a=scenario_text("ok-1"), b=scenario_text("slow-1").replace("one-hour]", "one-hour, slow]"))
    found = collected(pytester, "--strict-markers", *selection)
    assert expected == [line.rpartition("::")[2] for line in found]


def test_mistakes_are_told_with_their_places(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """A file that is wrong fails its collection with the author's places, the others run."""
    project(bad="scenario:\n  id: Bad_Id\n  name: x\n", good=scenario_text("ok-1", gap=1))
    found = pytester.runpytest_inprocess("--continue-on-collection-errors")
    found.stdout.fnmatch_lines(["error?bad-value?: *", "*--> *bad.yaml:2:7*", "*^^^^^^*"])
    found.assert_outcomes(errors=1, passed=1)
    found.stdout.no_fnmatch_line("*Traceback*")


def test_a_named_file_must_hold_scenarios(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """What was named and holds no scenario is an error, not silence."""
    project(fixture="persons: []\n")
    found = pytester.runpytest_inprocess("scenarios/fixture.yaml")
    found.stdout.fnmatch_lines(["error?missing-key?: *"])
    found.assert_outcomes(errors=1)


def test_two_scenarios_of_one_id_are_refused(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    """Nobody could name either, so nothing runs, and both places are told."""
    project(a=scenario_text("same-1"), b=scenario_text("same-1"))
    found = pytester.runpytest_inprocess()
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*a.yaml::same-1 and *b.yaml::same-1 have one id*"])


def test_a_mistake_that_needs_the_domain_fails_the_test(
    pytester: pytest.Pytester, project: Callable[..., Path]
) -> None:
    """What only loading finds is told at the scenario's own test, without a traceback."""
    project(a=scenario_text("ok-1").replace("mark_unavailable", "mark_unavailble"))
    found = pytester.runpytest_inprocess()
    found.stdout.fnmatch_lines(["error?unknown-name?: *", "*did you mean `mark_unavailable`?"])
    found.assert_outcomes(failed=1)
