"""The scheduler alone, over sessions that are nothing but threads: every order once, the same choices the same order, nobody stuck."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearse.errors import ContentionError
from rehearse.run.choosers import AsWritten, Chooser, Permutation, PriorityChange, RandomWalk, Replay
from rehearse.run.conflicts import circle_of, conflicts, told
from rehearse.run.deadline import OperationStoppedError
from rehearse.run.interleave import Choice, Floor, Turnstile, TurnstileGate
from rehearse.run.orders import next_prefix, possible_orders

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTS = st.lists(st.integers(0, 3), min_size=1, max_size=3).filter(lambda counts: sum(counts) <= 6)


def floor(**answers: Callable[..., object]) -> Floor:
    """Return a floor on which nothing happens but what `answers` say."""
    given_: dict[str, Callable[..., object]] = {
        "waits_for_lock": lambda _: False,
        "late": lambda _: False,
        "put_out": lambda _: None,
        "over": lambda: False,
    }
    return Floor(**{**given_, **answers})  # type: ignore[arg-type]


@dataclass
class Sessions:
    """Sessions that send `counts` statements each, with a lock that some statements need."""

    counts: Sequence[int]
    chooser: Chooser
    floor: Floor = field(default_factory=floor)
    moves: list[int] = field(default_factory=list)
    errors: dict[int, BaseException] = field(default_factory=dict)
    condition: threading.Condition = field(default_factory=threading.Condition)
    turnstile: Turnstile = field(init=False)

    def run(self) -> Turnstile:
        """Let them run to their end."""
        turnstile = self.turnstile = Turnstile(range(len(self.counts)), len(self.counts), self.chooser, self.floor)
        vars(turnstile)["_moved"] = self.condition
        threads = [threading.Thread(target=self._session, args=(turnstile, index)) for index in range(len(self.counts))]
        for thread in threads:
            thread.start()
        turnstile.conduct()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        return turnstile

    def _session(self, turnstile: Turnstile, index: int) -> None:
        gate = turnstile.gate(index)
        try:
            for number in range(self.counts[index]):
                gate.before("SELECT", f"statement {number}")
                self.moves.append(index)
                gate.after("SELECT", blocked=False)
        except BaseException as error:  # noqa: BLE001  (looked at by the test)
            self.errors[index] = error
        finally:
            turnstile.ended(index)


def all_orders(counts: Sequence[int]) -> list[tuple[int, ...]]:
    """Return every order that depth-first search finds."""
    found = []
    prefix: list[int] | None = []
    while prefix is not None:
        sessions = Sessions(counts, Replay(prefix))
        turnstile = sessions.run()
        assert sessions.moves == [choice.chosen for choice in turnstile.choices]
        found.append(tuple(sessions.moves))
        prefix = next_prefix([(choice.able, choice.chosen) for choice in turnstile.choices])
    return found


@settings(max_examples=15, deadline=None)
@given(COUNTS)
def test_depth_first_search_finds_every_order_once(counts: list[int]) -> None:
    """As many as the formula says, and all different."""
    orders = all_orders(counts)
    assert possible_orders(counts) == len(orders) == len(set(orders))
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(orders[0]))}


@given(st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_the_number_of_orders(counts: list[int]) -> None:
    """The formula agrees with counting them."""
    letters = [index for index, count in enumerate(counts) for _ in range(count)]
    if len(letters) <= 6:
        assert len(set(itertools.permutations(letters))) == possible_orders(counts)


def test_the_orders_of_the_specification() -> None:
    """2 × 4 is 70, 2 × 6 924, 3 × 3 1,680, 3 × 4 34,650, 4 × 3 369,600."""
    found = [possible_orders([length] * count) for count, length in ((2, 4), (2, 6), (3, 3), (3, 4), (4, 3))]
    assert [70, 924, 1_680, 34_650, 369_600] == found


@settings(max_examples=25, deadline=None)
@given(COUNTS, st.integers(0, 1_000), st.integers(1, 3))
def test_the_same_choices_give_the_same_order(counts: list[int], seed: int, depth: int) -> None:
    """A walk by chance, replayed by its choices and by its seed, moves the same sessions in the same order."""
    for chooser in (lambda: RandomWalk(seed), lambda: PriorityChange(seed, len(counts), sum(counts), depth)):
        first = Sessions(counts, chooser())
        choices = [choice.chosen for choice in first.run().choices]
        again, replayed = Sessions(counts, chooser()), Sessions(counts, Replay(choices))
        again.run()
        replayed.run()
        assert first.moves == again.moves == replayed.moves


def test_as_written_and_permutations() -> None:
    """One whole operation after another, in the order written or in the one asked for."""
    written, turned = Sessions((2, 1, 2), AsWritten()), Sessions((2, 1, 2), Permutation((2, 0, 1)))
    written.run()
    turned.run()
    assert [0, 0, 1, 2, 2] == written.moves
    assert [2, 2, 0, 0, 1] == turned.moves


def test_a_replay_whose_choice_cannot_move() -> None:
    """It takes the lowest that can."""
    assert 1 == Replay([0, 2]).choose((1, 2))


def test_priorities_change_where_they_were_drawn_to() -> None:
    """With depth 1 an operation is never interrupted; with depth 2 at most once per run, and some seed does."""

    def switches(seed: int, depth: int) -> int:
        sessions = Sessions((3, 3), PriorityChange(seed, 2, 6, depth))
        sessions.run()
        return sum(one != other for one, other in itertools.pairwise(sessions.moves))

    assert {1} == {switches(seed, 1) for seed in range(10)}
    assert {1, 2} == {switches(seed, 2) for seed in range(10)}


def test_a_walk_by_chance_reaches_every_order() -> None:
    """Six orders of 2 × 2, each found by some seed."""
    found = Counter[tuple[int, ...]]()
    for seed in range(80):
        sessions = Sessions((2, 2), RandomWalk(seed))
        sessions.run()
        found[tuple(sessions.moves)] += 1
    assert 6 == len(found)


def test_only_some_take_part() -> None:
    """Sessions that do not take part are not waited for."""
    turnstile = Turnstile([1], 3, AsWritten(), floor())
    thread = threading.Thread(target=lambda: (turnstile.gate(1).before("SELECT", ""), turnstile.ended(1)))
    thread.start()
    turnstile.conduct()
    thread.join(10)
    assert [1] == [choice.chosen for choice in turnstile.choices]


# ── locks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Locked(Sessions):
    """Sessions that take two locks one after the other, each in its own order, by being refused until they are free."""

    wanted: tuple[tuple[str, str], ...] = (("x", "y"), ("y", "x"))
    held: dict[str, int] = field(default_factory=dict)

    def _session(self, turnstile: Turnstile, index: int) -> None:
        gate, tries = turnstile.gate(index), 0
        while tries < 10:
            tries += 1
            try:
                for lock in self.wanted[index]:
                    self._take(gate, index, lock)
                break
            except ContentionError as error:
                self.errors[index] = error
                self._free(index)
            except OperationStoppedError as error:
                self.errors[index] = error
                break
        self._free(index)
        turnstile.ended(index)

    def _take(self, gate: object, index: int, lock: str) -> None:
        while True:
            gate.before("UPDATE", lock)  # type: ignore[attr-defined]
            free = self.held.setdefault(lock, index) == index
            gate.after("UPDATE", blocked=not free)  # type: ignore[attr-defined]
            if free:
                self.moves.append(index)
                return

    def _free(self, index: int) -> None:
        self.held = {lock: holder for lock, holder in self.held.items() if holder != index}


def test_a_refused_session_waits_for_others_to_move() -> None:
    """Both want x first: the second is refused, moves when the first has ended, and nobody gives way."""
    sessions = Locked((0, 0), Replay([0, 1, 0, 1, 1]), wanted=(("x", "y"), ("x", "y")))
    turnstile = sessions.run()
    assert [0, 0, 1, 1] == sessions.moves
    assert {} == sessions.errors
    assert [0, 1, 0, 1, 1] == [choice.chosen for choice in turnstile.choices]


def test_in_a_deadlock_the_last_gives_way() -> None:
    """Each holds what the other wants: always the highest index is the victim, and both end (F31)."""
    for _ in range(20):
        sessions = Locked((0, 0), Replay([0, 1, 0, 1]))
        sessions.run()
        assert [1] == list(sessions.errors)
        assert isinstance(sessions.errors[1], ContentionError)
        assert {0: 2, 1: 3} == Counter(sessions.moves)


def test_every_order_of_a_deadlock_ends() -> None:
    """However the two are interleaved."""
    for seed in range(50):
        sessions = Locked((0, 0), RandomWalk(seed))
        sessions.run()
        assert {0, 1} == set(sessions.moves)
        assert {} == sessions.held


def test_one_that_waits_at_the_server_lets_others_move() -> None:
    """The session is inside a statement and waits: the others go on until it is answered."""
    released = threading.Event()
    moves: list[str] = []

    def waits(index: int) -> bool:
        return index == 0 and "0 sent" in moves and not released.is_set()

    turnstile = Turnstile(range(2), 2, AsWritten(), floor(waits_for_lock=waits))

    def waiter() -> None:
        gate = turnstile.gate(0)
        gate.before("UPDATE", "")
        moves.append("0 sent")
        released.wait(10)
        moves.append("0 answered")
        gate.after("UPDATE", blocked=False)
        turnstile.ended(0)

    def holder() -> None:
        gate = turnstile.gate(1)
        for number in range(2):
            gate.before("SELECT", "")
            moves.append(f"1 moved {number}")
            gate.after("SELECT", blocked=False)
        released.set()
        turnstile.ended(1)

    threads = [threading.Thread(target=each) for each in (waiter, holder)]
    for thread in threads:
        thread.start()
    turnstile.conduct()
    for thread in threads:
        thread.join(10)
    assert ["0 sent", "1 moved 0", "1 moved 1", "0 answered"] == moves


class SlowToWake(threading.Condition):
    """A condition whose sessions come to themselves long after they were called, as on a busy machine."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait; who waits without a limit is late by many probes."""
        found = super().wait(timeout)
        if timeout is None:
            self.release()
            time.sleep(0.02)  # ten times as long as a session may take before it is asked about
            self.acquire()
        return found


