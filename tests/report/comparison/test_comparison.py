"""What two runs left, beside each other: from the states that they kept, in every form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rehearse.codec import dumps
from rehearse.errors import ArtifactError
from rehearse.report.comparison.html import comparison_html
from rehearse.report.comparison.json import comparison_json
from rehearse.report.comparison.model import Comparison, ComparisonError, compared
from rehearse.report.comparison.text import comparison_lines
from rehearse.report.model import Limits
from rehearse.snapshot.fingerprint import fingerprint
from rehearse.snapshot.model import Column, Snapshot, Table
from rehearse.snapshot.serialize import to_json
from report.golden import assert_golden
from report.samples import FAILED, PASSED
from report.test_hostile import HOSTILE, SAFE_ATTRIBUTES, Page

if TYPE_CHECKING:
    from rehearse.run.outcome import ScenarioResult
    from rehearse.values import Value

MOMENT = datetime(2024, 12, 25, 6, 0)  # noqa: DTZ001  (scenarios have no zones)
DUTIES = (Column("id", "text"), Column("person_id", "text"), Column("date", "date"), Column("hours", "number"))
NOTES = (Column("number", "int"), Column("text", "text"))
CHRISTMAS, BOXING_DAY = date(2024, 12, 25), date(2024, 12, 26)


@dataclass(frozen=True)
class Kept:
    """The files of a run, in memory."""

    files: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(self.files)

    def read(self, name: str) -> str:
        """A file's text."""
        return self.files[name]


def table(name: str, columns: tuple[Column, ...], *rows: tuple[Value, ...]) -> Table:
    """A table whose first column is its key."""
    return Table(name, columns, (0,), {(row[0],): row for row in rows})


FIRST = (
    table(
        "duties",
        DUTIES,
        ("call", "R1", CHRISTMAS, Decimal(24)),
        ("clinic", "R2", CHRISTMAS, Decimal(8)),
        ("ward", "R4", BOXING_DAY, Decimal("9.5")),
    ),
    table("notes", NOTES, (1, "called")),
)
SECOND = (
    table(
        "duties",
        DUTIES,
        ("call", "R3", CHRISTMAS, Decimal("24.5")),
        ("night", "R2", BOXING_DAY, Decimal(12)),
        ("ward", "R4", BOXING_DAY, Decimal("9.50")),
    ),
    table("notes", NOTES, (1, "called"), (2, "came")),
)


def run(result: ScenarioResult, run_id: str, *tables: Table, domain: str = "residency") -> Kept:
    """A run as it lies on disk."""
    snapshot = Snapshot(
        f"{run_id}-post", "christmas-call", "post_execution", MOMENT, {each.name: each for each in tables}
    )
    found = replace(result, run_id=run_id, fingerprint=fingerprint(snapshot), diff=None)
    return Kept(
        {
            "scenario.yaml": f"scenario:\n  domain: {domain}\n",
            "result.json": dumps(found),
            "after.json": to_json(snapshot).decode(errors="replace"),  # as a store reads it
        }
    )


ONE, OTHER = run(PASSED, "christmas-call-0001", *FIRST), run(FAILED, "christmas-call-0002", *SECOND)


@pytest.fixture
def comparison() -> Comparison:
    """Two runs that differ in a duty's cells, in a row of each and in a row of the journal."""
    return replace(compared(ONE, OTHER), journal=("notes",))


def text_of(comparison: Comparison, limits: Limits | None = None) -> str:
    """The comparison as plain text."""
    lines = comparison_lines(comparison, limits=limits or Limits())
    return "".join(f"{line.text}\n" for line in lines)


def test_text(comparison: Comparison) -> None:
    """Which runs, what only one has, which cells changed; the journal is counted."""
    assert_golden("report/comparison.txt", text_of(comparison))


def test_json(comparison: Comparison) -> None:
    """The same for machines, whole: numbers as numbers, and 9.5 is 9.50."""
    assert_golden("report/comparison.json", comparison_json(comparison))


def test_html(comparison: Comparison) -> None:
    """The same as a page."""
    assert_golden("report/comparison.html", comparison_html(comparison))


