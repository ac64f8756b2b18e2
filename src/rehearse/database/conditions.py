"""What must hold of a database before it may be touched, condition by condition; each answers with reasons against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rehearse.database.marker import MARKER, OURS, read_markers
from rehearse.database.naming import production_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.database.identity import Identity
    from rehearse.database.links import Link, PostgresLink

ROWS_FACTOR: Final = 10
ROWS_SLACK: Final = 10_000
_SYSTEM_DATABASES: Final = frozenset({"postgres", "template0", "template1"})

_SQLITE_TABLES = """
SELECT '"' || replace(name, '"', '""') || '"', name FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
"""
_POSTGRES_TABLES = """
SELECT 'ONLY ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname), n.nspname || '.' || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1
"""
_POSTGRES_KIND = """
SELECT d.datistemplate, pg_is_in_recovery(), pg_backend_pid(),
       (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()),
       (SELECT count(*) FROM pg_subscription WHERE subdbid = d.oid), current_setting('transaction_read_only'),
       d.datname
FROM pg_database d WHERE d.datname = current_database()
"""


def tables_of(link: Link) -> tuple[tuple[str, str], ...]:
    """Return the tables of a database, but for ours: how a FROM names their own rows, and their plain names; by name."""
    found = link.rows(_SQLITE_TABLES if link.backend == "sqlite" else _POSTGRES_TABLES)
    return tuple((quoted, plain) for quoted, plain in found if plain.rpartition(".")[2] not in OURS)


def marker_reasons(link: Link, identity: Identity) -> tuple[str, ...]:
    """Return what is wrong with the marker: it must be there once, and be this database's own."""
    markers = read_markers(link)
    if not markers:
        return (f"it has no {MARKER}; adopt it first, if it may be rehearsed on",)
    if len(markers) > 1:
        return (f"its {MARKER} has {len(markers)} rows",)
    reasons = [f"its marker is a copy: {text}" for text in markers[0].identity.differences(identity)]
    word = production_word(markers[0].environment)
    if word or not markers[0].environment.strip():
        reasons.append(f"it was adopted for the environment {markers[0].environment!r}")
    return tuple(reasons)


def kind_reasons(link: Link) -> tuple[str, ...]:
    """Return what the database is that must not be touched: a system database, a replica, something behind a pooler."""
    return _file_kind(link) if link.backend == "sqlite" else _server_kind(cast("PostgresLink", link))


def _file_kind(link: Link) -> tuple[str, ...]:
    others = [name for _, name, _ in link.rows("PRAGMA database_list") if name not in ("main", "temp")]
    return (f"further files are attached to the connection: {', '.join(others)}",) if others else ()


def _server_kind(link: PostgresLink) -> tuple[str, ...]:
    template, recovering, pid, slots, subscriptions, read_only, name = link.rows(_POSTGRES_KIND)[0]
    asked = (
        (name in _SYSTEM_DATABASES, "it is a system database"),
        (template is not False, "it is a template"),
        (recovering is not False, "it is a replica"),
        (pid != link.announced, "a pooler stands between: the backend is not the one that was announced"),
        (read_only != "off", "it is read-only"),
        (slots != 0, "replication slots hang on it"),
        (subscriptions != 0, "it subscribes to a publication"),
    )
    return tuple(reason for holds, reason in asked if holds)


def consent_reasons(identity: Identity, consent: Iterable[str]) -> tuple[str, ...]:
    """Return why the consent that was given does not cover the database: it must name it in full."""
    given = tuple(consent) if not isinstance(consent, str | bytes) else (consent,)
    if identity.full_name in given:
        return ()
    if not given:
        return (f"nobody consented; consent names the database in full: {identity.full_name}",)
    return (f"consent was given for {', '.join(map(str, given))}, not for {identity.full_name}",)


def size_reasons(link: Link, known_rows: int) -> tuple[str, ...]:
    """Return whether the database is far larger than the last known fixture."""
    known = max([known_rows, *(marker.fixture_rows for marker in read_markers(link))])
    ceiling = known * ROWS_FACTOR + ROWS_SLACK
    if count_rows(link, ceiling + 1) <= ceiling:
        return ()
    return (f"it has more than {ceiling} rows, where the last known fixture had {known}",)


def count_rows(link: Link, enough: int) -> int:
    """Return how many rows all tables have together, counting no further than `enough`."""
    total = 0
    for quoted, _ in tables_of(link):
        left = enough - total
        if left <= 0:
            break
        counted = link.rows(f"SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT {left}) AS counted")  # noqa: S608
        total += counted[0][0]
    return total
