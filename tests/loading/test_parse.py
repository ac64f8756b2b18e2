"""A written scenario comes out typed and whole: every key of the format, with its default."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import Complaints, ScenarioError
from rehearse.expectation import Deferred, StepExpectation
from rehearse.loading.load import check_all, load_written
from rehearse.loading.parse import Surroundings
from rehearse.loading.spot import Spot
from rehearse.loading.tree import MapNode
from rehearse.loading.world import read_world
from rehearse.loading.yaml_tree import read_tree
from rehearse.registry import domain, domain_names, domains
from rehearse.scenario import ArtifactSettings, DatabaseSetup, Scenario
from rehearse.source import Source

from .shop_domain import SHOP, OrderRow, PlaceOrder, ProductRow, ShopPolicy, ShopRules
from .shop_scenario import WHOLE, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rehearse.scenario import Written

Write = "Callable[[str], Written]"


def loaded(text: str, write: Callable[[str], Written]) -> Scenario:
    """Return the scenario of a text."""
    return load_written(write(text), validators_allowed=("my.checks",)).scenario


def refused(text: str, write: Callable[[str], Written]) -> list[tuple[str, str]]:
    """Return code and field of everything wrong with a text."""
    with pytest.raises(ScenarioError) as raised:
        loaded(text, write)
    return [(problem.code, problem.field) for problem in raised.value.problems]


def test_every_header_key_is_read(write: Callable[[str], Written]) -> None:
    """The keys of section 2 arrive with their types; a category goes by its canonical name, `true` means three attempts."""
    found = loaded(WHOLE, write)

    assert (found.id, found.name, found.domain, found.version) == (
        "shop-whole",
        "Three pieces, one buyer",
        "shop",
        "2.0.1",
    )
    assert (found.created, found.updated) == (date(2024, 12, 1), date(2024, 12, 2))
    assert (found.category, found.priority, found.tags) == ("selling", "high", ("selling", "night"))
    assert (found.related_bugs, found.related_scenarios) == (("#12",), ("shop-other",))
    assert (found.timeout_seconds, found.attempts, found.seed) == (Decimal("12.5"), 3, 7)
    assert (found.capture_artifacts, found.require_backup, found.rollback_on_failure, found.debug_mode) == (
        False,
        True,
        False,
        True,
    )
    assert found.clock == datetime(2024, 12, 25, 6)  # noqa: DTZ001
    assert found.author == "Shopkeepers"
    assert found.artifacts == ArtifactSettings(
        capture=("initial_database_state", "final_database_state", "events"),
        retention_days=0,
        export_formats=("junit",),
    )
    assert found.notes == ()


def test_what_is_not_written_has_its_default(write: Callable[[str], Written]) -> None:
    """A small scenario gets every default of the tables, and notes that it explains nothing."""
    found = loaded(small(), write)

    assert (found.version, found.priority, found.timeout_seconds, found.attempts) == (
        "1.0.0",
        "medium",
        Decimal(300),
        1,
    )
    assert (found.capture_artifacts, found.require_backup, found.rollback_on_failure, found.debug_mode) == (
        True,
        False,
        True,
        False,
    )
    assert found.category == ""
    assert found.setup.database == DatabaseSetup()
    assert found.artifacts == ArtifactSettings()
    assert [note.field for note in found.notes] == ["description", "rationale"]
    assert found.test_case.steps[0].expect == StepExpectation()


@pytest.mark.parametrize(("written", "attempts"), [("false", 1), ("true", 3), ("1", 1), ("10", 10)])
def test_retries_are_attempts_in_all(written: str, attempts: int, write: Callable[[str], Written]) -> None:
    """False is one attempt, true three, a number itself."""
    assert loaded(small(head=f"retry_on_failure: {written}"), write).attempts == attempts


def test_the_clock_is_the_domains_if_nobody_writes_one(write: Callable[[str], Written]) -> None:
    """Unwritten, the clock is what the domain says of its policy; written, it is that."""
    opening = "{products: [{id: P1}], constraints: {opening: {start: 2025-03-01, end: 2025-03-31}}}"

    assert loaded(small(setup=opening), write).clock == datetime(2025, 3, 1)  # noqa: DTZ001
    assert loaded(small(), write).clock == datetime(2024, 1, 1)  # noqa: DTZ001


def test_the_world_is_typed_and_placed(write: Callable[[str], Written]) -> None:
    """Rows are records of the domain, in order, each with its places; a section nobody wrote is empty."""
    result = load_written(write(WHOLE), validators_allowed=("my.checks",))
    world = result.scenario.setup.world

    first, second = world.sections["products"]
    assert first.value == ProductRow(id="P1", price=Decimal("2.5"), stock=3, opens=420, shelf_life=90)
    assert (second.index, second.value) == (2, ProductRow(id="P2", stock=0))
    assert [row.value for row in world.sections["orders"]] == [OrderRow(product_id="P1", quantity=2)]
    assert world.constraints.value == ShopRules(most_per_order=5)
    assert result.policy == ShopPolicy(oversell=False, most_per_order=5, first_day=None)
    assert result.domain is SHOP
    assert loaded(small(setup="{}", test_case="{operation: count_stock}"), write).setup.world.sections == {
        "products": (),
        "orders": (),
    }


def test_a_scenario_without_set_up_has_an_empty_world(write: Callable[[str], Written]) -> None:
    """`setup` may be left out."""
    text = "scenario: {name: A, id: a, domain: shop, test_case: {operation: count_stock}, expected_outcome: {success: true}}"

    found = loaded(text, write)

    assert found.setup.world.constraints.value == ShopRules()
    assert found.setup.preconditions == ()


def test_preconditions_name_checks_or_measures(write: Callable[[str], Written]) -> None:
    """A check takes typed parameters; a measure goes by its own name, one entry of a map by its key."""
    found = loaded(WHOLE, write).setup.preconditions

    assert [(item.check, item.expected, item.minimum, item.maximum, item.tolerance) for item in found] == [
        ("products_exist", True, None, None, None),
        ("stock_total", Decimal(3), None, None, None),
        ("stock", None, Decimal(1), Decimal(9), None),
        ("stock_of.P1", Decimal(3), None, None, Decimal("0.5")),
        ("sold_out", ("P2",), None, None, None),
    ]
    assert getattr(found[2].parameters, "product_id", None) == "P1"


def test_steps_run_main_first_then_by_number_then_the_block(write: Callable[[str], Written]) -> None:
    """An unnumbered step follows the one before it; each has its name, its number and its place in the order."""
    steps = loaded(WHOLE, write).test_case.steps

    assert [(step.name, step.number, step.position, step.operation, step.concurrent) for step in steps] == [
        ("main", 0, 1, "count_stock", False),
        ("step2", 2, 2, "count_stock", False),
        ("step5", 5, 3, "place_order", False),
        ("step6", 6, 4, "send_order", False),
        ("concurrent1", 1, 5, "place_order", True),
        ("concurrent2", 2, 6, "place_order", True),
    ]
    assert steps[2].names == ("step5", "bought")


def test_a_step_says_what_it_expects(write: Callable[[str], Written]) -> None:
    """Outcomes, reason, code, criticality, clock and limits of its own."""
    steps = {step.name: step for step in loaded(WHOLE, write).test_case.steps}

    assert steps["step6"].expect == StepExpectation(
        ("done", "rejected"), "no order", "case_insensitive", "unknown_row", written=True
    )
    assert steps["concurrent1"].expect.outcomes == ("done", "rejected", "error")
    assert steps["step6"].critical is False
    assert steps["step5"].timeout_seconds == Decimal(2)
    assert steps["step2"].at == datetime(2024, 12, 25, 7)  # noqa: DTZ001


def test_parameters_are_typed_unless_they_wait_for_a_result(write: Callable[[str], Written]) -> None:
    """What is known is typed now; what mentions a result is kept as a tree."""
    steps = {step.name: step for step in loaded(WHOLE, write).test_case.steps}

    assert steps["step5"].arguments == PlaceOrder(product_id="P1")
    assert steps["step6"].arguments is None


def test_parameters_that_wait_are_checked_as_far_as_they_are_known(write: Callable[[str], Written]) -> None:
    """A waiting parameter hides no mistake of its neighbours."""
    text = small(
        test_case="""
        operations:
          - {operation: count_stock}
          - {operation: place_order, parameters: {product_id: "${steps.step1.data.short[0]}", quantity: many, nte: x}}
        """
    )

    assert refused(text, write) == [
        ("wrong-type", "test_case.operations[1].parameters.quantity"),
        ("unknown-key", "test_case.operations[1].parameters.nte"),
    ]


def test_a_reason_may_mention_an_earlier_result(write: Callable[[str], Written]) -> None:
    """The reason of a refusal is compared when the step has ended, so it may quote what came before, and only that."""
    good = small(
        test_case="""
        operations:
          - {operation: place_order, parameters: {product_id: P1}, save_as: bought}
          - {operation: send_order, parameters: {order_id: x}, expect: {outcome: rejected, reason: "${steps.bought.outcome}"}}
        """
    )
    reason = loaded(good, write).test_case.steps[1].expect.reason

    assert isinstance(reason, Deferred)
    assert reason.references == (("bought", "outcome"),)
    assert refused(good.replace("${steps.bought.outcome}", "${steps.step2.outcome}"), write) == [
        ("undefined-variable", "")
    ]


def test_the_first_step_may_not_go_back_behind_the_clock(write: Callable[[str], Written]) -> None:
    """`at` is held against the scenario's clock, be it the domain's own."""
    text = small(test_case="{operations: [{operation: count_stock, at: 2023-12-31}]}")

    assert refused(text, write) == [("conflict", "test_case.operations[0].at")]


def test_rows_of_a_broken_set_up_are_not_held_against_each_other(write: Callable[[str], Written]) -> None:
    """As long as a row cannot be read, nobody complains of what mentions it; all else is still told."""
    text = small(setup="{products: [{id: P1, stock: x}], orders: [{product_id: P1}]}", expected_outcome="{stok: 3}")

    assert refused(text, write) == [
        ("wrong-type", "setup.products[0].stock"),
        ("unknown-key", "expected_outcome.stok"),
    ]


def test_names_are_not_called_unknown_because_a_step_is_wrong(write: Callable[[str], Written]) -> None:
    """A name that a mistaken step may give is passed over; the step itself is told."""
    text = small(
        test_case="{operation: place_ordr, parameters: {product_id: P1}}",
        expected_outcome='{assertions: {left: 2, there: {value: steps.main.data.left, expected: "${steps.main.queries}"}}}',
    )

    assert refused(text, write) == [("unknown-name", "test_case.operation")]


def test_rules_are_not_called_unknown_while_nobody_knows_the_policy(write: Callable[[str], Written]) -> None:
    """Which rules are in force follows from the set-up; while that is wrong, no rule is doubted."""
    text = small(
        setup="{products: [{id: 5}]}",
        expected_outcome="{final_state: {compliance: [{rule: any_rule, status: compliant}]}, oversold: true}",
    )

    assert refused(text, write) == [("wrong-type", "setup.products[0].id")]


def test_rows_are_held_against_each_other_though_a_step_is_wrong(write: Callable[[str], Written]) -> None:
    """A mistake in a step hides none of the set-up."""
    text = small(
        setup="{products: [{id: P1}], orders: [{product_id: P2}]}",
        test_case="{operations: [{operation: recont}, {operation: count_stock, at: 2020-01-01}]}",
    )

    assert refused(text, write) == [("unknown-name", ""), ("unknown-name", "test_case.operations[0].operation")]


def test_check_all_tells_the_mistakes_of_all_and_loads_the_rest(write: Callable[[str], Written]) -> None:
    """Over many scenarios everything wrong is collected once, with the notes; what is right comes back loaded."""
    good, bad = write(small()), write(small(head="priorty: high").replace("id: small", "id: worse"))

    found, problems = check_all([good, bad])

    assert [item.scenario.id for item in found] == ["small"]
    assert [(problem.code, problem.is_note) for problem in problems if not problem.is_note] == [("unknown-key", False)]
    assert sorted(problem.field for problem in problems if problem.is_note) == [
        "description",
        "description",
        "rationale",
        "rationale",
    ]


def test_related_scenarios_are_held_against_the_catalog(write: Callable[[str], Written]) -> None:
    """An id that nobody has is a note, as the other file may come later."""
    _, problems = check_all([write(small(head="related_scenarios: [small, large]\ndescription: a\nrationale: b"))])

    assert [(problem.code, problem.summary) for problem in problems] == [
        ("unknown-name", "there is no scenario `large`")
    ]


def test_surroundings_are_empty_unless_said() -> None:
    """By default no function may judge."""
    assert Surroundings() == Surroundings((), None)


def test_fixtures_lie_under_the_scenarios_own_rows(tmp_path: Path, shop: Path) -> None:
    """Rows of a fixture are typed as the scenario's are, merged below them, and its SQL comes along."""
    from rehearse.loading.catalog import Catalog  # noqa: PLC0415  (only here)

    del shop
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.json").write_text(
        '{"products": [{"id": "P1", "price": 4}], "constraints": {"oversell": true}}'
    )
    (tmp_path / "more" / "late.sql").write_text("UPDATE products SET stock = 1;")
    setup = "{database: {load_fixtures: [base.json, late.sql]}, products: [{id: P1, stock: 3}]}"
    (tmp_path / "a.yaml").write_text(small(setup=setup))

    (written,) = Catalog([]).read(tmp_path / "a.yaml")
    found = load_written(written, fixture_paths=(tmp_path / "more",)).scenario.setup

    assert found.world.sections["products"][0].value == ProductRow(id="P1", price=Decimal(4), stock=3)
    assert found.world.constraints.value == ShopRules(oversell=True)
    assert [statement for fixture in found.sql_fixtures for statement, _ in fixture.statements] == [
        "UPDATE products SET stock = 1"
    ]


