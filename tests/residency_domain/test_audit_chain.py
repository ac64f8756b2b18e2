"""The chain of the audit log: whatever is done to an entry or to the seal is found, and told with the entry's number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from residency import schema
from residency.journal.audit_chain import GENESIS, chain_breaks, entry_hash
from residency.judging.checks import MEASURES
from residency.judging.invariants import INVARIANTS
from residency.judging.run_measures import audit_trail_completeness

from .desk import Desk
from .rosters import World
from .tries import TRIES

if TYPE_CHECKING:
    from rehearse.database.store import Store

LOG, SEAL = schema.AUDIT_LOG, schema.AUDIT_SEAL
COUNT = 4
Row = dict[str, Any]


def chain(count: int = COUNT) -> list[Row]:
    """Return so many entries that chain."""
    entries: list[Row] = []
    previous = GENESIS
    for number in range(1, count + 1):
        entry: Row = {
            "id": f"step{number}:1",
            "number": number,
            "at": datetime(2024, 12, 10, 6) + timedelta(hours=number),  # noqa: DTZ001  (the roster's time has no zone)
            "step": f"step{number}",
            "actor_id": "system",
            "action": "mark_unavailable",
            "outcome": "done",
            "person_id": None if number == 1 else "R1",
            "persons": ["R1", "R2"],
            "before": {"persons": {"R1": {"pgy_level": 2}}},
            "after": {"persons": {"R1": {"pgy_level": 3}}},
            "reason": "",
            "previous_hash": previous,
        }
        previous = entry["hash"] = entry_hash(entry, previous)
        entries.append(entry)
    return entries


def seal(entries: list[Row]) -> list[Row]:
    """Return the seal that the database keeps of these entries."""
    return [{"id": LOG.name, "number": entries[-1]["number"], "hash": entries[-1]["hash"]}] if entries else []


TEXTS = st.text(max_size=4)
VALUES = {
    "id": TEXTS,
    "number": st.integers(-3, 9),
    "at": st.datetimes(),
    "step": TEXTS,
    "actor_id": TEXTS,
    "action": TEXTS,
    "outcome": st.sampled_from(["done", "rejected"]),
    "person_id": TEXTS | st.none(),
    "persons": st.lists(TEXTS, max_size=2),
    "before": st.dictionaries(TEXTS, st.dictionaries(TEXTS, st.just({}), max_size=1), max_size=2),
    "after": st.just({"persons": {"R1": {"pgy_level": True}}}) | st.just({"persons": {"R1": {"pgy_level": 3.5}}}),
    "reason": TEXTS,
    "previous_hash": st.text("0123456789abcdef", min_size=64, max_size=64),
    "hash": st.text("0123456789abcdef", min_size=64, max_size=64),
}
PLACES = st.integers(0, COUNT - 1)


def test_the_values_are_those_of_all_columns() -> None:
    """No field of an entry is left out of what is tried."""
    assert set(VALUES) == set(LOG.c.keys()) == set(chain(1)[0])


@pytest.mark.parametrize("count", [0, 1, COUNT])
def test_a_chain_that_nobody_touched_holds(count: int) -> None:
    """In whatever order its rows come."""
    entries = chain(count)
    assert () == chain_breaks(reversed(entries), seal(entries))


@TRIES
@given(st.data(), PLACES, st.sampled_from(sorted(VALUES)))
def test_any_change_of_any_field_is_found(data: st.DataObject, place: int, field: str) -> None:
    """Whatever field of whatever entry is rewritten, and it is that entry, or the place that it left, that is named."""
    entries = chain()
    whole = seal(entries)
    value = data.draw(VALUES[field].filter(lambda drawn: drawn != entries[place][field]))
    entries[place] = {**entries[place], field: value}
    found = chain_breaks(entries, whole)
    assert any(f" {place + 1} " in f"{sentence} " for sentence in found)


@TRIES
@given(st.data(), PLACES, st.sampled_from(sorted(set(VALUES) - {"hash", "number"})))
def test_a_change_that_is_hashed_anew_is_found_at_the_next_entry_or_at_the_seal(
    data: st.DataObject, place: int, field: str
) -> None:
    """Who forges an entry with its hash has to forge all that follow."""
    entries = chain()
    whole = seal(entries)
    value = data.draw(VALUES[field].filter(lambda drawn: drawn != entries[place][field]))
    forged = {**entries[place], field: value}
    forged["hash"] = entry_hash(forged, forged["previous_hash"])
    entries[place] = forged
    assert chain_breaks(entries, whole)


@TRIES
@given(PLACES, st.integers(1, COUNT))
def test_whatever_is_removed_is_missed(place: int, length: int) -> None:
    """In the middle, at the beginning, at the end, or all of it."""
    entries = chain()
    whole = seal(entries)
    gone = entries[place : place + length]
    found = chain_breaks([entry for entry in entries if entry not in gone], whole)
    numbers = (
        f"entry {place + 1} of the audit log is" if len(gone) == 1 else f"entries {place + 1} to {place + len(gone)}"
    )
    assert found[0].startswith(numbers)
    assert " missing" in found[0]


@TRIES
@given(st.lists(PLACES, min_size=2, max_size=2, unique=True), st.booleans())
def test_entries_that_changed_places_are_found(places: list[int], keeping_ids: bool) -> None:  # noqa: FBT001  (drawn)
    """Whether their numbers were exchanged, or all that they hold but the numbers."""
    entries = chain()
    whole = seal(entries)
    first, second = places
    kept = ("id", "number") if keeping_ids else ("number",)
    one, other = dict(entries[first]), dict(entries[second])
    for name in kept:
        one[name], other[name] = other[name], one[name]
    entries[first], entries[second] = one, other
    found = chain_breaks(entries, whole)
    assert any(f" {first + 1} " in sentence for sentence in found)
    assert any(f" {second + 1} " in sentence for sentence in found)


@TRIES
@given(PLACES, st.integers(-1, COUNT + 2), st.booleans())
def test_an_entry_that_was_put_in_is_found(place: int, number: int, rehashed: bool) -> None:  # noqa: FBT001  (drawn)
    """A copy of any entry under any number, with the old hash or with one that fits it; also at the end."""
    entries = chain()
    whole = seal(entries)
    added = {**entries[place], "id": "forged", "number": number, "previous_hash": entries[-1]["hash"]}
    if rehashed:
        added["hash"] = entry_hash(added, added["previous_hash"])
    assert chain_breaks([*entries, added], whole)


@TRIES
@given(st.sampled_from(["id", "number", "hash"]), st.data())
def test_any_change_of_the_seal_is_found(field: str, data: st.DataObject) -> None:
    """It is held against the last entry."""
    entries = chain()
    (whole,) = seal(entries)
    value = data.draw(VALUES[field].filter(lambda drawn: drawn != whole[field]))
    assert chain_breaks(entries, [{**whole, field: value}])


def test_a_seal_that_is_gone_or_not_alone_is_found() -> None:
    """There is one, as soon as there is an entry."""
    entries = chain()
    assert ("the audit log has no seal after entry 4",) == chain_breaks(entries, [])
    extra = {"id": "other", "number": 1, "hash": GENESIS}
    assert ("the audit log has a seal too many: other",) == chain_breaks(entries, [*seal(entries), extra])


# ── in a database ──────────────────────────────────────────────────────────────────────────────────────────────────────


def ward() -> World:
    """R1 on the ward tomorrow, R2 behind R1."""
    world = World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "19:00", name="w")
    return world.backs("R2", "R1")


def worked(desk: Desk) -> None:
    """Write four entries, the last of them a refusal."""
    desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10), reason="sick", actor_id="PD")
    desk.do("run_contingency_analysis")
    desk.do("activate_backup_assignments")
    desk.do("activate_backup_assignments", plan_id="step2:1")


def opened(desk: Desk, *, sealing: bool = False) -> None:
    """Take away what makes the database refuse, as only its owner can; with `sealing`, what keeps the seal as well."""
    postgres = desk.backend == "postgresql"
    names = ("only_grows",) if postgres else ("no_update", "no_delete")
    for name in (*names, *(("is_sealed",) if sealing else ())):
        trigger = f"{LOG.name}_{name}"
        desk.execute(
            text(f"ALTER TABLE {LOG.name} DISABLE TRIGGER {trigger}" if postgres else f"DROP TRIGGER {trigger}")
        )


def breaks(desk: Desk) -> tuple[str, ...]:
    """Return what is told of the chain, the same by the operation, by the invariant, and in the measure's way."""
    state = desk.state()
    told = INVARIANTS["audit_chain_intact"].function(state, state)
    answer = desk.do("validate_final_state", require=True)
    assert bool(told) is (not answer.data["checks"]["audit_chain_intact"])  # type: ignore[index, call-overload]
    assert told == tuple(reason.text for reason in answer.reasons if "audit log" in reason.text)
    measure = MEASURES["state_consistent"].of_state
    assert measure is not None
    assert bool(told) is (not measure(state))
    return told


