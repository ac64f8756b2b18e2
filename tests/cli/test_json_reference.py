"""The page that describes the JSON lines: every kind of line stands there with every key."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from cli.conftest import BROKEN
from rehearse.run.events import Event, event_name
from rehearse.run.outcome import PHASES, Isolation

if TYPE_CHECKING:
    from cli.conftest import Command

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "json-lines.md").read_text(encoding="utf-8")


def told(key: str, text: str) -> bool:
    """Whether a text names a key."""
    return f"`{key}`" in text


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: str(kind.__name__))
def test_every_event_is_described(kind: type) -> None:
    """The row of an event names all of its fields; those of a result stand with the results."""
    row = re.search(rf"^\| `{event_name(object.__new__(kind))}` \|.*$", PAGE, re.MULTILINE)
    assert row
    names = [field.name for field in fields(kind) if field.name not in {"scenario_id", "result"}]
    assert [] == [name for name in names if not told(name, row[0])]


def test_every_phase_and_every_part_of_a_database_is_named() -> None:
    """No word of a line stays unexplained; setting up is part of getting the database."""
    assert [] == [phase for phase in PHASES if phase != "setup" and not told(phase, PAGE)]
    assert [] == [field.name for field in fields(Isolation) if not told(field.name, PAGE)]


def test_the_summary_and_the_mistakes_are_described(rehearse: Command) -> None:
    """The keys that are written are those that the page names."""
    rehearse.write("scenarios/broken.yaml", BROKEN)
    lines = [
        json.loads(line)
        for command in ("sell-wrong", "broken")
        for line in rehearse("run", command, "--json").out.splitlines()
    ]
    chosen = [line for line in lines if line["event"] in {"summary", "problem"}]
    assert {"summary", "problem"} == {line["event"] for line in chosen}
    assert [] == [key for line in chosen for key in line if key != "event" and not told(key, PAGE)]
    assert [] == [key for line in chosen for unmet in line.get("unmet", ()) for key in unmet if not told(key, PAGE)]
