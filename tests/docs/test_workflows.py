"""The workflows of GitHub Actions, the project's own and the one that the tutorial gives away."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from docs.blocks import blocks_of
from docs.performing import REPOSITORY

FOLDER = ".github/workflows/"
ACTION = re.compile(r"actions/[a-z-]+@v\d+")


def workflows() -> dict[str, Any]:
    """Return every workflow by the file that holds it."""
    last = REPOSITORY / "docs/tutorial/6-keep.md"
    found = {block.file: yaml.safe_load(block.text) for block in blocks_of(last) if block.file.startswith(FOLDER)}
    return found | {path.name: yaml.safe_load(path.read_text("utf-8")) for path in (REPOSITORY / FOLDER).glob("*.yml")}


@pytest.mark.parametrize("name", workflows())
def test_a_workflow_uses_pinned_actions_and_may_only_read(name: str) -> None:
    """Every action is one of GitHub's own with a version, every step does one thing, and no job may write."""
    workflow = workflows()[name]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert {"contents": "read"} == workflow["permissions"]
    assert [] == [step for step in steps if ("uses" in step) is ("run" in step)]
    assert [] == [step["uses"] for step in steps if "uses" in step and not ACTION.fullmatch(step["uses"])]


def test_our_jobs_are_targets_of_the_makefile() -> None:
    """What CI runs can be run anywhere, by the same word."""
    targets = set(re.findall(r"^(\w+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
    jobs = workflows()["ci.yml"]["jobs"].values()
    words = [word for job in jobs for step in job["steps"] if "run" in step for word in step["run"].split()]
    called = {word for word in words if word != "make" and "=" not in word}
    assert {"lint", "types", "test", "docs"} <= called <= targets


def test_every_python_that_is_promised_is_tested() -> None:
    """The versions of the test job are those of the package's classifiers."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    promised = [text.split(" :: ")[-1] for text in project["classifiers"] if "Python :: 3." in text]
    assert promised == workflows()["ci.yml"]["jobs"]["test"]["strategy"]["matrix"]["python"]
