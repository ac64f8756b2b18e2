"""The tables of a residency: names and columns are those of the scenario format, moments are without zone.

The audit log and the equity ledger only grow: triggers on both databases refuse to change or delete their rows. Where the audit log ends
the database itself notes beside it, so that entries that go missing at its end are noticed like any others.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    DDL,
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
)

from residency.model import AbsenceKind, DutyKind, PersonStatus, RequestStatus, Role, RotationType
from residency.words import LEDGER_KINDS, NOTICE_KINDS, NOTICE_STATUSES, SWAP_STATUSES, SWAP_TYPES

if TYPE_CHECKING:
    from enum import StrEnum

    from sqlalchemy import Dialect
    from sqlalchemy.schema import ExecutableDDLElement

METADATA = MetaData()


class TwoPlaces(TypeDecorator[Decimal]):
    """A number with at most two decimal places, the same on both databases."""

    impl = Numeric(7, 2, asdecimal=False)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read what the driver gives, be it int, float or Decimal, as the number that was written."""
        del dialect
        return None if value is None else Decimal(str(value))


_APPEND_ONLY_SQLITE = (
    "CREATE TRIGGER {table}_no_{lower} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, '{table} only grows: {lower} refused'); END"
)
_APPEND_ONLY_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '{table} only grows: change refused'; END $$"
)
_APPEND_ONLY_POSTGRES = (
    "CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {table}_only_grows()"
)


def _append_only_ddl(table: str) -> tuple[tuple[str, str], ...]:
    """Dialect and text of each statement that makes a table refuse changes."""
    return (
        *(
            ("sqlite", _APPEND_ONLY_SQLITE.format(table=table, verb=verb, lower=verb.lower()))
            for verb in ("UPDATE", "DELETE")
        ),
        ("postgresql", _APPEND_ONLY_FUNCTION.format(table=table)),
        ("postgresql", _APPEND_ONLY_POSTGRES.format(table=table)),
    )


_SEAL_BODY = (
    "INSERT INTO {seal} (id, number, hash) VALUES ('{table}', NEW.number, NEW.hash) "
    "ON CONFLICT (id) DO UPDATE SET number = excluded.number, hash = excluded.hash;"
)
_SEAL_SQLITE = "CREATE TRIGGER {table}_is_sealed AFTER INSERT ON {table} BEGIN {body} END"
_SEAL_FUNCTION = "CREATE OR REPLACE FUNCTION {table}_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
_SEAL_POSTGRES = (
    "CREATE TRIGGER {table}_is_sealed AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_is_sealed()"
)


def _seal_ddl(table: str, seal: str) -> tuple[tuple[str, str], ...]:
    """Dialect and text of each statement that makes `seal` note number and hash of the last row of a table."""
    body = _SEAL_BODY.format(table=table, seal=seal)
    return (
        ("sqlite", _SEAL_SQLITE.format(table=table, body=body)),
        ("postgresql", _SEAL_FUNCTION.format(table=table, body=body)),
        ("postgresql", _SEAL_POSTGRES.format(table=table)),
    )


def _append_only(table: Table, *, seal: Table | None = None) -> Table:
    statements = _append_only_ddl(table.name)
    if seal is not None:
        statements += _seal_ddl(table.name, seal.name)
        table.info["writes"] = (seal.name,)
    table.info["ddl"] = tuple(text for _, text in statements)
    for dialect, text in statements:
        event.listen(table, "after_create", _statement(text, dialect))
    return table


def _statement(text: str, dialect: str) -> ExecutableDDLElement:
    return DDL(text).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]


def _id() -> Column[str]:
    return Column("id", String(64), primary_key=True)


def _one_of(column: str, words: type[StrEnum] | tuple[str, ...]) -> CheckConstraint:
    values = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")


def _ends_after_start() -> CheckConstraint:
    return CheckConstraint('"end" > "start"', name="ends_after_start")


def _person(column: str = "person_id", *, nullable: bool = False) -> Column[str]:
    return Column(column, String(64), ForeignKey("persons.id"), nullable=nullable)


def _rotation(*, nullable: bool = False) -> Column[str]:
    return Column("rotation_id", String(64), ForeignKey("rotations.id"), nullable=nullable)


PERSONS = Table(
    "persons",
    METADATA,
    _id(),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("role", String(20), nullable=False),
    Column("pgy_level", Integer, comment="post-graduate year, residents only"),
    Column("status", String(12), nullable=False),
    Column("max_hours_per_week", TwoPlaces(), comment="hours a week, a personal limit"),
    Column("can_supervise", Boolean, nullable=False, comment="counts as a supervisor for supervision_ratio"),
    Column("may_moonlight", Boolean, nullable=False),
    Column("qualifications", JSON(none_as_null=True), nullable=False, comment="skills held, sorted"),
    _one_of("role", Role),
    _one_of("status", PersonStatus),
    CheckConstraint("pgy_level BETWEEN 1 AND 8", name="pgy_level_known"),
)

