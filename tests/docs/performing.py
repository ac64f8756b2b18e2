"""A reader at work: an empty project folder, a shell and a Python session, in which the blocks of one page are performed in their order."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from docs.blocks import OUTPUT, Block, commands_of
from docs.fitting import fits
from docs.replacing import replaced
from rehearse import ScenarioLoader, ScenarioStructureValidator

if TYPE_CHECKING:
    from docs.blocks import Command

REPOSITORY = Path(__file__).parents[2]
INSTALLED = "installed"
"""Beside a page's project: what the page installs, and where Python looks for it."""
SECONDS = 120
WORKFLOWS = ".github/workflows/"
_MARK = "\x1e"


class Reader:
    """Performs the blocks of one page.

    Attributes:
        folder: The project, empty at first.
        page: The whole text of the page.
    """

    def __init__(self, folder: Path, page: str, environment: dict[str, str]) -> None:
        self.folder = folder
        self.page = page
        self._environment = environment
        self._printed = ""
        self._notebook: subprocess.Popen[str] | None = None

    def perform(self, block: Block) -> None:
        """Do with a block what its reader would; fails if it does not do what the page says."""
        if not block.is_run:
            return
        if block.part_of:
            self._find_part(block)
        elif block.file and block.language == "diff":
            path = self.folder / block.file
            path.write_text(replaced(path.read_text(encoding="utf-8"), block.text), encoding="utf-8")
        elif block.file:
            self._write(block)
        else:
            self._perform_by_language(block)

    def close(self) -> None:
        """End the Python session."""
        if self._notebook is not None:
            self._notebook.communicate(timeout=SECONDS)

    # ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, block: Block) -> None:
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        self._read(block.language, block.text)
        if block.file.startswith(WORKFLOWS):
            self._run_workflow(block.text)
        elif block.language == "yaml":
            self._check_scenarios(path)

    def _run_workflow(self, text: str) -> None:
        """Run what the jobs of a workflow run; what installs from the network is installed here already."""
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                if not step.get("run", "pip install").startswith("pip install"):
                    self._run_script(f"{step['run']}\n")

    def _check_scenarios(self, path: Path) -> None:
        """A scenario file is right, or the page shows its mistakes."""
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or "scenario" not in content or "domain" in content["scenario"]:
            return
        checked = ScenarioStructureValidator().validate_structure(ScenarioLoader().load_scenario(path))
        untold = [error.message for error in checked.errors if error.message not in self.page]
        assert not untold, f"{path.name} has mistakes that the page does not show: {untold}"

    def _find_part(self, block: Block) -> None:
        """A piece of a file stands in it, line by line in this order; indentation may differ."""
        path = next(root / block.part_of for root in (self.folder, REPOSITORY) if (root / block.part_of).exists())
        rest = iter([line.strip() for line in path.read_text(encoding="utf-8").splitlines()])
        missing = [
            line for line in block.text.splitlines() if line.strip() not in {"", "…"} and line.strip() not in rest
        ]
        assert not missing, f"{missing} not in {block.part_of}, or in another order"

    @staticmethod
    def _read(language: str, text: str) -> None:
        if language == "yaml":
            yaml.compose(text)
        elif language == "toml":
            tomllib.loads(text)
        elif language == "json":
            json.loads(text)

    # ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _perform_by_language(self, block: Block) -> None:
        match block.language:
            case "console":
                self._run_commands(commands_of(block.text))
            case "bash":
                self._run_script(block.text)
            case "python":
                self._printed = self._python(block.text)
            case "text" if block.title == OUTPUT:
                assert fits(block.text, self._printed), f"printed was:\n{self._printed}"
            case "yaml" | "toml" | "json":
                self._read(block.language, block.text)
            case language:
                raise AssertionError(f"nobody knows what to do with a block of {language}, titled {block.title!r}")

    def _run_script(self, text: str) -> None:
        """Run a script line by line; none of them may fail."""
        ended = self._shell(f"set -e\n{text}set +e")
        assert ended, "the script has ended before its last line"
        [(code, self._printed, complaint)] = ended
        assert 0 == code, f"{self._printed}{complaint}"

    def _run_commands(self, commands: tuple[Command, ...]) -> None:
        """Run commands; one that fails is followed by a command that shows so."""
        ended = self._shell(*(command.text for command in commands))
        for number, (command, (code, printed, complaint)) in enumerate(zip(commands, ended, strict=True)):
            shown = number + 1 < len(commands) and commands[number + 1].text == "echo $?"
            assert code == 0 or shown, f"$ {command.text}\n{printed}{complaint}ended with {code}"
            if command.output:
                both = f"{complaint}{printed}"
                told = any(fits(command.output, text) for text in (printed, both, f"{printed}{complaint}"))
                assert told, f"$ {command.text}\nprinted:\n{printed}complained:\n{complaint}"

    def _shell(self, *commands: str) -> list[tuple[int, str, str]]:
        """Run commands in one shell; return of each its exit code and what came on its two streams."""
        state = self.folder.parent / "shell"
        script = [f"[ -e {state} ] && . {state}"]
        for number, command in enumerate(commands):
            script += [
                f"printf '{_MARK}' >&2",
                *(["(exit $code)"] if number else []),
                command,
                "code=$?",
                f"printf '{_MARK}%s{_MARK}' $code",
            ]
        script += [f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {state}"]
        ended = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        parts = ended.stdout.split(_MARK)
        return list(zip(map(int, parts[1::2]), parts[0::2], ended.stderr.split(_MARK)[1:], strict=False))

    def _python(self, text: str) -> str:
        """Run a block in the page's Python session and return what it printed."""
        if self._notebook is None:
            self._notebook = subprocess.Popen(
                ["python", str(Path(__file__).with_name("notebook.py"))],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self._notebook.stdin
        assert self._notebook.stdout
        self._notebook.stdin.write(f"{json.dumps(text)}\n")
        self._notebook.stdin.flush()
        printed = ""
        while printed.count(_MARK) < 2:
            piece = self._notebook.stdout.read(1)
            assert piece, f"the Python session ended:\n{printed}"
            printed += piece
        printed, _, outcome = printed.removesuffix(_MARK).rpartition(_MARK)
        assert "done" == outcome, printed
        return printed


def environment_of(folder: Path, tools: Path, warm: Path) -> dict[str, str]:
    """Return the environment of a page: a home of its own, this project's source, no colours, a known width."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("REHEARSE_", "PYTEST_", "GITHUB_"))
    }
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    (folder.parent / INSTALLED).mkdir()
    return {
        **kept,
        "HOME": str(folder),
        "PATH": f"{tools}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{folder.parent / INSTALLED}",
        # A reader has our plugin alone, and no warm interpreter that pytest would wonder about.
        "PYTEST_ADDOPTS": "-p no:asyncio -p no:anyio -p no:hypothesispytest -W ignore::pytest.PytestAssertRewriteWarning",
        "WARM_INTERPRETER": str(warm),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }
