"""Generating a schedule on a real database: what is written, what is refused, and that the rules have the last word."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from residency import generating, schema
from residency.calendar import DAY
from residency.operations.generate_schedule import Weights
from residency.solver.problem import Demand, Figures, make_problem
from residency.solver.result import Placing, Result
from residency.solver.solve import Status

from .desk import Desk, codes
from .rosters import World, at, counted_ids

if TYPE_CHECKING:
    from rehearse.database.store import Store

WEEK = {"start_date": date(2024, 12, 2), "end_date": date(2024, 12, 8), "effort": Decimal(5)}


def ward(*names: str, heads: int = 1, days: range = range(2, 9)) -> World:
    """A ward by day in the week of 2 December."""
    world = World().residents(*names).rotation("ward")
    for day in days:
        world.requirement("ward", f"12-{day:02d} 07:00", f"12-{day:02d} 19:00", heads)
    return world


def test_a_week_is_filled(store: Store) -> None:
    """Every post has somebody, every new holder is told, one audit entry names them all, and no rule is broken."""
    with Desk(store, ward("R1", "R2", "R3")) as desk:
        result = desk.do("generate_schedule", **WEEK)
        rows = desk.rows("assignments")
        assert ("done", "optimal") == (result.outcome, result.data["status"])
        assert [f"step1:{number}" for number in range(1, 8)] == list(result.data["created"])
        assert set(rows) == set(result.data["created"])
        holders = {row["person_id"] for row in rows.values()}
        assert holders == {row["recipient"] for row in desk.rows("notifications").values()}
        (entry,) = desk.rows("audit_log").values()
        assert ("generate_schedule", sorted(holders)) == (entry["action"], list(entry["persons"]))
        assert 0 == result.data["gap_hours"]
        assert result.data["objective"] == sum(result.data["penalties"].values())


def test_the_same_seed_gives_the_same_roster(sqlite_store: Store, postgres_store: Store) -> None:
    """Two runs on two databases write the same rows."""
    made = []
    for store in (sqlite_store, postgres_store, sqlite_store):
        with Desk(store, ward("R1", "R2", "R3", "R4", heads=2)) as desk:
            desk.do("generate_schedule", **WEEK)
            made.append(desk.rows("assignments"))
    assert made[0] == made[1] == made[2]


def test_nothing_is_written_where_there_is_none(store: Store) -> None:
    """One resident cannot work seven days of seven: refused with the conflict, and only the audit entry is left."""
    world = World(horizon=(date(2024, 12, 2), date(2024, 12, 8))).residents("R1").rotation("ward")
    for day in range(2, 9):
        world.requirement("ward", f"12-{day:02d} 07:00", f"12-{day:02d} 17:00")
    with Desk(store, world) as desk:
        result = desk.do("generate_schedule", **WEEK)
        assert ("rejected", {"infeasible"}) == (result.outcome, set(codes(result)))
        whole, rule = result.reasons
        assert ("ward needs 7 shifts from 2 to 8 December; 6 can be filled", 6, 7) == (
            whole.text.rpartition("; ")[0],
            whole.measured,
            whole.limit,
        )
        assert whole.text.endswith("the least that would help: 1 shift less or 1 person more")
        assert "one_day_in_seven: R1 is due 1 day off from 2 to 8 December" == rule.text
        assert ({}, {}) == (desk.rows("assignments"), desk.rows("notifications"))
        assert ["rejected"] == [row["outcome"] for row in desk.rows("audit_log").values()]


def test_who_or_what_is_not_there_is_refused(sqlite_store: Store) -> None:
    """Unknown people and services, and days in the wrong order, are named one by one."""
    backwards = {**WEEK, "end_date": date(2024, 12, 1)}
    with Desk(sqlite_store, ward("R1")) as desk:
        result = desk.do("generate_schedule", **backwards, person_ids=("R1", "R9"), rotation_ids=("lab",))
        assert ["unknown_row", "unknown_row", "bad_range"] == codes(result)
        assert {} == desk.rows("assignments")


def test_gaps_are_counted_where_they_are_allowed(sqlite_store: Store) -> None:
    """With nobody for it a post stays open at a price; the rules find the gap, and nothing else."""
    with Desk(sqlite_store, ward("R1", heads=2)) as desk:
        result = desk.do("generate_schedule", **WEEK, allow_gaps=True)
        assert "done" == result.outcome
        open_heads = 14 - len(result.data["created"])
        assert 12 * open_heads == result.data["gap_hours"]
        assert 12_000 * open_heads == result.data["penalties"]["uncovered"]
        told = [row["kind"] for row in desk.rows("notifications").values()]
        assert "assignment_changed" in told


def test_no_answer_in_time_is_no_schedule(sqlite_store: Store) -> None:
    """An effort of next to nothing ends with `no_answer` and writes nothing."""
    with Desk(sqlite_store, ward("R1", "R2", "R3", "R4", "R5", heads=3)) as desk:
        result = desk.do("generate_schedule", **{**WEEK, "effort": Decimal("0.000001")})
        assert ("rejected", ["no_answer"]) == (result.outcome, codes(result))
        assert {} == desk.rows("assignments")


def test_days_are_dealt_anew_around_what_is_pinned(store: Store) -> None:
    """Without `keep_existing` rows change hands in place and as few as possible; what is pinned or has begun stays."""
    world = ward("R1", "R2", "R3").rotation("lab", min_persons=0)
    for day in range(2, 9):
        world.duty("R1", "ward", f"12-{day:02d} 07:00", "19:00", name=f"w{day}", pinned=day == 3)
    world.duty("R2", "lab", "12-04 08:00", "12:00", name="lab")
    with Desk(store, world, clock="12-02 12:00") as desk:
        result = desk.do("generate_schedule", **WEEK, keep_existing=False, weights=Weights(changed_from_baseline=100))
        rows = desk.rows("assignments")
        assert ("done", ()) == (result.outcome, result.data["created"])
        assert {*(f"w{day}" for day in range(2, 9)), "lab"} == set(rows)
        assert ["R1", "R1", "R2"] == [rows[name]["person_id"] for name in ("w2", "w3", "lab")]
        moved = sum(rows[f"w{day}"]["person_id"] != "R1" for day in range(2, 9))
        assert 100 * moved == result.data["penalties"]["changed_from_baseline"]


def test_holidays_enter_the_ledger(store: Store) -> None:
    """Whoever is put on a major holiday gets an entry and a credit of a day, with the holiday's date."""
    with Desk(store, ward("R1", "R2", "R3", days=range(24, 27)), clock="12-20") as desk:
        for day, major in ((24, False), (25, True)):
            row = {"id": f"h{day}", "date": date(2024, 12, day), "name": "-", "major": major, "worked_by": ["R1"]}
            desk.execute(insert(schema.HOLIDAYS).values(**row))
        days = {"start_date": date(2024, 12, 24), "end_date": date(2024, 12, 26)}
        result = desk.do("generate_schedule", **days, effort=Decimal(5))
        assert "done" == result.outcome
        (holder,) = [row["person_id"] for row in desk.rows("assignments").values() if row["start"].day == 25]
        entries = [(row["person_id"], row["kind"], row["amount"]) for row in desk.rows("equity_ledger").values()]
        assert sorted([(holder, "holiday", 1), (holder, "credit", 1)]) == sorted(entries)
        assert {date(2024, 12, 25)} == {row["date"] for row in desk.rows("equity_ledger").values()}