@dataclass(frozen=True)
class Tampering:
    """What somebody does to a log of four entries, and what is told then."""

    name: str
    statements: tuple[Any, ...]
    told: tuple[str, ...]


def at(number: int) -> Any:
    """Return the condition that picks an entry."""
    return LOG.c.number == number


def changed(entry: int, **values: object) -> Any:
    """Return the statement that rewrites fields of the entry of this number."""
    return update(LOG).where(at(entry)).values(**values)


FOLLOWS = "entry {} of the audit log does not follow the one before it"
CHANGED = "entry {} of the audit log was changed"
TAMPERINGS = (
    Tampering("nothing", (), ()),
    Tampering("actor", (changed(2, actor_id="R2"),), (CHANGED.format(2),)),
    Tampering("person", (changed(1, person_id=None),), (CHANGED.format(1),)),
    Tampering("before", (changed(3, before={}),), (CHANGED.format(3),)),
    Tampering("moment", (changed(4, at=datetime(2024, 12, 9, 0, 1)),), (CHANGED.format(4),)),  # noqa: DTZ001
    Tampering("hash", (changed(2, hash=GENESIS),), (CHANGED.format(2), FOLLOWS.format(3))),
    Tampering("link", (changed(2, previous_hash=GENESIS),), (FOLLOWS.format(2), CHANGED.format(2))),
    Tampering("first removed", (delete(LOG).where(at(1)),), ("entry 1 of the audit log is missing",)),
    Tampering("one removed", (delete(LOG).where(at(3)),), ("entry 3 of the audit log is missing",)),
    Tampering("last removed", (delete(LOG).where(at(4)),), ("entry 4 of the audit log is missing",)),
    Tampering("all removed", (delete(LOG),), ("entries 1 to 4 of the audit log are missing",)),
    Tampering(
        "reordered",
        (changed(2, number=-2), changed(3, number=2), changed(-2, number=3)),
        (FOLLOWS.format(2), CHANGED.format(2), FOLLOWS.format(3), CHANGED.format(3), FOLLOWS.format(4)),
    ),
    Tampering(
        "put in",
        (LOG.insert().values({**chain(5)[4], "id": "forged"}),),
        (FOLLOWS.format(5), CHANGED.format(5), "entry 5 of the audit log was added past its seal"),
    ),
    Tampering(
        "seal", (update(SEAL).values(hash=GENESIS),), ("entry 4 of the audit log is not the one that was sealed",)
    ),
    Tampering("seal removed", (delete(SEAL),), ("the audit log has no seal after entry 4",)),
)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.name)
def test_what_was_done_to_the_log_behind_the_triggers_is_told(store: Store, tampering: Tampering) -> None:
    """Alike by `validate_final_state`, the invariant and the measure, with the entry's number."""
    with Desk(store, ward(), clock="12-09") as desk:
        worked(desk)
        opened(desk, sealing=True)
        for statement in tampering.statements:
            desk.execute(statement)
        assert tampering.told == breaks(desk)


def test_what_went_missing_at_the_end_is_not_numbered_anew(store: Store) -> None:
    """The next entry follows the seal, and the gap stays for everybody to see."""
    with Desk(store, ward(), clock="12-09") as desk:
        worked(desk)
        before = desk.evidence()
        assert 100 == audit_trail_completeness(before)
        opened(desk)
        desk.execute(delete(LOG).where(LOG.c.number >= 3))
        desk.do("run_contingency_analysis")
        assert [1, 2, 5] == sorted(row["number"] for row in desk.rows(LOG.name).values())
        assert "entries 3 to 4 of the audit log are missing" in breaks(desk)
        assert 100 > audit_trail_completeness(desk.evidence())  # type: ignore[operator]
