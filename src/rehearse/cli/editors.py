"""What editors need: the schema in a file, and its name on the first line of scenario files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import PASSED, CallerError
from rehearse.cli.terminal import for_people
from rehearse.errors import Complaints
from rehearse.report.model import count_text

if TYPE_CHECKING:
    from rehearse.cli.terminal import Printer
    from rehearse.project import Project
    from rehearse.source import Source


def print_schema(files: tuple[str, ...], name: str, output: str) -> int:
    """Print the JSON Schema of scenario files for a domain, or write it to a file.

    Raises:
        ScenarioError: If there is no such domain.
        CallerError: If files are named, which only `--modeline` reads, or the schema cannot be written.
    """
    if files:
        raise CallerError("files are named, and only --modeline changes any; to write the schema use --output FILE")
    text = _schema_of(name)
    if not output:
        sys.stdout.write(text)
        return PASSED
    put(Path(output), text)
    for_people(json=False).line(f"Schema: {output}", style="dim")
    return PASSED


def tell_editors(files: tuple[str, ...], name: str, output: str) -> int:
    """Write the schema into the project, and its name on the first line of scenario files.

    Raises:
        ScenarioError: If there is no such domain, or a file cannot be read as a scenario.
        CallerError: If there is no scenario file, or one cannot be written.
    """
    project = engine.project()
    found = scenario_files(files, project)
    if not found:
        raise CallerError("there is no scenario file; begin one with `rehearse new`")
    schema = ensure_schema(project, name, output)
    printer = for_people(json=False)
    told = [path for path, of in found.items() if of == name and _tell(path, relative(schema, path), printer)]
    for path, of in found.items():
        if of != name:
            printer.line(f"{path}: left alone, its domain is `{of}`; say --domain {of}", style="warn")
    printer.line(f"{schema} · {count_text(len(told), 'file')} changed", style="dim")
    return PASSED


def _tell(path: Path, schema: str, printer: Printer) -> bool:
    """Put the line into a file, and say whether it was not there."""
    from rehearse.writing.modeline import with_modeline  # noqa: PLC0415  (start-up stays light)

    text = read_source(path).text
    changed = with_modeline(text, schema)
    if changed == text:
        return False
    put(path, changed)
    printer.line(f"{path}: $schema={schema}")
    return True


def ensure_schema(project: Project, name: str, output: str = "") -> Path:
    """Write the schema of a domain into the project, unless it stands there already, and return the file.

    Raises:
        ScenarioError: If there is no such domain.
        CallerError: If it cannot be written.
    """
    from rehearse.writing.modeline import schema_file  # noqa: PLC0415  (start-up stays light)

    path = Path(output) if output else project.root / schema_file(name)
    text = _schema_of(name)
    if not path.is_file() or path.read_bytes() != text.encode():
        put(path, text)
    return path


def relative(schema: Path, file: Path) -> str:
    """Return the path of the schema as the modeline of `file` names it."""
    return Path(os.path.relpath(schema.resolve(), file.resolve().parent)).as_posix()


def scenario_files(names: tuple[str, ...], project: Project) -> dict[Path, str]:
    """Return the scenario files that are named, those below the folders that are named, or all of the project; each with its domain.

    Raises:
        ScenarioError: If a file that was named is no scenario.
    """
    from rehearse.loading.catalog import Catalog  # noqa: PLC0415  (start-up stays light)

    paths = [Path(name) for name in names]
    written = [each for path in paths if not path.is_dir() for each in Catalog(()).read(path)]
    folders = [path for path in paths if path.is_dir()] if names else list(project.scenario_roots)
    written += Catalog(tuple(folders)).scan()[0]
    return {each.path: engine.domain_of(each) for each in written if each.path is not None}


def read_source(path: Path) -> Source:
    """Return a file, line ends as they are.

    Raises:
        ScenarioError: If it cannot be read.
    """
    from rehearse.loading.files import read_file  # noqa: PLC0415  (start-up stays light)

    complaints = Complaints()
    source = read_file(path, complaints)
    complaints.raise_if_any()
    if source is None:
        raise CallerError(f"{path} cannot be read")
    return source


def _schema_of(name: str) -> str:
    from rehearse.registry import domain  # noqa: PLC0415  (start-up stays light)
    from rehearse.report.schema import schema_text  # noqa: PLC0415

    return schema_text(domain(name))


def put(path: Path, text: str) -> None:
    """Write a file whole.

    Raises:
        CallerError: If it cannot be written; it stays as it was then.
    """
    from rehearse.writing.files import replace  # noqa: PLC0415  (start-up stays light)

    try:
        replace(path, text)
    except OSError as error:
        raise CallerError(f"cannot write {path}: {error.strerror or error}") from error
