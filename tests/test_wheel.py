"""A stranger's project: nothing of this repository but the wheel, a scenario of its own, the command line and pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src"

BY_HAND = """
import pytest
from rehearse import ScenarioLoader, run_scenario_full


@pytest.mark.asyncio
async def test_by_hand():
    scenario = ScenarioLoader().load_scenario("scenarios/mine.yaml")
    result = await run_scenario_full(scenario)
    assert result.success
"""
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"


@dataclass(frozen=True)
class Stranger:
    """A folder with a project, and an environment in which the wheel is installed."""

    folder: Path
    python: Path

    def run(self, *words: str, expected: int = 0) -> str:
        """Run a command of the environment in the project and return what it printed."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        environment = {**kept, "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")}
        program = [str(self.python), "-m", *words]
        command = program if words[0] == "pytest" else [str(self.python.parent / words[0]), *words[1:]]
        ended = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert expected == ended.returncode, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as it would be published."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("dist")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=REPOSITORY, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """An environment with the wheel; what it depends on is this environment's, without what is installed for editing here."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    (packages,) = (home / "lib").glob("python*/site-packages")
    (packages / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    stranger = Stranger(tmp_path_factory.mktemp("project"), python)
    stranger.run("rehearse", "new", "mine", "--template", "absence")
    (stranger.folder / "pytest.ini").write_text(INI, encoding="utf-8")
    (stranger.folder / "test_by_hand.py").write_text(BY_HAND, encoding="utf-8")
    return stranger


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    """Scenarios, examples, templates, styles and marks of types are in it, and nothing from outside the two packages."""
    here = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert here == there
    assert {".py", ".yaml", ".j2", ".css"} <= {Path(name).suffix for name in there}
    assert "rehearse/py.typed" in there


def test_it_is_the_wheel_that_runs(stranger: Stranger) -> None:
    """What is imported comes from the wheel, and its bundled library is found."""
    code = "import rehearse, residency; print(rehearse.__file__, residency.__file__)"
    assert str(SOURCE) not in stranger.run("python", "-c", code)
    assert "n1-holiday-coverage-001" in stranger.run("rehearse", "list")


@pytest.mark.parametrize("database", ["sqlite", pytest.param("bundled", marks=pytest.mark.postgresql)])
def test_the_command_line_performs_its_scenario(stranger: Stranger, database: str) -> None:
    """A project's own scenario is checked, explained, performed and shown as a page."""
    stranger.run("rehearse", "check", "mine")
    assert "passed" in stranger.run("rehearse", "run", "mine", "--database", database)
    assert "</html>" in stranger.run("rehearse", "show", "mine", "--format", "html")


@pytest.mark.parametrize("database", ["sqlite", pytest.param("bundled", marks=pytest.mark.postgresql)])
def test_pytest_performs_it(stranger: Stranger, database: str) -> None:
    """Each call of the manual does what it says, beside a test written by hand."""
    on = ("pytest", "-q", f"--scenario-database={database}")
    broken = stranger.folder / "scenarios" / "broken.yaml"
    text = (stranger.folder / "scenarios" / "mine.yaml").read_text(encoding="utf-8")
    assert "2 passed" in stranger.run(*on)
    assert "1 passed, 1 deselected" in stranger.run(*on, "-m", "scenario")
    broken.write_text(text.replace("id: mine", "id: broken").replace("hours: 0", "hours: 5"), encoding="utf-8")
    try:
        assert "scenarios/broken.yaml::broken" in stranger.run(*on, "--co")
        assert "1 failed, 2 passed" in stranger.run(*on, "-n", "2", expected=1)
        assert "\n1 failed in" in stranger.run(*on, "--lf", expected=1)
        assert "stopping after 1 failures" in stranger.run(*on, "-x", "scenarios", expected=1)
        assert "1 passed, 2 deselected" in stranger.run(*on, "-k", "mine", "--capture-artifacts")
    finally:
        broken.unlink()
