"""Concurrent blocks on real databases: races are found where the isolation lets them happen, and nowhere else (F30, F31)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rehearse.database import postgres_lease
from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import LeaseRequest
from rehearse.domain import Context
from rehearse.run import concurrent
from rehearse.run.act import Stage
from rehearse.run.choosers import RandomWalk, Replay
from rehearse.run.concurrent import Block, Order, perform_order
from rehearse.run.deadline import Cancellation
from rehearse.run.orders import Explorer, size_of
from rehearse.run.outcome import ONE_ORDER, StepResult
from rehearse.run.photograph import Camera
from rehearse.run.world import layers

from .bench import Lab, cells_after, document, planned, step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.store import Lease
    from rehearse.run.interleave import Choice
    from rehearse.run.outcome import ScenarioResult

TWICE = (step("increment"), step("increment"))
BOTH_LEAVE = (step("leave", {"cell": "a"}, expect="any"), step("leave", {"cell": "b"}, expect="any"))
KEY = "invariants.serial_equivalence"


def tried(lab: Lab, *together: dict[str, object], orders: int = 500, **keys: object) -> ScenarioResult:
    """Perform a block and try its orders."""
    return lab.perform(document(together=together, **keys), orders=orders)


@pytest.fixture(params=["READ COMMITTED", "REPEATABLE READ"])
def weaker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """PostgreSQL at a weaker isolation level than a run asks for."""
    words = f"BEGIN ISOLATION LEVEL {request.param}"
    monkeypatch.setattr(postgres_lease, "TRANSACTIONS", replace(postgres_lease.TRANSACTIONS, write=words, read=words))
    level: str = request.param
    return level


# ── the block itself ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_runs_as_written(lab: Lab) -> None:
    """Each operation as a whole, in a session of its own; with one order there is nothing to compare."""
    result = lab.run(step("put", {"value": 5}), together=(*TWICE, step("look")), debug_mode=True)
    assert ("passed", ONE_ORDER) == (result.status, result.orders)
    assert KEY not in result.validations
    assert ["step1", "concurrent1", "concurrent2", "concurrent3"] == [each.name for each in result.steps]
    assert [6, 7, 7] == [each.data["value"] for each in result.steps[1:]]
    assert all(each.seconds > 0 for each in result.steps)
    assert {"a": 7, "b": 1} == cells_after(result)


def test_a_block_reads_results_of_the_sequence(sqlite_lab: Lab) -> None:
    """Also where they are missing: then that operation is an error, and the others go on."""
    first = step("leave", save_as="first", expect="any")
    asked = step("put", {"value": "${steps.first.data.value}"})
    there = sqlite_lab.run(first, together=(asked, step("put", {"cell": "b"})), debug_mode=True)
    missing = sqlite_lab.run(first, together=(asked, step("look")), cells=[{"id": "a", "value": 1}])
    assert {"a": 0, "b": 1} == cells_after(there)
    assert ["error", "done"] == [each.outcome for each in missing.steps[1:]]
    assert "`steps.first.data.value` is not there" in (missing.error or "")


def test_a_session_that_is_late_holds_up_no_other(lab: Lab) -> None:
    """It is put out at its own deadline, its locks are freed, and the others come to their end."""
    late = step("hang", timeout_seconds=0.2)
    result = lab.run(
        together=(late, step("put", {"value": 8}), step("put", {"cell": "b", "value": 9})), debug_mode=True
    )
    assert ("timeout", ["error", "done", "done"]) == (result.status, [each.outcome for each in result.steps])
    assert "0.2 s passed; nothing was committed" == result.steps[0].error
    assert {"a": 8, "b": 9} == cells_after(result)


def test_a_block_that_misses_the_deadline(lab: Lab) -> None:
    """Every session is stopped and undone."""
    result = lab.run(together=(step("hang_in_sql"), step("hang")), timeout_seconds=0.2, debug_mode=True)
    assert ("timeout", {True}) == (result.status, {each.timed_out for each in result.steps})
    assert {"a": 1, "b": 1} == cells_after(result)


def test_a_session_that_never_comes_back_ends_the_block(sqlite_lab: Lab) -> None:
    """Nobody works beside a thread that may still hold the database."""
    text = document(together=(step("ignore", {"seconds": 2}, timeout_seconds=0.1), step("put")), timeout_seconds=20)
    result = sqlite_lab.perform(text, orders=100)
    assert ("timeout", True) == (result.status, result.steps[0].abandoned)
    assert (None, "error") == (result.diff, result.steps[1].outcome)


def test_a_block_without_sessions(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its steps are errors; those before it keep their results, and so does the evidence."""
    from rehearse.database.sqlite_lease import FileLease  # noqa: PLC0415

    real, calls = FileLease.work, list[int]()

    def work(lease: FileLease, observer: object, deadline: Deadline) -> object:
        calls.append(1)
        if getattr(observer, "step", "") == "concurrent2":
            raise OSError(24, "Too many open files")
        return real(lease, observer, deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(FileLease, "work", work)
    result = sqlite_lab.run(step("put", {"value": 4}), together=TWICE, debug_mode=True)
    assert ["done", "error", "error"] == [each.outcome for each in result.steps]
    assert "Too many open files" in (result.error or "")
    assert {"a": 4, "b": 1} == cells_after(result)


# ── races ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("together", [TWICE, BOTH_LEAVE], ids=["update", "skew"])
def test_the_right_engine_loses_nothing(lab: Lab, together: tuple[dict[str, object], ...]) -> None:
    """Under the isolation that a run asks for every order is as good as a serial one: no false alarm."""
    result = tried(lab, *together)
    assert "passed" == result.status, result.errors
    assert "passed" == result.validations[KEY].status
    assert re.fullmatch(r"(\d+) of \1 orders, every one that locks allow", result.orders), result.orders


@pytest.mark.parametrize(
    ("together", "table"),
    [
        ((step("increment_split"), step("increment_split")), "cells"),
        ((step("leave_split", expect="any"), step("leave_split", {"cell": "b"}, expect="any")), "cells"),
    ],
    ids=["update", "skew"],
)
def test_two_transactions_where_one_was_needed(
    sqlite_lab: Lab, together: tuple[dict[str, object], ...], table: str
) -> None:
    """What is lost between them is found on SQLite too, and the smallest order is told with its circle."""
    result = tried(sqlite_lab, *together)
    assert ("failed", "invariant") == (result.status, result.category), result.errors
    told = result.validations[KEY].message
    assert "no serial order ends like this one: 1 concurrent1 BEGIN" in told
    assert f"before concurrent2 wrote it, concurrent2 read {table} before concurrent1 wrote it" in told


@pytest.mark.parametrize("together", [TWICE, BOTH_LEAVE], ids=["update", "skew"])
def test_a_weaker_level_is_seen(
    postgres_lab: Lab, weaker: str, together: tuple[dict[str, object], ...], request: pytest.FixtureRequest
) -> None:
    """READ COMMITTED loses updates and lets both leave; REPEATABLE READ only lets both leave."""
    result = tried(postgres_lab, *together)
    lost = weaker == "READ COMMITTED" or "skew" in request.node.name
    assert ("failed" if lost else "passed") == result.status, result.errors
    if lost:
        assert 1 + 1 <= result.validations[KEY].message.count(" before ")


def test_more_orders_than_asked_for_are_sampled(lab: Lab) -> None:
    """Half PCT, half by chance; the words say so and claim no proof."""
    result = tried(lab, *TWICE, step("increment", {"cell": "b"}), orders=6)
    assert "passed" == result.status, result.errors
    assert result.orders.startswith("6 of 34650 orders, sampled: half PCT of depth 2 and 3")
    assert "once in 36 at least" in result.orders


def test_a_sample_finds_a_race(sqlite_lab: Lab) -> None:
    """A race of two among three sessions, seeded: the same sample every time."""
    text = document(
        together=(step("increment_split"), step("increment_split"), step("increment_split", {"cell": "b"})), seed=3
    )
    first, second = (sqlite_lab.perform(text, orders=40) for _ in range(2))
    assert "failed" == first.status, first.orders
    assert first.validations[KEY].message == second.validations[KEY].message


@pytest.mark.parametrize("orders", [1, 40])
def test_the_time_of_other_orders_is_not_the_scenarios(
    sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch, orders: int
) -> None:
    """However many are tried, a limit on the scenario's own time is about its own order."""
    real, told = concurrent.perform_together, list[float]()

    def perform_together(*arguments: object) -> concurrent.Together:
        together = real(*arguments)  # type: ignore[arg-type]  (passed on as they came)
        told.append(together.seconds_elsewhere)
        return replace(together, seconds_elsewhere=1000.0)

    monkeypatch.setattr(concurrent, "perform_together", perform_together)
    result = tried(sqlite_lab, *TWICE, orders=orders)
    assert [orders > 1] == [seconds > 0 for seconds in told]
    assert result.execution_time_seconds < 0, "what was spent on other orders is taken off"


def test_time_is_up_while_orders_are_tried(lab: Lab) -> None:
    """What was tried counts; nothing of the search is an error of the run."""
    result = tried(lab, *TWICE, step("increment"), orders=40_000, timeout_seconds=4)
    assert "passed" == result.status, result.errors
    assert re.fullmatch(r"\d+ of 34650 orders, then the time was over", result.orders)


def test_orders_that_cannot_be_tried_are_unknown(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle of the search: the run's own order stands, and nobody knows of the others."""
    from rehearse.database.sqlite_lease import FileLease  # noqa: PLC0415

    real = FileLease.fork

    def fork(lease: FileLease, name: str) -> FileLease:
        if name == "order3":
            raise OSError(28, "No space left on device")
        return real(lease, name)

    monkeypatch.setattr(FileLease, "fork", fork)
    result = tried(sqlite_lab, *TWICE)
    assert ("unknown", "unknown") == (result.status, result.validations[KEY].status)
    assert ["done", "done"] == [each.outcome for each in result.steps]
    assert "No space left on device" in result.validations[KEY].message


def test_no_copy_no_block(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a copy of the beginning nothing could be compared: the block does not run."""
    from rehearse.database.sqlite_lease import FileLease  # noqa: PLC0415

    def fork(*_: object) -> FileLease:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileLease, "fork", fork)
    result = tried(sqlite_lab, *TWICE)
    assert ("error", ["error", "error"]) == (result.status, [each.outcome for each in result.steps])


# ── replay ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def block(lab: Lab) -> Iterator[tuple[Block, Lease]]:
    """A block of three with the database it works on."""
    plan = planned(document(together=(*TWICE, *BOTH_LEAVE)))
    request = LeaseRequest(run="block", layers=layers(plan), sessions=4)
    lease = lab.store.lease(request)
    log, deadline = StatementLog(), Deadline.after(120)
    stage = Stage(plan, lease, log, Camera(plan, lease, log), Cancellation(), lambda _: None, deadline)
    yield Block(stage, plan.concurrent, Context(plan.scenario.clock, 0, plan.policy), ()), lease
    lease.discard()


def test_the_same_choices_give_the_same_result(block: tuple[Block, Lease]) -> None:
    """A hundred replays of one tangled order: the same statements, answers and tries, a hundred times (F30)."""
    performed, lease = block

    def perform(chooser: object, name: str) -> tuple[object, ...]:
        copy = lease.fork(name)
        try:
            order = perform_order(performed, copy, chooser, StatementLog())  # type: ignore[arg-type]
        finally:
            copy.discard()
        results = tuple((each.outcome, each.data, each.tries, each.error) for each in order.steps)
        return (order.choices, tuple(choice.sql for choice in order.choices), results)

    first = perform(RandomWalk(5), "first")
    choices: tuple[Choice, ...] = first[0]  # type: ignore[assignment]
    moves = [choice.chosen for choice in choices]
    assert size_of(Order(choices, ()))[0] > 3, "a tangled one"
    assert {first} == {perform(Replay(moves), f"again{number}") for number in range(100)}


# ── the oracle (F34) ───────────────────────────────────────────────────────────────────────────────────────────────────


class Book:
    """Plays the explorer's `perform`: what each serial order comes to is written here."""

    def __init__(self, clock: object) -> None:
        self.clock = clock
        self.asked: list[tuple[object, ...]] = []

    def step(self, index: int, outcome: str = "done", **extra: object) -> StepResult:
        """Return a step as it came out."""
        return StepResult(f"concurrent{index + 1}", 0, "x", outcome, self.clock, **extra)  # type: ignore[arg-type]

    def perform(self, chooser: object, _: object) -> Order:
        """Return what a serial order comes to: the state is named after it, the first is refused, the others are done."""
        rank: tuple[int, ...] = chooser._rank  # type: ignore[attr-defined]
        self.asked.append(rank)
        outcome = {index: "rejected" if index == rank[0] else "done" for index in rank}
        steps = tuple(self.step(index, outcome.get(index, "skipped")) for index in range(3))
        return Order((), steps, "state " + "".join(map(str, rank)))


def test_the_oracle_compares_state_and_results() -> None:
    """Both must be those of one and the same serial order."""
    book = Book(None)
    explorer = Explorer(book.perform, 3)
    right = Order((), tuple(book.step(i, "rejected" if i == 1 else "done") for i in range(3)), "state 102")
    assert explorer.is_right(right)
    assert not explorer.is_right(replace(right, fingerprint="state 210"))
    assert not explorer.is_right(replace(right, steps=tuple(book.step(i) for i in range(3))))
    assert not explorer.is_right(replace(right, fingerprint="state 999"))
    assert sorted(book.asked) == [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]


def test_who_gave_up_is_left_out_of_the_serial_orders() -> None:
    """An operation that was refused for contention did nothing: it is compared with the serial orders of the others alone."""
    from rehearse.domain import Reason  # noqa: PLC0415

    book = Book(None)
    explorer = Explorer(book.perform, 3)
    gave_up = book.step(2, "rejected", reasons=(Reason("contention", "gave up"),))
    order = Order((), (book.step(0, "rejected"), book.step(1), gave_up), "state 01")
    assert explorer.is_right(order)
    assert [(0, 1), (1, 0)] == sorted(book.asked)