def test_equal_states_are_said_to_be_equal() -> None:
    """Rows are compared, whatever became of the runs; their fingerprints are the same."""
    same = compared(ONE, run(FAILED, "christmas-call-0003", *FIRST))
    assert same.equal
    assert same.first.fingerprint == same.second.fingerprint
    assert "Both end states are equal, row by row, and so are their fingerprints." in text_of(same)
    assert json.loads(comparison_json(same))["equal"] is True
    assert "Both end states are equal" in comparison_html(same)


def test_the_other_way_round_is_the_mirror_image(comparison: Comparison) -> None:
    """What was only in the first is only in the second."""
    counts = json.loads(comparison_json(comparison))["counts"]
    turned = json.loads(comparison_json(compared(OTHER, ONE)))["counts"]
    assert {"only_in_first": 1, "only_in_second": 2, "changed": 1} == counts
    assert (counts["only_in_first"], counts["only_in_second"]) == (turned["only_in_second"], turned["only_in_first"])


def test_runs_of_two_domains_are_refused() -> None:
    """Their tables have nothing to do with each other."""
    with pytest.raises(
        ComparisonError, match=r"is of the domain `residency` and a-0001 of `bazaar`.*name two runs of one"
    ):
        compared(ONE, run(PASSED, "a-0001", *FIRST, domain="bazaar"))


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        (FIRST[:1], "only christmas-call-0001 has a table `notes`"),
        ((*FIRST, table("more", NOTES)), "only a-0001 has a table `more`"),
        ((table("duties", DUTIES[:3]), FIRST[1]), "table `duties` differs in `hours`"),
        ((table("duties", DUTIES[::-1]), FIRST[1]), "has its columns in another order, or another primary key"),
    ],
)
def test_runs_of_two_schemas_are_refused(tables: tuple[Table, ...], complaint: str) -> None:
    """The first thing that is not the same is named."""
    with pytest.raises(ComparisonError, match="have different schemas: ") as caught:
        compared(ONE, run(PASSED, "a-0001", *tables))
    assert complaint in str(caught.value)


def test_a_run_without_its_end_state_is_refused_with_the_remedy() -> None:
    """One that was asked to keep nothing, and one that never came to an end."""
    bare = Kept({name: text for name, text in OTHER.files.items() if name != "after.json"})
    with pytest.raises(
        ComparisonError, match=r"christmas-call-0002 did not keep its end state.*`final_database_state`"
    ):
        compared(ONE, bare)
    unended = replace(FAILED, run_id="a-0001", fingerprint=None)
    with pytest.raises(ComparisonError, match="a-0001 came to no end state"):
        compared(ONE, Kept({"scenario.yaml": "", "result.json": dumps(unended)}))


def test_a_damaged_state_or_result_is_an_error_with_its_name() -> None:
    """Nothing is guessed."""
    with pytest.raises(ComparisonError, match="the end state of christmas-call-0002 cannot be read"):
        compared(ONE, Kept({**OTHER.files, "after.json": "{}"}))
    with pytest.raises(ArtifactError, match=r"result\.json"):
        compared(ONE, Kept({**OTHER.files, "result.json": "{}"}))


def test_a_long_table_is_cut_and_says_so(comparison: Comparison) -> None:
    """Text and page end after their limit; JSON is whole."""
    assert "… cut: 2 more rows of duties" in text_of(comparison, Limits(rows=1))
    assert "cut: 2 more rows" in comparison_html(comparison, limits=Limits(rows=1))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """No name and no cell gains the page an element or moves a terminal's cursor."""

    def hostile(said: str) -> Comparison:
        result = replace(PASSED, scenario_name=said, scenario_id=said)
        first = run(result, "a-0001", table("duties", DUTIES, ("call", said, CHRISTMAS, Decimal(1))))
        second = run(
            result, "a-0002", table("duties", DUTIES, ("call", "R1", CHRISTMAS, Decimal(1)), (said, said, None, None))
        )
        return compared(first, second)

    harmless, page = Page(comparison_html(hostile("x"))), Page(comparison_html(hostile(text)))
    assert harmless.tags == page.tags
    assert page.attributes <= SAFE_ATTRIBUTES | {
        "id",
        "open",
        "href",
        "type",
        "hidden",
        "aria-label",
        "aria-labelledby",
        "role",
        "tabindex",
    }
    assert "\x1b" not in text_of(hostile(text))
    assert json.loads(comparison_json(hostile(text)))["counts"]["changed"] == 1
