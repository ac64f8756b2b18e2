"""The reference of the residency: every word has an example, every example is performed, and the page in docs is up to date.

REHEARSE_UPDATE_GOLDEN=1 writes the page anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import load_written
from rehearse.measures import engine_measures
from rehearse.plan import make_plan
from rehearse.report.examples import examples_of
from rehearse.report.reference import reference_lines
from rehearse.report.reference_markdown import reference_page
from rehearse.run.run import Services, perform
from residency import DOMAIN
from residency.policy import PACKS
from residency.policy.parameters import PARAMETERS
from residency.rules import RULES

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.scenario import Written

assert DOMAIN.example_root is not None
EXAMPLES = Catalog((DOMAIN.example_root,)).all()
PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "residency.md"
WORDS = {
    "operation": DOMAIN.operations,
    "measure": {**DOMAIN.measures, **engine_measures(DOMAIN.journal_tables)},
    "check": DOMAIN.checks,
    "rule": DOMAIN.rules,
    "assertion": DOMAIN.assertion_types,
    "invariant": DOMAIN.invariants,
    "error": DOMAIN.error_types,
    "validator": DOMAIN.validators,
}


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_has_an_example(kind: str) -> None:
    """Whoever adds a word adds a use of it to the example scenarios."""
    shown = {name for word, name in examples_of(DOMAIN) if word == kind}
    assert set() == set(WORDS[kind]) - shown


def test_every_operation_that_answers_shows_an_answer() -> None:
    """The example of a step says something of what it gave."""
    examples = examples_of(DOMAIN)
    silent = [name for name, item in DOMAIN.operations.items() if item.data and not examples["operation", name].gives]
    assert [] == silent


@pytest.mark.parametrize("written", EXAMPLES, ids=lambda written: written.id)
def test_every_example_is_performed(written: Written, store: Store, tmp_path: Path) -> None:
    """For real, on either database, with every expectation met."""
    with ArtifactStore(tmp_path) as runs:
        perform(make_plan(load_written(written)), Services(store, runs)).raise_for_status()


def test_examples_are_no_part_of_the_library() -> None:
    """They show words; the library shows what can go wrong in a hospital."""
    assert DOMAIN.scenario_root is not None
    library = {written.id for written in Catalog((DOMAIN.scenario_root,)).all()}
    assert set() == library & {written.id for written in EXAMPLES}


def test_the_page_in_docs_is_what_the_command_prints() -> None:
    """`rehearse domain residency --format markdown > docs/reference/residency.md` changes nothing."""
    page = reference_page(DOMAIN)
    if os.environ.get("REHEARSE_UPDATE_GOLDEN"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page


def test_every_rule_is_told_with_its_figures_in_every_pack() -> None:
    """In the order of the rule sheet, with its source, its level, and every parameter that a pack or a program may write."""
    assert [rule.stem for rule in RULES] == list(DOMAIN.rules)
    packs = [pack.name for pack in PACKS]
    for rule in RULES:
        told = DOMAIN.rules[rule.stem]
        assert packs == list(told.packs)
        assert [item.key for item in PARAMETERS.get(rule.setting, ())] == [figure.name for figure in told.figures]
        assert all(packs == list(figure.packs) and figure.doc for figure in told.figures)
    weekly, supervision = DOMAIN.rules["weekly_hours"], DOMAIN.rules["supervision_ratio"]
    assert ("CPR 6.20 (VI.F.1)", "minutes") == (weekly.citation, weekly.unit)
    assert {"acgme-2025": "none", "seed": "78:00", "ny405": "none"} == dict(weekly.figures[1].packs)
    assert {"acgme-2025": "off", "seed": "must", "ny405": "off"} == dict(supervision.packs)
    assert ["lower it", "lower it"] == [figure.program for figure in supervision.figures]


def test_the_terminal_shows_rules_and_examples() -> None:
    """As the page does, in lines."""
    text = "\n".join(line.text for line in reference_lines(DOMAIN))
    assert "  rest_after_call  CPR 6.21.a (VI.F.2.b), in minutes\n" in text
    figure = "rest_hours: a number of hours that makes whole minutes – due after a duty period of 24 hours or more"
    assert f"      - {figure} (acgme-2025 14:00, seed 8:00, ny405 14:00; a program may raise it)\n" in text
    assert "      example:\n        - operation: return_to_duty\n          at: 2024-12-11T12:00\n" in text
    assert "      gives: restored: [w12]\n" in text
