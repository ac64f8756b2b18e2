"""The shop of the loader's tests with more operations: one that crashes, some that take their time or never end."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from sqlalchemy import delete, exists, func, insert, select, update

from loading.shop_domain import LEDGER, ORDERS, PRODUCTS, SHOP, NoParameters
from rehearse.domain import Context, Evidence, Operation, OperationResult, Panel, Session, done
from rehearse.fields import Help, Range, Unit
from rehearse.panels import PanelTable


@dataclass(frozen=True, kw_only=True)
class Burn:
    """How the bazaar burns."""

    floors: Annotated[int, Range(1, 3), Unit("floors"), Help("How far it spreads")] = 1


def burn(session: Session, parameters: Burn, context: Context) -> OperationResult:
    """End in flames, as a defect of a domain does."""
    del session, context
    raise RuntimeError(f"the bazaar burns on {parameters.floors} floors")


def wait(session: Session, parameters: NoParameters, context: Context) -> OperationResult:
    """Wait for customers who never come."""
    del session, parameters, context
    while True:
        time.sleep(0.002)


def sulk(session: Session, parameters: NoParameters, context: Context) -> OperationResult:
    """Wait, and do not listen to anybody who says it is enough."""
    del session, parameters, context
    while True:
        with suppress(BaseException):
            time.sleep(0.002)


@dataclass(frozen=True, kw_only=True)
class Browse:
    """How long somebody looks around."""

    until: Annotated[str, Help("A file; when it is there, they have seen enough")]


def browse(session: Session, parameters: Browse, context: Context) -> OperationResult:
    """Look at the shelves again and again, until a file is there."""
    del context
    while not Path(parameters.until).exists():
        session.connection.execute(select(func.sum(PRODUCTS.c.stock))).scalar_one()
        time.sleep(0.01)
    return done()


@dataclass(frozen=True, kw_only=True)
class EndSeason:
    """How a season ends."""

    again: Annotated[int, Range(1, 10), Unit("orders"), Help("So many come for each that was open")] = 1


def end_season(session: Session, parameters: EndSeason, context: Context) -> OperationResult:
    """Strike the orders that were sent, send the open ones, take as many anew or more, and halve the price of what is still wanted."""
    connection, is_open = session.connection, ORDERS.c.status == "placed"
    connection.execute(delete(ORDERS).where(ORDERS.c.status == "sent"))
    going = connection.execute(select(ORDERS.c.product_id).where(is_open).order_by(ORDERS.c.id)).scalars().all()
    connection.execute(update(ORDERS).where(is_open).values(status="sent"))
    fresh = [
        {
            "id": session.new_id("orders"),
            "product_id": product,
            "quantity": 1,
            "placed": context.clock,
            "status": "placed",
        }
        for product in going
        for _ in range(parameters.again)
    ]
    connection.execute(insert(ORDERS), fresh)
    entries = [{"id": session.new_id("ledger"), "order_id": order["id"], "text": "placed"} for order in fresh]
    connection.execute(insert(LEDGER), entries)
    connection.execute(update(PRODUCTS).values(price=PRODUCTS.c.price / 2))
    connection.execute(delete(PRODUCTS).where(~exists().where(ORDERS.c.product_id == PRODUCTS.c.id)))
    return done()


def stock(evidence: Evidence) -> tuple[PanelTable]:
    """What is left of each product."""
    rows = tuple((str(row[0]), str(row[3])) for row in evidence.after.snapshot.tables["products"].rows.values())
    left = sum(int(pieces) for _, pieces in rows)
    return (PanelTable("Stock", ("product", "pieces"), rows, summary=(f"Left on all shelves: {left}.",)),)


BAZAAR = replace(
    SHOP,
    name="bazaar",
    template_root=Path(__file__).parent / "templates",
    doc="A bazaar, which is a shop with more trouble.",
    operations={
        **SHOP.operations,
        "burn": Operation("burn", Burn, burn, writes=False),
        "end_season": Operation("end_season", EndSeason, end_season),
        "browse": Operation("browse", Browse, browse, writes=False),
        "wait": Operation("wait", NoParameters, wait),
        "sulk": Operation("sulk", NoParameters, sulk),
    },
    panels=(Panel("stock", stock),),
)