def test_a_turn_that_is_taken_late_is_not_lost() -> None:
    """Whoever was let go and has not moved yet is not asked about, and nobody else is let go before it moved."""
    early: list[int] = []

    def waits(index: int) -> bool:
        is_early = vars(sessions.turnstile)["_turn"] == index
        early.extend([index] * is_early)
        return is_early

    sessions = Sessions((3, 3), AsWritten(), floor(waits_for_lock=waits), condition=SlowToWake())
    sessions.run()
    assert [0, 0, 0, 1, 1, 1] == sessions.moves
    assert [] == early


# ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def send_for_ever(gate: TurnstileGate) -> None:
    """Send statements until the gate refuses one."""
    while True:
        gate.before("SELECT", "")
        gate.after("SELECT", blocked=False)


def test_an_order_that_is_over_lets_everybody_go() -> None:
    """Who is parked is let go with an error, and may undo what it did without waiting."""
    over = threading.Event()
    undone: list[int] = []

    class Stopping(AsWritten):
        def choose(self, able: Sequence[int]) -> int:
            over.set()
            return super().choose(able)

    turnstile = Turnstile(range(2), 2, Stopping(), floor(over=over.is_set))

    def session(index: int) -> None:
        gate = turnstile.gate(index)
        with pytest.raises(OperationStoppedError):
            send_for_ever(gate)
        gate.before("ROLLBACK", "")
        undone.append(index)
        turnstile.ended(index)

    threads = [threading.Thread(target=session, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    turnstile.conduct()
    for thread in threads:
        thread.join(10)
    assert [0, 1] == sorted(undone)


def test_a_late_session_is_put_out_and_the_others_go_on() -> None:
    """Its time is over while it is parked: it is let go with an error, and the other never notices."""
    sessions = Sessions((2, 2), Replay([0, 1, 0]))
    late: set[int] = set()
    put_out: list[int] = []

    class Timed(Replay):
        def choose(self, able: Sequence[int]) -> int:
            if len(sessions.moves) == 2:
                late.add(1)
            return super().choose(able)

    sessions.chooser = Timed([0, 1, 0, 0])
    sessions.floor = floor(late=late.__contains__, put_out=put_out.append)
    sessions.run()
    assert [1] == put_out
    assert isinstance(sessions.errors[1], OperationStoppedError)
    assert [0, 1, 0] == sessions.moves


def test_a_conductor_that_fails_leaves_nobody_parked() -> None:
    """Whatever goes wrong in a choice or a question to the server, the sessions end."""

    class Broken:
        def choose(self, able: Sequence[int]) -> int:
            raise ZeroDivisionError(str(able))

    sessions = Sessions((1, 1), Broken())
    turnstile = Turnstile(range(2), 2, sessions.chooser, sessions.floor)
    threads = [threading.Thread(target=sessions._session, args=(turnstile, index)) for index in range(2)]
    for thread in threads:
        thread.start()
    with pytest.raises(ZeroDivisionError):
        turnstile.conduct()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


# ── what is told ───────────────────────────────────────────────────────────────────────────────────────────────────────

READ, WRITE, NOTE = "SELECT value FROM cells", "UPDATE cells SET value = 1", "INSERT INTO notes VALUES (1)"


def chosen(*moves: tuple[int, str]) -> list[Choice]:
    """Return the choices that made these moves."""
    return [Choice((0, 1), index, sql.split(" ", 1)[0], sql) for index, sql in moves]


def test_a_lost_update_is_told_as_a_circle() -> None:
    """Each read before the other wrote."""
    moves = chosen((0, READ), (1, READ), (0, WRITE), (1, WRITE), (0, "COMMIT"), (1, "COMMIT"))
    text = told(moves, ("tick", "tock"))
    assert "1 tick SELECT cells → 2 tock SELECT cells → 3 tick UPDATE cells → 4 tock UPDATE cells" in text
    assert text.endswith("a circle: tick read cells before tock wrote it, tock read cells before tick wrote it")


def test_what_is_not_committed_is_not_seen() -> None:
    """Who reads after another's statement and before its COMMIT has read before it wrote."""
    moves = chosen((0, READ), (0, WRITE), (1, READ), (1, WRITE), (0, "COMMIT"), (1, "COMMIT"))
    said = [(each.first, each.then, each.first_wrote) for each in circle_of(conflicts(moves))]
    assert [(0, 1, False), (1, 0, False)] == said


def test_what_was_rolled_back_touched_nothing() -> None:
    """A try that was undone is in no circle."""
    moves = chosen(
        (0, READ),
        (1, READ),
        (0, WRITE),
        (1, WRITE),
        (0, "COMMIT"),
        (1, "ROLLBACK"),
        (1, READ),
        (1, WRITE),
        (1, "COMMIT"),
    )
    assert () == circle_of(conflicts(moves))
    assert "circle" not in told(moves, ("tick", "tock"))


def test_reading_alone_is_no_conflict() -> None:
    """Nor is writing somewhere else."""
    assert () == conflicts(chosen((0, READ), (1, READ), (1, NOTE), (0, "COMMIT")))
