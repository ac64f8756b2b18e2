"""The shop of the loader's tests with more operations: one that crashes, some that take their time or never end."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from sqlalchemy import func, select

from loading.shop_domain import PRODUCTS, SHOP, NoParameters
from rehearse.domain import Context, Operation, OperationResult, Panel, Session, done
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


BAZAAR = replace(
    SHOP,
    name="bazaar",
    template_root=Path(__file__).parent / "templates",
    doc="A bazaar, which is a shop with more trouble.",
    operations={
        **SHOP.operations,
        "burn": Operation("burn", Burn, burn, writes=False),
        "browse": Operation("browse", Browse, browse, writes=False),
        "wait": Operation("wait", NoParameters, wait),
        "sulk": Operation("sulk", NoParameters, sulk),
    },
    panels=(
        Panel(
            "stock",
            lambda evidence: (
                PanelTable(
                    "Stock",
                    ("product", "pieces"),
                    tuple(
                        (str(row[0]), str(row[3])) for row in evidence.after.snapshot.tables["products"].rows.values()
                    ),
                ),
            ),
        ),
    ),
)