def test_loading_twice_gives_the_same(write: Callable[[str], Written]) -> None:
    """Nothing random, nothing remembered: two loads are equal, and hash alike where they can."""
    written = write(WHOLE)

    first = load_written(written, validators_allowed=("my.checks",))
    second = load_written(written, validators_allowed=("my.checks",))

    assert first == second


def test_rows_need_an_id_where_their_section_says_so() -> None:
    """A section may require ids that its record leaves optional."""
    sections = {**SHOP.sections, "orders": replace(SHOP.sections["orders"], requires_id=True)}
    complaints = Complaints()
    node = read_tree(Source("a.yaml", "orders: [{product_id: P1}]"), complaints)
    assert isinstance(node, MapNode)

    read_world(node, replace(SHOP, sections=sections), Spot(complaints, "setup", node.span))

    assert [(problem.code, problem.summary) for problem in complaints.problems] == [
        ("missing-key", "a row of `orders` needs `id`")
    ]


# ── the registry ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_domain_comes_in_through_its_entry_point(shop: Path) -> None:
    """An installed distribution names it; the same object comes back every time."""
    del shop

    assert domain("shop") is SHOP
    assert domain("shop") is domain("shop")
    assert "shop" in domain_names()
    assert SHOP in domains()


def test_an_unknown_domain_is_answered_with_the_nearest(shop: Path) -> None:
    """The message of a misspelt domain says which ones are installed."""
    del shop

    with pytest.raises(ScenarioError) as raised:
        domain("shpo")

    assert raised.value.problems[0].message == "no domain `shpo` is installed; did you mean `shop`?"


def test_an_entry_point_that_is_no_domain_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed under the group but is something else is not taken for the author's mistake."""
    point = importlib.metadata.EntryPoint("odd", "rehearse.errors:did_you_mean", "rehearse.domains")
    monkeypatch.setattr("rehearse.registry.entry_points", lambda **_: [point])

    with pytest.raises(TypeError, match="is no Domain"):
        domain("odd")


def test_a_domain_must_be_named_by_a_text(write: Callable[[str], Written]) -> None:
    """`domain: 5` is told before anything else is looked at."""
    text = small().replace("domain: shop", "domain: 5")

    assert refused(text, write) == [("wrong-type", "domain")]


def test_the_source_is_left_out_of_what_is_printed() -> None:
    """A failing assertion prints where something stands, not the whole file."""
    assert repr(Source("a.yaml", "x" * 1000)) == "Source(name='a.yaml')"
    assert Complaints().problems == ()
