"""``[tool.rehearse]``: where it is looked for, what it may say, how its mistakes are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rehearse.errors import ScenarioError
from rehearse.project import Project, find_project

if TYPE_CHECKING:
    from pathlib import Path


def test_defaults_hold_where_there_is_no_project(tmp_path: Path) -> None:
    """Without a project file scenarios are below ``scenarios`` and runs below ``.rehearse``."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    project = find_project(tmp_path)
    assert project == Project(root=tmp_path)
    assert (project.scenario_roots, project.artifact_root) == ((tmp_path / "scenarios",), tmp_path / ".rehearse")


def test_the_nearest_project_above_counts(tmp_path: Path) -> None:
    """One may stand anywhere below the project file; paths are relative to the file."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.rehearse]\nscenario_paths = ["a", "b"]\nfixture_paths = ["f"]\nvalidators = ["v"]\nartifacts = "runs"\n'
    )
    below = tmp_path / "x" / "y"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[tool.other]\n")
    project = find_project(below)
    assert project.scenario_roots == (tmp_path / "a", tmp_path / "b")
    assert (project.fixture_roots, project.validators) == ((tmp_path / "f",), ("v",))
    assert project.artifact_root == tmp_path / "runs"


@pytest.mark.parametrize(
    ("text", "summary", "line"),
    [
        ("[tool.rehearse\n", "is no TOML", 1),
        ('[tool.rehearse]\n\n  "scenario_path" = []\n', "`scenario_path` is not a key of `tool.rehearse`", 3),
        ("[tool.rehearse]\nvalidators = [1]\n", "`validators` must be a list of texts", 2),
        ("[tool.rehearse]\nartifacts = []\n", "`artifacts` must be a text", 2),
    ],
)
def test_mistakes_have_places(tmp_path: Path, text: str, summary: str, line: int) -> None:
    """A project file that cannot be understood is the author's mistake, with a place."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ScenarioError) as raised:
        find_project(tmp_path)
    (problem,) = raised.value.problems
    assert summary in problem.summary
    assert problem.span
    assert problem.span.line == line


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Every key that is wrong is named."""
    (tmp_path / "pyproject.toml").write_text("[tool.rehearse]\na = 1\nb = 2\nartifacts = 3\n")
    with pytest.raises(ScenarioError) as raised:
        find_project(tmp_path)
    assert len(raised.value.problems) == 3
