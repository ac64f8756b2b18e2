"""A small domain that is no hospital: a shop with products, orders and a ledger. Everything in it works on a real database."""

# ruff: noqa: TC003  (the reader evaluates the annotations of these records)

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    insert,
    select,
    update,
)

from rehearse.domain import (
    AssertionType,
    Context,
    Domain,
    ErrorType,
    Evidence,
    Finding,
    GeneratorName,
    Invariant,
    Limits,
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
    Validator,
    done,
    rejected,
)
from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.fields import NULLABLE, Alias, ClockTime, Hours, Range, Ref, RowId
from rehearse.values import EMPTY_MAP, FrozenMap, Value

if TYPE_CHECKING:
    from rehearse.scenario import Placed, World

METADATA = MetaData()
PRODUCTS = Table(
    "products",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("price", Numeric(10, 2), nullable=False),
    Column("stock", Integer, nullable=False),
    Column("perishable", Boolean, nullable=False),
    Column("listed", Date),
    Column("details", JSON),
)
ORDERS = Table(
    "orders",
    METADATA,
    Column("id", String, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("placed", DateTime, nullable=False),
    Column("status", String, nullable=False),
)
LEDGER = Table(
    "ledger",
    METADATA,
    Column("id", String, primary_key=True),
    Column("order_id", String),
    Column("text", String, nullable=False),
)


class OrderStatus(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    SENT = "sent"


@dataclass(frozen=True, kw_only=True)
class ProductRow:
    """A thing for sale."""

    id: RowId
    name: str = ""
    price: Annotated[Decimal, Range(minimum=0)] = Decimal(1)
    stock: Annotated[int, Range(minimum=0), Alias("pieces")] = 0
    perishable: bool = False
    listed: date | None = None
    opens: ClockTime | None = None
    shelf_life: Annotated[Hours | None, NULLABLE] = None
    details: FrozenMap = EMPTY_MAP
    replaces: tuple[RowId, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """An order."""

    id: RowId | None = None
    product_id: Annotated[RowId, Alias("product"), Ref("products")]
    quantity: Annotated[int, Range(minimum=1)] = 1
    placed: datetime | None = None
    status: OrderStatus = OrderStatus.PLACED


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The days on which the shop is open."""

    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class ShopRules:
    """The shop's constraints."""

    oversell: bool = False
    most_per_order: Annotated[int, Range(minimum=1)] | None = None
    opening: Opening | None = None


@dataclass(frozen=True, kw_only=True)
class PlaceOrder:
    """Parameters of ``place_order``."""

    product_id: Annotated[RowId, Alias("product"), Ref("products")]
    quantity: Annotated[int, Range(minimum=1)] = 1
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SendOrder:
    """Parameters of ``send_order``."""

    order_id: RowId


@dataclass(frozen=True, kw_only=True)
class NoParameters:
    """Nothing."""


@dataclass(frozen=True, kw_only=True)
class OfProduct:
    """A product."""

    product_id: RowId


@dataclass(frozen=True, kw_only=True)
class OrderLike:
    """Fields that an order must have."""

    product_id: Annotated[RowId | None, Alias("product")] = None
    at: datetime | None = None
    expected: bool = True


@dataclass(frozen=True)
class ShopPolicy:
    """What holds during a run."""

    oversell: bool
    most_per_order: int | None
    first_day: str | None


# ── operations ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_order(session: Session, parameters: PlaceOrder, context: Context) -> OperationResult:
    """Take the pieces from the shelf and write the order."""
    row = session.connection.execute(select(PRODUCTS.c.stock).where(PRODUCTS.c.id == parameters.product_id)).first()
    if row is None:
        return rejected(Reason("unknown_row", f"there is no product {parameters.product_id}"))
    left = row.stock - parameters.quantity
    if left < 0 and not context.policy.oversell:
        return rejected(Reason("sold_out", f"only {row.stock} left", measured=row.stock, limit=parameters.quantity))
    name = session.new_id("orders")
    session.connection.execute(update(PRODUCTS).where(PRODUCTS.c.id == parameters.product_id).values(stock=left))
    session.connection.execute(
        insert(ORDERS).values(
            id=name,
            product_id=parameters.product_id,
            quantity=parameters.quantity,
            placed=context.clock,
            status="placed",
        )
    )
    session.connection.execute(insert(LEDGER).values(id=session.new_id("ledger"), order_id=name, text="placed"))
    return done(order_id=name, left=left, lines=(parameters.product_id,))


def send_order(session: Session, parameters: SendOrder, context: Context) -> OperationResult:
    """Mark an order as sent."""
    del context
    found = session.connection.execute(update(ORDERS).where(ORDERS.c.id == parameters.order_id).values(status="sent"))
    if not found.rowcount:
        return rejected(Reason("unknown_row", f"there is no order {parameters.order_id}"))
    return done(order_id=parameters.order_id)


def count_stock(session: Session, parameters: NoParameters, context: Context) -> OperationResult:
    """Count what is on the shelves."""
    del parameters, context
    rows = session.connection.execute(select(PRODUCTS.c.id, PRODUCTS.c.stock).order_by(PRODUCTS.c.id)).all()
    totals = FrozenMap((row.id, row.stock) for row in rows)
    return done(totals=totals, short=tuple(row.id for row in rows if row.stock <= 0), complete=True)


# ── state ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def records(state: State, table: str) -> Iterator[FrozenMap]:
    """Yield the rows of a table as maps."""
    found = state.snapshot.tables[table]
    for row in found.rows.values():
        yield found.record(row)


def _stock(state: State) -> dict[str, int]:
    return {str(row["id"]): row["stock"] for row in records(state, "products")}  # type: ignore[misc]  # an Integer column


def stock_total(state: State) -> MeasureValue:
    """Pieces on all shelves."""
    return sum(_stock(state).values())


def stock_of(state: State) -> MeasureValue:
    """Product to pieces."""
    return _stock(state)


def sold_out(state: State) -> MeasureValue:
    """Products without a piece."""
    return tuple(sorted(name for name, pieces in _stock(state).items() if pieces <= 0))


def in_stock(state: State) -> MeasureValue:
    """Whether every product has a piece."""
    return not sold_out(state)


def orders_placed(evidence: Evidence) -> MeasureValue:
    """Orders that the run wrote."""
    return sum(change.kind == "insert" for change in evidence.diff.changes.get("orders", ()))


def breaches_of_stock(state: State, before: State) -> tuple[str, ...]:
    """No shelf holds less than nothing."""
    del before
    return tuple(f"{name} has {pieces}" for name, pieces in _stock(state).items() if pieces < 0)


def breaches_of_orders(state: State, before: State) -> tuple[str, ...]:
    """Every order names a product."""
    del before
    known = _stock(state)
    return tuple(f"{row['id']} names no product" for row in records(state, "orders") if row["product_id"] not in known)


def stock_value(row: FrozenMap, state: State) -> Value:
    """Price times pieces."""
    del state
    return Decimal(str(row["price"])) * int(str(row["stock"]))


def order_exists(evidence: Evidence, parameters: OrderLike) -> Finding:
    """Look for an order with these fields after the run."""
    found = [
        row
        for row in records(evidence.after, "orders")
        if parameters.product_id in {None, row["product_id"]} and parameters.at in {None, row["placed"]}
    ]
    return Finding(bool(found) is parameters.expected, bool(found))


def refusals(evidence: Evidence) -> tuple[tuple[str | None, str | None], ...]:
    """Refused orders."""
    return tuple((None, None) for step in evidence.execution.steps if step.outcome == "rejected")


def compliance(evidence: Evidence, rule: str, person: str | None) -> str:
    """Judge the one rule of the shop."""
    del rule, person
    return "violation" if breaches_of_stock(evidence.after, evidence.before) else "compliant"


def nothing_is_short(**given: object) -> bool:
    """Judge nothing: the shop trusts its shelves."""
    return bool(given)


# ── set-up ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def settle(world: World, steps: tuple[StepParameters, ...], clock: datetime | None) -> ShopPolicy:
    """Return the policy."""
    del steps, clock
    rules = world.constraints.value
    assert isinstance(rules, ShopRules)
    return ShopPolicy(rules.oversell, rules.most_per_order, rules.opening.start.isoformat() if rules.opening else None)


def default_clock(policy: ShopPolicy) -> datetime:
    """Return the first day that the shop is open."""
    return datetime.fromisoformat(policy.first_day or "2024-01-01")


def check(world: World, steps: tuple[StepParameters, ...], policy: ShopPolicy, complaints: Complaints) -> None:
    """Complain of orders for products that nobody sells."""
    del policy
    products = [row.value.id for row in _rows(world, "products", ProductRow)]
    for row in _rows(world, "orders", OrderRow):
        _check_product(row.value.product_id, products, row.at("product_id"), complaints)
    for step in steps:
        if isinstance(step.parameters, PlaceOrder):
            _check_product(step.parameters.product_id, products, step.spans["product_id"], complaints)
    rules = world.constraints.value
    assert isinstance(rules, ShopRules)
    if rules.opening and rules.opening.end < rules.opening.start:
        complaints.add(Problem("conflict", "the shop closes before it opens", world.constraints.at("opening")))


def _check_product(name: str, products: list[str], span: object, complaints: Complaints) -> None:
    if name not in products:
        summary = f"there is no product `{name}`"
        complaints.add(Problem("unknown-name", summary, span, did_you_mean(name, products)))  # type: ignore[arg-type]


def _rows(world: World, section: str, kind: type[ProductRow | OrderRow]) -> list[Placed]:
    return [row for row in world.sections[section] if isinstance(row.value, kind)]


def rows(world: World, policy: ShopPolicy, clock: datetime) -> tuple[TableRows, ...]:
    """Return the set-up's rows in the order of insertion."""
    del policy
    products = tuple(
        (row.id, row.name or row.id, row.price, row.stock, row.perishable, row.listed, dict(row.details))
        for row in (placed.value for placed in _rows(world, "products", ProductRow))
    )
    orders = tuple(
        (
            placed.value.id or f"orders-{placed.index}",
            placed.value.product_id,
            placed.value.quantity,
            placed.value.placed or clock,
            placed.value.status.value,
        )
        for placed in _rows(world, "orders", OrderRow)
    )
    return (
        TableRows("products", tuple(column.name for column in PRODUCTS.columns), products),
        TableRows("orders", tuple(column.name for column in ORDERS.columns), orders),
    )


_DATA = {"order_id": "text", "left": "int", "lines": "list"}

SHOP = Domain(
    name="shop",
    doc="A shop.",
    metadata=METADATA,
    sections={
        "products": Section(
            "products", ProductRow, "Things for sale.", requires_id=True, derived={"value": "write `price` and `stock`"}
        ),
        "orders": Section("orders", OrderRow, "Orders."),
    },
    constraints=ShopRules,
    settle=settle,
    default_clock=default_clock,
    check=check,
    rows=rows,
    operations={
        "place_order": Operation("place_order", PlaceOrder, place_order, _DATA, codes=("sold_out",)),
        "send_order": Operation("send_order", SendOrder, send_order, {"order_id": "text"}),
        "count_stock": Operation(
            "count_stock",
            NoParameters,
            count_stock,
            {"totals": "map", "short": "list", "complete": "bool"},
            writes=False,
        ),
        "recount": Operation(
            "recount", NoParameters, count_stock, {"counted": "int", "when": "moment"}, isolation="process"
        ),
    },
    measures={
        "stock_total": Measure(
            "stock_total",
            "number",
            "Pieces.",
            "count",
            of_state=stock_total,
            aliases=("pieces",),
            warn=Limits(below=Decimal(1)),
        ),
        "stock_of": Measure("stock_of", "map", "Product to pieces.", "count", of_state=stock_of),
        "in_stock": Measure("in_stock", "bool", "Every product has a piece.", of_state=in_stock, fail=Limits(on=False)),
        "sold_out": Measure("sold_out", "collection", "Products without a piece.", of_state=sold_out),
        "orders_placed": Measure("orders_placed", "number", "Orders written.", "count", of_run=orders_placed),
        "oversold": Measure(
            "oversold",
            "bool",
            "Whether a shelf is below nothing.",
            of_state=lambda state: bool(breaches_of_stock(state, state)),
            unavailable=lambda policy: None if policy.oversell else "overselling is not allowed",
        ),
    },
    checks={
        "products_exist": StateCheck(
            "products_exist", "Every order names a product.", lambda state, _: not breaches_of_orders(state, state)
        ),
        "stock": StateCheck(
            "stock",
            "Pieces of a product.",
            lambda state, asked: _stock(state)[asked.product_id],
            OfProduct,
            kind="number",
        ),
    },
    assertion_types={
        "order_exists": AssertionType("order_exists", "An order with these fields.", OrderLike, order_exists)
    },
    invariants={
        "no_negative_stock": Invariant(
            "no_negative_stock", "No shelf holds less than nothing.", breaches_of_stock, always=True
        ),
        "orders_name_products": Invariant("orders_name_products", "Every order names a product.", breaches_of_orders),
    },
    error_types={"OrderRejected": ErrorType("OrderRejected", "A refused order.", refusals)},
    categories={"selling": "selling", "sales": "selling", "stock": "stock"},
    validators={"shelf_check": Validator("shelf_check", "Nothing is short.", nothing_is_short)},
    generators={"create_products": GeneratorName("create_products", "products", FrozenMap({"id": "p-${loop.index}"}))},
    derived_fields={"products": {"value": stock_value}},
    journal_tables=("ledger",),
    identifying=("id", "placed"),
    compliance=compliance,
    rule_names=lambda _: {"stock_rule": "stock_rule", "rule_of_stock": "stock_rule"},
    policy_json=PolicyCodec(lambda policy: json.dumps(asdict(policy)), lambda text: ShopPolicy(**json.loads(text))),
)
