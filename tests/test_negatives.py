"""Files that a run must refuse, with what it tells of them; they are kept here and count as no scenario of the library.

REHEARSE_UPDATE_GOLDEN=1 writes what is told anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore
from rehearse.errors import PreconditionFailedError
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import check_all, load_written
from rehearse.plan import make_plan
from rehearse.run.run import Services, perform

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.scenario import Written

ROOT = Path(__file__).parent / "negatives"
NEGATIVES = tuple(written for written in Catalog((ROOT,)).all() if not written.suite)
CONFLICTS = sorted(path.stem for path in (ROOT / "conflicts").glob("*.yaml"))


@pytest.mark.parametrize("written", NEGATIVES, ids=lambda written: written.id)
def test_a_set_up_that_does_not_hold_is_an_error_before_the_first_step(
    written: Written, store: Store, tmp_path: Path
) -> None:
    """Nothing is performed, and what does not hold is told, the same on either database."""
    with ArtifactStore(tmp_path) as runs:
        result = perform(make_plan(load_written(written)), Services(store, runs))
    assert ("error", "precondition", "preconditions", ()) == (
        result.status,
        result.category,
        result.phase,
        result.steps,
    )
    with pytest.raises(PreconditionFailedError):
        result.raise_for_status()
    assert_told(ROOT / f"{written.id}.txt", "".join(f"{error}\n" for error in result.errors))


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_set_up_that_contradicts_itself_is_told_before_there_is_a_database(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check finds the conflict, names who is in it, and shows both of its ends."""
    monkeypatch.chdir(ROOT / "conflicts")
    loaded, problems = check_all(Catalog(()).read(Path(f"{name}.yaml")))
    assert ((), {"conflict"}) == (loaded, {problem.code for problem in problems})
    told = "\n\n".join(problem.render() for problem in problems) + "\n"
    assert_told(ROOT / "conflicts" / f"{name}.txt", told)


def assert_told(golden: Path, told: str) -> None:
    """Compare what is told with what is on record."""
    if os.environ.get("REHEARSE_UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == told
