"""Everything that the command line asks of the engine, in one place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rehearse.cli.boundary import CallerError
from rehearse.errors import Problem, ScenarioError
from rehearse.loading.tree import ScalarNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from rehearse.artifacts.folder import StoredRun
    from rehearse.artifacts.store import ArtifactStore
    from rehearse.database.store import Store
    from rehearse.expect.verdict import Verdict
    from rehearse.loading.catalog import Catalog
    from rehearse.loading.load import Loaded
    from rehearse.plan import Plan
    from rehearse.project import Project
    from rehearse.run.inspection import Inspected
    from rehearse.run.outcome import ScenarioResult
    from rehearse.scenario import Written
    from rehearse.source import Source


def project() -> Project:
    """Return the project that one stands in.

    Raises:
        ScenarioError: If its file has mistakes.
    """
    from rehearse.project import find_project  # noqa: PLC0415  (start-up stays light)

    return find_project(Path())


def catalog(of: Project) -> Catalog:
    """Return all scenarios of a project and of the installed domains."""
    from rehearse.api.settings import Settings  # noqa: PLC0415  (start-up stays light)

    return Settings(of).catalog


def category_of(written: Written, name: str) -> str:
    """Return the category that `name` means in the scenario's domain; the name itself where nobody knows another."""
    from rehearse.registry import installed  # noqa: PLC0415  (start-up stays light)

    found = installed(domain_of(written))
    return found.categories.get(name, name) if found else name


def domain_of(written: Written) -> str:
    """Return the name of the domain that a scenario names, or is meant to."""
    from rehearse.loading.load import DEFAULT_DOMAIN  # noqa: PLC0415  (start-up stays light)

    node = written.node.get("domain")
    return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else DEFAULT_DOMAIN


def selected(of: Catalog, names: Iterable[str]) -> tuple[Written, ...]:
    """Return the scenarios that ids, suites and paths name, each once, in the order named.

    Raises:
        ScenarioError: With what is wrong with every name.
    """
    found: dict[str, Written] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            found.update((written.id, written) for written in _named(of, name) if written.id not in found)
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return tuple(found.values())


def scanned(of: Catalog, names: Iterable[str]) -> tuple[tuple[Written, ...], tuple[Problem, ...]]:
    """Return what ids, suites, files and folders name (everything if nothing is named), and what is wrong with any of it."""
    found: dict[str, Written] = {}
    problems: list[Problem] = []
    for scenarios, wrong in [_scanned(of, name) for name in names] or [of.scan()]:
        found.update((written.id, written) for written in scenarios if written.id not in found)
        problems += wrong
    return tuple(found.values()), tuple(dict.fromkeys(problems))


def _scanned(of: Catalog, name: str) -> tuple[tuple[Written, ...], tuple[Problem, ...]]:
    if Path(name).is_dir():
        from rehearse.loading.catalog import Catalog  # noqa: PLC0415  (start-up stays light)

        found, problems = Catalog((Path(name),)).scan()
        return found, problems if found or problems else (_nothing_below(name),)
    try:
        return of.select(name), ()
    except ScenarioError as error:
        return (), error.problems


def _nothing_below(folder: str) -> Problem:
    return Problem("unknown-name", f"no scenario below `{folder}`")


def _named(of: Catalog, name: str) -> tuple[Written, ...]:
    folder = Path(name)
    if not folder.is_dir():
        return of.select(name)
    from rehearse.loading.catalog import Catalog  # noqa: PLC0415  (start-up stays light)

    found = Catalog((folder,)).all()
    if not found:
        raise ScenarioError([_nothing_below(name)])
    return found


def load(written: Written, of: Project, validators: tuple[str, ...]) -> Loaded:
    """Return a scenario resolved and typed.

    Raises:
        ScenarioError: With every mistake of its author.
    """
    from rehearse.loading.load import load_written  # noqa: PLC0415  (start-up stays light)

    return load_written(written, validators_allowed=(*of.validators, *validators), fixture_paths=of.fixture_roots)


def checked(
    written: Iterable[Written], of: Project, validators: tuple[str, ...]
) -> tuple[tuple[Loaded, ...], tuple[Problem, ...]]:
    """Return those scenarios that are right, with the problems and notes of all."""
    from rehearse.loading.load import check_all  # noqa: PLC0415  (start-up stays light)

    return check_all(written, validators_allowed=(*of.validators, *validators), fixture_paths=of.fixture_roots)


def planned(loaded: Loaded) -> Plan:
    """Return what a scenario will do."""
    from rehearse.plan import make_plan  # noqa: PLC0415  (start-up stays light)

    return make_plan(loaded)


def with_options(written: Written, *, timeout: float | None, debug: bool) -> Written:
    """Return the document with the options of the command line laid on it."""
    from rehearse.api.draft import ScenarioDraft  # noqa: PLC0415  (start-up stays light)

    draft = ScenarioDraft(written)
    if timeout is not None:
        draft.timeout_seconds = timeout
    if debug:
        draft.debug_mode = True
    return draft.written


