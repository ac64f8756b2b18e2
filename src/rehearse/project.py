"""The project that somebody stands in: ``[tool.rehearse]`` of the nearest ``pyproject.toml`` at or above a folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.source import Source, Span

FILE = "pyproject.toml"
DATABASE_VARIABLE = "REHEARSE_DATABASE"
"""Names the server for scenarios run from Python and pytest; unset means SQLite."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a project says about its scenarios; every default holds where there is no project at all.

    Attributes:
        root: The folder of the project file, or the folder asked for where there is none.
        scenario_paths: Folders below which scenarios are found, relative to `root`.
        fixture_paths: Folders in which fixtures are looked for after the scenario's own.
        validators: Modules whose registered validators scenarios may name.
        artifacts: Where runs are kept, relative to `root`.
    """

    root: Path
    scenario_paths: tuple[str, ...] = ("scenarios",)
    fixture_paths: tuple[str, ...] = ()
    validators: tuple[str, ...] = ()
    artifacts: str = ".rehearse"

    @property
    def scenario_roots(self) -> tuple[Path, ...]:
        """The scenario paths as they can be opened from where one stands."""
        return tuple(self.root / path for path in self.scenario_paths)

    @property
    def fixture_roots(self) -> tuple[Path, ...]:
        """The fixture paths as they can be opened from where one stands."""
        return tuple(self.root / path for path in self.fixture_paths)

    @property
    def artifact_root(self) -> Path:
        """Where runs are kept."""
        return self.root / self.artifacts


KEYS = tuple(item.name for item in fields(Project) if item.name != "root")


def find_project(start: Path = Path()) -> Project:
    """Return the project at or above `start`; the defaults at `start` if no project file has a ``[tool.rehearse]``.

    Raises:
        ScenarioError: If the file is no TOML, or a key under ``[tool.rehearse]`` is unknown or of another type.
    """
    for folder in _upward(start):
        if (folder / FILE).is_file():
            project = read_project(folder)
            if project:
                return project
    return Project(root=start)


def read_project(folder: Path) -> Project | None:
    """Return what the project file of `folder` says, or None if it has no ``[tool.rehearse]``.

    Raises:
        ScenarioError: As `find_project`.
    """
    source = Source(str(folder / FILE), (folder / FILE).read_text(encoding="utf-8", errors="replace"))
    complaints = Complaints()
    try:
        table = tomllib.loads(source.text).get("tool", {}).get("rehearse")
    except tomllib.TOMLDecodeError as error:
        complaints.add(Problem("yaml-syntax", f"`{source.name}` is no TOML: {error}", _place(source, "")))
        complaints.raise_if_any()
        return None
    if not isinstance(table, dict):
        return None
    values = {key: _value(source, key, value, complaints) for key, value in table.items()}
    complaints.raise_if_any()
    return Project(root=folder, **values)  # type: ignore[arg-type]


def _value(source: Source, key: str, value: object, complaints: Complaints) -> str | tuple[str, ...]:
    field = f"tool.rehearse.{key}"
    if key not in KEYS:
        summary = f"`{key}` is not a key of `tool.rehearse`"
        complaints.add(Problem("unknown-key", summary, _place(source, key), did_you_mean(key, KEYS), field))
    elif key == "artifacts" and isinstance(value, str):
        return value
    elif key != "artifacts" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    else:
        wanted = "a text" if key == "artifacts" else "a list of texts"
        complaints.add(Problem("wrong-type", f"`{key}` must be {wanted}", _place(source, key), field=field))
    return ()


def _place(source: Source, key: str) -> Span:
    """The line that begins with `key`: TOML's reader keeps no places."""
    for number, line in enumerate(source.lines, 1):
        column = len(line) - len(line.lstrip()) + 1
        if key and line.split("=")[0].strip().strip('"') == key:
            return Span(source, number, column, column + len(key))
    return Span(source, 1, 1, 2)


def _upward(start: Path) -> tuple[Path, ...]:
    """`start` as given, then the folders above it, relative as long as they can be."""
    here = start.absolute()
    return (start, *here.parents)
