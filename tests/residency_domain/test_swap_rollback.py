"""What a swap does can be undone to the last field: random swaps of every kind, on paper and in real databases."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import pytest

from residency.swap_life import decide_approval, decide_execution, decide_rollback
from residency.swaps import decide_request

from .paper import Paper
from .random_swaps import CLOCK, KINDS, random_asking, random_world
from .rosters import counted_ids

if TYPE_CHECKING:
    from random import Random

    from residency.decisions import Decision, NewId

#: How many swaps of each kind are executed and undone on paper.
SWAPS = int(os.environ.get("RESIDENCY_SWAPS", "1000"))
#: After how many the roster is another one.
PER_ROSTER = 25


@pytest.mark.parametrize("kind", KINDS)
def test_a_swap_that_is_undone_leaves_everything_as_it_was(kind: str) -> None:
    """People, duties, absences and ledger have the same fingerprint; in between only the parties' own duties differ."""
    draw = random.Random(f"swaps {kind}")  # noqa: S311  (replayable, no secret)
    undone = 0
    while undone < SWAPS:
        paper = Paper(random_world(draw))
        new_id = counted_ids()
        undone += sum(_swapped_and_undone(draw, kind, paper, new_id) for _ in range(PER_ROSTER))


def _swapped_and_undone(draw: Random, kind: str, paper: Paper, new_id: NewId) -> bool:
    """Try one swap; whether it was executed, and then undone."""
    before = paper.fingerprint()
    rows = dict(paper.rows["assignments"])
    executed = _executed(draw, kind, paper, new_id)
    if executed is None:
        assert before == paper.fingerprint(), "a refusal writes nothing"
        return False
    assert before != paper.fingerprint()
    _only_the_parties_differ(rows, paper.rows["assignments"], executed)
    undone = decide_rollback(paper.book(), paper.swap(executed.data["swap_id"]), "")  # type: ignore[arg-type]
    assert ("done", ()) == (undone.outcome, undone.reasons)
    paper.write(undone)
    assert before == paper.fingerprint()
    assert "rolled_back" == paper.rows["swaps"][str(executed.data["swap_id"])]["status"]
    return True


def _executed(draw: Random, kind: str, paper: Paper, new_id: NewId) -> Decision | None:
    """Ask, approve if that is waited for, execute; None if it was refused."""
    book = paper.book()
    asking = random_asking(draw, kind, book.schedule.duties)
    if asking is None:
        return None
    asked = decide_request(book, asking, len(paper.rows["swaps"]) + 1, new_id)
    if asked.outcome == "rejected":
        return None
    paper.write(asked)
    swap_id = str(asked.data["swap_id"])
    if asked.data["status"] == "requested":
        partner: Any = draw.choice([None, *(match["person_id"] for match in asked.data["matches"])])  # type: ignore[union-attr]
        paper.write(decide_approval(book, paper.swap(swap_id), partner, CLOCK))
    executed = decide_execution(book, paper.swap(swap_id), CLOCK, new_id)
    assert ("done", ()) == (executed.outcome, executed.reasons), "what was approved a moment ago can be executed"
    paper.write(executed)
    return executed


def _only_the_parties_differ(before: dict[str, Any], after: dict[str, Any], executed: Decision) -> None:
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    images = [rows[name] for name in changed for rows in (before, after) if name in rows]
    assert {row["person_id"] for row in images} <= set(executed.persons)
    assert set(executed.data["moved"]) <= changed  # type: ignore[arg-type]
    assert _minutes(before) == _minutes(after)


def _minutes(rows: dict[str, Any]) -> float:
    return sum((row["end"] - row["start"]).total_seconds() for row in rows.values())
