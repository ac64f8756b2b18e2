"""A photograph holds every row of every table, with the same values on every back-end."""

# ruff: noqa: DTZ001, S608  (moments have no zone; the tables are our own)

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import Column, DateTime, MetaData, Numeric, String, Table, create_engine, insert, text
from sqlalchemy.pool import StaticPool

from rehearse.snapshot.capture import capture, capture_changed, one_moment
from rehearse.snapshot.columns import UnreadableValueError, decimal, moment
from rehearse.snapshot.diff import difference
from rehearse.snapshot.fingerprint import fingerprint
from rehearse.snapshot.serialize import to_json
from rehearse.values import FrozenMap
from snapshot.world import CLOCK, KINDS, METADATA, connected, fill, photograph

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.postgres import PostgresStore
    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Store


def test_values_have_the_types_of_the_schema(store: Store) -> None:
    """bool, int, exact decimal, date, moment, frozen JSON: whatever the driver returns."""
    with connected(store) as connection:
        table = photograph(connection).tables["kinds"]
    record = table.record(table.rows[("b-2",)])
    assert record == {
        "id": "b-2",
        "flag": True,
        "whole": 7,
        "large": 2**40,
        "exact": Decimal("12.5"),
        "rough": Decimal("0.1"),
        "day": date(2024, 12, 25),
        "at": datetime(2024, 12, 25, 7, 30),
        "zoned": datetime(2024, 12, 25, 7, 30),
        "words": "Grüße",
        "choice": "red",
        "extra": FrozenMap({"b": (1, Decimal("2.5"), True, None), "a": "x"}),
        "unique_id": "12345678-1234-5678-1234-567812345678",
        "clock": "07:05:00",
        "raw": "00ff",
        "shouted": "quiet",
    }
    assert [type(record[name]) for name in ("flag", "whole", "exact", "rough")] == [bool, int, Decimal, Decimal]
    assert record["extra"]["b"][2] is True
    assert str(record["exact"]) == "12.5"


def test_nulls_stay_null(store: Store) -> None:
    """A row of nothing but nulls has null in every column."""
    with connected(store) as connection:
        table = photograph(connection).tables["kinds"]
    assert set(table.rows[("a-9",)][1:]) == {None}


def test_rows_are_ordered_by_key_as_code_points(store: Store) -> None:
    """Capitals come before small letters on every server, whatever its collation."""
    with connected(store) as connection:
        tables = photograph(connection).tables
    assert list(tables["kinds"].rows) == [("B-1",), ("a-9",), ("a.10",), ("b-2",), ("é",)]
    assert [(key[0].day, key[1]) for key in tables["pairs"].rows] == [(25, "B-1"), (25, "b-2"), (26, "b-2")]


def test_labels_are_the_callers(store: Store) -> None:
    """Id, scenario, type and clock are what was given; nothing comes from the wall clock."""
    with connected(store) as connection:
        taken = photograph(connection)
    assert (taken.id, taken.scenario_id, taken.snapshot_type, taken.timestamp) == ("s-pre", "s", "pre_execution", CLOCK)
    assert list(taken.tables) == ["kinds", "pairs"]
    assert taken.tables["pairs"].key == (0, 1)


@pytest.mark.postgresql
def test_both_backends_give_the_same_bytes(sqlite_store: SqliteStore, postgres_store: PostgresStore) -> None:
    """The same rows have the same JSON and the same fingerprint on SQLite and on PostgreSQL."""
    with connected(sqlite_store) as first, connected(postgres_store) as second:
        one, other = photograph(first), photograph(second)
    assert one == other
    assert to_json(one) == to_json(other)
    assert fingerprint(one) == fingerprint(other)


def test_only_named_tables_are_read_again(store: Store) -> None:
    """Tables that are not named are shared with the photograph before."""
    with connected(store) as connection:
        before = photograph(connection)
        connection.execute(text("UPDATE pairs SET rank = 9 WHERE rank = 1"))
        connection.execute(text("UPDATE kinds SET whole = 8 WHERE id = 'b-2'"))
        after = capture_changed(connection, before, ["pairs"], METADATA)
    assert after.tables["kinds"] is before.tables["kinds"]
    assert [
        (change.table, change.changed) for rows in difference(before, after).changes.values() for change in rows
    ] == [("pairs", ("rank",))]


def test_a_table_that_did_not_change_stays_shared(store: Store) -> None:
    """A statement that wrote nothing new costs a later difference nothing."""
    with connected(store) as connection:
        before = photograph(connection)
        connection.execute(text("UPDATE pairs SET rank = rank"))
        after = capture_changed(connection, before, ["pairs"], METADATA)
    assert after.tables["pairs"] is before.tables["pairs"]


def test_true_that_became_one_inside_json_is_a_change(store: Store) -> None:
    """True and 1 are equal to Python; in a JSON column they are different values."""
    with connected(store) as connection:
        connection.execute(KINDS.update().where(KINDS.c.id == "a-9").values(extra=[True]))
        before = photograph(connection)
        connection.execute(KINDS.update().where(KINDS.c.id == "a-9").values(extra=[1]))
        after = capture_changed(connection, before, ["kinds"], METADATA)
    changes = difference(before, after).changes
    assert [change.changed for change in changes["kinds"]] == [("extra",)]
    assert fingerprint(before) != fingerprint(after)


def test_extras_are_not_carried_over(store: Store) -> None:
    """What a domain added to the photograph before was made from other rows."""
    with connected(store) as connection:
        before = replace(photograph(connection), extras=FrozenMap({"compliance_status": "compliant"}))
        assert capture_changed(connection, before, ["pairs"], METADATA).extras == {}


