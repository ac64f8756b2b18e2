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
from rehearse.loading.load import load_written
from rehearse.plan import make_plan
from rehearse.run.run import Services, perform

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.scenario import Written

ROOT = Path(__file__).parent / "negatives"
NEGATIVES = Catalog((ROOT,)).all()


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
    golden = ROOT / f"{written.id}.txt"
    told = "".join(f"{error}\n" for error in result.errors)
    if os.environ.get("REHEARSE_UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == told
