"""The tiny scenario as plain functions over sqlite3; every peer calls these, so that only the runners differ."""

from __future__ import annotations

import sqlite3

ITEMS = 15


def opened() -> sqlite3.Connection:
    """Return a fresh in-memory shop with fifteen items of ten pieces each."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE items (id TEXT PRIMARY KEY, stock INTEGER NOT NULL CHECK (stock >= 0))")
    connection.execute(
        "CREATE TABLE orders (id TEXT PRIMARY KEY, item_id TEXT NOT NULL REFERENCES items(id), quantity INTEGER NOT NULL)"
    )
    connection.executemany("INSERT INTO items VALUES (?, ?)", [(f"i{n}", 10) for n in range(1, ITEMS + 1)])
    return connection


def place_order(connection: sqlite3.Connection, order: str, item: str, quantity: int) -> None:
    """Take `quantity` pieces of `item` from stock for an order."""
    connection.execute("BEGIN IMMEDIATE")
    (stock,) = connection.execute("SELECT stock FROM items WHERE id = ?", (item,)).fetchone()
    if stock < quantity:
        connection.execute("ROLLBACK")
        raise ValueError(f"only {stock} of {item}")
    connection.execute("UPDATE items SET stock = stock - ? WHERE id = ?", (quantity, item))
    connection.execute("INSERT INTO orders VALUES (?, ?, ?)", (order, item, quantity))
    connection.execute("COMMIT")


def stock_of(connection: sqlite3.Connection, item: str) -> int:
    """Return how many pieces of `item` are left."""
    return int(connection.execute("SELECT stock FROM items WHERE id = ?", (item,)).fetchone()[0])


def order_count(connection: sqlite3.Connection) -> int:
    """Return how many orders there are."""
    return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])