def test_wishes_are_honoured(sqlite_store: Store) -> None:
    """A day or a part of it off, a day on, and a service: all are had where nothing stands against them."""
    world = ward("R1", "R2").rotation("lab", min_persons=0).requirement("lab", "12-03 19:00", "12-03 23:00")
    wishes = [("R1", 2, None, "off"), ("R1", 3, "NIGHT", "lab"), ("R2", 4, "AM", "off"), ("R2", 6, None, "on")]
    with Desk(sqlite_store, world) as desk:
        for number, (person, day, part, want) in enumerate(wishes):
            row = {"id": f"p{number}", "person_id": person, "date": date(2024, 12, day), "block_period": part}
            desk.execute(insert(schema.PREFERENCES).values(**row, want=want, weight=5))
        result = desk.do("generate_schedule", **WEEK)
        held = {(row["start"].day, row["rotation_id"]): row["person_id"] for row in desk.rows("assignments").values()}
        assert 0 == result.data["penalties"]["preference_unmet"]
        assert ["R2", "R1", "R1", "R2"] == [held[2, "ward"], held[3, "lab"], held[4, "ward"], held[6, "ward"]]


def test_the_rules_have_the_last_word() -> None:
    """A schedule that breaks a rule is a defect of the solver, whatever it says: an exception, and no decision."""
    world = ward("R1", heads=2)
    book = world.book()
    figures = Figures(world.settings.rules, world.settings.horizon)
    problem = make_problem(generating.roster_of(book), Demand((at("12-02"), at("12-02") + DAY)), figures)
    (post,) = problem.posts
    twice = Result(Status.OPTIMAL, (Placing(post, "R1"), Placing(post, "R1")))
    with pytest.raises(generating.DisagreementError, match="two places"):
        generating.decide_generation(book, problem, twice, counted_ids())
