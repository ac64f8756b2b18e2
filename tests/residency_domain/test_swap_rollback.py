"""What a swap does can be undone to the last field: random swaps of every kind, on paper and in real databases."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from rehearse.snapshot.fingerprint import fingerprint
from residency import schema
from residency.load import book_of
from residency.swaps.decisions import decide_request
from residency.swaps.life import decide_approval, decide_execution, decide_rollback

from .desk import Desk
from .paper import RESTORED, Paper
from .random_swaps import CLOCK, KINDS, is_hopeless, parameters_of, random_asking, random_world
from .rosters import counted_ids
from .tries import SWAPS

if TYPE_CHECKING:
    from random import Random

    from rehearse.database.store import Store
    from residency.decisions import Decision, NewId
    from residency.swaps.decisions import Asking

#: After how many wishes the roster is another one.
PER_ROSTER = 40
#: Most wishes that would put somebody in two places are not even asked, since refusals are not what is counted.
HOPELESS_LEFT_OUT = 0.95


def drawn(seed: str) -> Random:
    """Return a source of choices that is the same every time."""
    return random.Random(seed)  # noqa: S311  (replayable, no secret)


# ── one after another ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_a_swap_that_is_undone_leaves_everything_as_it_was(kind: str) -> None:
    """People, duties, absences and ledger have the same fingerprint; in between only the parties' own duties differ."""
    draw, undone = drawn(f"swaps {kind}"), 0
    while undone < SWAPS:
        paper, new_id = Paper(random_world(draw)), counted_ids()
        undone += sum(_swapped_and_undone(draw, kind, paper, new_id) for _ in range(PER_ROSTER))


def _swapped_and_undone(draw: Random, kind: str, paper: Paper, new_id: NewId) -> bool:
    """Try one swap; whether it was executed, and then undone."""
    before, rows = paper.fingerprint(), dict(paper.rows["assignments"])
    executed = _executed(draw, kind, paper, new_id)
    if executed is None:
        assert before == paper.fingerprint(), "a refusal writes nothing"
        return False
    assert before != paper.fingerprint()
    _only_the_parties_differ(rows, paper.rows["assignments"], executed)
    _undone(paper, str(executed.data["swap_id"]))
    assert before == paper.fingerprint()
    return True


def _undone(paper: Paper, swap_id: str) -> None:
    undone = decide_rollback(paper.book(), paper.swap(swap_id), "")
    assert ("done", ()) == (undone.outcome, undone.reasons)
    paper.write(undone)
    assert "rolled_back" == paper.rows["swaps"][swap_id]["status"]


def _executed(draw: Random, kind: str, paper: Paper, new_id: NewId) -> Decision | None:
    """Ask, approve if that is waited for, execute; None if it was refused."""
    book = paper.book()
    asking = _wish(draw, kind, paper)
    if asking is None:
        return None
    asked = decide_request(book, asking, len(paper.rows["swaps"]) + 1, new_id)
    if asked.outcome == "rejected":
        return None
    paper.write(asked)
    swap_id = str(asked.data["swap_id"])
    if asked.data["status"] == "requested":
        paper.write(decide_approval(book, paper.swap(swap_id), _partner(draw, asked.data["matches"]), CLOCK))
    executed = decide_execution(book, paper.swap(swap_id), CLOCK, new_id)
    assert ("done", ()) == (executed.outcome, executed.reasons), "what was approved a moment ago can be executed"
    paper.write(executed)
    return executed


def _wish(draw: Random, kind: str, paper: Paper) -> Asking | None:
    duties = paper.book().schedule.duties
    asking = random_asking(draw, kind, duties)
    if asking is None or (is_hopeless(asking, duties) and draw.random() < HOPELESS_LEFT_OUT):
        return None
    return asking


def _partner(draw: Random, matches: Any) -> str | None:
    """One of those who could, or nobody in particular."""
    return draw.choice([None, *(match["person_id"] for match in matches)])


def _only_the_parties_differ(before: dict[str, Any], after: dict[str, Any], executed: Decision) -> None:
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    images = [rows[name] for name in changed for rows in (before, after) if name in rows]
    assert {row["person_id"] for row in images} <= set(executed.persons)
    moved: Any = executed.data["moved"]
    assert set(moved) <= changed
    assert _minutes(before) == _minutes(after)