ROTATIONS = Table(
    "rotations",
    METADATA,
    _id(),
    Column("name", Text, nullable=False),
    Column("rotation_type", String(12), nullable=False),
    Column("kind", String(20), nullable=False, comment="kind of its duties"),
    Column("hours_per_block", TwoPlaces(), comment="hours of a half-day"),
    Column("min_persons", Integer, nullable=False, comment="residents needed whenever it runs; 0: may stand empty"),
    Column("max_persons", Integer, comment="residents at most"),
    Column("requires_supervision", Boolean, nullable=False),
    Column("requires", JSON(none_as_null=True), nullable=False, comment="skills required, sorted"),
    Column("min_pgy", Integer, nullable=False, comment="lowest post-graduate year"),
    Column("critical", Boolean, nullable=False, comment="covered first"),
    _one_of("rotation_type", RotationType),
    _one_of("kind", DutyKind),
    CheckConstraint("min_persons >= 0", name="min_persons_not_negative"),
    CheckConstraint("max_persons >= min_persons", name="max_persons_not_below_min"),
)

REQUIREMENTS = Table(
    "requirements",
    METADATA,
    _id(),
    _rotation(),
    Column("start", DateTime, nullable=False),
    Column("end", DateTime, nullable=False),
    Column("min_persons", Integer, nullable=False),
    Column("role", String(20), nullable=False),
    _ends_after_start(),
    _one_of("role", Role),
    CheckConstraint("min_persons >= 0", name="min_persons_not_negative"),
    Index("requirements_by_rotation", "rotation_id", "start"),
)

ROTATION_PERIODS = Table(
    "rotation_periods",
    METADATA,
    _id(),
    _person(),
    _rotation(nullable=True),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False, comment="last day, included"),
    Column("weekly_limit_hours", TwoPlaces(), comment="hours a week, a granted exception"),
    Column("granted_by", Text),
    CheckConstraint("end_date >= start_date", name="ends_not_before_start"),
    Index("rotation_periods_by_person", "person_id", "start_date"),
)

