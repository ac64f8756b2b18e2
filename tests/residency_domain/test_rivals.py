"""Of two operations that exclude each other never both are accepted, however close together they come, and never neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .arena import Arena, Meeting
from .rivals import FACT, PAIRS, Rivals

if TYPE_CHECKING:
    from rehearse.database.store import Store

#: How often each pair meets here; `python -m benchmarks.soak concurrent --count 200` goes on for longer.
MEETINGS = 3


def met(store: Store, rivals: Rivals) -> list[Meeting]:
    """Let a pair meet some times."""
    with Arena(store, rivals) as arena:
        return [arena.meet() for _ in range(MEETINGS)]


@pytest.mark.parametrize("rivals", PAIRS, ids=lambda rivals: rivals.name)
def test_exactly_one_of_two_is_accepted(store: Store, rivals: Rivals) -> None:
    """The other is refused with a reason, and the roster, its audit log and its outbox are whole."""
    for meeting in met(store, rivals):
        assert (1, 0) == (sum(meeting.accepted), meeting.errors)
        assert meeting.codes[meeting.accepted.index(False)]
        assert () == meeting.broken


def test_each_alone_is_allowed(sqlite_store: Store) -> None:
    """Or the pairs would prove nothing."""
    for rivals in PAIRS:
        for ask in (rivals.first, rivals.second):
            with Arena(sqlite_store, rivals) as arena:
                assert arena.is_accepted_alone(ask), f"{rivals.name}: {ask.operation}"


def test_a_fact_is_recorded_and_its_gap_is_told(store: Store) -> None:
    """Whoever is ill is ill; a gift to them is refused if it comes second, and if it came first the director hears of the gap."""
    for meeting in met(store, FACT):
        given, recorded = meeting.accepted
        assert recorded
        assert given == (meeting.alerts == 1) == bool(meeting.broken)
