"""Which tables an invariant is asked about anew after a step."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from rehearse.database.observe import Statement, StatementLog
from rehearse.run.invariants import written_tables

METADATA = sa.MetaData()
sa.Table("persons", METADATA, sa.Column("id", sa.String, primary_key=True))
sa.Table(
    "duties",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("person_id", sa.ForeignKey("persons.id", ondelete="CASCADE")),
    info={"writes": ("totals",)},
)
sa.Table("totals", METADATA, sa.Column("id", sa.String, primary_key=True), info={"writes": ("ledger",)})
sa.Table("ledger", METADATA, sa.Column("id", sa.String, primary_key=True))
sa.Table("notes", METADATA, sa.Column("id", sa.String, primary_key=True))


def log_of(*statements: tuple[str, str]) -> StatementLog:
    """Return a log of one step's statements: verb and table."""
    log = StatementLog()
    for verb, table in statements:
        log.record(Statement(log.next_number(), "step1", verb, "", "", 1, 0.0, (table,) if table else ()))
    return log


@pytest.mark.parametrize(
    ("statements", "tables"),
    [
        ((), set()),
        ((("SELECT", "persons"),), set()),
        ((("INSERT", "notes"),), {"notes"}),
        ((("DELETE", "persons"),), {"persons", "duties", "totals", "ledger"}),
        ((("UPDATE", "totals"),), {"totals", "ledger"}),
        ((("INSERT", "notes"), ("CREATE", "")), {"persons", "duties", "totals", "ledger", "notes"}),
    ],
)
def test_keys_and_triggers_carry_a_write_on(statements: tuple[tuple[str, str], ...], tables: set[str]) -> None:
    """What a key's action or a told trigger may have changed is looked at with what the step named itself."""
    assert tables == written_tables(log_of(*statements), "step1", METADATA)