@contextmanager
def opened_store(database: str, consent: str, shared: Path | None = None) -> Iterator[Store]:
    """Open where databases come from, and close it at the end; `shared` is a folder for the templates of several processes.

    Raises:
        CallerError: If no such database can be had.
    """
    store = _store(database, consent, shared)
    try:
        store.sweep()
        yield store
    finally:
        store.close()


def _store(database: str, consent: str, shared: Path | None) -> Store:
    """Only consent, or the path of a file, makes of an address an existing database; else it is a server for our own."""
    if database in OWN and consent:
        raise CallerError("--consent is for an existing database, and none is named; give --database URL")
    if not consent and not database.startswith(FILE):
        if database not in OWN and not database.startswith(SERVERS):
            raise CallerError(
                f"no database at {without_credentials(database)}; known are sqlite, bundled and postgresql://…"
            )
        from rehearse.database.open import open_store  # noqa: PLC0415  (start-up stays light)

        return open_store(database, shared=shared)
    from rehearse.database.attached import AttachedStore  # noqa: PLC0415

    return AttachedStore(database, consent=(consent,) if consent else ())


FILE = "sqlite:///"
SERVERS = ("postgresql://", "postgres://", "postgresql+psycopg://")
OWN = ("sqlite", "sqlite://", "bundled", "postgresql+bundled://")
"""Words for `--database` that name no database, but a way to have one of one's own."""


def artifact_store(of: Project, root: str, *, began: datetime | None = None) -> ArtifactStore:
    """Return where runs are kept, for whoever began then, or now; nothing is created yet."""
    from rehearse.artifacts.store import ArtifactStore  # noqa: PLC0415  (start-up stays light)

    return ArtifactStore(Path(root) if root else of.artifact_root, began=began)


def without_credentials(url: str) -> str:
    """Return `url` without user, password and query, fit for a report."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def adopted(url: str, environment: str) -> str:
    """Mark a database as one that may be rehearsed on, and return what consent has to name.

    Raises:
        GuardRefusedError: If it may not be one.
        BackupError: If it cannot be reached.
    """
    from rehearse.database.adopt import adopt  # noqa: PLC0415  (start-up stays light)

    return adopt(url, environment).consent


def swept() -> tuple[str, ...]:
    """Remove what killed runs left of databases on SQLite, and return the names of what went."""
    from rehearse.database.open import open_store  # noqa: PLC0415  (start-up stays light)

    store = open_store()
    try:
        return store.sweep()
    finally:
        store.close()


def judged_again(run: StoredRun, expect: str, validators: tuple[str, ...]) -> ScenarioResult:
    """Return the result of a stored run with a new verdict; what ended the run before anything was judged stays as it is.

    Raises:
        CallerError: If the file of expectations cannot be read.
        ScenarioError: If the expectations have mistakes.
        RehearseError: If the run did not keep what judging needs.
    """
    from rehearse.report.stored import stored_result  # noqa: PLC0415  (start-up stays light)
    from rehearse.run.rejudge import rejudge  # noqa: PLC0415

    verdict = rejudge(run, expectation=_source(expect) if expect else None, validators=validators)
    return with_verdict(stored_result(run), verdict)


def with_verdict(result: ScenarioResult, verdict: Verdict) -> ScenarioResult:
    """Return `result` judged by another verdict."""
    from rehearse.run.status import summarise  # noqa: PLC0415  (start-up stays light)

    validations = MappingProxyType({check.key: check for check in verdict.checks})
    if not (result.success or result.phase == "judge"):
        return replace(result, verdict=verdict, validations=validations)
    summary = summarise((), None, verdict)
    return replace(
        result,
        verdict=verdict,
        validations=validations,
        status=summary.status,
        category=summary.category,
        phase=summary.phase,
        errors=summary.errors,
        error=summary.error,
    )


def inspected_run(run: StoredRun) -> tuple[Inspected, ...]:
    """Return how the standing invariants stand in the state that a run left.

    Raises:
        RehearseError: If the run did not keep it.
    """
    from rehearse.run.inspection import inspect_run  # noqa: PLC0415  (start-up stays light)

    return inspect_run(run)


def inspected_database(url: str, domain: str) -> tuple[Inspected, ...]:
    """Return how the standing invariants of a domain stand in an existing database.

    Raises:
        ScenarioError: If there is no such domain.
        RehearseError: If the database cannot be read.
    """
    from rehearse.loading.load import DEFAULT_DOMAIN  # noqa: PLC0415  (start-up stays light)
    from rehearse.registry import domain as installed_domain  # noqa: PLC0415
    from rehearse.run.inspection import inspect_database  # noqa: PLC0415

    return inspect_database(installed_domain(domain or DEFAULT_DOMAIN), url)


def _source(path: str) -> Source:
    from rehearse.errors import Complaints  # noqa: PLC0415  (start-up stays light)
    from rehearse.loading.files import read_file  # noqa: PLC0415

    complaints = Complaints()
    source = read_file(Path(path), complaints)
    complaints.raise_if_any()
    if source is None:
        raise CallerError(f"{path} cannot be read")
    return source
