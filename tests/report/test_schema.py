"""The published schema: every scenario of the library fits it, and what an author gets wrong does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from rehearse.errors import Complaints
from rehearse.loading.files import read_file
from rehearse.loading.tree import ListNode, MapNode, ScalarNode
from rehearse.loading.yaml_tree import read_tree
from rehearse.report.schema import schema_text
from residency import DOMAIN

if TYPE_CHECKING:
    from rehearse.loading.tree import Node

VALIDATOR = jsonschema.Draft7Validator(json.loads(schema_text(DOMAIN)))
LIBRARY = sorted((DOMAIN.scenario_root or Path()).rglob("*.yaml"))


def as_json(node: Node | None) -> Any:
    """A document as an editor's language server sees it: dates and moments are texts."""
    match node:
        case MapNode():
            return {entry.key: as_json(entry.value) for entry in node}
        case ListNode():
            return [as_json(item) for item in node.items]
        case ScalarNode():
            value = node.value
            return value if value is None or isinstance(value, bool | int | str) else _text_or_number(value)
        case _:
            raise AssertionError(node)


def _text_or_number(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else float(str(value))


def document(path: Path) -> Any:
    """The document in a file."""
    complaints = Complaints()
    source = read_file(path, complaints)
    assert source is not None
    return as_json(read_tree(source, complaints))


def test_the_schema_is_one() -> None:
    """It is a valid schema of draft 7, and the same text every time."""
    jsonschema.Draft7Validator.check_schema(VALIDATOR.schema)
    assert schema_text(DOMAIN) == schema_text(DOMAIN)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_fits(path: Path) -> None:
    """No scenario that passes is underlined."""
    assert [] == [error.message for error in VALIDATOR.iter_errors(document(path))]


def small(**changes: Any) -> dict[str, Any]:
    """A scenario that fits, with some of its parts exchanged."""
    scenario: dict[str, Any] = {
        "name": "x",
        "id": "x-1",
        "setup": {"persons": [{"id": "R1", "pgy_level": 2}]},
        "test_case": {"operation": "mark_unavailable", "parameters": {"person_id": "R1", "date": "2024-12-16"}},
        "expected_outcome": {"coverage_gap_hours": 0},
    }
    return {"scenario": {**scenario, **changes}}


def test_a_small_scenario_fits() -> None:
    """What the cases below spoil is right before."""
    assert VALIDATOR.is_valid(small())


@pytest.mark.parametrize(
    "changes",
    [
        {"prioritty": "high"},
        {"priority": "urgent"},
        {"category": "n1"},
        {"id": "Not_An_Id"},
        {"timeout_seconds": 0},
        {"setup": {"people": []}},
        {"setup": {"persons": [{"id": "R1", "pgy_level": 9}]}},
        {"setup": {"persons": [{"pgy_level": 2}]}},
        {"setup": {"preconditions": [{"check": "all_person_exist"}]}},
        {"setup": {"persons": [{"generate": {"count": 2}}]}},
        {"test_case": {"operation": "mark_unavailble"}},
        {"test_case": {"operation": "mark_unavailable", "parameters": {"persn_id": "R1"}}},
        {"test_case": {"operations": [{"operation": "execute_swap", "parameters": {"swap": "s1"}}]}},
        {"test_case": {"concurrent_operations": [{"operation": "execute_swap"}]}},
        {"expected_outcome": {"coverage_gap_hour": 0}},
        {"expected_outcome": {"coverage_complete": 1}},
        {"expected_outcome": {"assertions": {"coverage_gap_hour": 0}}},
        {"expected_outcome": {"assertions": {"label": {"type": "person_on_duty", "persn_id": "R1"}}}},
        {"expected_outcome": {"final_state": {"assignment": []}}},
        {"expected_outcome": {"changes": {"assignments": [{"update": "c1", "persn_id": "R1"}]}}},
        {"expected_outcome": {"expected_errors": [{"type": "Acgme"}]}},
        {"expected_outcome": {"invariants": ["no_double_bookings"]}},
        {"expected_outcome": {"thresholds": {"utilisation": {"warn_above": 85}}}},
        {"artifacts": {"export_formats": ["pdf"]}},
    ],
    ids=lambda changes: json.dumps(changes)[:60],
)
def test_a_mistake_is_underlined(changes: dict[str, Any]) -> None:
    """A wrong key, word, operation, parameter, measure, table or check does not fit."""
    assert not VALIDATOR.is_valid(small(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"timeout_seconds": "${limit}"},
        {"setup": {"persons": [{"id": "${who}", "pgy_level": "${level}"}]}},
        {"setup": {"persons": [{"generate": {"count": 2, "template": {"id": "R${loop.index}"}}}]}},
        {"expected_outcome": {"weekly_hours.R1": 50, "max_coverage_gap_hours": "${most}"}},
        {"expected_outcome": {"assertions": {"told": {"value": "steps.main.data.gap_hours", "expected": 1}}}},
        {"expected_outcome": {"assertions": {"assignments[person_id=R1].count": 1, "persons.R1.status": "active"}}},
    ],
    ids=lambda changes: json.dumps(changes)[:60],
)
def test_what_the_format_allows_is_not_underlined(changes: dict[str, Any]) -> None:
    """Placeholders, generators, shorthands, labels and paths fit."""
    assert [] == [error.message for error in VALIDATOR.iter_errors(small(**changes))]
