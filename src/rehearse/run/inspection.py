"""Holding the standing invariants of a domain against a state that no run of ours made just now: a database, or what a run left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rehearse.database.deadline import Deadline
from rehearse.database.look import looking_at
from rehearse.domain import State
from rehearse.errors import RehearseError
from rehearse.run.evidence import AFTER, SCENARIO
from rehearse.run.rejudge import stored_plan
from rehearse.scenario import Placed, World
from rehearse.snapshot.capture import capture
from rehearse.snapshot.columns import UnreadableValueError
from rehearse.snapshot.serialize import from_json
from rehearse.source import Source, Span

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rehearse.domain import Domain
    from rehearse.run.rejudge import StoredFiles

SECONDS = 120.0
_NOWHEN = datetime(2024, 1, 1)  # noqa: DTZ001  (scenarios have no zones; no invariant may read the clock)


@dataclass(frozen=True)
class Inspected:
    """What one invariant found.

    Attributes:
        breaches: A sentence for each; none means that it holds.
        crash: What kept it from being asked, or empty.
    """

    invariant: str
    breaches: tuple[str, ...] = ()
    crash: str = ""


def inspect_run(files: StoredFiles) -> tuple[Inspected, ...]:
    """Inspect the state that a stored run left, under the run's own policy.

    Raises:
        RehearseError: If the run did not keep it.
    """
    missing = [name for name in (SCENARIO, AFTER) if name not in files.names]
    if missing:
        raise RehearseError(f"the run did not keep {', '.join(missing)}, so its state cannot be inspected")
    plan = stored_plan(files)
    return inspect_state(plan.domain, State(from_json(files.read(AFTER).encode()), plan.policy))


def inspect_database(domain: Domain, url: str) -> tuple[Inspected, ...]:
    """Inspect an existing database; it is read once, in one transaction, and nothing is written.

    Raises:
        GuardRefusedError: If `url` names no SQLite file or PostgreSQL database.
        BackupError: If it cannot be reached.
        RehearseError: If it has not the domain's tables, or a value in it cannot be read.
    """
    with looking_at(url, Deadline.after(SECONDS)) as connection:
        _require_tables(domain, connection)
        try:
            snapshot = capture(
                connection,
                domain.metadata,
                id="inspection",
                scenario_id="inspection",
                snapshot_type="inspection",
                timestamp=_NOWHEN,
            )
        except UnreadableValueError as error:
            raise RehearseError(str(error)) from error
    return inspect_state(domain, State(snapshot, domain.settle(_nothing_written(domain), (), None)))


def _require_tables(domain: Domain, connection: Connection) -> None:
    from sqlalchemy import inspect  # noqa: PLC0415  (only who looks pays for it)

    there = inspect(connection).get_table_names()
    missing = sorted(set(domain.metadata.tables) - set(there))
    if missing:
        raise RehearseError(f"it is no database of `{domain.name}`: it has no {', '.join(missing)}")


def _nothing_written(domain: Domain) -> World:
    """A set-up that says nothing: the domain's defaults hold."""
    nowhere = Span(Source("(none)", ""), 1, 1, 2)
    return World(dict.fromkeys(domain.sections, ()), Placed(domain.constraints(), nowhere))


def inspect_state(domain: Domain, state: State) -> tuple[Inspected, ...]:
    """Ask every standing invariant of a state."""
    return tuple(_asked(domain, name, state) for name, item in domain.invariants.items() if item.always)


def _asked(domain: Domain, name: str, state: State) -> Inspected:
    try:
        return Inspected(name, tuple(domain.invariants[name].function(state, state)))
    except Exception as error:  # noqa: BLE001  (one that crashes says nothing about the others)
        return Inspected(name, crash=f"{type(error).__name__}: {error}")
