"""The plan's set-up as layers of a template: the schema, then the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, text

from rehearse.database.store import Layer
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, MetaData

    from rehearse.domain import TableRows
    from rehearse.plan import Plan


class SetupError(RehearseError):
    """The database refused what the set-up says; the message names the table or the fixture and the row."""


def layers(plan: Plan) -> tuple[Layer, ...]:
    """Return the layers of the plan's template, bottom first."""
    return (
        Layer(plan.schema_key, plan.domain.metadata.create_all, "schema"),
        Layer(plan.setup_key, lambda connection: fill_database(connection, plan), "setup"),
    )


def fill_database(connection: Connection, plan: Plan) -> None:
    """Insert the set-up's rows, then run its SQL fixtures, inside the caller's transaction.

    Raises:
        SetupError: If the database refuses a row or a statement.
    """
    database = plan.scenario.setup.database
    size = database.batch_size if database.batch_operations else 1
    for group in plan.rows:
        insert_rows(connection, plan.domain.metadata, group, size=size)
    for fixture in plan.scenario.setup.sql_fixtures:
        for statement, span in fixture.statements:
            try:
                connection.execute(text(statement.replace(":", "\\:")))
            except Exception as error:
                raise SetupError(f"{span}: {_reason(error)}") from error


def insert_rows(
    connection: Connection, metadata: MetaData, group: TableRows, *, size: int = 500, start: int = 0
) -> None:
    """Insert the rows of `group` from number `start` on, `size` at a time.

    Raises:
        SetupError: If the database refuses one; the message names the batch.
    """
    statement = insert(metadata.tables[group.table])
    for first, batch in _batches(group, size, start):
        try:
            connection.execute(statement, batch)
        except Exception as error:
            raise SetupError(f"rows {first}–{first + len(batch) - 1} of `{group.table}`: {_reason(error)}") from error


def _batches(group: TableRows, size: int, begin: int) -> Iterator[tuple[int, list[dict[str, object]]]]:
    for start in range(begin, len(group.rows), size):
        rows = group.rows[start : start + size]
        yield start + 1, [dict(zip(group.columns, row, strict=True)) for row in rows]


def _reason(error: Exception) -> str:
    """The driver's own words, first line only: further lines of PostgreSQL repeat values of rows."""
    return str(getattr(error, "orig", error) or error).strip().splitlines()[0]
