"""Several workers, one build: whichever needs a template first builds it, and the others take it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.pytest_plugin.conftest import scenario_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTING = """
import os
import rehearse.run.world as world

made = world.Layer

def counted(key, build, name):
    def noted(connection):
        with open(os.environ["BUILDS"], "a") as file:
            file.write(f"{os.environ['PYTEST_XDIST_WORKER']} {name}\\n")
        build(connection)
    return made(key, noted, name)

world.Layer = counted
"""


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("sqlite", {"schema": 1, "setup": 1}),
        pytest.param("bundled", {"schema": 1}, marks=pytest.mark.postgresql),
    ],
)
def test_a_template_is_built_once_in_a_session(
    pytester: pytest.Pytester,
    project: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    database: str,
    expected: dict[str, int],
) -> None:
    """Six scenarios of one set-up: one build of the schema, and on SQLite one of the set-up, though two workers begin at once."""
    project(**{f"s{number}": scenario_text(f"same-{number}", gap=1) for number in range(6)})
    pytester.makeconftest(COUNTING)
    builds = pytester.path / "builds"
    monkeypatch.setenv("BUILDS", str(builds))
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    found = pytester.runpytest_subprocess("-n", "2", "--scenario-database", database, "-v")
    found.assert_outcomes(passed=6)
    lines = [line.split() for line in builds.read_text(encoding="utf-8").splitlines()]
    counts = Counter(name for _, name in lines)
    assert {"gw0", "gw1"} == {report.partition("]")[0][1:] for report in found.outlines if report.startswith("[gw")}
    assert expected == {name: counts[name] for name in expected}
