"""The residency's templates: each works as it is written, and with other answers too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from rehearse import ScenarioLoader, run_scenario_full
from rehearse.writing.templates import Template, templates_of
from residency import DOMAIN

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = templates_of(DOMAIN)
OTHERS = {
    "absence": {"day": "2025-03-10", "away": "R7", "backup": "DrWho"},
    "generation": {"first": "2025-03-03", "last": "2025-03-16", "absent": "R9"},
    "invariants": {"day": "2025-03-10", "one": "A", "other": "B"},
    "leave": {"first": "2025-03-10", "last": "2025-03-10", "senior": "S", "junior": "J"},
    "moonlighting": {"monday": "2025-03-03", "who": "R7"},
    "swap": {"day": "2025-03-10", "requestor": "A", "partner": "B"},
}


def test_there_is_one_for_each_kind_of_moment() -> None:
    """Absence, swap, leave, second jobs, generation and what must never break can be begun with."""
    assert OTHERS.keys() == TEMPLATES.keys()


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_it_asks_for_all_that_its_author_may_change(template: Template) -> None:
    """Every variable is asked for, and the file says so much of itself that whoever reads it needs no other page."""
    variables = template.written.node.get("variables")
    assert [entry.key for entry in variables or ()] == [question.name for question in template.questions]  # type: ignore[union-attr]
    assert template.about
    assert template.source.text.count(" # ") >= 10


@pytest.mark.parametrize("answers", [{}, OTHERS], ids=["as written", "other answers"])
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_it_passes(
    template: Template, answers: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is begun from it has no mistake and passes."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.yaml"
    told = template.filled("mine-001", "Mine", answers.get(template.name, {}), "schema.json")
    file.write_text(told, encoding="utf-8")
    result = asyncio.run(run_scenario_full(ScenarioLoader().load_scenario(file)))
    assert ("passed", "Mine") == (result.status, result.scenario_name), result.errors


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_comments_keep_their_column(template: Template) -> None:
    """Answers of another length move no comment, as long as they leave room for it."""
    text = template.filled("mine-001", template.title, OTHERS[template.name], "schema.json")
    columns = [line.index("# ") for line in text.splitlines() if line.rstrip().endswith("?")]
    assert [44] * len(template.questions) == columns