ASSIGNMENTS = Table(
    "assignments",
    METADATA,
    _id(),
    _person(),
    _rotation(nullable=True),
    Column("start", DateTime, nullable=False),
    Column("end", DateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("exception", Boolean, nullable=False, comment="a granted longer period"),
    Column("pinned", Boolean, nullable=False, comment="no operation moves it"),
    _ends_after_start(),
    _one_of("kind", DutyKind),
    Index("assignments_by_person", "person_id", "start"),
    Index("assignments_by_rotation", "rotation_id", "start"),
)

ABSENCES = Table(
    "absences",
    METADATA,
    _id(),
    _person(),
    Column("start", DateTime, nullable=False),
    Column("end", DateTime, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("status", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    _ends_after_start(),
    _one_of("kind", AbsenceKind),
    _one_of("status", RequestStatus),
    Index("absences_by_person", "person_id", "start"),
)

LEAVE_REQUESTS = Table(
    "leave_requests",
    METADATA,
    _id(),
    _person(),
    Column("start", DateTime, nullable=False),
    Column("end", DateTime, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("status", String(12), nullable=False),
    Column("submitted", DateTime, nullable=False),
    Column("reason", Text, nullable=False),
    _ends_after_start(),
    _one_of("kind", AbsenceKind),
    _one_of("status", RequestStatus),
    Index("leave_requests_by_person", "person_id", "start"),
)

BACKUPS = Table(
    "backups",
    METADATA,
    _id(),
    _person(),
    _person("backup_id"),
    Column("rank", Integer, nullable=False, comment="order of asking, 1 first"),
    Column("start", DateTime, comment="first minute in which it holds; none: always"),
    Column("end", DateTime, comment="minute after the last"),
    Column("rotations", JSON(none_as_null=True), comment="services it holds for; none: all"),
    Column("capacity", Integer, comment="duties taken over at most"),
    CheckConstraint("person_id <> backup_id", name="not_of_oneself"),
    CheckConstraint("rank >= 1", name="rank_from_one"),
    UniqueConstraint("person_id", "rank", name="one_backup_a_rank"),
    Index("backups_by_backup", "backup_id"),
)

HOLIDAYS = Table(
    "holidays",
    METADATA,
    _id(),
    Column("date", Date, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("major", Boolean, nullable=False),
    Column("worked_by", JSON(none_as_null=True), nullable=False),
)

PREFERENCES = Table(
    "preferences",
    METADATA,
    _id(),
    _person(),
    Column("date", Date, nullable=False),
    Column("block_period", String(8)),
    Column("want", String(64), nullable=False, comment="off, on or a rotation"),
    Column("weight", Integer, nullable=False),
    CheckConstraint("weight BETWEEN 1 AND 10", name="weight_known"),
    Index("preferences_by_person", "person_id", "date"),
)

SWAPS = Table(
    "swaps",
    METADATA,
    _id(),
    Column("number", Integer, nullable=False, unique=True, comment="order of asking, from 1"),
    _person("requestor_id"),
    _person("partner_id", nullable=True),
    Column("type", String(12), nullable=False),
    Column("status", String(12), nullable=False),
    Column("requested_at", DateTime, nullable=False),
    Column("match_score", TwoPlaces(), comment="0 to 100"),
    Column("links", Integer, nullable=False, comment="1, or the links of a chain"),
    Column("moves", JSON(none_as_null=True), nullable=False, comment="assignment, from whom, to whom, start, end"),
    Column("offers", JSON(none_as_null=True), nullable=False, comment="partners to choose from, best first"),
    Column("before", JSON(none_as_null=True), comment="rows before it was executed"),
    Column("after", JSON(none_as_null=True), comment="rows after it was executed"),
    Column("mended", JSON(none_as_null=True), comment="breaches of before that it mended"),
    _one_of("type", SWAP_TYPES),
    _one_of("status", SWAP_STATUSES),
)

NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    _id(),
    Column("number", Integer, nullable=False, unique=True, comment="order of queueing, from 1"),
    Column("event", String(128), nullable=False, comment="step and kind"),
    Column("kind", String(24), nullable=False),
    Column("recipient", String(64), nullable=False, comment="a person, or a role that nobody holds"),
    Column("channel", String(12), nullable=False),
    Column("status", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("queued_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    Column("tries", Integer, nullable=False, comment="how often its delivery was tried"),
    Column("last_reply", Integer, comment="code of the mail server's last answer; none: there was none"),
    _one_of("kind", NOTICE_KINDS),
    _one_of("status", NOTICE_STATUSES),
    UniqueConstraint("event", "recipient", "channel", name="told_once"),
)

AUDIT_SEAL = Table(
    "audit_seal",
    METADATA,
    _id(),
    Column("number", Integer, nullable=False, comment="of the last entry"),
    Column("hash", String(64), nullable=False, comment="of the last entry"),
    comment="Where the audit log ends; the database keeps it.",
)

AUDIT_LOG = _append_only(
    Table(
        "audit_log",
        METADATA,
        _id(),
        Column("number", Integer, nullable=False, unique=True, comment="place in the chain, from 1"),
        Column("at", DateTime, nullable=False),
        Column("step", String(64), nullable=False),
        Column("actor_id", String(64), nullable=False),
        Column("action", String(64), nullable=False, comment="the operation's name"),
        Column("outcome", String(8), nullable=False),
        Column("person_id", String(64), comment="whom it concerns first"),
        Column("persons", JSON(none_as_null=True), nullable=False, comment="all whom it concerns"),
        Column("before", JSON(none_as_null=True), nullable=False, comment="table and id to row"),
        Column("after", JSON(none_as_null=True), nullable=False, comment="table and id to row"),
        Column("reason", Text, nullable=False),
        Column("previous_hash", String(64), nullable=False),
        Column("hash", String(64), nullable=False, comment="SHA-256 of the previous hash and this row"),
        _one_of("outcome", ("done", "rejected")),
    ),
    seal=AUDIT_SEAL,
)

CONTINGENCY_PLANS = Table(
    "contingency_plans",
    METADATA,
    _id(),
    Column("number", Integer, nullable=False, unique=True, comment="order of planning, from 1"),
    Column("trigger", Text, nullable=False),
    Column("status", String(12), nullable=False),
    Column("planned_at", DateTime, nullable=False),
    Column("persons", JSON(none_as_null=True), nullable=False, comment="the absent"),
    Column("feasible", Boolean, nullable=False),
    Column("moves", JSON(none_as_null=True), nullable=False),
    Column("released", JSON(none_as_null=True), nullable=False),
    Column("uncovered", JSON(none_as_null=True), nullable=False),
    Column("chain_depth", Integer, nullable=False),
    Column("cascade_risk", Boolean, nullable=False),
    Column("gap_minutes", Integer, nullable=False),
    Column("basis", JSON(none_as_null=True), nullable=False, comment="rows that the plan rests on, as they were"),
    _one_of("status", ("planned", "activated")),
)

EQUITY_LEDGER = _append_only(
    Table(
        "equity_ledger",
        METADATA,
        _id(),
        _person(),
        Column("kind", String(8), nullable=False),
        Column("amount", Integer, nullable=False, comment="days, nights or times"),
        Column("date", Date, nullable=False),
        _one_of("kind", LEDGER_KINDS),
        Index("equity_ledger_by_person", "person_id"),
    )
)

#: What `changes` looks at only when it is listed.
JOURNAL_TABLES = ("notifications", "audit_log", "audit_seal", "contingency_plans", "equity_ledger")
