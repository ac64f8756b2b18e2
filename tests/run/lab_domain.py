"""A laboratory: cells that hold a number, and operations that behave badly in every way that a run has to survive."""

# ruff: noqa: TC003  (the reader evaluates the annotations of these records)

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa

from rehearse.domain import (
    Capture,
    Context,
    Domain,
    Evidence,
    Invariant,
    Measure,
    MeasureValue,
    Operation,
    OperationResult,
    PolicyCodec,
    Reason,
    Section,
    Session,
    State,
    StateCheck,
    StepParameters,
    TableRows,
    done,
    rejected,
)
from rehearse.fields import Range, RowId
from rehearse.values import FrozenMap

if TYPE_CHECKING:
    from rehearse.errors import Complaints
    from rehearse.scenario import World

METADATA = sa.MetaData()
CELLS = sa.Table(
    "cells",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)
NOTES = sa.Table(
    "notes",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("cell_id", sa.ForeignKey("cells.id", ondelete="CASCADE")),
    sa.Column("text", sa.String, nullable=False),
)
LONG = 600
AWAKE = threading.Event()
"""Set when an operation that was abandoned has come back and tried to write."""
WOKEN: list[str] = []
"""What became of those writes."""


@dataclass(frozen=True, kw_only=True)
class CellRow:
    """A cell."""

    id: RowId
    value: int = 0


@dataclass(frozen=True, kw_only=True)
class LabRules:
    """Where the laboratory breaks by itself."""

    fails_in: str = ""


@dataclass(frozen=True)
class LabPolicy:
    """What holds during a run."""

    fails_in: str


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No parameters."""


@dataclass(frozen=True, kw_only=True)
class Put:
    """A cell and its new value."""

    cell: RowId = "a"
    value: int = 1


@dataclass(frozen=True, kw_only=True)
class Say:
    """A text."""

    text: str = "no"


@dataclass(frozen=True, kw_only=True)
class Last:
    """How long, and where to leave a trace."""

    seconds: Annotated[Decimal, Range(minimum=0)] = Decimal(LONG)
    path: str = ""


def _connection(session: Session) -> sa.Connection:
    return session.connection


def _value(session: Session, cell: str) -> int:
    return int(session.connection.execute(sa.select(CELLS.c.value).where(CELLS.c.id == cell)).scalar_one())


def _set(session: Session, cell: str, value: int) -> None:
    session.connection.execute(sa.update(CELLS).where(CELLS.c.id == cell).values(value=value))


# ── operations that end ────────────────────────────────────────────────────────────────────────────────────────────────


def put(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Set a cell and note it."""
    del context
    _set(session, parameters.cell, parameters.value)
    session.connection.execute(
        sa.insert(NOTES).values(id=session.new_id("notes"), cell_id=parameters.cell, text=f"put {parameters.value}")
    )
    return done(cell=parameters.cell, value=parameters.value, ratio=Decimal("0.5"))


