"""``show RUN --diff OTHER``: two runs beside each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Command


@pytest.fixture
def ran(rehearse: Command) -> Command:
    """A project in which a scenario ran twice as it was, and once after somebody bought one lamp less."""
    rehearse("run", "sell-two")
    rehearse("run", "sell-two")
    path = rehearse.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text().replace("quantity: 2}}\n", "quantity: 1}}\n", 1))
    rehearse("run", "sell-two")
    return rehearse


def test_two_runs_of_one_scenario_are_equal(ran: Command) -> None:
    """The same scenario leaves the same rows, and the comparison says so."""
    answer = ran("show", "sell-two-0001", "--diff", "sell-two-0002")
    assert (0, "") == (answer.code, answer.err)
    assert "Both end states are equal, row by row, and so are their fingerprints." in answer.out


def test_an_edited_scenario_leaves_other_rows(ran: Command) -> None:
    """The rows that differ stand there with both values; a scenario's id means its newest run."""
    answer = ran("show", "sell-two-0001", "--diff", "sell-two")
    assert answer.code == 0
    assert "  ~ products lamp  stock 1 → " in answer.out
    told = json.loads(ran("show", "sell-two-0001", "--diff", "sell-two", "--format", "json").out)
    assert ["sell-two-0001", "sell-two-0003"] == [told["first"]["run_id"], told["second"]["run_id"]]
    assert told["tables"]["products"]["changed"][0]["cells"]["stock"]["first"] == 1
    assert ran("show", "sell-two-0001", "--diff", "sell-two", "-f", "html").out.startswith("<!doctype html>\n")


def test_an_unknown_other_run_suggests_the_nearest(ran: Command) -> None:
    """A mistake of the caller, as for the first run."""
    answer = ran("show", "sell-two-0001", "--diff", "sell-two-0009")
    assert answer.code == 2
    assert "no run `sell-two-0009`" in answer.err


def test_a_format_that_shows_no_comparison(ran: Command) -> None:
    """JUnit's file has no place for it, and the error names the formats that have."""
    answer = ran("show", "sell-two-0001", "--diff", "sell-two-0002", "--format", "junit")
    assert (2, "") == (answer.code, answer.out)
    assert "a comparison is shown as text, json or html, not as junit" in answer.err


def test_a_run_that_kept_nothing(ran: Command) -> None:
    """The error says what a scenario has to keep."""
    path = ran.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text().replace("quantity: 1}}", "quantity: 2}}") + "  capture_artifacts: false\n")
    ran("run", "sell-two")
    answer = ran("show", "sell-two", "--diff", "sell-two-0001")
    assert answer.code == 2
    assert "sell-two-0004 did not keep its end state" in answer.err


@pytest.mark.postgresql
def test_two_databases_leave_the_same(rehearse: Command, postgres_url: str) -> None:
    """A scenario that ran on SQLite and on PostgreSQL left equal rows."""
    rehearse("run", "sell-two")
    rehearse("run", "sell-two", "--database", postgres_url)
    told = json.loads(rehearse("show", "sell-two-0001", "--diff", "sell-two-0002", "-f", "json").out)
    assert told["equal"]
    assert told["first"]["fingerprint"] == told["second"]["fingerprint"]