def _minutes(rows: dict[str, Any]) -> float:
    return sum((row["end"] - row["start"]).total_seconds() for row in rows.values())


# ── several that stand ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_swaps_on_swaps_are_undone_in_reverse_order() -> None:
    """Each time what was there before that swap is there again, whatever they did to the same duties."""
    for number in range(max(8, SWAPS // 10)):
        draw = drawn(f"stack {number}")
        paper, new_id = Paper(random_world(draw)), counted_ids()
        stack: list[tuple[str, str]] = []
        for _ in range(30):
            before = paper.fingerprint()
            executed = _executed(draw, draw.choice(KINDS), paper, new_id)
            if executed is not None:
                stack.append((str(executed.data["swap_id"]), before))
        assert len(stack) > 1
        while stack:
            swap_id, before = stack.pop()
            _undone(paper, swap_id)
            assert before == paper.fingerprint()


def test_a_swap_out_of_turn_is_undone_as_a_whole_or_not_at_all() -> None:
    """Either exactly its own rows go back to its own before-image, or nothing changes and a row, or a rule, is named."""
    refused = done = 0
    for number in range(max(12, SWAPS // 5)):
        draw = drawn(f"out of turn {number}")
        paper, new_id = Paper(random_world(draw)), counted_ids()
        for _ in range(20):
            _executed(draw, draw.choice(KINDS), paper, new_id)
        swaps = [name for name, row in paper.rows["swaps"].items() if row["status"] == "executed"]
        draw.shuffle(swaps)
        for swap_id in swaps[: len(swaps) // 2 + 1]:
            was_done = _undone_or_refused(paper, swap_id)
            done, refused = done + was_done, refused + (not was_done)
    assert min(done, refused) > 3, "both happen"


def _undone_or_refused(paper: Paper, swap_id: str) -> bool:
    swap, rows = paper.swap(swap_id), dict(paper.rows["assignments"])
    decision = decide_rollback(paper.book(), swap, "")
    paper.write(decision)
    after = paper.rows["assignments"]
    changed = {name for name in rows.keys() | after.keys() if rows.get(name) != after.get(name)}
    if decision.outcome == "done":
        assert changed == set(swap["after"])
        return True
    assert not changed
    assert all(
        reason.code != "stale_swap" or any(name in reason.text for name in swap["after"]) for reason in decision.reasons
    )
    return False


# ── in a database ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_operations_undo_each_other_in_a_database(store: Store) -> None:
    """Three swaps of each kind, asked, approved, executed and rolled back by the operations that a scenario has."""
    draw = drawn("database")
    left = dict.fromkeys(KINDS, 3)
    while any(left.values()):
        with Desk(store, random_world(draw), clock="12-02") as desk:
            desk.execute(
                insert(schema.EQUITY_LEDGER).values(
                    id="e", person_id="R1", kind="night", amount=2, date=date(2024, 12, 1)
                )
            )
            for kind in [kind for kind, number in left.items() for _ in range(4 * number)]:
                left[kind] -= left[kind] > 0 and _performed_and_undone(draw, kind, desk)


def _performed_and_undone(draw: Random, kind: str, desk: Desk) -> bool:
    before = desk.state()
    asking = random_asking(draw, kind, book_of(before.snapshot, before.policy).schedule.duties)
    if asking is None or is_hopeless(asking, book_of(before.snapshot, before.policy).schedule.duties):
        return False
    asked = desk.do("request_swap", **parameters_of(asking))
    if asked.outcome == "rejected":
        return False
    swap = {"swap_id": asked.data["swap_id"]}
    if asked.data["status"] == "requested":
        assert "done" == desk.do("approve_swap", **swap, partner_id=_partner(draw, asked.data["matches"])).outcome
    assert "done" == desk.do("execute_swap", **swap).outcome
    assert _print(desk) != _restored(before)
    assert "done" == desk.do("rollback_swap", **swap, reason="a trial").outcome
    assert _print(desk) == _restored(before)
    return True


def _print(desk: Desk) -> str:
    return _restored(desk.state())


def _restored(state: Any) -> str:
    """The engine's own fingerprint of what an undone swap must leave as it was."""
    tables = {name: state.snapshot.tables[name] for name in RESTORED}
    return fingerprint(replace(state.snapshot, tables=tables))
