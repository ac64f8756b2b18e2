"""What people have carried so far and what they wish, as the tables tell; and the next number of a numbered table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Table, func, select

from residency import schema, stored
from residency.calendar import DAY, Interval, minute_of
from residency.contingency.plans import Fairness
from residency.leave.ranking import Memory
from residency.model import Holiday, Preference
from residency.setup.rows import Period

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from residency.settings import Periods

_TAKEN_OFF = "credit"


@dataclass(frozen=True)
class Burdens:
    """What a schedule is to be fair about.

    Attributes:
        holidays: by date.
        wishes: preferences with the interval that each is about, by id.
        balances: person → kind → sum of the equity ledger.
    """

    holidays: tuple[Holiday, ...]
    wishes: tuple[tuple[Preference, Interval], ...]
    balances: Mapping[str, Mapping[str, int]]


def read_burdens(connection: Connection, periods: Periods) -> Burdens:
    """Read with one query a table."""
    ledger, holidays, wishes = schema.EQUITY_LEDGER, schema.HOLIDAYS, schema.PREFERENCES
    balances: dict[str, dict[str, int]] = {}
    for person_id, kind, amount in connection.execute(select(ledger.c.person_id, ledger.c.kind, ledger.c.amount)):
        own = balances.setdefault(person_id, {})
        own[kind] = own.get(kind, 0) + amount
    found = [stored.preference_of(tuple(row)) for row in connection.execute(select(wishes).order_by(wishes.c.id))]
    return Burdens(
        tuple(stored.holiday_of(tuple(row)) for row in connection.execute(select(holidays).order_by(holidays.c.date))),
        tuple((wish, _interval_of(wish, periods)) for wish in found),
        balances,
    )


def _interval_of(wish: Preference, periods: Periods) -> Interval:
    """The day, or the part of it, that a preference is about."""
    if wish.block_period is None:
        return wish.start, wish.start + DAY
    begin, length = periods.of(Period(wish.block_period))
    return wish.start + begin, wish.start + begin + length


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
