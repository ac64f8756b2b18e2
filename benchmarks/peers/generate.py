"""Writes, for each peer, a project with a given number of copies of the tiny scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PYTEST = """from benchmarks.peers.shop import opened, order_count, place_order, stock_of


def _scenario():
    shop = opened()
    place_order(shop, "o1", "i1", 3)
    place_order(shop, "o2", "i2", 10)
    place_order(shop, "o3", "i1", 2)
    assert stock_of(shop, "i1") == 5
    assert stock_of(shop, "i2") == 0
    assert stock_of(shop, "i3") == 10
    assert order_count(shop) == 3
    assert min(stock_of(shop, f"i{n}") for n in range(1, 16)) >= 0
    shop.close()
"""

_STEPS = """    Given a shop with fifteen items
    When order o1 takes 3 of i1
    And order o2 takes 10 of i2
    And order o3 takes 2 of i1
    Then 5 of i1 are left
    And 0 of i2 are left
    And 10 of i3 are left
    And there are 3 orders
    And no stock is negative
"""

_BEHAVE = """from behave import given, then, when

from benchmarks.peers.shop import opened, order_count, place_order, stock_of


@given("a shop with fifteen items")
def shop(context):
    context.shop = opened()


@when("order {order} takes {quantity:d} of {item}")
def place(context, order, quantity, item):
    place_order(context.shop, order, item, quantity)


@then("{count:d} of {item} are left")
def left(context, count, item):
    assert stock_of(context.shop, item) == count


@then("there are {count:d} orders")
def orders(context, count):
    assert order_count(context.shop) == count


@then("no stock is negative")
def negative(context):
    assert min(stock_of(context.shop, f"i{n}") for n in range(1, 16)) >= 0
    context.shop.close()
"""

_BDD = """import pytest
from pytest_bdd import given, parsers, scenarios, then, when

from benchmarks.peers.shop import opened, order_count, place_order, stock_of

scenarios("shop.feature")


@given("a shop with fifteen items", target_fixture="shop")
def shop():
    connection = opened()
    yield connection
    connection.close()


@when(parsers.parse("order {order} takes {quantity:d} of {item}"))
def place(shop, order, quantity, item):
    place_order(shop, order, item, quantity)


@then(parsers.parse("{count:d} of {item} are left"))
def left(shop, count, item):
    assert stock_of(shop, item) == count


@then(parsers.parse("there are {count:d} orders"))
def orders(shop, count):
    assert order_count(shop) == count


@then("no stock is negative")
def negative(shop):
    assert min(stock_of(shop, f"i{n}") for n in range(1, 16)) >= 0
"""

_ROBOT_LIBRARY = """from benchmarks.peers.shop import opened, order_count, place_order, stock_of


class Shop:
    ROBOT_LIBRARY_SCOPE = "TEST"

    def open_shop(self):
        self.shop = opened()

    def place_order(self, order, quantity, item):
        place_order(self.shop, order, item, int(quantity))

    def should_be_left(self, count, item):
        assert stock_of(self.shop, item) == int(count)

    def orders_should_be(self, count):
        assert order_count(self.shop) == int(count)

    def no_stock_is_negative(self):
        assert min(stock_of(self.shop, f"i{n}") for n in range(1, 16)) >= 0

    def close_shop(self):
        self.shop.close()
"""

_ROBOT_CASE = """    Open Shop
    Place Order    o1    3    i1
    Place Order    o2    10    i2
    Place Order    o3    2    i1
    Should Be Left    5    i1
    Should Be Left    0    i2
    Should Be Left    10    i3
    Orders Should Be    3
    No Stock Is Negative
    Close Shop
"""


def _feature(count: int) -> str:
    return "Feature: a shop\n\n" + "\n".join(f"  Scenario: shop {number}\n{_STEPS}" for number in range(1, count + 1))


def pytest_project(folder: Path, count: int) -> None:
    """Write `count` plain test functions."""
    tests = "".join(f"\n\ndef test_shop_{number}():\n    _scenario()\n" for number in range(1, count + 1))
    (folder / "test_shop.py").write_text(_PYTEST + tests, encoding="utf-8")


def behave_project(folder: Path, count: int) -> None:
    """Write a feature of `count` scenarios with behave's steps."""
    (folder / "features" / "steps").mkdir(parents=True)
    (folder / "features" / "shop.feature").write_text(_feature(count), encoding="utf-8")
    (folder / "features" / "steps" / "shop_steps.py").write_text(_BEHAVE, encoding="utf-8")


def pytest_bdd_project(folder: Path, count: int) -> None:
    """Write a feature of `count` scenarios with pytest-bdd's steps."""
    (folder / "shop.feature").write_text(_feature(count), encoding="utf-8")
    (folder / "test_shop.py").write_text(_BDD, encoding="utf-8")


def robot_project(folder: Path, count: int) -> None:
    """Write a suite of `count` test cases with a library in Python."""
    cases = "\n".join(f"Shop {number}\n{_ROBOT_CASE}" for number in range(1, count + 1))
    (folder / "Shop.py").write_text(_ROBOT_LIBRARY, encoding="utf-8")
    (folder / "shop.robot").write_text(
        f"*** Settings ***\nLibrary    Shop.py\n\n*** Test Cases ***\n{cases}", encoding="utf-8"
    )


PROJECTS: Mapping[str, tuple[Callable[[Path, int], None], tuple[str, ...]]] = {
    "pytest + sqlite3": (
        pytest_project,
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:rehearse", "-c", "/dev/null", "."),
    ),
    "behave": (behave_project, ("-m", "behave", "--no-summary", "--format", "null", "--no-capture")),
    "pytest-bdd": (
        pytest_bdd_project,
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:rehearse", "-c", "/dev/null", "."),
    ),
    "Robot Framework, no output": (
        robot_project,
        ("-m", "robot", "--output", "NONE", "--log", "NONE", "--report", "NONE", "--console", "none", "."),
    ),
    "Robot Framework, log and report": (robot_project, ("-m", "robot", "--console", "none", ".")),
}
"""Peer → how its project is written, and how it is run with this interpreter."""