def test_a_table_without_a_key_is_refused() -> None:
    """Rows that cannot be told apart cannot be compared."""
    metadata = MetaData()
    Table("loose", metadata, Column("word", String))
    with (
        create_engine("sqlite://").connect() as connection,
        pytest.raises(ValueError, match="`loose` has no primary key"),
    ):
        photograph(connection, metadata=metadata)


def test_a_value_of_another_type_is_named(tmp_path: Path) -> None:
    """SQLite stores what it is given; a moment that is none ends the photograph with its place."""
    with create_engine(f"sqlite:///{tmp_path}/odd.db").connect() as connection:
        METADATA.create_all(connection)
        connection.execute(text("INSERT INTO kinds (id, at) VALUES ('x', '2024-12-25 07:00'), ('y', 'soon')"))
        with pytest.raises(UnreadableValueError, match=r"`kinds.at` holds 'soon', which is no moment"):
            photograph(connection)


def test_sql_fixtures_may_write_moments_in_iso_form(tmp_path: Path) -> None:
    """``T`` or a space, with a zone or without: the moment is the same."""
    with create_engine(f"sqlite:///{tmp_path}/iso.db").connect() as connection:
        METADATA.create_all(connection)
        connection.execute(
            text("INSERT INTO kinds (id, at) VALUES ('x', '2024-12-25T07:00'), ('y', '2024-12-25 09:00:00+02:00')")
        )
        rows = photograph(connection).tables["kinds"].rows
    position = [column.name for column in KINDS.columns].index("at")
    assert {row[position] for row in rows.values()} == {datetime(2024, 12, 25, 7)}


def test_a_declared_collation_does_not_change_the_order() -> None:
    """NOCASE in the schema is the domain's business; a photograph orders by code point."""
    metadata = MetaData()
    words = Table("words", metadata, Column("id", String(collation="NOCASE"), primary_key=True))
    with create_engine("sqlite://").connect() as connection:
        metadata.create_all(connection)
        connection.execute(insert(words), [{"id": name} for name in ("b", "A", "a1", "C")])
        assert list(photograph(connection, metadata=metadata).tables["words"].rows) == [("A",), ("C",), ("a1",), ("b",)]


def test_numbers_that_are_not_finite_are_no_numbers() -> None:
    """NaN would differ from itself in every comparison, so it is kept as a text."""
    assert decimal(Decimal("NaN")) == "NaN"
    assert decimal(float("-inf")) == "-Infinity"
    assert str(decimal(1e22)) == "1E+22"
    assert str(decimal(Decimal("-0.00"))) == "0"


def test_a_moment_with_a_zone_becomes_utc() -> None:
    """There are no zones in a snapshot."""
    assert moment("2024-12-25T07:00+02:00") == datetime(2024, 12, 25, 5)


def test_sqlite_is_read_in_one_transaction(tmp_path: Path) -> None:
    """Without an open transaction the photograph makes its own and ends it."""
    engine = create_engine(f"sqlite:///{tmp_path}/one.db")
    with engine.begin() as connection:
        METADATA.create_all(connection)
        fill(connection)
    with engine.connect() as connection, one_moment(connection) as cursor:
        assert connection.connection.driver_connection.in_transaction
        before = cursor.execute("SELECT count(*) FROM pairs").fetchone()
        with engine.connect() as other:
            other.exec_driver_sql("PRAGMA busy_timeout = 0")
            assert other.execute(text("SELECT count(*) FROM pairs")).scalar_one() == before[0]
    with engine.connect() as connection:
        photograph(connection)
        assert not connection.connection.driver_connection.in_transaction


@pytest.mark.postgresql
@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ COMMITTED"])
def test_postgresql_is_read_as_of_one_moment(postgres_url: str, isolation: str) -> None:
    """A commit of somebody else between two tables is not seen, and no transaction stays open."""
    engine = create_engine(_sqlalchemy_url(postgres_url), isolation_level=isolation)
    name = f"moment_{isolation.replace(' ', '_').lower()}"
    metadata = MetaData(schema=None)
    Table(name, metadata, Column("id", String, primary_key=True), Column("at", DateTime), Column("n", Numeric))
    metadata.create_all(engine)
    with engine.connect() as connection:
        with one_moment(connection) as cursor:
            assert cursor.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute(f"INSERT INTO {name} VALUES ('late', NULL, NULL)")
            assert cursor.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
        driver = connection.connection.driver_connection
        assert driver.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        taken = capture(connection, metadata, id="i", scenario_id="s", snapshot_type="t", timestamp=CLOCK)
        assert list(taken.tables[name].rows) == [("late",)]
    engine.dispose()


@pytest.mark.postgresql
def test_an_open_transaction_is_not_touched(postgres_url: str) -> None:
    """What the caller began, the caller ends: a photograph inside sees its writes and leaves them open."""
    engine = create_engine(_sqlalchemy_url(postgres_url), poolclass=StaticPool)
    metadata = MetaData()
    notes = Table("open_notes", metadata, Column("id", String, primary_key=True))
    with engine.connect() as connection:
        metadata.create_all(connection)
        connection.execute(insert(notes), [{"id": "mine"}])
        assert list(photograph(connection, metadata=metadata).tables["open_notes"].rows) == [("mine",)]
        assert connection.in_transaction()
        connection.rollback()
        connection.begin()
        metadata.create_all(connection)
        assert photograph(connection, metadata=metadata).tables["open_notes"].rows == {}
    engine.dispose()


def _sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
