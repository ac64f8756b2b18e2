"""What people have carried so far, read from the equity ledger and the holidays; and the next number of a numbered table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table, func, select

from residency import schema, stored
from residency.calendar import minute_of
from residency.plans import Fairness
from residency.ranking import Memory

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TAKEN_OFF = "credit"


def read_fairness(connection: Connection) -> Fairness:
    """Balances are sums: everything that somebody carried, credits taken off."""
    ledger, holidays = schema.EQUITY_LEDGER, schema.HOLIDAYS
    balances: dict[str, int] = {}
    for person_id, kind, amount in connection.execute(select(ledger.c.person_id, ledger.c.kind, ledger.c.amount)):
        balances[person_id] = balances.get(person_id, 0) + (-amount if kind == _TAKEN_OFF else amount)
    days = connection.execute(select(holidays.c.date).where(holidays.c.major)).scalars()
    return Fairness(balances, frozenset(minute_of(day) for day in days))


def read_memory(connection: Connection) -> Memory:
    """The holidays and the whole ledger, as fairness remembers them."""
    holidays, ledger = schema.HOLIDAYS, schema.EQUITY_LEDGER
    return Memory(
        tuple(stored.holiday_of(row) for row in connection.execute(select(holidays).order_by(holidays.c.date))),
        tuple(stored.ledger_entry_of(row) for row in connection.execute(select(ledger).order_by(ledger.c.id))),
    )


def next_number(connection: Connection, table: Table) -> int:
    """The number of a table's next row."""
    return int(connection.execute(select(func.coalesce(func.max(table.c.number), 0))).scalar_one()) + 1
