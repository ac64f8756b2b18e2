"""What the library says of its scenarios beside their expectations, held against the rosters of the scenarios themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.artifacts.store import ArtifactStore
from rehearse.errors import Complaints
from rehearse.loading.catalog import Catalog
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.load import load_written
from rehearse.loading.yaml_tree import read_tree
from rehearse.plan import make_plan
from rehearse.run.run import Services, perform
from rehearse.source import Source
from residency import DOMAIN

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.sqlite import SqliteStore
    from rehearse.run.outcome import ScenarioResult

ROOT = DOMAIN.scenario_root


def told_anew(identity: str, old: str, new: str) -> Source:
    """Return the file of a scenario with one piece of its text told differently, whose place is after the scenario's id."""
    assert ROOT is not None
    path = Catalog((), bundled=(ROOT,)).by_id(identity).path
    assert path is not None
    text = path.read_text(encoding="utf-8")
    head, tail = text[: text.index(identity)], text[text.index(identity) :]
    assert old in tail
    return Source(str(path), head + tail.replace(old, new, 1))


def performed(source: Source, identity: str, store: SqliteStore, root: Path) -> ScenarioResult:
    """Perform one scenario of a file."""
    complaints = Complaints()
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    assert tree is not None
    (written,) = (found for found in writtens(tree, Origin(source), complaints) if found.id == identity)
    with ArtifactStore(root) as runs:
        return perform(make_plan(load_written(written)), Services(store, runs))


def test_exactly_eighty_is_the_same_under_the_seeds_pack(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    """The refusal of ACGME-001 comes out the same there, and eighty carries the advisory that is near the limit."""
    identity = "acgme-80hour-exact-001"
    source = told_anew(identity, "rules: acgme-2025", "rules: seed")
    near = Source(
        source.name, source.text.replace("weekly_hours.R1: 80\n", "weekly_hours.R1: 80\n      advisories: 1\n")
    )
    assert near.text != source.text
    result = performed(near, identity, sqlite_store, tmp_path)
    assert ("passed", ()) == (result.status, result.errors)


def test_without_the_programs_ratio_a_third_first_year_may_join(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    """The published requirements alone refuse nothing of ACGME-006."""
    identity = "acgme-supervision-pgy1-acgme2025-001"
    source = told_anew(identity, "\n        policy: {supervision_ratio: {pgy1: 2, senior: 4}}", "")
    text = source.text.replace("        - check: supervision_maintained\n", "")
    plain = Source(
        source.name, text[: text.rindex("    expected_outcome:")] + "    expected_outcome: {success: true}\n"
    )
    first = performed(plain, identity, sqlite_store, tmp_path).steps[0]
    assert ("done", (), False) == (first.outcome, first.reasons, first.expected)
