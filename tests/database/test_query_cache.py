"""The query cache: never a stale answer, and an honest count of what was not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import LAYERS, PEOPLE, SHIFTS, hours, opened, request, set_hours

from rehearse.database.cache import Answer, QueryCache, SchemaLinks, enable_query_cache, query_cache_enabled
from rehearse.database.observe import StatementLog
from rehearse.database.statements import shape_of
from rehearse.database.store import Layer, LeaseRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from rehearse.database.store import Lease, Store, Work

TRIGGER_ON_SQLITE = (
    "CREATE TRIGGER follow AFTER UPDATE ON people BEGIN UPDATE shifts SET hours = 1 WHERE person_id = NEW.id; END",
)
TRIGGER_ON_POSTGRESQL = (
    """CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE shifts SET hours = 1 WHERE person_id = NEW.id; RETURN NULL; END $$""",
    "CREATE TRIGGER follow AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION follow()",
)


def with_trigger(connection: Connection) -> None:
    """Make every change of a person change their shifts."""
    words = TRIGGER_ON_SQLITE if connection.dialect.name == "sqlite" else TRIGGER_ON_POSTGRESQL
    for word in words:
        connection.exec_driver_sql(word)


def with_view(connection: Connection) -> None:
    """Add a view of the people."""
    connection.exec_driver_sql("CREATE VIEW everybody AS SELECT id, hours FROM people")


LAYERS_OF: dict[str, tuple[Layer, ...]] = {
    "plain": LAYERS,
    "trigger": (*LAYERS, Layer("trigger-1", with_trigger, "trigger")),
    "view": (*LAYERS, Layer("view-1", with_view, "view")),
}


def people(work: Work) -> object:
    """Read all people."""
    return work.connection.execute(sa.select(PEOPLE).order_by(PEOPLE.c.id)).all()


def shifts(work: Work) -> object:
    """Read all shifts."""
    return work.connection.execute(sa.select(SHIFTS).order_by(SHIFTS.c.id)).all()


def joined(work: Work) -> object:
    """Read sums over both tables."""
    both = sa.select(PEOPLE.c.id, sa.func.sum(SHIFTS.c.hours)).join(SHIFTS).group_by(PEOPLE.c.id).order_by(PEOPLE.c.id)
    return work.connection.execute(both).all()


def one(work: Work) -> object:
    """Read one person."""
    return work.connection.execute(sa.select(PEOPLE.c.hours).where(PEOPLE.c.id == "p1")).scalar()


def tables(work: Work) -> object:
    """Read what tables there are: the catalogue is not a table of ours."""
    return sorted(sa.inspect(work.connection).get_table_names())


READS: tuple[Callable[[Work], object], ...] = (people, shifts, joined, one, tables)


def raise_hours(work: Work) -> None:
    """Change everybody."""
    work.connection.execute(PEOPLE.update().values(hours=PEOPLE.c.hours + 1))


def drop_person(work: Work) -> None:
    """Delete somebody, whose shifts go along by the foreign key."""
    found = work.connection.execute(sa.select(sa.func.max(PEOPLE.c.id))).scalar()
    work.connection.execute(PEOPLE.delete().where(PEOPLE.c.id == found))


def longer_shifts(work: Work) -> None:
    """Change every shift."""
    work.connection.execute(SHIFTS.update().values(hours=SHIFTS.c.hours * 2))


def half_undone(work: Work) -> None:
    """Change everybody inside a savepoint, read, and take it back."""
    nested = work.connection.begin_nested()
    raise_hours(work)
    people(work)
    nested.rollback()


def new_table(work: Work) -> None:
    """Make a table, or drop it if it is there."""
    found = "extra" in tables(work)  # type: ignore[operator]
    work.connection.exec_driver_sql("DROP TABLE extra" if found else "CREATE TABLE extra (id TEXT)")


def end_and_begin(work: Work) -> None:
    """Commit and begin again."""
    work.commit()
    work.begin()


def undo_and_begin(work: Work) -> None:
    """Roll back and begin again."""
    work.rollback()
    work.begin()


WRITES: tuple[Callable[[Work], None], ...] = (
    raise_hours,
    drop_person,
    longer_shifts,
    half_undone,
    new_table,
    end_and_begin,
    undo_and_begin,
)
STEPS = st.lists(st.sampled_from((*READS, *WRITES)), min_size=4, max_size=14)


def played(lease: Lease, steps: list[Callable[[Work], object]], log: StatementLog) -> list[object]:
    """Perform `steps` in one piece of work and return what was read."""
    work = opened(lease, log=log)
    answers = [step(work) for step in steps]
    work.rollback()
    work.close()
    lease.discard()
    return [repr(answer) for answer in answers]


@pytest.mark.parametrize("kind", LAYERS_OF)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_cached_reads_equal_uncached_ones(store: Store, kind: str, steps: list[Callable[[Work], object]]) -> None:
    """Over any order of reads and writes, commits and rollbacks, the cache changes no answer."""
    given_request = request(layers=LAYERS_OF[kind])
    plain = played(store.lease(given_request), steps, StatementLog())
    cached_request = LeaseRequest(given_request.run, given_request.layers, cache=True)
    assert played(store.lease(cached_request), steps, StatementLog()) == plain


@pytest.mark.postgresql
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    readers=st.lists(st.sampled_from((people, shifts, one)), min_size=2, max_size=8),
    writes=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_another_sessions_commit_is_seen(
    postgres_store: Store, readers: list[Callable[[Work], object]], writes: list[bool]
) -> None:
    """A session that begins anew sees what another has committed, as it would without a cache."""
    answers = []
    for cache in (False, True):
        lease = postgres_store.lease(request(sessions=2, cache=cache))
        reader, writer = opened(lease, write=False), opened(lease)
        seen = []
        for read, write in zip(readers, writes, strict=False):
            seen += [repr(read(reader)), repr(read(reader))]
            if write:
                raise_hours(writer)
                end_and_begin(writer)
            seen.append(repr(read(reader)))
            reader.rollback()
            reader.begin(write=False)
            seen.append(repr(read(reader)))
        answers.append(seen)
        reader.close()
        writer.close()
        lease.discard()
    assert answers[0] == answers[1]


def test_repeated_reads_are_counted_apart(store: Store) -> None:
    """Inside `enable_query_cache` a repeated read is not sent, and stands in the log as CACHED."""
    with enable_query_cache():
        lease = store.lease(request())
    assert not query_cache_enabled()
    log = StatementLog()
    work = opened(lease, log=log)
    assert hours(work) == hours(work) == hours(work)
    set_hours(work, "p1", 99)
    assert hours(work)["p1"] == 99
    work.commit()
    work.close()
    again = opened(lease, log=log)
    assert hours(again)["p1"] == 99
    again.close()
    counts = log.counts("setup")
    assert (counts["SELECT"], counts["CACHED"]) == (2, 3)
    assert log.count(steps=("setup",)) == 3
    lease.discard()


def test_a_write_elsewhere_keeps_the_answer(store: Store) -> None:
    """A write forgets only what it can reach: its table, and those that a foreign key changes along."""
    lease = store.lease(request(cache=True))
    log = StatementLog()
    work = opened(lease, log=log)
    people(work)
    shifts(work)
    longer_shifts(work)
    people(work)
    assert log.counts("setup").get("CACHED") == 1
    set_hours(work, "p1", 5)
    people(work)
    shifts(work)
    assert log.counts("setup").get("CACHED") == 1
    work.close()
    lease.discard()


def test_without_the_switch_everything_is_sent(store: Store) -> None:
    """By default no answer comes from memory."""
    lease = store.lease(request())
    log = StatementLog()
    work = opened(lease, log=log)
    hours(work)
    hours(work)
    work.close()
    assert "CACHED" not in log.counts("setup")
    lease.discard()


LINKS = SchemaLinks(frozenset({"a", "b", "c", "d"}), {"a": frozenset({"b"}), "b": frozenset({"c"})})


def kept(sql: str, parameters: object, rows: list[object], *, lasting: bool = True) -> QueryCache:
    """Return a cache that was offered one answer."""
    cache = QueryCache(lambda: LINKS, lasting=lasting)
    cache.keep(shape_of(sql), sql, parameters, Answer(rows, None))
    return cache


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT random() FROM a", [(1,)]),
        ("SELECT CURRENT_TIMESTAMP FROM a", [(1,)]),
        ("SELECT x FROM a FOR UPDATE", [(1,)]),
        ("SELECT x FROM unknown", [(1,)]),
        ("SELECT 1", [(1,)]),
        ("SELECT x FROM a", [([1, 2],)]),
        ("SELECT x FROM a", [[1]]),
        ("SELECT x FROM a", [(n,) for n in range(10_001)]),
        ("DELETE FROM a RETURNING x", [(1,)]),
    ],
)
def test_what_may_change_by_itself_is_not_kept(sql: str, rows: list[object]) -> None:
    """Clocks, chance, locks, unknown tables, changeable values and large answers are asked anew each time."""
    assert kept(sql, (), rows).find(shape_of(sql), sql, ()) is None


def test_questions_are_told_apart_by_type() -> None:
    """1, True and 1.0 are different parameters, and an object of an unknown type is never one."""
    sql = "SELECT x FROM a WHERE y = ?"
    cache = kept(sql, (1,), [("one",)])
    shape = shape_of(sql)
    assert cache.find(shape, sql, (1,)) is not None
    assert [cache.find(shape, sql, given) for given in ((True,), (1.0,), {"y": 1}, (object(),), 1)] == [None] * 5
    assert kept(sql, (object(),), [("one",)]).find(shape, sql, (1,)) is None


@pytest.mark.parametrize(
    ("write", "stays"),
    [
        ("UPDATE d SET x = 1", True),
        ("UPDATE a SET x = 1", False),
        ("UPDATE b SET x = 1", False),
        ("UPDATE c SET x = 1", False),
        ("UPDATE somewhere SET x = 1", False),
        ("CREATE INDEX i ON d (x)", False),
        ("SAVEPOINT s", True),
        ("RELEASE SAVEPOINT s", True),
        ("ROLLBACK TO SAVEPOINT s", False),
        ("SELECT x FROM c", True),
        ("WITH w AS (UPDATE c SET x = 1 RETURNING x) SELECT x FROM w", False),
    ],
)
def test_a_write_reaches_along_foreign_keys(write: str, *, stays: bool) -> None:
    """What was read from `c` is forgotten by a write to it, to what cascades into it, and to what is unknown."""
    sql = "SELECT x FROM c"
    cache = kept(sql, None, [(1,)])
    cache.written(shape_of(write))
    assert (cache.find(shape_of(sql), sql, None) is not None) is stays


def test_the_cache_is_bounded() -> None:
    """After a thousand answers it begins anew."""
    cache = QueryCache(lambda: LINKS, lasting=True)
    shape = shape_of("SELECT x FROM a WHERE y = ?")
    for n in range(1001):
        cache.keep(shape, "SELECT x FROM a WHERE y = ?", (n,), Answer([(n,)], None))
    assert cache.find(shape, "SELECT x FROM a WHERE y = ?", (0,)) is None
    assert cache.find(shape, "SELECT x FROM a WHERE y = ?", (1000,)) is not None


@pytest.mark.parametrize("cache", [False, True])
def test_rows_come_out_whole_however_they_are_fetched(store: Store, *, cache: bool) -> None:
    """One by one, by portions or at once, from the server or from memory: the same rows in the same order."""
    lease = store.lease(request(sessions=2, cache=cache))
    work = opened(lease)
    driver = work.connection.connection.driver_connection
    seen = []
    for _ in range(2):
        cursor = driver.cursor()
        cursor.execute("SELECT id FROM people ORDER BY id")
        seen.append(
            [cursor.fetchone(), *cursor.fetchmany(1), *cursor.fetchmany(5), *cursor.fetchall(), cursor.fetchone()]
        )
        cursor.execute("SELECT id FROM people ORDER BY id")
        seen.append([*cursor, None])
        assert [column[0] for column in cursor.description] == ["id"]
    assert seen == [[("p1",), ("p2",), ("p3",), None]] * 4
    many = driver.cursor()
    many.execute("DELETE FROM shifts")
    assert many.description is None
    work.close()
    lease.discard()