def look(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Read a cell."""
    return done(value=_value(session, parameters.cell), at=context.clock)


def crash(session: Session, parameters: Say, context: Context) -> OperationResult:
    """Write, then end in an exception."""
    del context
    _set(session, "a", 666)
    raise RuntimeError(parameters.text)


def refuse(session: Session, parameters: Say, context: Context) -> OperationResult:
    """Write a note and refuse."""
    del context
    session.connection.execute(sa.insert(NOTES).values(id=session.new_id("notes"), text="refused"))
    return rejected(Reason("not_today", parameters.text))


def remove(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Delete a cell; its notes go with it."""
    del context
    session.connection.execute(sa.delete(CELLS).where(CELLS.c.id == parameters.cell))
    return done()


def garbage(session: Session, parameters: Say, context: Context) -> Any:
    """Return something that is no answer."""
    del session, context
    return {
        "none": None,
        "text": "done",
        "outcome": OperationResult("perhaps"),  # type: ignore[arg-type]
        "reasons": OperationResult("rejected", ["no"]),  # type: ignore[arg-type]
        "reasonless": OperationResult("rejected"),
        "dict": OperationResult(data={"a": 1}),  # type: ignore[arg-type]
        "object": OperationResult(data=FrozenMap({"a": (1, FrozenMap({"b": object()}))})),  # type: ignore[dict-item]
        "nan": OperationResult(data=FrozenMap({"a": float("nan")})),
    }[parameters.text]


async def put_later(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Await a little, then set a cell."""
    await asyncio.sleep(0)
    return put(session, parameters, context)


def contend(session: Session, parameters: Say, context: Context) -> OperationResult:
    """Lose against another session as often as `text` says, then set cell a to the number of tries."""
    del context
    tried = TRIES[parameters.text] = TRIES.get(parameters.text, 0) + 1
    _set(session, "a", tried)
    if tried <= int(parameters.text.split(":")[-1]):
        raise LostRaceError
    return done(tries=tried)


TRIES: dict[str, int] = {}


class LostRaceError(Exception):
    """Looks like a serialization failure."""

    sqlstate = "40001"


# ── operations that do not end ─────────────────────────────────────────────────────────────────────────────────────────


def hang(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Write, then loop over short sleeps."""
    del parameters, context
    _set(session, "a", 666)
    while True:
        time.sleep(0.002)


def spin(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Write, then burn CPU."""
    del parameters, context
    _set(session, "a", 666)
    count = 0
    while True:
        count += 1


def hang_in_sql(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Write, then send a statement that takes for ever."""
    del parameters, context
    _set(session, "a", 666)
    session.connection.exec_driver_sql(ENDLESS[session.connection.dialect.name])
    return done()


ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": f"SELECT pg_sleep({LONG})",
}


def nap(session: Session, parameters: Last, context: Context) -> OperationResult:
    """Sleep in one call, which nothing can end, swallow what waited for its end, then try to write."""
    del context
    with suppress(BaseException):
        time.sleep(float(parameters.seconds))
    try:
        _set(session, "a", 667)
        WOKEN.append("wrote")
    except BaseException as error:
        WOKEN.append(type(error).__name__)
        raise
    finally:
        AWAKE.set()
    return done()


def wait_for_awake(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Hold a transaction open until an abandoned operation has tried to write, then write."""
    del parameters, context
    before = _value(session, "a")
    AWAKE.wait(20)
    return done(before=before)


def ignore(session: Session, parameters: Last, context: Context) -> OperationResult:
    """Swallow every exception, that of the watchdog too, for a while."""
    del context
    _set(session, "a", 666)
    end = time.monotonic() + float(parameters.seconds)
    while time.monotonic() < end:
        try:
            time.sleep(0.005)
        except BaseException:  # noqa: BLE001, S112  (the misbehaviour under test)
            continue
    return done()


async def hang_async(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Write, then await what never comes."""
    del parameters, context
    _set(session, "a", 666)
    await asyncio.sleep(LONG)
    return done()


async def spin_async(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Never give the loop a turn."""
    return hang(session, parameters, context)


async def cancel_async(session: Session, parameters: Nothing, context: Context) -> OperationResult:
    """Cancel oneself."""
    del session, parameters, context
    raise asyncio.CancelledError


def sleep_in_commit(session: Session, parameters: Last, context: Context) -> OperationResult:
    """Let a deferred trigger sleep inside COMMIT (PostgreSQL)."""
    del context
    body = f"'BEGIN PERFORM pg_sleep({parameters.seconds}); RETURN NULL; END'"
    session.connection.exec_driver_sql(f"CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS {body}")
    session.connection.exec_driver_sql(
        "CREATE CONSTRAINT TRIGGER dozing AFTER UPDATE ON cells DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION doze()"
    )
    _set(session, "a", 5)
    return done(value=5)


# ── operations in a process of their own ───────────────────────────────────────────────────────────────────────────────


def ignore_signals(session: Session, parameters: Last, context: Context) -> OperationResult:
    """Ignore SIGTERM, leave one's number behind, burn CPU."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _leave_trace(parameters.path)
    return spin(session, Nothing(), context)


def have_children(session: Session, parameters: Last, context: Context) -> OperationResult:
    """Fork a grandchild that ignores SIGTERM; end, or hang with it."""
    del session, context
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _leave_trace(parameters.path)
        time.sleep(LONG)
        os._exit(0)
    while not os.path.exists(parameters.path):  # noqa: PTH110  (the least that a forked process may do)
        time.sleep(0.002)
    time.sleep(float(parameters.seconds))
    return done()


def die_in_commit(session: Session, parameters: Last, context: Context) -> OperationResult:
    """Die while COMMIT waits for a trigger that sleeps (PostgreSQL)."""
    threading.Timer(float(parameters.seconds), os._exit, (9,)).start()
    return sleep_in_commit(session, Last(), context)


def die(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Write, then end without a word."""
    put(session, parameters, context)
    os._exit(parameters.value)


def _leave_trace(path: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(str(os.getpid()))


# ── races ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def increment(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Read a cell and write it back, greater by `value`."""
    del context
    now = _value(session, parameters.cell)
    _set(session, parameters.cell, now + parameters.value)
    return done(value=now + parameters.value)


def increment_split(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Do the same in two transactions: another session's update in between is lost."""
    del context
    now = _value(session, parameters.cell)
    _split(session)
    _set(session, parameters.cell, now + parameters.value)
    return done()


def leave(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Leave a cell if another is still occupied (write skew, if two leave at a time)."""
    return _left(session, parameters, context, split=False)


def leave_split(session: Session, parameters: Put, context: Context) -> OperationResult:
    """Do the same in two transactions."""
    return _left(session, parameters, context, split=True)


def _left(session: Session, parameters: Put, context: Context, *, split: bool) -> OperationResult:
    del context
    occupied = (
        session.connection.execute(sa.select(CELLS.c.id).where(CELLS.c.value > 0).order_by(CELLS.c.id)).scalars().all()
    )
    if len(occupied) <= 1:
        return rejected(Reason("last_one", "somebody has to stay"))
    if split:
        _split(session)
    _set(session, parameters.cell, 0)
    return done(value=0)


def _split(session: Session) -> None:
    """End the transaction and begin another, past the run's hooks: what an author's helper library might do unasked."""
    raw = session.connection.connection.driver_connection
    raw.send("COMMIT")  # type: ignore[union-attr]
    raw.send("BEGIN")  # type: ignore[union-attr]


# ── state ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def records(state: State, table: str) -> Iterator[FrozenMap]:
    """Yield the rows of a table as maps."""
    found = state.snapshot.tables[table]
    for row in found.rows.values():
        yield found.record(row)


def _broken(state: State, place: str) -> None:
    if state.policy.fails_in == place:
        raise RuntimeError(f"the laboratory fails in {place}")


def total(state: State) -> MeasureValue:
    """Sum of all cells."""
    _broken(state, "measure")
    return sum(int(str(row["value"])) for row in records(state, "cells"))


def cell(state: State) -> MeasureValue:
    """Cell to value."""
    return {str(row["id"]): int(str(row["value"])) for row in records(state, "cells")}


def steps_done(evidence: Evidence) -> MeasureValue:
    """Steps that were done."""
    return sum(step.outcome == "done" for step in evidence.execution.steps)


def any_cell(state: State, parameters: object) -> MeasureValue:
    """Whether there is a cell."""
    del parameters
    _broken(state, "check")
    return bool(list(records(state, "cells")))


def none_huge(state: State, parameters: object) -> MeasureValue:
    """Whether no cell is above a hundred, as the invariant of that name has it."""
    del parameters
    return all(int(str(row["value"])) <= 100 for row in records(state, "cells"))


def breaches_of_sign(state: State, before: State) -> tuple[str, ...]:
    """No cell is negative."""
    del before
    if state.snapshot.snapshot_type.startswith("after:"):
        _broken(state, "invariant")
    _broken(state, "first invariant")
    return tuple(f"{row['id']} is {row['value']}" for row in records(state, "cells") if int(str(row["value"])) < 0)


def breaches_of_measure(state: State, before: State) -> tuple[str, ...]:
    """No cell is above a hundred; only where a scenario asks."""
    del before
    _broken(state, "named invariant")
    return tuple(f"{row['id']} is {row['value']}" for row in records(state, "cells") if int(str(row["value"])) > 100)


def captured(state: State) -> FrozenMap:
    """What the laboratory adds to a photograph."""
    _broken(state, state.snapshot.snapshot_type)
    return FrozenMap({"cells": len(list(records(state, "cells")))})


# ── set-up ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def settle(world: World, steps: tuple[StepParameters, ...], clock: datetime | None) -> LabPolicy:
    """Return the policy."""
    del steps, clock
    rules = world.constraints.value
    assert isinstance(rules, LabRules)
    return LabPolicy(rules.fails_in)


def check(world: World, steps: tuple[StepParameters, ...], policy: LabPolicy, complaints: Complaints) -> None:
    """Complain of nothing: twice the same cell is left for the database to refuse."""
    del world, steps, policy, complaints


def rows(world: World, policy: LabPolicy, clock: datetime) -> tuple[TableRows, ...]:
    """Return the set-up's rows."""
    del clock
    cells = tuple((placed.value.id, placed.value.value) for placed in world.sections["cells"])  # type: ignore[attr-defined]
    if policy.fails_in == "setup":
        cells += cells[:1]
    return (TableRows("cells", ("id", "value"), cells),)


def _operation(function: Callable[..., Any], parameters: type, *, name: str = "", **options: Any) -> Operation:
    return Operation(name or function.__name__, parameters, function, **options)


_OPERATIONS = (
    _operation(put, Put, data={"cell": "text", "value": "int", "ratio": "number"}),
    _operation(look, Put, data={"value": "int", "at": "moment"}, writes=False),
    _operation(crash, Say),
    _operation(refuse, Say, codes=("not_today",)),
    _operation(remove, Put),
    _operation(garbage, Say),
    _operation(put_later, Put, data={"cell": "text", "value": "int", "ratio": "number"}),
    _operation(contend, Say, data={"tries": "int"}),
    _operation(hang, Nothing),
    _operation(spin, Nothing),
    _operation(hang_in_sql, Nothing),
    _operation(nap, Last),
    _operation(ignore, Last),
    _operation(wait_for_awake, Nothing, data={"before": "int"}),
    _operation(hang_async, Nothing),
    _operation(spin_async, Nothing),
    _operation(cancel_async, Nothing),
    _operation(sleep_in_commit, Last, data={"value": "int"}),
    _operation(
        put, Put, name="put_apart", isolation="process", data={"cell": "text", "value": "int", "ratio": "number"}
    ),
    _operation(crash, Say, name="crash_apart", isolation="process"),
    _operation(refuse, Say, name="refuse_apart", isolation="process"),
    _operation(garbage, Say, name="garbage_apart", isolation="process"),
    _operation(hang, Nothing, name="hang_apart", isolation="process"),
    _operation(hang_in_sql, Nothing, name="hang_in_sql_apart", isolation="process"),
    _operation(die_in_commit, Last, isolation="process"),
    _operation(ignore_signals, Last, isolation="process"),
    _operation(have_children, Last, isolation="process"),
    _operation(die, Put, isolation="process"),
    _operation(increment, Put, data={"value": "int"}),
    _operation(increment_split, Put),
    _operation(leave, Put, data={"value": "int"}, codes=("last_one",)),
    _operation(leave_split, Put, codes=("last_one",)),
)

LAB = Domain(
    name="lab",
    doc="A laboratory.",
    metadata=METADATA,
    sections={"cells": Section("cells", CellRow, "Cells.")},
    constraints=LabRules,
    settle=settle,
    default_clock=lambda _: datetime(2024, 1, 1),  # noqa: DTZ001  (scenario clocks have no zone)
    check=check,
    rows=rows,
    operations={operation.name: operation for operation in _OPERATIONS},
    measures={
        "total": Measure("total", "number", "Sum of all cells.", of_state=total),
        "cell": Measure("cell", "map", "Cell to value.", of_state=cell),
        "steps_done": Measure("steps_done", "number", "Steps done.", of_run=steps_done),
    },
    checks={
        "any_cell": StateCheck("any_cell", "Whether there is a cell.", any_cell),
        "none_huge": StateCheck("none_huge", "Whether no cell is above a hundred.", none_huge),
    },
    assertion_types={},
    invariants={
        "no_negative": Invariant("no_negative", "No cell is negative.", breaches_of_sign, always=True),
        "none_huge": Invariant("none_huge", "No cell is above a hundred.", breaches_of_measure),
    },
    error_types={},
    categories={},
    captures=(Capture("lab", captured),),
    policy_json=PolicyCodec(lambda policy: json.dumps(asdict(policy)), lambda text: LabPolicy(**json.loads(text))),
)
