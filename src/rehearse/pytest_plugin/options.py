"""The plugin's options: the same words on the command line and in the ini-file, one naming scheme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST_ATTEMPTS = 10
MOST_ORDERS = 50_000
_DATABASE_FOR_WORKERS, _TEMPLATES_FOR_WORKERS, _BEGAN = "scenario_database", "scenario_templates", "scenario_began"


@dataclass(frozen=True)
class _Option:
    """One option: ``--scenario-<word>`` and ``scenario_<word>``; the command line wins."""

    word: str
    metavar: str
    help: str

    @property
    def ini(self) -> str:
        return f"scenario_{self.word.replace('-', '_')}"


_VALUES = (
    _Option(
        "database",
        "sqlite|bundled|URL",
        "where databases of the scenarios' own come from: SQLite (default), the PostgreSQL that installs along, or a server; "
        "with --scenario-consent an existing database, which is guarded, backed up and put back",
    ),
    _Option("consent", "NAME", "the full name of the existing database that the scenarios may change"),
    _Option("timeout", "SECONDS", "deadline of a scenario's steps, instead of its own"),
    _Option("retries", "N", "attempts in all after timeouts and transient faults, instead of the scenario's"),
    _Option("jobs", "N", "scenarios performed at the same time in one process (default 1)"),
    _Option("orders", "N", "orders of concurrent steps that are tried (default 1)"),
    _Option("artifacts", "FOLDER", "where evidence is kept, instead of the project's place"),
)
_KEEP_FAILED = _Option("keep-failed", "", "keep the database of a scenario that did not pass, and print its address")


@dataclass(frozen=True, kw_only=True)
class ScenarioOptions:
    """How scenarios run; None and the empty text leave a choice to the scenario or the project.

    `began` is when the session did, in UTC without a zone: the runs of all its workers are one rehearsal.
    `templates` is, of a worker, the folder in which all workers share templates.
    """

    database: str = "sqlite"
    consent: str = ""
    timeout: float | None = None
    retries: int | None = None
    jobs: int = 1
    orders: int = 1
    artifacts: str = ""
    keep_failed: bool = False
    capture_artifacts: bool = False
    began: datetime | None = None
    templates: str = ""


def add_options(parser: pytest.Parser) -> None:
    """Declare every option on the command line and in the ini-file."""
    group = parser.getgroup("scenarios", "scenarios (rehearse)")
    for option in _VALUES:
        group.addoption(f"--scenario-{option.word}", metavar=option.metavar, default=None, help=option.help)
        parser.addini(option.ini, option.help, default="")
    group.addoption("--scenario-keep-failed", action="store_true", default=None, help=_KEEP_FAILED.help)
    parser.addini(_KEEP_FAILED.ini, _KEEP_FAILED.help, type="bool", default=False)
    group.addoption(
        "--capture-artifacts",
        action="store_true",
        default=False,
        help="keep everything that a scenario leaves, passed or not, with an HTML report, and say where it lies",
    )
    parser.addini(
        "scenario_paths",
        "folders below which scenario files are collected; default: the project's, see [tool.rehearse]",
        type="paths",
        default=None,
    )


def options_of(config: pytest.Config, *, default_database: str = "") -> ScenarioOptions:
    """Return how scenarios run in this session.

    Args:
        config: Of the session.
        default_database: What an environment says, where neither command line nor ini-file names a database.

    Raises:
        pytest.UsageError: If a value is not of its kind; all of them are named.
    """
    words = {option.word: _text(config, option) for option in _VALUES}
    mistakes: list[str] = []
    keep = config.getoption("--scenario-keep-failed")
    options = ScenarioOptions(
        database=database_for_worker(config) or words["database"] or default_database or "sqlite",
        consent=words["consent"],
        timeout=_number(words, "timeout", _seconds, None, mistakes),
        retries=_number(words, "retries", _between(MOST_ATTEMPTS), None, mistakes),
        jobs=_number(words, "jobs", _between(64), 1, mistakes) or 1,
        orders=_number(words, "orders", _between(MOST_ORDERS), 1, mistakes) or 1,
        artifacts=words["artifacts"],
        keep_failed=bool(config.getini(_KEEP_FAILED.ini)) if keep is None else bool(keep),
        capture_artifacts=bool(config.getoption("--capture-artifacts")),
        began=_began(config),
        templates=_told(config, _TEMPLATES_FOR_WORKERS),
    )
    if mistakes:
        raise pytest.UsageError("; ".join(mistakes))
    return options


def _text(config: pytest.Config, option: _Option) -> str:
    said = config.getoption(f"--scenario-{option.word}")
    return str(config.getini(option.ini) if said is None else said)


def _number(
    words: dict[str, str], word: str, read: Callable[[str], T], default: T | None, mistakes: list[str]
) -> T | None:
    if not words[word]:
        return default
    try:
        return read(words[word])
    except ValueError as error:
        mistakes.append(f"--scenario-{word} is {words[word]!r}; {error}")
        return default


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError("give a number of seconds above 0")
    return value


def _between(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise ValueError(f"give a whole number from 1 to {most}")
        return int(text)

    return read


def database_for_worker(config: pytest.Config) -> str:
    """Return the database that the controlling process shares with its workers; empty if this is no worker."""
    return _told(config, _DATABASE_FOR_WORKERS)


@dataclass(frozen=True)
class ForWorkers:
    """What the controlling process shares with its workers.

    Attributes:
        database: Where databases come from.
        templates: The folder in which templates are built once.
        began: When the session did.
    """

    database: str
    templates: str
    began: datetime | None


def tell_worker(worker_input: dict[str, object], shared: ForWorkers) -> None:
    """Hand what the controlling process shares to a worker."""
    worker_input[_DATABASE_FOR_WORKERS] = shared.database
    worker_input[_TEMPLATES_FOR_WORKERS] = shared.templates
    worker_input[_BEGAN] = shared.began.isoformat() if shared.began else ""


def _began(config: pytest.Config) -> datetime:
    told = _told(config, _BEGAN)
    return datetime.fromisoformat(told) if told else datetime.now(UTC).replace(tzinfo=None)


def _told(config: pytest.Config, key: str) -> str:
    return str(getattr(config, "workerinput", {}).get(key, ""))
