"""The peers' shop as a domain of Rehearse: the same two tables, the same operation, the same five assertions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, String, Table, insert, select, update

from rehearse.domain import (
    Context,
    Domain,
    Evidence,
    Invariant,
    Measure,
    MeasureValue,
    Operation,
    OperationResult,
    Reason,
    Section,
    Session,
    State,
    StepParameters,
    TableRows,
    done,
    rejected,
)
from rehearse.fields import Range, RowId

if TYPE_CHECKING:
    from rehearse.errors import Complaints
    from rehearse.scenario import World

METADATA = MetaData()
ITEMS = Table(
    "items",
    METADATA,
    Column("id", String, primary_key=True),
    Column("stock", Integer, CheckConstraint("stock >= 0"), nullable=False),
)
ORDERS = Table(
    "orders",
    METADATA,
    Column("id", String, primary_key=True),
    Column("item_id", String, ForeignKey("items.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """A thing for sale."""

    id: RowId
    stock: Annotated[int, Range(minimum=0)] = 10


@dataclass(frozen=True, kw_only=True)
class NoConstraints:
    """Nothing to constrain."""


@dataclass(frozen=True, kw_only=True)
class PlaceOrder:
    """Parameters of ``place_order``."""

    order: RowId
    item: RowId
    quantity: Annotated[int, Range(minimum=1)]


def place_order(session: Session, parameters: PlaceOrder, context: Context) -> OperationResult:
    """Take pieces from stock for an order."""
    del context
    connection, item = session.connection, parameters.item
    stock = connection.execute(select(ITEMS.c.stock).where(ITEMS.c.id == item)).scalar_one()
    if stock < parameters.quantity:
        return rejected(Reason("sold_out", f"only {stock} of {item}"))
    connection.execute(update(ITEMS).where(ITEMS.c.id == item).values(stock=stock - parameters.quantity))
    row = {"id": parameters.order, "item_id": item, "quantity": parameters.quantity}
    connection.execute(insert(ORDERS).values(row))
    return done(left=stock - parameters.quantity)


def stock(state: State) -> MeasureValue:
    """Item to pieces."""
    return {str(item): int(left) for item, left in state.snapshot.tables["items"].rows.values()}  # type: ignore[arg-type]


def no_negative_stock(state: State, before: State) -> tuple[str, ...]:
    """Say which item is oversold."""
    del before
    return tuple(f"{item} has {left}" for item, left in state.snapshot.tables["items"].rows.values() if left < 0)  # type: ignore[operator]


def orders(evidence: Evidence) -> MeasureValue:
    """Count the orders afterwards."""
    return len(evidence.after.snapshot.tables["orders"].rows)


def settle(world: World, steps: tuple[StepParameters, ...], clock: datetime | None) -> None:
    """Return no policy: the shop has none."""
    del world, steps, clock


def default_clock(policy: Any) -> datetime:
    """Return the shop's first day."""
    del policy
    return datetime(2024, 1, 1)  # noqa: DTZ001  (there are no zones in a scenario)


def check(world: World, steps: tuple[StepParameters, ...], policy: Any, complaints: Complaints) -> None:
    """Find nothing wrong: every row is right or wrong by itself."""
    del world, steps, policy, complaints


def rows(world: World, policy: Any, clock: datetime) -> tuple[TableRows, ...]:
    """Return the items."""
    del policy, clock
    items = (placed.value for placed in world.sections["items"])
    return (TableRows("items", ("id", "stock"), tuple((item.id, item.stock) for item in items)),)  # type: ignore[attr-defined]


SHOP = Domain(
    name="bench-shop",
    doc="A shop.",
    metadata=METADATA,
    sections={"items": Section("items", ItemRow, "Things for sale.", requires_id=True)},
    constraints=NoConstraints,
    settle=settle,
    default_clock=default_clock,
    check=check,
    rows=rows,
    operations={"place_order": Operation("place_order", PlaceOrder, place_order, {"left": "int"}, ("sold_out",))},
    measures={
        "stock": Measure("stock", "map", "Item to pieces.", "count", of_state=stock),
        "orders": Measure("orders", "number", "Orders.", "count", of_run=orders),
    },
    checks={},
    assertion_types={},
    invariants={
        "no_negative_stock": Invariant("no_negative_stock", "No item is oversold.", no_negative_stock, always=True)
    },
    error_types={},
    categories={},
)
