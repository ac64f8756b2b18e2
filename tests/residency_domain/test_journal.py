"""The audit chain, the append-only tables, the outbox: whatever is decided is written down in the same transaction."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from residency import schema
from residency.journal.audit_chain import GENESIS
from residency.judging.invariants import INVARIANTS
from residency.words import DIRECTOR_ROLE

from .desk import Desk
from .rosters import World

if TYPE_CHECKING:
    from rehearse.database.store import Store


def ward() -> World:
    """R1 on the ward tomorrow, R2 behind R1."""
    world = World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "19:00", name="w")
    return world.backs("R2", "R1")


def test_every_entry_names_actor_action_and_rows(store: Store) -> None:
    """Time, actor, action, before, after and reason stand in every entry; the first chains to nothing."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10), reason="sick", actor_id="PD")
        desk.do("activate_backup_assignments")
        desk.do("activate_backup_assignments", plan_id="step2:1")
        entries = sorted(desk.rows("audit_log").values(), key=lambda row: row["number"])
    assert GENESIS == entries[0]["previous_hash"]
    assert ["mark_unavailable", "activate_backup_assignments", "activate_backup_assignments"] == [
        row["action"] for row in entries
    ]
    assert ["done", "done", "rejected"] == [row["outcome"] for row in entries]
    assert ("PD", "system") == (entries[0]["actor_id"], entries[1]["actor_id"])
    assert "R1" == entries[1]["before"]["assignments"]["w"]["person_id"]
    assert "R2" == entries[1]["after"]["assignments"]["w"]["person_id"]
    assert {} == dict(entries[2]["after"])


@pytest.mark.parametrize("table", [schema.AUDIT_LOG, schema.EQUITY_LEDGER], ids=lambda table: table.name)
def test_the_database_refuses_to_change_what_only_grows(store: Store, table: Any) -> None:
    """Neither update nor delete comes through, for anybody."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10))
        desk.execute(
            schema.EQUITY_LEDGER.insert().values(id="e", person_id="R1", kind="night", amount=1, date=date(2024, 12, 1))
        )
        for statement in (update(table).values(id="other"), delete(table)):
            with pytest.raises(DatabaseError, match="only grows"):
                desk.execute(statement)


def test_nobody_is_told_the_same_twice(store: Store) -> None:
    """Notices are unique by event, recipient and channel, in the database itself."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10))
        row = {**next(iter(desk.rows("notifications").values())), "id": "again", "number": 99}
        with pytest.raises(IntegrityError):
            desk.execute(schema.NOTIFICATIONS.insert().values(**row))


def test_a_refusal_writes_its_entry_and_its_notice_and_nothing_else(store: Store) -> None:
    """Every other table is as it was."""
    world = ward().weekly("R1", "07:00", "23:00", without="12-10")
    with Desk(store, world, clock="12-09") as desk:
        before = desk.before.snapshot
        assert (
            "rejected"
            == desk.do("create_assignment", person_id="R1", rotation_id="base", block_date=date(2024, 12, 14)).outcome
        )
        after = desk.state().snapshot
        changed = {name for name, table in after.tables.items() if table.rows != before.tables[name].rows}
        assert {"audit_log", "audit_seal"} == changed


def test_notices_without_a_director_go_to_the_role(store: Store) -> None:
    """Somebody will hold it one day."""
    world = ward()
    world.persons = [person for person in world.persons if person.id != "PD"]
    with Desk(store, world, clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10))
        told = {(row["kind"], row["recipient"]) for row in desk.rows("notifications").values()}
        assert {("absence_recorded", "R1"), ("coverage_alert", DIRECTOR_ROLE)} == told


def test_notices_are_delivered_in_order_and_only_to_those_asked(store: Store) -> None:
    """What is not asked for stays queued."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10))
        assert {"sent": 1, "failed": 0, "deferred": 0} == dict(desk.do("send_notifications", recipients=("PD",)).data)
        assert {"R1": "queued", "PD": "sent"} == {
            row["recipient"]: row["status"] for row in desk.rows("notifications").values()
        }
        assert 1 == desk.do("send_notifications").data["sent"]
        assert 0 == desk.do("send_notifications").data["sent"]


def test_a_change_that_nobody_was_told_of_is_found(store: Store) -> None:
    """The outbox is held against the audit log."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10))
        desk.do("activate_backup_assignments")
        outbox = INVARIANTS["outbox_matches_changes"].function
        assert () == outbox(desk.state(), desk.before)
        desk.execute(delete(schema.NOTIFICATIONS).where(schema.NOTIFICATIONS.c.recipient == "R2"))
        (sentence,) = outbox(desk.state(), desk.before)
        assert sentence.startswith("activate_backup_assignments (step2) changed a duty of R2")
